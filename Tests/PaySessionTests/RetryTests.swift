// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct RetryTests {
    /// The header: no connection, a broken one, 408, 425, 429, 500, 502, 503, 504, 520 to 524, and
    /// nothing else.
    @Test(arguments: Outcome.allCases) func isWorthwhileWhereTheHeaderSaysSo(_ outcome: Outcome) {
        for status in [
            nil, 200, 302, 400, 401, 403, 404, 408, 425, 429, 500, 501, 502, 503, 504, 505, 519,
            520,
            524, 525, 599,
        ] as [Int?] {
            let failure = Failure(outcome, "words", httpStatus: status)
            let isWorthwhile =
                switch outcome {
                case .unreachable, .rateLimited: true
                case .providerError: [500, 502, 503, 504, 520, 524].contains(status)
                case .unexpectedHTTP: [408, 425].contains(status)
                default: false
                }
            #expect(Retry.isWorthwhile(failure) == isWorthwhile, "\(outcome) \(status as Any)")
        }
    }

    @Test(arguments: [
        (401, false), (403, false), (404, false), (409, false), (418, false), (429, true),
        (500, true), (501, false), (502, true), (503, true), (504, true), (505, false),
        (599, false), (302, false), (408, true), (425, true), (519, false), (520, true),
        (521, true), (522, true), (523, true), (524, true), (525, false),
    ]) func httpStatusesAreTriedAgain(_ status: Int, _ isTriedAgain: Bool) {
        #expect(
            Retry.isWorthwhile(Failure(Outcome(httpStatus: status), "words", httpStatus: status))
                == isTriedAgain)
    }

    /// A proxy that refuses will refuse again; an empty answer is not the provider's last word.
    @Test func whatTheFailureSaysOfItselfCounts() {
        let refusal = Failure(.unreachable, "words")
        refusal.isRetryable = false
        #expect(!Retry.isWorthwhile(refusal))
        var empty = Failure(.malformed, "words", httpStatus: 200)
        #expect(!Retry.isWorthwhile(empty))
        empty.isRetryable = true
        #expect(Retry.isWorthwhile(empty))
    }

    /// Full jitter: from nothing to a bound that doubles from 200 ms, and is never above 5 s.
    @Test(
        arguments: [
            (0, 200_000), (1, 400_000), (2, 800_000), (3, 1_600_000), (4, 3_200_000),
            (5, 5_000_000),
            (6, 5_000_000), (9, 5_000_000), (16, 5_000_000), (64, 5_000_000), (1000, 5_000_000),
            (Int.max, 5_000_000),
        ] as [(Int, Int64)])
    func pausesGrowAndAreBounded(_ retries: Int, _ bound: Int64) {
        var (least, most) = (Int64.max, Int64.min)
        for _ in 0..<400 {
            let pause = Retry.pause(
                afterRetries: retries, retryAfter: .zero, chance: randomSpan
            ).microseconds
            (least, most) = (min(least, pause), max(most, pause))
        }
        #expect(least >= 0)
        #expect(most <= bound)
        // Jitter over the whole of it: 400 draws miss the upper or lower tenth once in 10^18 runs.
        #expect(least < bound / 10)
        #expect(most > bound - bound / 10)
    }

    /// What the provider asks for is kept to the second, however long.
    @Test(
        arguments: [
            (1, 1_000_000), (7, 7_000_000), (120, 120_000_000), (86400, 86_400_000_000),
            (.max, .max),
            (9_223_372_036_854, 9_223_372_036_854_000_000), (9_223_372_036_855, .max),
        ] as [(Int64, Int64)])
    func retryAfterIsKept(_ seconds: Int64, _ pause: Int64) {
        for retries in [0, 1, 9, Int.max] {
            #expect(
                Retry.pause(
                    afterRetries: retries, retryAfter: .seconds(seconds), chance: randomSpan)
                    == Span(microseconds: pause))
        }
    }

    @Test(arguments: [-1, .min] as [Int64]) func nonsenseIsNotKept(_ seconds: Int64) {
        let pause = Retry.pause(
            afterRetries: 0, retryAfter: .seconds(seconds), chance: randomSpan)
        #expect((0...200_000).contains(pause.microseconds))
    }
}
