// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct ProviderTests {
    static func read(_ provider: Provider, _ text: String, trust: Bool = false) throws -> (
        Session, Drift
    ) {
        let document = try Document.of(text)
        let drift = Drift()
        let session = provider.read(
            Reader(document.root, drift: drift), ReadingRules(trustProcessedAt: trust))
        return (session, drift)
    }

    /// Word by word from the contract.
    static let words: [(provider: String, field: String, words: [(String, Status)])] = [
        (
            "inbank", "status",
            [
                ("pending", .pending), ("granted", .actionRequired), ("completed", .completed),
                ("cancelled", .cancelled), ("declined", .declined), ("expired", .expired),
            ]
        ),
        (
            "kustom", "status",
            [
                ("CREATED", .open), ("ACTIVE", .pending), ("FINALIZED", .completed),
                ("CANCELLED", .cancelled), ("EXPIRED", .expired), ("FAILED", .failed),
            ]
        ),
        (
            "ledyer", "state",
            [
                ("open", .open), ("locked", .pending), ("pendingSca", .actionRequired),
                ("awaitingSignatory", .actionRequired), ("authorized", .completed),
                ("cancelled", .cancelled), ("expired", .expired),
            ]
        ),
    ]

    @Test(arguments: [0, 1, 2]) func statusWordsAreTheContracts(_ index: Int) throws {
        let (name, field, words) = ProviderTests.words[index]
        let provider = try #require(Provider.named(name))
        let others = ProviderTests.words.flatMap { $0.words.map { $0.0 } }
        for (word, status) in words {
            let (session, drift) = try ProviderTests.read(provider, "{\"\(field)\": \"\(word)\"}")
            #expect(session.status == status, "\(name) \(word)")
            #expect("\(session.evidence.field)" == field)
            #expect(session.evidence.value?.string == word)
            #expect(session.evidence.basis == .reported)
            #expect(drift.unknownStatus == nil)
        }
        // Another case, a near miss, another provider's word: unknown, each of them.
        var strangers = [
            "rejected", "approved", "paid", "complete", "COMPLETE", "captured", "succeeded",
            "unknown", "null", "0",
        ]
        for (word, _) in words {
            strangers += [
                word.uppercased(), word.lowercased(),
                word.prefix(1).uppercased() + word.dropFirst(),
                word.prefix(1).lowercased() + word.dropFirst(), word + " ", " " + word,
                word + "\\n",
                word + "\\u0000", "\\u0000" + word, word + "s", String(word.dropLast()),
                String(word.dropFirst()),
                word + word, word + ",", word + "\\u0301", word + "\\u200b", "\\ufeff" + word,
                "\\\"\(word)\\\"",
                word.replacing("e", with: "\\u0435").replacing("E", with: "\\u0415"),
                word.replacing("k", with: "\\u212a").replacing("i", with: "\\u0131"),
            ]
        }
        strangers +=
            others + [
                "canceled", "CANCELED", "finalised", "FINALISED", "pending_sca", "pendingSCA",
                "pending-sca",
            ]
        let known = words.map { $0.0 }
        for stranger in strangers where !known.contains(stranger) {
            let (session, drift) = try ProviderTests.read(
                provider, "{\"\(field)\": \"\(stranger)\"}")
            #expect(session.status == .unknown, "\(name) \(stranger)")
            #expect(session.evidence.basis == .reported)
            #expect(session.evidence.value != nil)
            #expect(utf8(drift.unknownStatus) == utf8(session.evidence.value))
        }
    }

    /// Missing or no text: nothing to go by. "" is text.
    @Test(arguments: [0, 1, 2]) func aStatusThatIsNoTextIsAbsent(_ index: Int) throws {
        let (name, field, words) = ProviderTests.words[index]
        let provider = try #require(Provider.named(name))
        let good = try #require(words.first { $0.1 == .completed }).0
        let other = field == "status" ? "state" : "status"
        for (document, unreadable) in [
            ("{}", false), ("{\"\(field)\": null}", false), ("{\"\(field)\": 1}", true),
            ("{\"\(field)\": true}", true), ("{\"\(field)\": [\"\(good)\"]}", true),
            ("{\"\(field)\": {\"\(field)\": \"\(good)\"}}", true),
            ("{\"\(other)\": \"\(good)\"}", false),
            ("{\"session\": {\"\(field)\": \"\(good)\"}}", false),
            ("{\"\(field.uppercased())\": \"\(good)\"}", false),
        ] {
            let (session, drift) = try ProviderTests.read(provider, document)
            #expect(session.status == .unknown, "\(document)")
            #expect("\(session.evidence.field)" == field)
            #expect(session.evidence.value == nil)
            #expect(session.evidence.basis == .absent)
            #expect(drift.unknownStatus == nil)
            #expect(drift.unreadable == (unreadable ? [field] : []))
        }
        let (empty, _) = try ProviderTests.read(provider, "{\"\(field)\": \"\"}")
        #expect(empty.status == .unknown)
        #expect(empty.evidence.value?.string == "")
        #expect(empty.evidence.basis == .reported)
    }

    /// What is told by processed_at is derived, by its text where it has one.
    static let dintero: [(String, Status, String?)] = [
        (#"{}"#, .pending, nil), (#"{"processed_at": null}"#, .pending, nil),
        (#"{"processed_at": "2024-01-15T10:30:00Z"}"#, .completed, "2024-01-15T10:30:00Z"),
        (#"{"processed_at": "2024-01-15T10:30:00+02"}"#, .completed, "2024-01-15T10:30:00+02"),
        (#"{"processed_at": "2024-01-15T10:30:00+0200"}"#, .completed, "2024-01-15T10:30:00+0200"),
        (#"{"processed_at": ""}"#, .pending, ""),
        // Version 0.2: what is there and cannot be read is neither.
        (#"{"processed_at": "2024-01-15T10:30:00"}"#, .unknown, "2024-01-15T10:30:00"),
        (#"{"processed_at": "2024-02-30T10:30:00Z"}"#, .unknown, "2024-02-30T10:30:00Z"),
        (#"{"processed_at": "soon"}"#, .unknown, "soon"),
        (#"{"processed_at": 1705314600}"#, .unknown, nil),
        (#"{"processed_at": true}"#, .unknown, nil),
        (#"{"processed_at": ["2024-01-15T10:30:00Z"]}"#, .unknown, nil),
        (#"{"success": false, "processed_at": "2024-01-15T10:30:00Z"}"#, .failed, "false"),
        (#"{"success": false}"#, .failed, "false"), (#"{"success": true}"#, .pending, nil),
        (
            #"{"success": true, "processed_at": "2024-01-15T10:30:00Z"}"#, .completed,
            "2024-01-15T10:30:00Z"
        ),
        // success that is no boolean changes no status.
        (#"{"success": "false"}"#, .pending, nil), (#"{"success": 0}"#, .pending, nil),
        (#"{"success": null}"#, .pending, nil), (#"{"success": {}}"#, .pending, nil),
        // It has no status, whatever it is called elsewhere.
        (#"{"status": "completed", "state": "authorized"}"#, .pending, nil),
    ]

    @Test(arguments: dintero)
    func dinteroIsDerived(_ document: String, _ status: Status, _ value: String?) throws {
        for trust in [false, true] {
            let (session, _) = try ProviderTests.read(.dintero, document, trust: trust)
            #expect(session.status == status)
            #expect("\(session.evidence.field)" == (status == .failed ? "success" : "processed_at"))
            #expect(session.evidence.value?.string == value)
            #expect(session.evidence.basis == (status == .failed ? .reported : .derived))
            // failed is failed, always; the rest is trusted or held.
            #expect(
                session.doubts.contains(.noPaymentState) == !(trust || status == .failed))
            #expect(session.doubts.contains(.timeUnreadable) == (status == .unknown))
        }
    }

    /// Contract, version 0.2: success absent, null or true is as if it were not there.
    @Test(arguments: [
        ("null", false), ("true", false), ("\"true\"", true), ("\"false\"", true), ("0", true),
        ("1", true), ("[]", true), ("{}", true), ("\"\"", true), ("false", false),
    ]) func dinterosSuccessIsDoubtedWhereItIsNoBoolean(_ success: String, _ isDoubted: Bool) throws
    {
        let (session, _) = try ProviderTests.read(
            .dintero, "{\"success\": \(success)}", trust: true)
        #expect(Array(session.doubts) == (isDoubted ? [.successUnreadable] : []))
    }

    /// Contract, version 0.2: before 2015, from 2100 on, or before a readable created_at.
    @Test(
        arguments: [
            ("0001-01-01T00:00:00Z", nil, true), ("1970-01-01T00:00:00Z", nil, true),
            ("2014-12-31T23:59:59.999999999Z", nil, true), ("2015-01-01T00:00:00Z", nil, false),
            ("2015-01-01T00:00:00+01:00", nil, true), ("2099-12-31T23:59:59.9Z", nil, false),
            ("2100-01-01T00:00:00Z", nil, true), ("9999-12-31T23:59:59Z", nil, true),
            ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z", false),
            ("2024-01-15T10:30:00.1Z", "2024-01-15T10:30:00.099999999Z", false),
            ("2024-01-15T10:30:00.1Z", "2024-01-15T10:30:00.10Z", false),
            ("2024-01-15T10:30:00.1Z", "2024-01-15T10:30:00.100000001Z", true),
            ("2024-01-15T10:29:59Z", "2024-01-15T10:30:00Z", true),
            ("2024-01-15T10:29:59Z", "once", false),
            // Before it by the offset alone: the digits are not.
            ("2024-01-15T10:31:00+01", "2024-01-15T10:30:00Z", false),
            ("2024-01-15T10:29:00+01", "2024-01-15T10:30:00Z", true),
            ("2024-01-15T05:31:00-05", "2024-01-15T10:30:00Z", false),
        ] as [(String, String?, Bool)])
    func dinterosProcessedAtMustBePossible(
        _ processedAt: String, _ createdAt: String?, _ isImplausible: Bool
    ) throws {
        let created = createdAt.map { ", \"created_at\": \"\($0)\"" } ?? ""
        let (session, _) = try ProviderTests.read(
            .dintero, "{\"processed_at\": \"\(processedAt)\"\(created)}", trust: true)
        #expect(session.status == .completed)
        #expect(Array(session.doubts) == (isImplausible ? [.timeImplausible] : []))
    }

    /// Completed, and held; only then.
    @Test(
        arguments: [
            ("authorized", #"{"type": "advanceInvoice"}"#, .advanceInvoice),
            ("authorized", #"{"type": "invoice"}"#, nil), ("authorized", #"{"type": "card"}"#, nil),
            ("authorized", #"{"type": "serviceInvoice"}"#, nil),
            ("authorized", #"{"type": "bankTransfer"}"#, nil),
            ("authorized", #"{"type": "partPayment"}"#, nil),
            ("authorized", #"{"type": "AdvanceInvoice"}"#, .paymentMethodUnknown),
            ("authorized", #"{"type": "advance_invoice"}"#, .paymentMethodUnknown),
            ("authorized", #"{"type": "Invoice"}"#, .paymentMethodUnknown),
            ("authorized", #"{"type": "advanceInvoice "}"#, .paymentMethodUnknown),
            ("authorized", #"{"type": "invoice\ud83d"}"#, .paymentMethodUnknown),
            ("authorized", #"{"type": ["advanceInvoice"]}"#, .paymentMethodUnknown),
            ("authorized", #"{"type": 1}"#, .paymentMethodUnknown),
            ("authorized", #"[{"type": "invoice"}]"#, .paymentMethodUnknown),
            ("authorized", #""invoice""#, .paymentMethodUnknown),
            ("authorized", "7", .paymentMethodUnknown),
            // What is not told.
            ("authorized", #"{"type": null}"#, nil), ("authorized", #"{"type": ""}"#, nil),
            ("authorized", #"{"provider": "ledyer"}"#, nil), ("authorized", "null", nil),
            ("authorized", #""""#, nil),
            // Not authorized, and so no question.
            ("open", #"{"type": "advanceInvoice"}"#, nil),
            ("cancelled", #"{"type": "advanceInvoice"}"#, nil),
            ("other", #"{"type": "advance"}"#, nil),
        ] as [(String, String, Hold?)])
    func ledyersPaymentMethodIsHeldUnlessItIsKnown(
        _ state: String, _ method: String, _ hold: Hold?
    ) throws {
        for document in [
            "{\"state\": \"\(state)\", \"customer\": {\"paymentMethod\": \(method)}}",
            "{\"state\": \"\(state)\", \"customer\": {}, \"paymentMethod\": \(method)}",
            "{\"state\": \"\(state)\", \"paymentMethod\": \(method)}",
        ] {
            let (session, _) = try ProviderTests.read(.ledyer, document)
            #expect(Array(session.doubts) == (hold.map { [$0] } ?? []), "\(document)")
        }
    }

    /// One of the two places is enough, and the known word is told before the unknown.
    @Test(
        arguments: [
            (#"{"type": "invoice"}"#, #"{"type": "advanceInvoice"}"#, .advanceInvoice),
            (#"{"type": "other"}"#, #"{"type": "advanceInvoice"}"#, .advanceInvoice),
            (#"{"type": "advanceInvoice"}"#, "[]", .advanceInvoice),
            (#"{"type": "card"}"#, #"{"type": "other"}"#, .paymentMethodUnknown),
            (#"{"type": "card"}"#, #"{"type": "card"}"#, nil),
        ] as [(String, String, Hold?)])
    func ledyersPaymentMethodMayStandTwice(_ one: String, _ other: String, _ hold: Hold?) throws {
        for (inside, top) in [(one, other), (other, one)] {
            let (session, _) = try ProviderTests.read(
                .ledyer,
                "{\"state\": \"authorized\", \"customer\": {\"paymentMethod\": \(inside)},"
                    + " \"paymentMethod\": \(top)}")
            #expect(Array(session.doubts) == (hold.map { [$0] } ?? []))
        }
    }

    @Test(arguments: [
        ("[]", true), (#""Jan""#, true), ("1", true), ("null", false), (#""""#, false),
        ("{}", false),
    ]) func aCustomerThatCannotBeReadMayHoldAnyMethod(_ customer: String, _ isHeld: Bool) throws {
        let (session, _) = try ProviderTests.read(
            .ledyer, "{\"state\": \"authorized\", \"customer\": \(customer)}")
        #expect(Array(session.doubts) == (isHeld ? [.paymentMethodUnknown] : []))
    }

    @Test func ledyersInvoiceChannelHasTwoSpellings() throws {
        func channel(_ customer: String) throws -> String? {
            try ProviderTests.read(.ledyer, "{\"customer\": {\(customer)}}").0.paymentMethod
                .invoiceChannel?.string
        }
        #expect(try channel(#""invoiceChannel": {"type": "email"}"#) == "email")
        #expect(try channel(#""invoceChannel": {"type": "post"}"#) == "post")
        #expect(
            try channel(#""invoceChannel": {"type": "post"}, "invoiceChannel": {"type": "email"}"#)
                == "email")
        #expect(
            try channel(#""invoiceChannel": {"type": ""}, "invoceChannel": {"type": "post"}"#)
                == "post")
        #expect(try channel(#""invoiceChannel": "email""#) == nil)
    }

    /// Inbank's purchase is said to be a string, and an object when created.
    @Test(
        arguments: [
            (#"{"purchaseReference": "A-1"}"#, "A-1"), ("null", nil), ("[]", nil),
            ("{}", nil), (#"{"purchaseReference": ""}"#, nil),
            (#"[{"purchaseReference": "A-1"}]"#, nil), ("true", nil), (#""""#, nil),
            // Contract, version 0.2: the text is the reference, and so are an integer's digits.
            (#""A-1""#, "A-1"), ("5", "5"), (#"{"purchaseReference": 5}"#, "5"),
            (#"{"purchaseReference": -7}"#, "-7"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            // Not an integer as it is written; half a surrogate pair.
            ("5.0", nil), ("5e0", nil), (#"{"purchaseReference": 5.0}"#, nil),
            (#"{"purchaseReference": 1e3}"#, nil), (#"{"purchaseReference": true}"#, nil),
            (#""A-1\ud800""#, nil), (#"{"purchaseReference": "A-1\ud800"}"#, nil),
        ] as [(String, String?)])
    func inbanksPurchaseMayBeAnything(_ purchase: String, _ reference: String?) throws {
        #expect(
            try ProviderTests.read(.inbank, "{\"purchase\": \(purchase)}").0.merchantReference?
                .string
                == reference)
    }

    /// Minor units are whole numbers; Inbank's major units any exact number. A currency is needed,
    /// except at Dintero, which has none.
    @Test(
        arguments: [
            ("inbank", #"{"totalAmount": 300, "currency": "EUR"}"#, 30000, "EUR"),
            ("inbank", #"{"totalAmount": 300, "currency": "JPY"}"#, 300, "JPY"),
            ("inbank", #"{"totalAmount": 299.999, "currency": "EUR"}"#, nil, "EUR"),
            // Contract, version 0.2: a text that is a plain decimal with a point.
            ("inbank", #"{"totalAmount": "300", "currency": "EUR"}"#, 30000, "EUR"),
            ("inbank", #"{"totalAmount": "-300.50", "currency": "EUR"}"#, -30050, "EUR"),
            ("inbank", #"{"totalAmount": "299.999", "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": "300,00", "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": "3e2", "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": "300.", "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": "+300", "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": " 300", "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": "", "currency": "EUR"}"#, nil, "EUR"),
            // And what a program wrote with 17 digits stays unreadable.
            ("inbank", #"{"totalAmount": 299.99000000000001, "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": 300}"#, nil, nil),
            // Contract, version 0.2: codes are folded to upper case.
            ("inbank", #"{"totalAmount": 300, "currency": "eur"}"#, 30000, "EUR"),
            ("inbank", #"{"totalAmount": 300, "currency": "euro"}"#, nil, nil),
            ("inbank", #"{"totalAmount": 300, "currency": "eur "}"#, nil, nil),
            ("inbank", #"{"totalAmount": 300, "currency": "EUR\ud800"}"#, nil, nil),
            ("inbank", #"{"totalAmount": 300, "currency": "XAU"}"#, nil, nil),
            ("inbank", #"{"currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": 300, "purchase_currency": "EUR"}"#, 300, "EUR"),
            // Contract, version 0.2: whole numbers in any spelling, and texts of digits.
            ("kustom", #"{"order_amount": 300.0, "purchase_currency": "EUR"}"#, 300, "EUR"),
            ("kustom", #"{"order_amount": 3e2, "purchase_currency": "EUR"}"#, 300, "EUR"),
            ("kustom", #"{"order_amount": 300.5, "purchase_currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": 3e-2, "purchase_currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": "0300", "purchase_currency": "EUR"}"#, 300, "EUR"),
            ("kustom", #"{"order_amount": "300.0", "purchase_currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": "-300", "purchase_currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": "3e2", "purchase_currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": " 300", "purchase_currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": -300, "purchase_currency": "EUR"}"#, -300, "EUR"),
            ("kustom", #"{"order_amount": 300, "currency": "EUR"}"#, nil, nil),
            ("ledyer", #"{"order": {"totalOrderAmount": 300, "currency": "SEK"}}"#, 300, "SEK"),
            ("ledyer", #"{"order": {"totalOrderAmount": 300}, "currency": "SEK"}"#, nil, nil),
            ("dintero", #"{"amount": 27840}"#, 27840, nil),
            ("dintero", #"{"amount": 27840, "currency": "NOK"}"#, 27840, nil),
            ("dintero", #"{"amount": 278.40}"#, nil, nil),
            ("dintero", #"{"amount": "27840"}"#, 27840, nil),
            ("dintero", #"{"amount": "278.40"}"#, nil, nil), ("dintero", #"{}"#, nil, nil),
        ] as [(String, String, Int64?, String?)])
    func amountIsReadable(_ name: String, _ document: String, _ minor: Int64?, _ currency: String?)
        throws
    {
        let (session, _) = try ProviderTests.read(try #require(Provider.named(name)), document)
        #expect(session.amount?.minor == minor)
        #expect(session.currency?.code == currency)
        #expect(session.amount == nil || session.amount?.currency?.code == currency)
    }

    /// Dintero's line_id comes as a string or an integer.
    @Test func dinterosLineIsTextOrInteger() throws {
        let (session, _) = try ProviderTests.read(
            .dintero,
            #"{"items": [{"line_id": "a", "amount": 1}, {"line_id": 12}, {"line_id": 1.5}, "#
                + #"{"line_id": ""}, 7, {}]}"#)
        let items = session.items.map(Array.init)
        #expect(items?.map(\.reference?.string) == ["a", "12", nil, nil, nil])
        #expect(items?.map(\.totalMinor) == [1, nil, nil, nil, nil])
    }

    @Test(arguments: Array(Provider.all.indices)) func anEmptyDocumentTellsNothing(_ index: Int)
        throws
    {
        let (session, drift) = try ProviderTests.read(Provider.all[index], "{}")
        #expect(session.id == nil && session.amount == nil && session.merchantReference == nil)
        #expect(session.identifiers.allSatisfy { $0.value == nil })
        #expect(session.createdAt == nil && session.completedAt == nil && session.expiresAt == nil)
        #expect(session.items == nil)
        #expect(drift.unreadable == [])
    }

    // MARK: The list, and how they are asked

    @Test func theFourInOrder() {
        #expect(Provider.all.map(\.name) == ["inbank", "kustom", "dintero", "ledyer"])
        #expect(Provider.names == "inbank, kustom, dintero, ledyer")
        for (index, provider) in Provider.all.enumerated() {
            #expect(provider.index == index)
            #expect(Provider.named(provider.name)?.name == provider.name)
        }
        for other in ["", "Inbank", "INBANK", "inbank ", "klarna", "\u{212A}ustom"] {
            #expect(Provider.named(other)?.name == nil)
        }
    }

    /// Hosts, paths and token endpoints from the providers' documentation.
    @Test(
        arguments: [
            (
                "inbank", #"{"environment": "demo", "country": "pl", "api_key": "k"}"#,
                ["a b", "c/d"],
                "https://demo-api.inbank.pl/partner/v3/shops/a%20b/pos-sessions/c%2Fd", nil
            ),
            (
                "inbank", #"{"environment": "live", "country": "ee", "api_key": "k"}"#, ["1", "2"],
                "https://api.inbank.ee/partner/v3/shops/1/pos-sessions/2", nil
            ),
            (
                "kustom", #"{"environment": "playground", "api_key": "k"}"#, ["{0}"],
                "https://api.playground.kustom.co/ipp/v1/sessions/%7B0%7D", nil
            ),
            (
                "kustom", #"{"environment": "live", "api_key": "k"}"#, ["x?y#z"],
                "https://api.kustom.co/ipp/v1/sessions/x%3Fy%23z", nil
            ),
            (
                "dintero", #"{"client_id": "i", "client_secret": "s"}"#, ["T12345678", "o", "s"],
                "https://api.dintero.com/v1/accounts/T12345678/shopping/orders/o/sessions/s",
                "https://api.dintero.com/v1/accounts/T12345678/auth/token"
            ),
            (
                "dintero",
                #"{"base_url": "https://x.test/p/", "client_id": "i", "client_secret": "s"}"#,
                ["P87654321", "o", "s"],
                "https://x.test/p/v1/accounts/P87654321/shopping/orders/o/sessions/s",
                "https://x.test/p/v1/accounts/P87654321/auth/token"
            ),
            (
                "dintero",
                #"{"auth_url": "https://t.test/t", "client_id": "i", "client_secret": "s"}"#,
                ["P87654321", "o", "s"],
                "https://api.dintero.com/v1/accounts/P87654321/shopping/orders/o/sessions/s",
                "https://t.test/t"
            ),
            (
                "ledyer", #"{"environment": "sandbox", "client_id": "i", "client_secret": "s"}"#,
                ["or_1"],
                "https://api.sandbox.ledyer.com/v1/sessions/or_1",
                "https://auth.sandbox.ledyer.com/oauth/token"
            ),
            (
                "ledyer", #"{"environment": "live", "client_id": "i", "client_secret": "s"}"#,
                ["or_1"],
                "https://api.live.ledyer.com/v1/sessions/or_1",
                "https://auth.live.ledyer.com/oauth/token"
            ),
            (
                "ledyer",
                #"{"base_url": "http://127.0.0.1:8", "auth_url": "http://[::1]/t", "#
                    + #""client_id": "i", "client_secret": "s"}"#,
                ["or_1"], "http://127.0.0.1:8/v1/sessions/or_1", "http://[::1]/t"
            ),
        ] as [(String, String, [String], String, String?)])
    func addressesAreTheProviders(
        _ name: String, _ section: String, _ identifiers: [String], _ address: String,
        _ tokenAddress: String?
    ) throws {
        let account = try Account.of(name, section)
        let reference = try Reference(account.provider, identifiers)
        let token = account.needsToken ? try Secret.of("t") : nil
        let request = account.readRequest(reference, proof: nil, token, traceparent: nil)
        #expect(request?.address.text == address)
        guard let tokenAddress else { return }
        #expect(account.tokenRequest(reference)?.address.text == tokenAddress)
    }

    /// The seed's and the providers' own words for the token request.
    @Test func tokenRequestsAreTheProviders() throws {
        guard case .clientCredentials(let dintero) = Provider.dintero.authorization,
            case .clientCredentials(let ledyer) = Provider.ledyer.authorization
        else {
            Issue.record("no client credentials")
            return
        }
        // The audience stays Dintero's own address, whatever base_url says.
        let audience = dintero.audience(["T12345678", "o", "s"])
        #expect(audience == "https://api.dintero.com/v1/accounts/T12345678")
        let body = try Document.of(dintero.body(audience)).root
        #expect(body.at("grant_type").text == "client_credentials")
        #expect(body.at("audience").text == audience)
        #expect("\(dintero.contentType)" == "application/json")
        #expect(ledyer.body(ledyer.audience(["x"])) == "grant_type=client_credentials")
        #expect("\(ledyer.contentType)" == "application/x-www-form-urlencoded")
    }

    @Test(
        arguments: [
            ("/a/{0}/b/{1}", ["x", "y"], "/a/x/b/y"), ("/a/{1}/{0}", ["x", "y"], "/a/y/x"),
            ("/a", ["x"], "/a"), ("/{0}", ["{1}"], "/%7B1%7D"), ("/{0}{0}", ["x"], "/xx"),
            ("/{7}/x", ["x"], "//x"), ("", ["x"], ""), ("/{0}", ["../.."], "/..%2F.."),
            ("/{0}", ["a/../b"], "/a%2F..%2Fb"),
            ("/{0}", ["%2e%2e"], "/%252e%252e"), ("/{0}", ["@evil"], "/%40evil"),
            ("/{0}", ["?a=b"], "/%3Fa%3Db"), ("/{0}", ["#"], "/%23"), ("/{0}", ["a\\b"], "/a%5Cb"),
            ("/{0}", ["caf\u{E9}"], "/caf%C3%A9"),
        ] as [(String, [String], String)])
    func pathsAreFilled(_ template: String, _ identifiers: [String], _ path: String) {
        #expect(filled(template, identifiers) == path)
    }
}
