// SPDX-License-Identifier: MIT

/// What the shop knows of the order and wants confirmed.
struct Expectations {
    var amountMinor: Int64?
    var currency: Currency?
    var reference: String?
    /// Of a session that waits for the merchant, too: it is not approved on what differs.
    var holdsWaiting = false
}

/// What became of one expectation.
enum Match {
    case match, mismatch, notProvided

    init(_ isSame: Bool?) {
        switch isSame {
        case .some(true): self = .match
        case .some(false): self = .mismatch
        case .none: self = .notProvided
        }
    }

    var word: StaticString {
        switch self {
        case .match: "match"
        case .mismatch: "mismatch"
        case .notProvided: "not_provided"
        }
    }
}
