// SPDX-License-Identifier: MIT

/// Why `paid` is unknown, in the order in which they are told.
enum Hold: UInt8, CaseIterable {
    /// The document does not say which session it is about.
    case unidentified
    /// The status is absent, no text, or a word in no documentation.
    case statusUnknown
    /// Dintero: `success` is there, and neither true, false nor null.
    case successUnreadable
    /// Dintero: `processed_at` is there, and no point in time.
    case timeUnreadable
    /// Dintero: `processed_at` cannot be when this session was processed.
    case timeImplausible
    case amountUnreadable
    /// The amount's digits can be read, and no currency of ISO 4217 beside them.
    case currencyUnreadable
    case amountNegative
    /// Dintero's order sessions carry none.
    case noPaymentState
    /// Ledyer authorizes one before anyone has paid.
    case advanceInvoice
    /// Ledyer: a payment method in no documentation; it could be an advance invoice.
    case paymentMethodUnknown
    case amountMismatch, amountNotProvided
    case currencyMismatch, currencyNotProvided
    case referenceMismatch, referenceNotProvided
    /// The session names no resource that proves its payment.
    case proofUnnamed
    /// The provider knows no such resource.
    case proofNotFound
    /// By its state: not there yet, over, given back, or a word in no documentation.
    case proofPending, proofEnded, proofRefunded, proofUnknown
    /// The proof's amount differs from the session's, or cannot be read.
    case proofAmountMismatch, proofAmountUnreadable
    /// The proof's currency differs from the session's, or from the one expected.
    case proofCurrencyMismatch
    /// The proof is about another order, or does not say about which.
    case proofReferenceMismatch
    case proofFraud

    var word: StaticString {
        switch self {
        case .unidentified: "unidentified"
        case .statusUnknown: "status_unknown"
        case .successUnreadable: "success_unreadable"
        case .timeUnreadable: "time_unreadable"
        case .timeImplausible: "time_implausible"
        case .amountUnreadable: "amount_unreadable"
        case .currencyUnreadable: "currency_unreadable"
        case .amountNegative: "amount_negative"
        case .noPaymentState: "no_payment_state"
        case .advanceInvoice: "advance_invoice"
        case .paymentMethodUnknown: "payment_method_unknown"
        case .amountMismatch: "amount_mismatch"
        case .amountNotProvided: "amount_not_provided"
        case .currencyMismatch: "currency_mismatch"
        case .currencyNotProvided: "currency_not_provided"
        case .referenceMismatch: "reference_mismatch"
        case .referenceNotProvided: "reference_not_provided"
        case .proofUnnamed: "proof_unnamed"
        case .proofNotFound: "proof_not_found"
        case .proofPending: "proof_pending"
        case .proofEnded: "proof_ended"
        case .proofRefunded: "proof_refunded"
        case .proofUnknown: "proof_unknown"
        case .proofAmountMismatch: "proof_amount_mismatch"
        case .proofAmountUnreadable: "proof_amount_unreadable"
        case .proofCurrencyMismatch: "proof_currency_mismatch"
        case .proofReferenceMismatch: "proof_reference_mismatch"
        case .proofFraud: "proof_fraud"
        }
    }
}

/// Some of them, each at most once, always in the same order.
struct Holds: Sequence, IteratorProtocol {
    private var bits: UInt32 = 0

    var isEmpty: Bool { bits == 0 }
    mutating func insert(_ hold: Hold) { bits |= 1 << UInt32(hold.rawValue) }
    mutating func remove(_ hold: Hold) { bits &= ~(1 << UInt32(hold.rawValue)) }
    mutating func formUnion(_ other: Holds) { bits |= other.bits }

    mutating func next() -> Hold? {
        guard let hold = Hold(rawValue: UInt8(truncatingIfNeeded: bits.trailingZeroBitCount)) else {
            return nil
        }
        bits &= bits &- 1
        return hold
    }
}
