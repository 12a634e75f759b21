// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct OutcomeTests {
    @Test(arguments: [
        (200, Outcome.ok), (201, .unexpectedHTTP), (202, .unexpectedHTTP), (204, .unexpectedHTTP),
        (301, .unexpectedHTTP), (302, .unexpectedHTTP), (304, .unexpectedHTTP),
        (400, .unexpectedHTTP), (401, .unauthorized), (403, .forbidden), (404, .notFound),
        (407, .unexpectedHTTP), (410, .unexpectedHTTP), (418, .unexpectedHTTP),
        (429, .rateLimited), (500, .providerError), (502, .providerError), (503, .providerError),
        (504, .providerError), (599, .providerError), (600, .unexpectedHTTP),
        (100, .unexpectedHTTP),
    ])
    func comesFromTheHTTPStatus(_ status: Int, _ outcome: Outcome) {
        #expect(Outcome(httpStatus: status) == outcome)
    }

    @Test func onlyWhatMayPassIsRetryable() {
        let retryable = Outcome.allCases.filter(\.isRetryable)
        #expect(retryable == [.unreachable, .timedOut, .rateLimited, .providerError])
    }

    @Test func everyFailureComesWithAdvice() {
        for outcome in Outcome.allCases where outcome != .done && outcome != .again {
            #expect(outcome.advice.utf8CodeUnitCount > 0, "\(outcome)")
        }
    }
}
