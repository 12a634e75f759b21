// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct VerdictTests {
    /// One expectation, and what the session has to say to it.
    enum Side: CaseIterable {
        case notExpected, notExpectedButTold, match, mismatch, notProvided

        var isTold: Bool { self == .notExpectedButTold || self == .match || self == .mismatch }
        var isExpected: Bool { self == .match || self == .mismatch || self == .notProvided }
        var word: String? {
            switch self {
            case .notExpected, .notExpectedButTold: nil
            case .match: "match"
            case .mismatch: "mismatch"
            case .notProvided: "not_provided"
            }
        }
    }

    /// What a verdict is about. The amount's presence is in `amount.isTold`.
    struct Situation {
        var status: Status
        var isIdentified: Bool
        var reservation: Hold?
        var amount: Side
        var currency: Side
        var reference: Side

        var session: Session {
            let session = Session(evidence: Evidence(field: "status", value: nil, basis: .absent))
            session.status = status
            session.reservation = reservation
            session.currency = currency.isTold ? Currency("EUR") : nil
            session.amount = amount.isTold ? Amount(minor: 30000, currency: session.currency) : nil
            session.merchantReference = reference.isTold ? "K-1" : nil
            return session
        }

        var expected: Expectations {
            var expected = Expectations()
            if amount.isExpected { expected.amountMinor = amount == .mismatch ? 29999 : 30000 }
            if currency.isExpected {
                expected.currency = Currency(currency == .mismatch ? "SEK" : "EUR")
            }
            // Canonically equivalent is not the same: the Kelvin sign.
            if reference.isExpected {
                expected.reference = reference == .mismatch ? "\u{212A}-1" : "K-1"
            }
            return expected
        }

        /// The contract's holds, in the mapping's order.
        var holds: [String] {
            if status == .pending, reservation == .noPaymentState { return ["no_payment_state"] }
            guard status == .completed else { return [] }
            let table: [(String, Bool)] = [
                ("unidentified", !isIdentified), ("amount_unreadable", !amount.isTold),
                ("no_payment_state", reservation == .noPaymentState),
                ("advance_invoice", reservation == .advanceInvoice),
                ("amount_mismatch", amount == .mismatch),
                ("amount_not_provided", amount == .notProvided),
                ("currency_mismatch", currency == .mismatch),
                ("currency_not_provided", currency == .notProvided),
                ("reference_mismatch", reference == .mismatch),
                ("reference_not_provided", reference == .notProvided),
            ]
            return table.filter { $0.1 }.map { $0.0 }
        }

        var paid: Paid {
            let whenNotHeld: [Status: Paid] = [
                .unknown: .unknown, .open: .no, .pending: .no, .actionRequired: .no,
                .completed: .yes, .declined: .no, .failed: .no, .cancelled: .no, .expired: .no,
            ]
            return holds.isEmpty ? whenNotHeld[status]! : .unknown
        }

        /// No rule says what a reservation means here, and no provider makes one: Dintero knows
        /// completed, pending and failed only, Ledyer reserves what is authorized.
        var isBeyondTheRules: Bool {
            switch (status, reservation) {
            case (.open, .some), (.actionRequired, .some), (.pending, .advanceInvoice): true
            default: false
            }
        }
    }

    static let reservations: [Hold?] = [nil, .noPaymentState, .advanceInvoice]

    static func forEverySituation(_ status: Status, _ body: (Situation) -> Void) {
        for isIdentified in [true, false] {
            for reservation in reservations {
                for amount in Side.allCases {
                    for currency in Side.allCases {
                        for reference in Side.allCases {
                            body(
                                Situation(
                                    status: status, isIdentified: isIdentified,
                                    reservation: reservation,
                                    amount: amount, currency: currency, reference: reference))
                        }
                    }
                }
            }
        }
    }

    /// Every status with everything else that a verdict looks at: 9 x 750.
    @Test(arguments: Status.allCases) func isAsTheRulesSay(_ status: Status) {
        var count = 0
        VerdictTests.forEverySituation(status) { situation in
            count += 1
            let session = situation.session
            let verdict = Verdict(
                session, isIdentified: situation.isIdentified, expected: situation.expected)
            let holds = verdict.holds.map { "\($0.word)" }

            // The invariant, whatever else is true.
            if verdict.paid == .yes {
                let isSure =
                    status == .completed && verdict.holds.isEmpty && situation.isIdentified
                    && session.amount != nil && situation.reservation == nil
                #expect(isSure, "\(situation)")
            }
            if !holds.isEmpty, verdict.paid != .unknown {
                Issue.record("held, yet \(verdict.paid): \(situation)")
            }

            let matches = [verdict.amount, verdict.currency, verdict.reference].map {
                $0.map { "\($0.word)" }
            }
            let words = [situation.amount.word, situation.currency.word, situation.reference.word]
            if matches != words { Issue.record("\(matches), expected \(words): \(situation)") }

            guard !situation.isBeyondTheRules else { return }
            if holds != situation.holds {
                Issue.record("\(holds), expected \(situation.holds): \(situation)")
            }
            if verdict.paid != situation.paid {
                Issue.record("\(verdict.paid), expected \(situation.paid): \(situation)")
            }
        }
        #expect(count == 750)
    }

    /// No expectations at all is the same as an object that holds none.
    @Test(arguments: Status.allCases) func withoutExpectations(_ status: Status) {
        VerdictTests.forEverySituation(status) { situation in
            guard !situation.amount.isExpected, !situation.currency.isExpected,
                !situation.reference.isExpected
            else { return }
            let verdict = Verdict(
                situation.session, isIdentified: situation.isIdentified, expected: nil)
            let empty = Verdict(
                situation.session, isIdentified: situation.isIdentified, expected: Expectations())
            #expect(verdict.amount == nil && verdict.currency == nil && verdict.reference == nil)
            #expect(verdict.paid == empty.paid && verdict.holds == empty.holds)
            if !situation.isBeyondTheRules {
                #expect(verdict.paid == situation.paid, "\(situation)")
            }
        }
    }

    /// The one way to "yes", and every single step off it.
    @Test func oneStepOffIsNotYes() {
        let yes = Situation(
            status: .completed, isIdentified: true, reservation: nil, amount: .match,
            currency: .match,
            reference: .match)
        func paid(_ situation: Situation) -> Paid {
            Verdict(
                situation.session, isIdentified: situation.isIdentified,
                expected: situation.expected
            ).paid
        }
        func step(_ change: (inout Situation) -> Void) -> Paid {
            var situation = yes
            change(&situation)
            return paid(situation)
        }
        #expect(paid(yes) == .yes)
        #expect(step { $0.isIdentified = false } == .unknown)
        #expect(step { $0.reservation = .noPaymentState } == .unknown)
        #expect(step { $0.reservation = .advanceInvoice } == .unknown)
        #expect(step { $0.amount = .mismatch } == .unknown)
        #expect(step { $0.amount = .notProvided } == .unknown)
        #expect(step { $0.amount = .notExpected } == .unknown)  // and so unreadable
        #expect(step { $0.amount = .notExpectedButTold } == .yes)
        #expect(step { $0.currency = .mismatch } == .unknown)
        #expect(step { $0.currency = .notProvided } == .unknown)
        #expect(step { $0.currency = .notExpected } == .yes)
        #expect(step { $0.reference = .mismatch } == .unknown)
        #expect(step { $0.reference = .notProvided } == .unknown)
        #expect(step { $0.reference = .notExpected } == .yes)
        for status in Status.allCases where status != .completed {
            #expect(step { $0.status = status } == (status == .unknown ? .unknown : .no))
        }
    }

    /// The amount is compared to the last unit, and by its sign.
    @Test(
        arguments: [
            (30000, 30000, true), (30000, 30001, false), (30000, -30000, false), (0, 0, true),
            (0, 1, false), (.max, .max, true), (.min, .max, false), (.max, .max - 1, false),
            (9_007_199_254_740_993, 9_007_199_254_740_992, false),
        ] as [(Int64, Int64, Bool)])
    func amountsAreComparedExactly(_ told: Int64, _ wanted: Int64, _ isSame: Bool) {
        let session = Session(evidence: Evidence(field: "status", value: nil, basis: .absent))
        session.status = .completed
        session.amount = Amount(minor: told, currency: Currency("EUR"))
        let verdict = Verdict(
            session, isIdentified: true, expected: Expectations(amountMinor: wanted))
        #expect(verdict.amount == (isSame ? .match : .mismatch))
        #expect(verdict.paid == (isSame ? .yes : .unknown))
    }

    /// A currency is told though the amount in it cannot be read.
    @Test func currencyIsJudgedWithoutAnAmount() {
        let session = Session(evidence: Evidence(field: "status", value: nil, basis: .absent))
        session.status = .completed
        session.currency = Currency("EUR")
        let expected = Expectations(amountMinor: 1, currency: Currency("EUR"), reference: nil)
        let verdict = Verdict(session, isIdentified: true, expected: expected)
        #expect(verdict.currency == .match)
        #expect(verdict.amount == .notProvided)
        #expect(verdict.holds == [.amountUnreadable, .amountNotProvided])
    }

    @Test(
        arguments: [
            (.unidentified, "unidentified"), (.amountUnreadable, "amount_unreadable"),
            (.noPaymentState, "no_payment_state"), (.advanceInvoice, "advance_invoice"),
            (.amountMismatch, "amount_mismatch"), (.amountNotProvided, "amount_not_provided"),
            (.currencyMismatch, "currency_mismatch"),
            (.currencyNotProvided, "currency_not_provided"),
            (.referenceMismatch, "reference_mismatch"),
            (.referenceNotProvided, "reference_not_provided"),
        ] as [(Hold, String)])
    func holdsHaveTheContractsWords(_ hold: Hold, _ word: String) {
        #expect("\(hold.word)" == word)
    }
}
