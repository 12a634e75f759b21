// SPDX-License-Identifier: MIT
import CPaySession
import Testing

@testable import PaySession

@Suite struct StatusTests {
    static let statuses: [(Status, session_status, UInt32, String, isFinal: Bool)] = [
        (.unknown, SESSION_STATUS_UNKNOWN, 0, "unknown", false),
        (.open, SESSION_STATUS_OPEN, 1, "open", false),
        (.pending, SESSION_STATUS_PENDING, 2, "pending", false),
        (.actionRequired, SESSION_STATUS_ACTION_REQUIRED, 3, "action_required", false),
        (.completed, SESSION_STATUS_COMPLETED, 4, "completed", true),
        (.declined, SESSION_STATUS_DECLINED, 5, "declined", true),
        (.failed, SESSION_STATUS_FAILED, 6, "failed", true),
        (.cancelled, SESSION_STATUS_CANCELLED, 7, "cancelled", true),
        (.expired, SESSION_STATUS_EXPIRED, 8, "expired", true),
    ]

    @Test(arguments: statuses) func statusIsTheHeaders(
        _ status: Status, _ inC: session_status, _ number: UInt32, _ word: String, _ isFinal: Bool
    ) {
        #expect(status.rawValue == number)
        #expect(inC.rawValue == number)
        #expect("\(status.word)" == word)
        #expect(String(cString: session_status_name(inC)) == word)
        #expect(status.isFinal == isFinal)
    }

    static let verdicts: [(Paid, session_paid, UInt32, String)] = [
        (.unknown, SESSION_PAID_UNKNOWN, 0, "unknown"),
        (.yes, SESSION_PAID_YES, 1, "yes"),
        (.no, SESSION_PAID_NO, 2, "no"),
    ]

    @Test(arguments: verdicts) func paidIsTheHeaders(
        _ paid: Paid, _ inC: session_paid, _ number: UInt32, _ word: String
    ) {
        #expect(paid.rawValue == number)
        #expect(inC.rawValue == number)
        #expect("\(paid.word)" == word)
        #expect(String(cString: session_paid_name(inC)) == word)
    }

    @Test func noCaseIsLeftOut() {
        #expect(Status.allCases.count == StatusTests.statuses.count)
        #expect(Paid.allCases.count == StatusTests.verdicts.count)
    }

    @Test(arguments: [3, 9, 100, UInt32.max] as [UInt32]) func otherNumbersAreUnknown(
        _ number: UInt32
    ) {
        if number > 8 {
            #expect(String(cString: session_status_name(session_status(number))) == "unknown")
        }
        #expect(String(cString: session_paid_name(session_paid(number))) == "unknown")
    }
}
