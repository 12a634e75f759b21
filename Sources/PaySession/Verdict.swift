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
        }
    }
}

/// Some of them, each at most once, always in the same order.
struct Holds: Sequence, IteratorProtocol {
    private var bits: UInt32 = 0

    var isEmpty: Bool { bits == 0 }
    mutating func insert(_ hold: Hold) { bits |= 1 << UInt32(hold.rawValue) }

    mutating func next() -> Hold? {
        guard let hold = Hold(rawValue: UInt8(truncatingIfNeeded: bits.trailingZeroBitCount)) else {
            return nil
        }
        bits &= bits &- 1
        return hold
    }
}

/// What the shop knows of the order and wants confirmed.
struct Expectations {
    var amountMinor: Int64?
    var currency: Currency?
    var reference: String?
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

/// The one place that says "paid".
///
/// yes only if the status is completed, the document names the session that was asked for, its
/// amount can be read and is not negative, nothing in it is in doubt, and every expectation is
/// confirmed. no only if the status says so and nothing is in doubt. Otherwise there is a hold.
struct Verdict {
    let paid: Paid
    let decision: Decision
    let holds: Holds
    /// Of amount, currency and reference; nil where nothing was expected.
    let amount: Match?
    let currency: Match?
    let reference: Match?

    /// - Parameter isIdentified: the document names a session, the one asked for if one was.
    init(_ session: Session, isIdentified: Bool, expected: Expectations?) {
        amount = expected?.amountMinor.map { wanted in
            Match(session.amount.map { $0.minor == wanted })
        }
        currency = expected?.currency.map { wanted in
            Match(session.currency.map { sameBytes($0.code, wanted.code) })
        }
        reference = expected?.reference.map { wanted in
            Match(session.merchantReference.map { sameBytes($0, wanted) })
        }

        var holds = session.doubts
        switch session.status {
        case .completed:
            if !isIdentified { holds.insert(.unidentified) }
            if let amount = session.amount {
                if amount.minor < 0 { holds.insert(.amountNegative) }
            } else if session.hasAmountDigits, session.currency == nil {
                holds.insert(.currencyUnreadable)
            } else {
                holds.insert(.amountUnreadable)
            }
            switch amount {
            case .mismatch: holds.insert(.amountMismatch)
            case .notProvided: holds.insert(.amountNotProvided)
            case .match, nil: break
            }
            switch currency {
            case .mismatch: holds.insert(.currencyMismatch)
            case .notProvided: holds.insert(.currencyNotProvided)
            case .match, nil: break
            }
            switch reference {
            case .mismatch: holds.insert(.referenceMismatch)
            case .notProvided: holds.insert(.referenceNotProvided)
            case .match, nil: break
            }
            paid = holds.isEmpty ? .yes : .unknown
        case .open, .pending, .actionRequired:
            paid = holds.isEmpty ? .no : .unknown
        case .declined, .failed, .cancelled, .expired:
            holds = Holds()
            paid = .no
        case .unknown:
            if holds.isEmpty { holds.insert(.statusUnknown) }
            paid = .unknown
        }
        self.holds = holds
        decision =
            switch paid {
            case .yes: .ship
            case .no: session.status.isFinal ? .release : .wait
            case .unknown: .hold
            }
    }

    /// Where there is nothing to judge.
    static func decision(on failure: Failure) -> Decision { failure.isRetryable ? .wait : .hold }
}
