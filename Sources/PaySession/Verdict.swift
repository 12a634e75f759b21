// SPDX-License-Identifier: MIT

/// Why `paid` is unknown although the session may well be paid.
enum Hold {
    case unidentified
    case amountUnreadable
    case noPaymentState
    case advanceInvoice
    case amountMismatch, amountNotProvided
    case currencyMismatch, currencyNotProvided
    case referenceMismatch, referenceNotProvided

    var word: StaticString {
        switch self {
        case .unidentified: "unidentified"
        case .amountUnreadable: "amount_unreadable"
        case .noPaymentState: "no_payment_state"
        case .advanceInvoice: "advance_invoice"
        case .amountMismatch: "amount_mismatch"
        case .amountNotProvided: "amount_not_provided"
        case .currencyMismatch: "currency_mismatch"
        case .currencyNotProvided: "currency_not_provided"
        case .referenceMismatch: "reference_mismatch"
        case .referenceNotProvided: "reference_not_provided"
        }
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
/// amount can be read, the provider's completed means paid, and every expectation is confirmed.
struct Verdict {
    let paid: Paid
    let holds: [Hold]
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

        var holds: [Hold] = []
        switch session.status {
        case .completed:
            if !isIdentified { holds.append(.unidentified) }
            if session.amount == nil { holds.append(.amountUnreadable) }
            if let reservation = session.reservation { holds.append(reservation) }
            switch amount {
            case .mismatch: holds.append(.amountMismatch)
            case .notProvided: holds.append(.amountNotProvided)
            case .match, nil: break
            }
            switch currency {
            case .mismatch: holds.append(.currencyMismatch)
            case .notProvided: holds.append(.currencyNotProvided)
            case .match, nil: break
            }
            switch reference {
            case .mismatch: holds.append(.referenceMismatch)
            case .notProvided: holds.append(.referenceNotProvided)
            case .match, nil: break
            }
            paid = holds.isEmpty ? .yes : .unknown
        case .open, .pending, .actionRequired:
            // A provider without payment state cannot say "not yet" either.
            if let reservation = session.reservation { holds.append(reservation) }
            paid = holds.isEmpty ? .no : .unknown
        case .declined, .failed, .cancelled, .expired:
            paid = .no
        case .unknown:
            paid = .unknown
        }
        self.holds = holds
    }
}
