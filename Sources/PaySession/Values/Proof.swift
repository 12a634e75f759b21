// SPDX-License-Identifier: MIT

/// What became of the payment behind a session, in one vocabulary.
enum ProofState {
    /// Not told, not understood, or not there.
    case unknown
    /// Somebody is still at it.
    case pending
    /// Reserved or confirmed: goods may go.
    case secured
    /// Collected or financed.
    case captured
    /// All or some of it went back.
    case refunded
    /// Cancelled, voided, expired, terminated or declined.
    case ended

    var word: StaticString {
        switch self {
        case .unknown: "unknown"
        case .pending: "pending"
        case .secured: "secured"
        case .captured: "captured"
        case .refunded: "refunded"
        case .ended: "ended"
        }
    }

    /// The money is there.
    var isGood: Bool {
        switch self {
        case .secured, .captured: true
        case .unknown, .pending, .refunded, .ended: false
        }
    }
}

/// The proof of payment as its provider tells it, in our words: a contract, an order, a payment
/// status, a transaction. nil is "not told". Its texts are good while its document is there.
final class Proof {
    /// What the document itself says that it is about; not what was asked for.
    var id: DocumentText?
    var state = ProofState.unknown
    /// What the state was read from.
    var evidence: Evidence
    /// What the session is by it, where the session has no state of its own (Dintero).
    var sessionStatus: Status?
    var amount: Amount?
    /// Less than `amount` is reserved and captured together.
    var fallsShort = false
    /// One of the sums beside `amount` is there, and none.
    var hasUnreadableSum = false
    var merchantReference: DocumentText?
    var capturedMinor: Int64?
    var refundedMinor: Int64?
    var updatedAt: Timestamp?
    /// The provider suspects fraud, or says about it what nobody knows.
    var isFraudSuspected = false

    init(evidence: Evidence) { self.evidence = evidence }
}
