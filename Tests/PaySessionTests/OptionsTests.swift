// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct OptionsTests {
    enum Function: CaseIterable {
        case get, wait, refuse, batch, normalize, normalizeDintero

        var use: Options.Use {
            switch self {
            case .get: .session(OptionsTests.kustom, .get)
            case .wait: .session(OptionsTests.kustom, .wait)
            case .refuse: .session(OptionsTests.kustom, .refuse)
            case .batch: .batch
            case .normalize: .normalize(.kustom)
            case .normalizeDintero: .normalize(.dintero)
            }
        }
    }

    static let kustom = try! Reference(parsing: "kustom:a")
    static let dintero = try! Reference(parsing: "dintero:T12345678/o/s")

    static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    /// Every key with a good value, and the functions that take it.
    static let keys: [(String, String, [Function])] = [
        ("timeout_ms", "5000", [.get, .wait, .refuse]), ("interval_ms", "250", [.wait, .refuse]),
        ("traceparent", "\"\(trace)\"", [.get, .wait, .refuse]),
        (
            "expect", "{\"amount\": 30000, \"currency\": \"EUR\", \"reference\": \"K-1\"}",
            [.get, .wait, .refuse, .normalize, .normalizeDintero]
        ),
        ("in_flight", "8", [.batch]), ("requests_per_second", "10", [.batch]),
        ("http2", "false", [.batch]),
        ("id", "\"5e3a\"", [.normalize, .normalizeDintero]),
        ("trust_processed_at", "true", [.normalizeDintero]),
        ("proof", "true", [.get, .wait]), ("proof", "false", [.get, .wait]),
        ("proof", "{\"document\": {}}", [.normalize, .normalizeDintero]),
    ]

    @Test(arguments: keys) func eachFunctionTakesItsOwnKeys(
        _ key: String, _ value: String, _ functions: [Function]
    ) {
        for function in Function.allCases {
            let refusal = failure { () throws(Failure) in
                try Options("{\"\(key)\": \(value)}", for: function.use)
            }
            if functions.contains(function) {
                #expect(refusal == nil, "\(function) \(key)")
            } else {
                #expect(refusal?.outcome == .invalidArgument, "\(function) \(key)")
                #expect(refusal?.message.contains(key) == true)
            }
        }
    }

    @Test func nothingMeansTheDefaults() throws {
        for function in Function.allCases {
            for text in [nil, "{}", " { } "] as [String?] {
                let options =
                    try text.map { try Options($0, for: function.use) }
                    ?? Options(nil, for: function.use)
                #expect(options.timeout == nil)
                #expect(options.expected?.amountMinor == nil)
                #expect(options.traceparent == nil)
                #expect(options.interval == .milliseconds(500))
                #expect(options.inFlight == 32)
                #expect(options.requestsPerSecond == nil)
                #expect(options.id == nil)
                #expect(!options.rules.trustProcessedAt)
            }
        }
    }

    @Test func valuesAreRead() throws {
        let get = try Options(
            """
            {"timeout_ms": 1, "expect": {"amount": 0, "currency": "JPY", "reference": "\u{E9}"},
             "traceparent": "\(OptionsTests.trace)"}
            """, for: .session(Self.kustom, .get))
        #expect(get.timeout == .milliseconds(1))
        #expect(get.expected?.amountMinor == 0)
        #expect(get.expected?.currency?.code == "JPY")
        #expect(utf8(get.expected?.reference) == utf8("\u{E9}"))
        #expect(get.traceparent == OptionsTests.trace)
        #expect(
            try Options(#"{"interval_ms": 60000}"#, for: .session(Self.kustom, .wait)).interval
                == .seconds(60))
        let batch = try Options(#"{"in_flight": 1024, "requests_per_second": 100000}"#, for: .batch)
        #expect(batch.inFlight == 1024)
        #expect(batch.requestsPerSecond == 100_000)
        #expect(batch.prefersHTTP2)
        #expect(!(try Options(#"{"http2": false}"#, for: .batch)).prefersHTTP2)
        // Contract, version 0.2: whole numbers in any spelling.
        #expect(try Options(#"{"in_flight": 2.0}"#, for: .batch).inFlight == 2)
        #expect(try Options(#"{"in_flight": "1024"}"#, for: .batch).inFlight == 1024)
        let normalize = try Options(
            #"{"id": "x/y", "trust_processed_at": true}"#, for: .normalize(.dintero))
        #expect(normalize.id == "x/y")
        #expect(normalize.rules.trustProcessedAt)
        #expect(
            try Options(#"{"expect": {}}"#, for: .session(Self.kustom, .get)).expected?.currency
                == nil)
        #expect(
            try Options(
                #"{"expect": {"amount": 9223372036854775807}}"#, for: .session(Self.kustom, .get)
            )
            .expected?
            .amountMinor == .max)
    }

    /// Contract, version 0.2: whole numbers in any spelling, and texts of digits; codes of
    /// currencies in any letter case.
    @Test(
        arguments: [
            ("5000", 5000), ("\"5000\"", 5000), ("\"0005000\"", 5000), ("5e3", 5000),
            ("5000.0", 5000), ("50000e-1", 5000),
        ] as [(String, Int64)])
    func numbersMayBeSpeltAnyWay(_ text: String, _ value: Int64) throws {
        #expect(
            try Options("{\"timeout_ms\": \(text)}", for: .session(Self.kustom, .get)).timeout
                == .milliseconds(value))
        #expect(
            try Options("{\"interval_ms\": \(text)}", for: .session(Self.kustom, .wait)).interval
                == .milliseconds(value))
        #expect(
            try Options("{\"requests_per_second\": \(text)}", for: .batch).requestsPerSecond
                == value)
        for function in [Function.get, .wait, .normalize] {
            let options = try Options(
                "{\"expect\": {\"amount\": \(text), \"currency\": \"eUr\"}}", for: function.use)
            #expect(options.expected?.amountMinor == value)
            #expect(utf8(options.expected?.currency?.code) == utf8("EUR"))
        }
    }

    /// Wrong types and values, each under the key that the message must name.
    @Test(
        arguments: [
            (.get, "timeout_ms", "0"), (.get, "timeout_ms", "-1"), (.get, "timeout_ms", "600001"),
            (.get, "timeout_ms", "1.5"), (.get, "timeout_ms", "1e-3"),
            (.get, "timeout_ms", "5000.5"), (.get, "timeout_ms", "6e5001"),
            (.get, "timeout_ms", "\"5000.0\""), (.get, "timeout_ms", "\"5e3\""),
            (.get, "timeout_ms", "\"+5000\""), (.get, "timeout_ms", "\"-5000\""),
            (.get, "timeout_ms", "\" 5000\""), (.get, "timeout_ms", "\"5000 \""),
            (.get, "timeout_ms", "\"\""), (.get, "timeout_ms", "\"600001\""),
            (.get, "timeout_ms", "\"0\""), (.get, "timeout_ms", "\"5000\\ud800\""),
            (.get, "timeout_ms", "null"), (.get, "timeout_ms", "true"),
            (.get, "timeout_ms", "[5000]"),
            (.get, "timeout_ms", "9223372036854775808"), (.wait, "interval_ms", "0"),
            (.wait, "interval_ms", "60001"), (.wait, "interval_ms", "\"1s\""),
            (.batch, "in_flight", "0"), (.batch, "in_flight", "1025"), (.batch, "in_flight", "2.5"),
            (.batch, "in_flight", "\"1025\""), (.normalize, "id", "\"a\\ud800\""),
            (.get, "traceparent", "\"\\udc00\""),
            (.batch, "requests_per_second", "0"), (.batch, "requests_per_second", "100001"),
            (.batch, "http2", "0"), (.batch, "http2", "null"),
            (.batch, "requests_per_second", "0.5"), (.get, "expect", "5"), (.get, "expect", "[]"),
            (.get, "expect", "null"), (.get, "expect", "\"30000\""), (.normalize, "id", "\"\""),
            (.normalize, "id", "\".\""), (.normalize, "id", "\"..\""),
            (.normalize, "id", "\"a\\u0000\""), (.normalize, "id", "\"a\\nb\""),
            (.normalize, "id", "5"), (.normalize, "id", "null"), (.normalize, "id", "\"\\u0085\""),
            (.normalize, "id", "\"\(String(repeating: "a", count: 129))\""),
            (.normalizeDintero, "trust_processed_at", "1"),
            (.normalizeDintero, "trust_processed_at", "\"true\""),
            (.normalizeDintero, "trust_processed_at", "null"),
        ] as [(Function, String, String)])
    func wrongValuesAreRefused(_ function: Function, _ key: String, _ value: String) {
        let refusal = failure { () throws(Failure) in
            try Options("{\"\(key)\": \(value)}", for: function.use)
        }
        #expect(refusal?.outcome == .invalidArgument)
        #expect(refusal?.message.hasPrefix("\(key): expected ") == true)
    }

    @Test(arguments: [
        ("amount", "300.5"), ("amount", "3e-2"), ("amount", "\"300.0\""), ("amount", "\"-300\""),
        ("amount", "\"3e2\""), ("amount", "\" 300\""), ("amount", "\"\""), ("amount", "-1"),
        ("amount", "-1e2"), ("amount", "null"), ("amount", "\"9223372036854775808\""),
        ("amount", "true"), ("amount", "9223372036854775808"), ("currency", "\"eu\""),
        ("currency", "\"xxx\""), ("currency", "\"eur \""), ("currency", "\"eur\\ud800\""),
        ("reference", "\"K-1\\ud800\""),
        ("currency", "\"EURO\""), ("currency", "\"\""), ("currency", "\"XXX\""),
        ("currency", "978"), ("currency", "null"), ("currency", "\"EUR \""), ("reference", "\"\""),
        ("reference", "5"), ("reference", "null"), ("ammount", "300"), ("Amount", "300"), ("", "1"),
    ]) func wrongExpectationsAreRefused(_ key: String, _ value: String) {
        for function in [Function.get, .wait, .normalize] {
            let refusal = failure { () throws(Failure) in
                try Options("{\"expect\": {\"\(key)\": \(value)}}", for: function.use)
            }
            #expect(refusal?.outcome == .invalidArgument)
            #expect(refusal?.message.hasPrefix("expect.\(key): ") == true)
        }
    }

    /// W3C Trace Context, 3.2: version 00.
    @Test(arguments: [
        (trace, true), ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true),
        ("00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff", true),
        ("00-00000000000000000000000000000001-0000000000000001-00", true),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false),
        ("4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false), ("", false),
        ("---", false), ("00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", false),
        (" " + trace, false), (trace + " ", false), (trace + "\\r\\nX-Evil: 1", false),
        (trace + "\\n", false), (trace + "\\u0000", false),
    ]) func traceparentIsW3Cs(_ text: String, _ isGood: Bool) {
        let refusal = failure { () throws(Failure) in
            try Options("{\"traceparent\": \"\(text)\"}", for: .session(Self.kustom, .get))
        }
        #expect((refusal == nil) == isGood)
        #expect(refusal == nil || refusal?.message.hasPrefix("traceparent: ") == true)
    }

    /// Contract, version 0.2: one byte order mark at the very start is skipped.
    @Test func aByteOrderMarkIsSkipped() throws {
        for function in Function.allCases {
            #expect(
                failure { () throws(Failure) in try Options("\u{FEFF}{}", for: function.use) }
                    == nil)
        }
        #expect(
            try Options("\u{FEFF} {\"timeout_ms\": 7}", for: .session(Self.kustom, .get)).timeout
                == .milliseconds(7))
    }

    @Test(arguments: [
        "", "null", "[]", "5", "\"x\"", "{", "{}}", "{\"timeout_ms\": 1, \"timeout_ms\": 2}",
        "\u{FEFF}\u{FEFF}{}", " \u{FEFF}{}", "{}\u{FEFF}", "\u{FEFF}", "<html>",
    ])
    func whatIsNoObjectIsRefused(_ text: String) {
        for function in Function.allCases {
            let refusal = failure { () throws(Failure) in try Options(text, for: function.use) }
            #expect(refusal?.outcome == .invalidArgument)
            #expect(refusal?.message.hasPrefix("options: ") == true)
        }
    }

    /// A key is named, one that is a text of its own is not.
    @Test func strangersAreNamedInShort() {
        let long = String(repeating: "x", count: 33)
        let refusal = failure { () throws(Failure) in
            try Options("{\"\(long)\": 1}", for: .session(Self.kustom, .get))
        }
        #expect(refusal?.outcome == .invalidArgument)
        #expect(refusal?.message.contains(long) == false)
        let control = failure { () throws(Failure) in
            try Options("{\"a\\nb\": 1}", for: .session(Self.kustom, .get))
        }
        #expect(control?.outcome == .invalidArgument)
        #expect(control?.message.contains("\n") == false)
    }

    // MARK: Proof

    /// What was asked for, in words.
    private func proof(_ text: String, _ use: Options.Use) throws -> String {
        switch try Options("{\"proof\": \(text)}", for: use).proof {
        case nil: "none"
        case .ofSession: "of the session"
        case .transaction(let identifier): "transaction \(identifier)"
        case .document(let bytes): "document \(String(decoding: bytes.bytes, as: UTF8.self))"
        }
    }

    @Test func proofIsAskedFor() throws {
        #expect(try proof("true", .session(Self.kustom, .get)) == "of the session")
        #expect(try proof("false", .session(Self.kustom, .get)) == "none")
        #expect(try proof("true", .session(Self.dintero, .wait)) == "of the session")
        #expect(
            try proof(#"{"transaction": "T12345678.4Aq"}"#, .session(Self.dintero, .get))
                == "transaction T12345678.4Aq")
    }

    /// Byte for byte: white space, the order of keys, escapes and numbers as they are spelt.
    @Test func theDocumentStaysAsItIs() throws {
        let document = #"{ "b" : 1e2,"a":["\u00e5}", {}] , "document": null }"#
        #expect(
            try proof("{\"document\":  \(document) }", .normalize(.ledyer))
                == "document \(document)")
    }

    @Test(arguments: [
        ("1", kustom), ("\"yes\"", kustom), ("null", kustom), ("{}", kustom),
        (#"{"transaction": "T12345678.4"}"#, kustom), (#"{"document": {}}"#, kustom),
        ("{}", dintero), (#"{"transaction": 4}"#, dintero), (#"{"transaction": ""}"#, dintero),
        (#"{"transaction": "T12345678.\u0001"}"#, dintero), (#"{"transaction": ".."}"#, dintero),
        (#"{"transaction": "T12345678.4", "x": 1}"#, dintero), (#"{"order": "o"}"#, dintero),
    ]) func anythingElseIsRefused(_ text: String, _ reference: Reference) {
        let refusal = failure { () throws(Failure) in
            try Options("{\"proof\": \(text)}", for: .session(reference, .get))
        }
        #expect(refusal?.outcome == .invalidArgument)
        #expect(refusal?.message.contains("proof") == true)
    }

    /// T for P is another account too, and so is a longer one.
    @Test(arguments: ["P12345678.4", "T12345679.4", "T123456789.4", "T12345678", "4Aq"])
    func anotherAccountsTransactionIsMismatched(_ identifier: String) {
        let refusal = failure { () throws(Failure) in
            try Options(
                "{\"proof\": {\"transaction\": \"\(identifier)\"}}",
                for: .session(Self.dintero, .get))
        }
        #expect(refusal?.outcome == .mismatched)
    }

    @Test(arguments: [
        "true", "{}", "[]", #"{"document": []}"#, #"{"document": null}"#,
        #"{"document": "{}"}"#, #"{"document": {}, "x": 1}"#,
    ])
    func aDocumentIsAnObject(_ text: String) {
        let refusal = failure { () throws(Failure) in
            try Options("{\"proof\": \(text)}", for: .normalize(.kustom))
        }
        #expect(refusal?.outcome == .invalidArgument)
        #expect(refusal?.message.contains("proof") == true)
    }

    // MARK: Approval

    @Test(arguments: [
        nil, "{}", #"{"expect": {}}"#, #"{"expect": {"amount": 1}}"#,
        #"{"expect": {"currency": "EUR"}}"#, #"{"expect": {"reference": "r"}}"#,
    ])
    func nothingIsApprovedUnchecked(_ text: String?) {
        let refusal = failure { () throws(Failure) in
            try Options(text, for: .session(Self.kustom, .approve))
        }
        #expect(refusal?.outcome == .invalidArgument)
        #expect(refusal?.message.contains("expect") == true)
    }

    /// A session that waits is held by what differs, where it is to be approved, and nowhere else.
    @Test func whatDiffersHoldsWhatWaits() throws {
        let text = #"{"expect": {"amount": 1, "currency": "EUR"}}"#
        for question in [Options.Question.get, .wait, .approve, .refuse] {
            let options = try Options(text, for: .session(Self.kustom, question))
            #expect(
                options.expected?.holdsWaiting == (question == .approve || question == .refuse))
        }
    }
}
