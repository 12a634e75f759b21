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
        let provider = try #require(Provider.named(name.utf8))
        let others = ProviderTests.words.flatMap { $0.words.map { $0.0 } }
        for (word, status) in words {
            let (session, drift) = try ProviderTests.read(provider, "{\"\(field)\": \"\(word)\"}")
            #expect(session.status == status, "\(name) \(word)")
            #expect("\(session.evidence.field)" == field)
            #expect(session.evidence.value == word)
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
        let provider = try #require(Provider.named(name.utf8))
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
        #expect(empty.evidence.value == "")
        #expect(empty.evidence.basis == .reported)
    }

    /// What is told by processed_at is derived, by its text where it has one.
    static let dintero: [(String, Status, String?)] = [
        (#"{}"#, .pending, nil), (#"{"processed_at": null}"#, .pending, nil),
        (#"{"processed_at": "2024-01-15T10:30:00Z"}"#, .completed, "2024-01-15T10:30:00Z"),
        (#"{"processed_at": "2024-01-15T10:30:00+02"}"#, .pending, "2024-01-15T10:30:00+02"),
        (#"{"processed_at": "2024-01-15T10:30:00+0200"}"#, .completed, "2024-01-15T10:30:00+0200"),
        (#"{"processed_at": "2024-01-15T10:30:00"}"#, .pending, "2024-01-15T10:30:00"),
        (#"{"processed_at": "2024-02-30T10:30:00Z"}"#, .pending, "2024-02-30T10:30:00Z"),
        (#"{"processed_at": "soon"}"#, .pending, "soon"),
        (#"{"processed_at": 1705314600}"#, .pending, nil),
        (#"{"processed_at": true}"#, .pending, nil),
        (#"{"processed_at": ["2024-01-15T10:30:00Z"]}"#, .pending, nil),
        (#"{"success": false, "processed_at": "2024-01-15T10:30:00Z"}"#, .failed, "false"),
        (#"{"success": false}"#, .failed, "false"), (#"{"success": true}"#, .pending, nil),
        (
            #"{"success": true, "processed_at": "2024-01-15T10:30:00Z"}"#, .completed,
            "2024-01-15T10:30:00Z"
        ),
        // success that is no boolean is ignored.
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
            #expect(session.evidence.value == value)
            #expect(session.evidence.basis == (status == .failed ? .reported : .derived))
            // failed is failed, always; the rest is trusted or held.
            #expect(session.reservation == (trust || status == .failed ? nil : .noPaymentState))
        }
    }

    /// Completed, and held; only then, and only for this exact word.
    @Test(arguments: [
        ("authorized", "\"advanceInvoice\"", true), ("authorized", "\"invoice\"", false),
        ("authorized", "\"AdvanceInvoice\"", false), ("authorized", "\"advanceinvoice\"", false),
        ("authorized", "\"advanceInvoice \"", false), ("authorized", "null", false),
        ("authorized", "[\"advanceInvoice\"]", false), ("open", "\"advanceInvoice\"", false),
        ("locked", "\"advanceInvoice\"", false), ("pendingSca", "\"advanceInvoice\"", false),
        ("awaitingSignatory", "\"advanceInvoice\"", false),
        ("cancelled", "\"advanceInvoice\"", false), ("expired", "\"advanceInvoice\"", false),
        ("other", "\"advanceInvoice\"", false),
    ]) func ledyersAdvanceInvoiceIsHeld(_ state: String, _ type: String, _ isHeld: Bool) throws {
        let (session, _) = try ProviderTests.read(
            .ledyer,
            "{\"state\": \"\(state)\", \"customer\": {\"paymentMethod\": {\"type\": \(type)}}}")
        #expect(session.reservation == (isHeld ? .advanceInvoice : nil))
    }

    @Test func ledyersInvoiceChannelHasTwoSpellings() throws {
        func channel(_ customer: String) throws -> String? {
            try ProviderTests.read(.ledyer, "{\"customer\": {\(customer)}}").0.paymentMethod
                .invoiceChannel
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
            (#"{"purchaseReference": "A-1"}"#, "A-1"), (#""A-1""#, nil), ("null", nil), ("[]", nil),
            ("{}", nil), (#"{"purchaseReference": ""}"#, nil), (#"{"purchaseReference": 5}"#, nil),
            (#"[{"purchaseReference": "A-1"}]"#, nil),
        ] as [(String, String?)])
    func inbanksPurchaseMayBeAnything(_ purchase: String, _ reference: String?) throws {
        #expect(
            try ProviderTests.read(.inbank, "{\"purchase\": \(purchase)}").0.merchantReference
                == reference)
    }

    /// Minor units are integers; Inbank's major units any exact number. A currency is needed,
    /// except at Dintero, which has none.
    @Test(
        arguments: [
            ("inbank", #"{"totalAmount": 300, "currency": "EUR"}"#, 30000, "EUR"),
            ("inbank", #"{"totalAmount": 300, "currency": "JPY"}"#, 300, "JPY"),
            ("inbank", #"{"totalAmount": 299.999, "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": "300", "currency": "EUR"}"#, nil, "EUR"),
            ("inbank", #"{"totalAmount": 300}"#, nil, nil),
            ("inbank", #"{"totalAmount": 300, "currency": "eur"}"#, nil, nil),
            ("inbank", #"{"totalAmount": 300, "currency": "XAU"}"#, nil, nil),
            ("inbank", #"{"currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": 300, "purchase_currency": "EUR"}"#, 300, "EUR"),
            ("kustom", #"{"order_amount": 300.0, "purchase_currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": 3e2, "purchase_currency": "EUR"}"#, nil, "EUR"),
            ("kustom", #"{"order_amount": -300, "purchase_currency": "EUR"}"#, -300, "EUR"),
            ("kustom", #"{"order_amount": 300, "currency": "EUR"}"#, nil, nil),
            ("ledyer", #"{"order": {"totalOrderAmount": 300, "currency": "SEK"}}"#, 300, "SEK"),
            ("ledyer", #"{"order": {"totalOrderAmount": 300}, "currency": "SEK"}"#, nil, nil),
            ("dintero", #"{"amount": 27840}"#, 27840, nil),
            ("dintero", #"{"amount": 27840, "currency": "NOK"}"#, 27840, nil),
            ("dintero", #"{"amount": 278.40}"#, nil, nil),
            ("dintero", #"{"amount": "27840"}"#, nil, nil), ("dintero", #"{}"#, nil, nil),
        ] as [(String, String, Int64?, String?)])
    func amountIsReadable(_ name: String, _ document: String, _ minor: Int64?, _ currency: String?)
        throws
    {
        let (session, _) = try ProviderTests.read(try #require(Provider.named(name.utf8)), document)
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
        #expect(items?.map(\.reference) == ["a", "12", nil, nil, nil])
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
            #expect(Provider.named(provider.name.utf8)?.name == provider.name)
        }
        for other in ["", "Inbank", "INBANK", "inbank ", "klarna", "\u{212A}ustom"] {
            #expect(Provider.named(other.utf8)?.name == nil)
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
        #expect(account.sessionAddress(reference.identifiers).text == address)
        guard let tokenAddress else { return }
        guard case .clientCredentials(_, let request) = account.authorization else {
            Issue.record("no client credentials")
            return
        }
        #expect(account.tokenAddress(request, reference.identifiers).text == tokenAddress)
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
