// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

/// The safety property, over every combination of what a verdict depends on.
@Suite struct VerdictTests {
    /// How one expectation stands to the session.
    enum Expectation: CaseIterable { case none, met, missed, notTold }

    @Test func saysPaidOnlyWhenEverythingHolds() {
        var yes = 0
        for status in Status.allCases {
            for isIdentified in [true, false] {
                for hasAmount in [true, false] {
                    for reservation in [nil, Hold.noPaymentState, .advanceInvoice] {
                        // An amount that was not told is what hasAmount is about.
                        for amount in [Expectation.none, .met, .missed] {
                            for currency in Expectation.allCases {
                                for reference in Expectation.allCases {
                                    yes +=
                                        check(
                                            status, isIdentified, hasAmount, reservation, amount,
                                            currency, reference) ? 1 : 0
                                }
                            }
                        }
                    }
                }
            }
        }
        // completed, identified, with an amount, nothing reserved, and each expectation none or
        // met.
        #expect(yes == 8)
    }

    private func check(
        _ status: Status, _ isIdentified: Bool, _ hasAmount: Bool, _ reservation: Hold?,
        _ amount: Expectation, _ currency: Expectation, _ reference: Expectation
    ) -> Bool {
        let eur = Currency("EUR")!
        var session = Session(evidence: Evidence(field: "status", value: nil, basis: .reported))
        session.status = status
        session.amount = hasAmount ? Amount(minor: 100, currency: eur) : nil
        session.currency = currency == .notTold ? nil : eur
        session.merchantReference = reference == .notTold ? nil : "ORDER"
        session.reservation = reservation
        var expected = Expectations()
        if amount != .none { expected.amountMinor = amount == .missed ? 101 : 100 }
        if currency != .none { expected.currency = Currency(currency == .missed ? "SEK" : "EUR") }
        if reference != .none { expected.reference = reference == .missed ? "OTHER" : "ORDER" }
        let verdict = Verdict(session, isIdentified: isIdentified, expected: expected)

        // The contract's words, in its order.
        var holds: [String] = []
        if status == .completed {
            if !isIdentified { holds.append("unidentified") }
            if !hasAmount { holds.append("amount_unreadable") }
            if let reservation { holds.append("\(reservation.word)") }
            if amount != .none, !hasAmount {
                holds.append("amount_not_provided")
            } else if amount == .missed {
                holds.append("amount_mismatch")
            }
            if currency == .missed { holds.append("currency_mismatch") }
            if currency == .notTold { holds.append("currency_not_provided") }
            if reference == .missed { holds.append("reference_mismatch") }
            if reference == .notTold { holds.append("reference_not_provided") }
        } else if [.open, .pending, .actionRequired].contains(status), let reservation {
            holds.append("\(reservation.word)")
        }
        #expect(verdict.holds.map { "\($0.word)" } == holds)

        let paid: Paid
        switch status {
        case .unknown: paid = .unknown
        case .declined, .failed, .cancelled, .expired: paid = .no
        case .completed: paid = holds.isEmpty ? .yes : .unknown
        case .open, .pending, .actionRequired: paid = holds.isEmpty ? .no : .unknown
        }
        #expect(verdict.paid == paid)
        return verdict.paid == .yes
    }

    @Test func expectationsAreComparedByteForByte() {
        var session = Session(evidence: Evidence(field: "status", value: nil, basis: .reported))
        session.status = .completed
        session.amount = Amount(minor: 1, currency: Currency("EUR"))
        session.merchantReference = "e\u{301}"
        let verdict = Verdict(
            session, isIdentified: true,
            expected: Expectations(amountMinor: nil, currency: nil, reference: "é"))
        #expect(verdict.paid == .unknown)
        #expect(verdict.reference == .mismatch)
    }
}
