// SPDX-License-Identifier: MIT

/// Whether the answer could be learnt; `session_result` in C, with the same numbers.
enum Outcome: UInt32, CaseIterable {
    case ok = 0
    case invalidArgument = 1
    case invalidConfig = 2
    case notConfigured = 3
    case aborted = 4
    case outOfMemory = 5
    case unreachable = 10
    case tlsFailed = 11
    case timedOut = 12
    case unauthorized = 20
    case forbidden = 21
    case notFound = 22
    case rateLimited = 23
    case providerError = 24
    case unexpectedHTTP = 25
    case malformed = 30
    case tooLarge = 31
    case mismatched = 32
    case notGenuine = 33
    case unsigned = 34
    case notWaiting = 35
    case done = 40
    case again = 41

    var word: StaticString {
        switch self {
        case .ok: "ok"
        case .invalidArgument: "invalid_argument"
        case .invalidConfig: "invalid_config"
        case .notConfigured: "not_configured"
        case .aborted: "aborted"
        case .outOfMemory: "out_of_memory"
        case .unreachable: "unreachable"
        case .tlsFailed: "tls_failed"
        case .timedOut: "timed_out"
        case .unauthorized: "unauthorized"
        case .forbidden: "forbidden"
        case .notFound: "not_found"
        case .rateLimited: "rate_limited"
        case .providerError: "provider_error"
        case .unexpectedHTTP: "unexpected_http"
        case .malformed: "malformed"
        case .tooLarge: "too_large"
        case .mismatched: "mismatched"
        case .notGenuine: "not_genuine"
        case .unsigned: "unsigned"
        case .notWaiting: "not_waiting"
        case .done: "done"
        case .again: "again"
        }
    }

    /// The HTTP status of a session endpoint's answer.
    init(httpStatus: Int) {
        switch httpStatus {
        case 200: self = .ok
        case 401: self = .unauthorized
        case 403: self = .forbidden
        case 404: self = .notFound
        case 429: self = .rateLimited
        case 500...599: self = .providerError
        default: self = .unexpectedHTTP
        }
    }

    /// Asking again later may well give an answer. 408 and 425 say themselves that they pass (RFC
    /// 9110, 15.5.9; RFC 8470, 5.2).
    func isRetryable(httpStatus: Int?) -> Bool {
        switch self {
        case .unreachable, .timedOut, .rateLimited, .providerError: true
        case .unexpectedHTTP: httpStatus == 408 || httpStatus == 425
        default: false
        }
    }

    /// What the caller can do. Every failure is "no answer": never "not paid".
    var advice: StaticString {
        switch self {
        case .ok: "Decide on session.paid."
        case .invalidArgument: "Correct the argument that the message names; nothing was sent."
        case .invalidConfig: "Correct the configuration key that the message names."
        case .notConfigured: "Add this provider's credentials to the configuration."
        case .aborted:
            "The call was cancelled; read the session again if the answer is still wanted."
        case .outOfMemory: "Free memory or descriptors and read the session again."
        case .unreachable:
            "Nothing was learnt about the payment; keep the order as it is and read it again."
        case .tlsFailed:
            "The connection is not safe to use; check the clock, ca_file and the host."
        case .timedOut:
            "Nothing was learnt about the payment; keep the order as it is and read it again."
        case .unauthorized: "Check the credentials and the environment of this provider."
        case .forbidden: "Check that these credentials may read this session."
        case .notFound:
            "Check the reference and the environment; do not take it for an unpaid order."
        case .rateLimited: "Read the session again later, and less often."
        case .providerError:
            "The provider is failing; keep the order as it is and read the session again."
        case .unexpectedHTTP:
            "Check base_url and whatever stands between this host and the provider."
        case .malformed:
            "Do not ship on this; show the provider's support what its endpoint answers."
        case .tooLarge: "Raise max_response_bytes if the provider's sessions are truly that long."
        case .mismatched: "Do not ship on this; the answer belongs to another session."
        case .notGenuine:
            """
            If the provider did send it, check this machine's clock, the address (a proxy may change \
            host or path), the body (the bytes as they came, not parsed and written again), and the \
            secret (another environment has another).
            """
        case .unsigned:
            "Nothing vouches for it: take it for a reason to read the session, and no more."
        case .notWaiting:
            "Read the session: it does not wait for the merchant."
        case .done, .again: ""
        }
    }
}

/// Why there is no answer. Never holds a secret or personal data, except what the provider itself
/// wrote into its error body (`providerMessage`), where the library's own secrets are taken out.
///
/// An object, which is thrown and handed on in fewer instructions than a structure of several
/// texts. Only who makes it changes it.
final class Failure: Error, @unchecked Sendable {
    var outcome: Outcome
    var message: String
    /// nil, never invented, where there was none.
    var httpStatus: Int?
    var providerCode: String?
    var providerMessage: String?
    /// Asking again later may well give an answer.
    var isRetryable: Bool
    /// When, from now; zero where nobody said.
    var retryAfter = Span.zero
    /// Where there is more to say than of others with its outcome.
    var advice: StaticString?

    init(_ outcome: Outcome, _ message: String, httpStatus: Int? = nil) {
        self.outcome = outcome
        self.message = message
        self.httpStatus = httpStatus
        isRetryable = outcome.isRetryable(httpStatus: httpStatus)
    }

    static var outOfMemory: Failure { Failure(.outOfMemory, "memory or descriptors have run out") }
    /// In the child of a signal handler that forked.
    static var forked: Failure {
        Failure(.aborted, "the process was forked in the middle of this call")
    }
    static var aborted: Failure { Failure(.aborted, "cancelled by session_client_cancel") }
}
