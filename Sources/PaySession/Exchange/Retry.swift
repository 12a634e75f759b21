// SPDX-License-Identifier: MIT

/// When a failed attempt is made again. All requests here are GETs and token requests, which may be
/// repeated safely; no provider documents a retry policy of its own.
enum Retry {
    /// Exponential with full jitter: anything from nothing to this, doubled each time.
    private static let firstPause: Int64 = 200_000
    private static let longestPause: Int64 = 5_000_000

    static func isWorthwhile(_ failure: Failure) -> Bool {
        switch failure.outcome {
        case .timedOut: false
        case .providerError:
            switch failure.httpStatus {
            // 520 to 524 are Cloudflare's, for an origin that fails or does not answer.
            case 500, 502, 503, 504, 520, 521, 522, 523, 524: true
            default: false
            }
        default: failure.isRetryable
        }
    }

    /// The pause before the next attempt.
    /// - Parameters:
    ///   - retries: how many there have been.
    ///   - retryAfter: what the provider asked for; zero for nothing.
    ///   - chance: chooses from nothing to what it is given.
    static func pause(
        afterRetries retries: Int, retryAfter: Span, chance: (Span) -> Span
    ) -> Span {
        if retryAfter > .zero { return retryAfter }
        return chance(
            Span(microseconds: min(longestPause, firstPause << Int64(min(retries, 16)))))
    }
}
