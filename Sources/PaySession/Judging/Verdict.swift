// SPDX-License-Identifier: MIT

/// The one place that says "paid".
///
/// yes only if the status is completed, the document names the session that was asked for, its
/// amount can be read and is not negative, nothing in it is in doubt, and every expectation is
/// confirmed; and where the proof of payment was read, only if the money is there by it. no only if
/// the status says so and nothing is in doubt. Otherwise there is a hold.
struct Verdict {
    let paid: Paid
    let decision: Decision
    let holds: Holds
    /// Of amount, currency and reference; nil where nothing was expected.
    let amount: Match?
    let currency: Match?
    let reference: Match?

    /// - Parameters:
    ///   - isIdentified: the document names a session, the one asked for if one was.
    ///   - finding: what was found where the proof is, whose doubts are the session's already.
    init(
        _ session: Session, isIdentified: Bool, expected: Expectations?,
        finding: ProofFinding? = nil
    ) {
        amount = expected?.amountMinor.map { wanted in
            Match(session.amount.map { $0.minor == wanted })
        }
        currency = expected?.currency.map { wanted in
            Match(
                (session.currency ?? finding?.confirmedCurrency)
                    .map { sameBytes($0.code, wanted.code) })
        }
        reference = expected?.reference.map { wanted in
            Match(
                session.merchantReference.map { sameBytes($0, wanted) }
                    ?? finding?.confirms(wanted))
        }

        let expectations: [(Match?, Hold, Hold)] = [
            (amount, .amountMismatch, .amountNotProvided),
            (currency, .currencyMismatch, .currencyNotProvided),
            (reference, .referenceMismatch, .referenceNotProvided),
        ]
        /// What has become of them.
        func insert(_ holds: inout Holds) {
            for (match, mismatch, notProvided) in expectations {
                switch match {
                case .mismatch: holds.insert(mismatch)
                case .notProvided: holds.insert(notProvided)
                case .match, nil: break
                }
            }
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
            insert(&holds)
            if let hold = finding?.holdOfState { holds.insert(hold) }
            paid = holds.isEmpty ? .yes : .unknown
        case .open, .pending, .actionRequired:
            if expected?.holdsWaiting == true {
                if !isIdentified { holds.insert(.unidentified) }
                insert(&holds)
            }
            paid = holds.isEmpty ? .no : .unknown
        case .declined, .failed, .cancelled, .expired:
            holds = Holds()
            paid = .no
        case .unknown:
            if let hold = finding?.holdOfState { holds.insert(hold) }
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
