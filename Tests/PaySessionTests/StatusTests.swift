// SPDX-License-Identifier: MIT
import CPaySession
import Testing

@testable import PaySession

/// The core's enums and the header's are written twice; this is what holds them together.
@Suite struct StatusTests {
    @Test func statusesHaveTheHeadersNumbers() {
        let header: [(session_status, String, Bool)] = [
            (SESSION_STATUS_UNKNOWN, "unknown", false), (SESSION_STATUS_OPEN, "open", false),
            (SESSION_STATUS_PENDING, "pending", false),
            (SESSION_STATUS_ACTION_REQUIRED, "action_required", false),
            (SESSION_STATUS_COMPLETED, "completed", true),
            (SESSION_STATUS_DECLINED, "declined", true), (SESSION_STATUS_FAILED, "failed", true),
            (SESSION_STATUS_CANCELLED, "cancelled", true),
            (SESSION_STATUS_EXPIRED, "expired", true),
        ]
        #expect(header.count == Status.allCases.count)
        for (number, word, isFinal) in header {
            #expect(String(cString: session_status_name(number)) == word)
            #expect(Status(rawValue: number.rawValue)?.isFinal == isFinal, "\(word)")
        }
        #expect(String(cString: session_status_name(session_status(9))) == "unknown")
    }

    @Test func verdictsHaveTheHeadersNumbers() {
        let header = [
            (SESSION_PAID_UNKNOWN, "unknown"), (SESSION_PAID_YES, "yes"), (SESSION_PAID_NO, "no"),
        ]
        #expect(header.count == Paid.allCases.count)
        for (number, word) in header {
            #expect(String(cString: session_paid_name(number)) == word)
        }
        #expect(String(cString: session_paid_name(session_paid(3))) == "unknown")
    }

    @Test func outcomesHaveTheHeadersNumbers() {
        let header: [(session_result, String)] = [
            (SESSION_OK, "ok"), (SESSION_INVALID_ARGUMENT, "invalid_argument"),
            (SESSION_INVALID_CONFIG, "invalid_config"), (SESSION_NOT_CONFIGURED, "not_configured"),
            (SESSION_ABORTED, "aborted"), (SESSION_OUT_OF_MEMORY, "out_of_memory"),
            (SESSION_UNREACHABLE, "unreachable"), (SESSION_TLS_FAILED, "tls_failed"),
            (SESSION_TIMED_OUT, "timed_out"), (SESSION_UNAUTHORIZED, "unauthorized"),
            (SESSION_FORBIDDEN, "forbidden"), (SESSION_NOT_FOUND, "not_found"),
            (SESSION_RATE_LIMITED, "rate_limited"), (SESSION_PROVIDER_ERROR, "provider_error"),
            (SESSION_UNEXPECTED_HTTP, "unexpected_http"), (SESSION_MALFORMED, "malformed"),
            (SESSION_TOO_LARGE, "too_large"), (SESSION_MISMATCHED, "mismatched"),
            (SESSION_DONE, "done"), (SESSION_AGAIN, "again"),
        ]
        #expect(header.count == Outcome.allCases.count)
        for (number, word) in header {
            #expect(String(cString: session_result_name(number)) == word)
        }
        for number: UInt32 in [6, 9, 13, 26, 33, 42, UInt32.max] {
            #expect(String(cString: session_result_name(session_result(number))) == "unknown")
        }
    }
}
