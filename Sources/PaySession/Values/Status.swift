// SPDX-License-Identifier: MIT

/// The state of a session in one vocabulary; `session_status` in C, with the same numbers.
enum Status: UInt32, CaseIterable {
    case unknown = 0
    case open = 1
    case pending = 2
    case actionRequired = 3
    case completed = 4
    case declined = 5
    case failed = 6
    case cancelled = 7
    case expired = 8

    var word: StaticString {
        switch self {
        case .unknown: "unknown"
        case .open: "open"
        case .pending: "pending"
        case .actionRequired: "action_required"
        case .completed: "completed"
        case .declined: "declined"
        case .failed: "failed"
        case .cancelled: "cancelled"
        case .expired: "expired"
        }
    }

    /// Nothing more will happen to the session.
    var isFinal: Bool {
        switch self {
        case .completed, .declined, .failed, .cancelled, .expired: true
        case .unknown, .open, .pending, .actionRequired: false
        }
    }
}

/// What the shop does next. `session_decision` in C, with the same numbers.
enum Decision: UInt32, CaseIterable {
    /// A person looks.
    case hold = 0
    case ship = 1
    /// Read it again later.
    case wait = 2
    /// The stock is free again.
    case release = 3

    var word: StaticString {
        switch self {
        case .hold: "hold"
        case .ship: "ship"
        case .wait: "wait"
        case .release: "release"
        }
    }
}

/// May the goods ship? `session_paid` in C, with the same numbers.
enum Paid: UInt32, CaseIterable {
    case unknown = 0
    case yes = 1
    case no = 2

    var word: StaticString {
        switch self {
        case .unknown: "unknown"
        case .yes: "yes"
        case .no: "no"
        }
    }
}
