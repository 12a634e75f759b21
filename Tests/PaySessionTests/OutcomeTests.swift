// SPDX-License-Identifier: MIT
import CPaySession
import Testing

@testable import PaySession

@Suite struct OutcomeTests {
    static let outcomes: [(Outcome, session_result, UInt32, String)] = [
        (.ok, SESSION_OK, 0, "ok"),
        (.invalidArgument, SESSION_INVALID_ARGUMENT, 1, "invalid_argument"),
        (.invalidConfig, SESSION_INVALID_CONFIG, 2, "invalid_config"),
        (.notConfigured, SESSION_NOT_CONFIGURED, 3, "not_configured"),
        (.aborted, SESSION_ABORTED, 4, "aborted"),
        (.outOfMemory, SESSION_OUT_OF_MEMORY, 5, "out_of_memory"),
        (.unreachable, SESSION_UNREACHABLE, 10, "unreachable"),
        (.tlsFailed, SESSION_TLS_FAILED, 11, "tls_failed"),
        (.timedOut, SESSION_TIMED_OUT, 12, "timed_out"),
        (.unauthorized, SESSION_UNAUTHORIZED, 20, "unauthorized"),
        (.forbidden, SESSION_FORBIDDEN, 21, "forbidden"),
        (.notFound, SESSION_NOT_FOUND, 22, "not_found"),
        (.rateLimited, SESSION_RATE_LIMITED, 23, "rate_limited"),
        (.providerError, SESSION_PROVIDER_ERROR, 24, "provider_error"),
        (.unexpectedHTTP, SESSION_UNEXPECTED_HTTP, 25, "unexpected_http"),
        (.malformed, SESSION_MALFORMED, 30, "malformed"),
        (.tooLarge, SESSION_TOO_LARGE, 31, "too_large"),
        (.mismatched, SESSION_MISMATCHED, 32, "mismatched"),
        (.notGenuine, SESSION_NOT_GENUINE, 33, "not_genuine"),
        (.unsigned, SESSION_UNSIGNED, 34, "unsigned"),
        (.notWaiting, SESSION_NOT_WAITING, 35, "not_waiting"),
        (.done, SESSION_DONE, 40, "done"),
        (.again, SESSION_AGAIN, 41, "again"),
    ]

    @Test(arguments: outcomes) func outcomeIsTheHeaders(
        _ outcome: Outcome, _ inC: session_result, _ number: UInt32, _ word: String
    ) {
        #expect(outcome.rawValue == number)
        #expect(inC.rawValue == number)
        #expect("\(outcome.word)" == word)
        #expect(String(cString: session_result_name(inC)) == word)
    }

    @Test func noCaseIsLeftOut() {
        #expect(Outcome.allCases.count == OutcomeTests.outcomes.count)
    }

    @Test(arguments: [6, 9, 13, 26, 36, 39, 42, UInt32.max] as [UInt32])
    func otherNumbersAreUnknown(_ number: UInt32) {
        #expect(String(cString: session_result_name(session_result(number))) == "unknown")
    }

    @Test(
        arguments: [
            (200, .ok), (201, .unexpectedHTTP), (202, .unexpectedHTTP), (204, .unexpectedHTTP),
            (206, .unexpectedHTTP), (301, .unexpectedHTTP), (302, .unexpectedHTTP),
            (304, .unexpectedHTTP), (307, .unexpectedHTTP), (400, .unexpectedHTTP),
            (401, .unauthorized), (402, .unexpectedHTTP), (403, .forbidden), (404, .notFound),
            (405, .unexpectedHTTP), (407, .unexpectedHTTP), (409, .unexpectedHTTP),
            (410, .unexpectedHTTP), (418, .unexpectedHTTP), (422, .unexpectedHTTP),
            (428, .unexpectedHTTP), (429, .rateLimited), (430, .unexpectedHTTP),
            (499, .unexpectedHTTP),
            (500, .providerError), (501, .providerError), (502, .providerError),
            (503, .providerError),
            (504, .providerError), (599, .providerError), (600, .unexpectedHTTP),
            (999, .unexpectedHTTP), (0, .unexpectedHTTP), (100, .unexpectedHTTP),
            (-1, .unexpectedHTTP),
        ] as [(Int, Outcome)])
    func httpStatusBecomes(_ status: Int, _ outcome: Outcome) {
        #expect(Outcome(httpStatus: status) == outcome)
    }

    @Test(arguments: Outcome.allCases) func isRetryableWhereTimeMayMendIt(_ outcome: Outcome) {
        let mendable: Set<Outcome> = [.unreachable, .timedOut, .rateLimited, .providerError]
        for status in [nil, 200, 302, 400, 404, 501] as [Int?] {
            #expect(outcome.isRetryable(httpStatus: status) == mendable.contains(outcome))
        }
    }

    /// Contract, version 0.2: worth another attempt.
    @Test(arguments: [(408, true), (425, true), (400, false), (409, false), (426, false)])
    func whatSaysThatItPassesIsRetryable(_ status: Int, _ isRetryable: Bool) {
        let failure = Failure(Outcome(httpStatus: status), "words", httpStatus: status)
        #expect(failure.isRetryable == isRetryable)
    }

    /// done and again are no failures: no answer comes with them.
    @Test(arguments: Outcome.allCases) func everyFailureHasAdvice(_ outcome: Outcome) {
        let advice = "\(outcome.advice)"
        #expect(advice.isEmpty == (outcome == .done || outcome == .again))
        #expect(advice.isEmpty || advice.hasSuffix("."))
    }

    @Test func aFailureInventsNothing() {
        let failure = Failure(.timedOut, "words")
        #expect(failure.httpStatus == nil)
        #expect(failure.providerCode == nil)
        #expect(failure.providerMessage == nil)
        #expect(Failure.outOfMemory.outcome == .outOfMemory)
        #expect(Failure.aborted.outcome == .aborted)
    }
}
