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
        var doubt: Hold?
        var amount: Side
        var currency: Side
        var reference: Side

        var session: Session {
            let session = Session(evidence: Evidence(field: "status", value: nil, basis: .absent))
            session.status = status
            if let doubt { session.doubts.insert(doubt) }
            let minor: Int64? = amount.isTold ? 30000 : nil
            if currency.isTold {
                session.setAmount(minorUnits: minor, Currency("EUR"))
            } else {
                session.setAmount(minorUnitsOfNoCurrency: minor)
            }
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
            let doubts = doubt.map { ["\($0.word)"] } ?? []
            switch status {
            case .completed: break
            case .open, .pending, .actionRequired: return doubts
            case .unknown: return doubts.isEmpty ? ["status_unknown"] : doubts
            case .declined, .failed, .cancelled, .expired: return []
            }
            let table: [(String, Bool)] = [
                ("unidentified", !isIdentified), ("amount_unreadable", !amount.isTold),
                ("no_payment_state", doubt == .noPaymentState),
                ("advance_invoice", doubt == .advanceInvoice),
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
    }

    static let doubts: [Hold?] = [nil, .noPaymentState, .advanceInvoice]

    static func forEverySituation(_ status: Status, _ body: (Situation) -> Void) {
        for isIdentified in [true, false] {
            for doubt in doubts {
                for amount in Side.allCases {
                    for currency in Side.allCases {
                        for reference in Side.allCases {
                            body(
                                Situation(
                                    status: status, isIdentified: isIdentified,
                                    doubt: doubt,
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
                    && session.amount != nil && situation.doubt == nil
                #expect(isSure, "\(situation)")
            }
            if holds.isEmpty == (verdict.paid == .unknown) {
                Issue.record("\(verdict.paid) with holds \(holds): \(situation)")
            }

            let matches = [verdict.amount, verdict.currency, verdict.reference].map {
                $0.map { "\($0.word)" }
            }
            let words = [situation.amount.word, situation.currency.word, situation.reference.word]
            if matches != words { Issue.record("\(matches), expected \(words): \(situation)") }

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
            #expect(verdict.paid == empty.paid && Array(verdict.holds) == Array(empty.holds))
            #expect(verdict.paid == situation.paid, "\(situation)")
        }
    }

    /// The one way to "yes", and every single step off it.
    @Test func oneStepOffIsNotYes() {
        let yes = Situation(
            status: .completed, isIdentified: true, doubt: nil, amount: .match,
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
        #expect(step { $0.doubt = .noPaymentState } == .unknown)
        #expect(step { $0.doubt = .advanceInvoice } == .unknown)
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
            (30000, 30000, true), (30000, 30001, false), (0, 0, true), (0, 1, false),
            (.max, .max, true), (.max, .max - 1, false),
            (9_007_199_254_740_993, 9_007_199_254_740_992, false),
        ] as [(Int64, Int64, Bool)])
    func amountsAreComparedExactly(_ told: Int64, _ wanted: Int64, _ isSame: Bool) {
        let session = Session(evidence: Evidence(field: "status", value: nil, basis: .absent))
        session.status = .completed
        session.setAmount(minorUnits: told, Currency("EUR"))
        let verdict = Verdict(
            session, isIdentified: true, expected: Expectations(amountMinor: wanted))
        #expect(verdict.amount == (isSame ? .match : .mismatch))
        #expect(verdict.paid == (isSame ? .yes : .unknown))
    }

    /// Contract, version 0.2: held, and the amount stays; it is compared as any other.
    @Test(arguments: [-1, -30000, .min] as [Int64]) func aNegativeAmountIsHeld(_ told: Int64) {
        let session = Session(evidence: Evidence(field: "status", value: nil, basis: .absent))
        session.status = .completed
        session.setAmount(minorUnits: told, Currency("EUR"))
        let verdict = Verdict(
            session, isIdentified: true, expected: Expectations(amountMinor: 30000))
        #expect(session.amount?.minor == told)
        #expect(Array(verdict.holds) == [.amountNegative, .amountMismatch])
        #expect(verdict.paid == .unknown)
        session.status = .pending
        #expect(Verdict(session, isIdentified: true, expected: nil).paid == .no)
    }

    /// Contract, version 0.2: in place of amount_unreadable where the digits themselves can be
    /// read.
    @Test func anAmountOfNoCurrencyIsTheCurrencysFault() {
        let session = Session(evidence: Evidence(field: "status", value: nil, basis: .absent))
        session.status = .completed
        session.setAmount(minorUnits: 30000, nil)
        #expect(
            Array(Verdict(session, isIdentified: true, expected: nil).holds)
                == [.currencyUnreadable])
        session.setAmount(minorUnits: nil, nil)
        #expect(
            Array(Verdict(session, isIdentified: true, expected: nil).holds) == [.amountUnreadable])
        for (digits, currency, hold) in [
            ("300", nil, .currencyUnreadable), ("1e999", nil, .currencyUnreadable),
            ("299.999", "EUR", .amountUnreadable),
        ] as [(String, String?, Hold)] {
            Array(digits.utf8).withUnsafeBufferPointer {
                session.setAmount(majorUnits: $0, currency.flatMap { Currency($0) })
            }
            #expect(
                Array(Verdict(session, isIdentified: true, expected: nil).holds) == [hold],
                "\(digits)")
        }
    }

    /// A currency is told though the amount in it cannot be read.
    @Test func currencyIsJudgedWithoutAnAmount() {
        let session = Session(evidence: Evidence(field: "status", value: nil, basis: .absent))
        session.status = .completed
        session.setAmount(minorUnits: nil, Currency("EUR"))
        let expected = Expectations(amountMinor: 1, currency: Currency("EUR"), reference: nil)
        let verdict = Verdict(session, isIdentified: true, expected: expected)
        #expect(verdict.currency == .match)
        #expect(verdict.amount == .notProvided)
        #expect(Array(verdict.holds) == [.amountUnreadable, .amountNotProvided])
    }

    @Test(
        arguments: [
            (.unidentified, "unidentified"), (.statusUnknown, "status_unknown"),
            (.successUnreadable, "success_unreadable"), (.timeUnreadable, "time_unreadable"),
            (.timeImplausible, "time_implausible"), (.amountUnreadable, "amount_unreadable"),
            (.currencyUnreadable, "currency_unreadable"), (.amountNegative, "amount_negative"),
            (.paymentMethodUnknown, "payment_method_unknown"),
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
