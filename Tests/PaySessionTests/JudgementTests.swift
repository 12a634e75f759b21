// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct JudgementTests {
    static func judge(_ provider: Provider, _ text: String, wanted: String? = nil) throws(Failure)
        -> Judgement
    {
        try Judgement.of(
            Buffer(text), from: provider, rules: ReadingRules(), wanted: wanted, expected: nil)
    }

    /// A completed session that is not held for another reason, its identity in its place.
    static func completed(_ provider: String, _ identity: String) -> String {
        switch provider {
        case "inbank": #"{"status": "completed", "totalAmount": 1, "currency": "EUR" \#(identity)}"#
        case "kustom":
            #"{"status": "FINALIZED", "order_amount": 1, "purchase_currency": "EUR" \#(identity)}"#
        default:
            #"{"state": "authorized", "order": {"totalOrderAmount": 1, "currency": "EUR"}"#
                + identity + "}"
        }
    }

    /// The document's identity, the one asked for, and the verdict; nil is mismatched.
    @Test(
        arguments: [
            ("inbank", #", "uuid": "a""#, "a", .yes), ("inbank", #", "uuid": "a""#, nil, .yes),
            ("inbank", #", "uuid": "b""#, "a", nil), ("inbank", "", "a", .unknown),
            ("inbank", "", nil, .unknown), ("inbank", #", "uuid": """#, "a", .unknown),
            ("inbank", #", "uuid": null"#, "a", .unknown),
            ("inbank", #", "uuid": 5"#, "5", .unknown),
            ("inbank", #", "uuid": ["a"]"#, "a", .unknown),
            ("inbank", #", "id": "a""#, "a", .unknown),
            ("inbank", #", "uuid": "A""#, "a", nil), ("inbank", #", "uuid": "a ""#, "a", nil),
            ("inbank", #", "uuid": "a\u0000""#, "a", nil),
            ("kustom", #", "session_id": "a""#, "a", .yes),
            ("kustom", #", "session_id": "b""#, "a", nil),
            ("kustom", #", "session_id": "\u212a""#, "K", nil),
            ("kustom", #", "session_id": "e\u0301""#, "\u{E9}", nil),
            ("kustom", #", "order_id": "a""#, "a", .unknown),
            ("ledyer", #", "id": "a""#, "a", .yes),
            // A session's order vouches for what is asked for as an order, and for nothing else.
            ("ledyer", #", "orderId": "or_a""#, "or_a", .yes),
            ("ledyer", #", "id": "b", "orderId": "or_a""#, "or_a", .yes),
            ("ledyer", #", "id": "or_a", "orderId": "c""#, "or_a", .yes),
            ("ledyer", #", "orderId": "a""#, "a", nil),
            ("ledyer", #", "id": "b", "orderId": "a""#, "a", nil),
            ("ledyer", #", "id": "b", "orderId": "or""#, "or", nil),
            ("ledyer", #", "id": "b", "orderId": "OR_a""#, "OR_a", nil),
            ("ledyer", #", "id": "b", "orderId": "xor_a""#, "xor_a", nil),
            ("ledyer", #", "id": "a", "orderId": "b""#, "a", .yes),
            ("ledyer", #", "id": "b", "orderId": "c""#, "a", nil),
            ("ledyer", #", "id": "b""#, "a", nil), ("ledyer", #", "orderId": "b""#, "a", nil),
            ("ledyer", #", "id": "b", "orderId": 5"#, "a", nil),
            ("ledyer", #", "id": 5, "orderId": """#, "a", .unknown), ("ledyer", "", "a", .unknown),
            ("ledyer", #", "id": "b", "orderId": "c""#, nil, .yes),
        ] as [(String, String, String?, Paid?)])
    func identityIsByteExact(_ name: String, _ identity: String, _ wanted: String?, _ paid: Paid?)
        throws
    {
        let provider = try #require(Provider.named(name))
        let text = JudgementTests.completed(name, identity)
        guard let paid else {
            let refusal = failure { () throws(Failure) in
                try JudgementTests.judge(provider, text, wanted: wanted)
            }
            #expect(refusal?.outcome == .mismatched)
            return
        }
        let judgement = try JudgementTests.judge(provider, text, wanted: wanted)
        #expect(judgement.verdict.paid == paid)
        #expect(Array(judgement.verdict.holds) == (paid == .yes ? [] : [.unidentified]))
        #expect(judgement.session.status == .completed)
    }

    /// What is wrong is said; what stood there is not.
    @Test(arguments: [
        "", "marker", "[\"marker\"]", "{\"marker\":", "{\"marker\":1,\"marker\":2}",
        "\u{FEFF}\u{FEFF}{\"a\":\"marker\"}", " \u{FEFF}{\"a\":\"marker\"}",
        "{\"marker\\u0000\":1}",
        "{\"marker\\ud800\":1,\"marker\\uD800\":2}", "<html>marker</html>",
        String(repeating: "{\"marker\":", count: 200),
    ]) func malformedIsMalformed(_ text: String) {
        for provider in Provider.all {
            let refusal = failure { () throws(Failure) in try JudgementTests.judge(provider, text) }
            #expect(refusal?.outcome == .malformed)
            #expect(refusal?.message.contains("marker") == false)
            #expect(refusal?.message.contains(provider.name) == true)
        }
    }

    /// Contract, version 0.2: worth another attempt, and the message says which it was.
    @Test(arguments: [
        ("", "empty", true), (" \r\n", "empty", true), ("\u{FEFF}", "empty", true),
        ("<html>marker</html>", "a page of HTML, not JSON", true),
        ("\u{FEFF} <!DOCTYPE html>", "a page of HTML, not JSON", true),
        ("{", "not valid JSON", false), ("marker", "not valid JSON", false),
        ("{}<html>", "not valid JSON", false), ("[]", "JSON, but not an object", false),
        ("{\"a\":1,\"a\":1}", "JSON with the same key twice in one object", false),
    ]) func whatPassesIsRetryable(_ text: String, _ words: String, _ isRetryable: Bool) {
        for provider in Provider.all {
            let refusal = failure { () throws(Failure) in try JudgementTests.judge(provider, text) }
            #expect(refusal?.outcome == .malformed)
            #expect(refusal?.message == "\(provider.name): the answer is \(words)")
            #expect(refusal?.isRetryable == isRetryable)
        }
    }

    @Test func memoryThatRanOutIsNotMalformed() {
        let bytes = Buffer("{}")
        bytes.reserve(.max)
        let refusal = failure { () throws(Failure) in
            try Judgement.of(
                bytes, from: .kustom, rules: ReadingRules(), wanted: nil, expected: nil)
        }
        #expect(refusal?.outcome == .outOfMemory)
    }

    /// An amount that says nothing does not make a session that says nothing of itself a good one.
    @Test func eachHoldCanStandAlone() throws {
        let noAmount = try JudgementTests.judge(
            .kustom, #"{"status": "FINALIZED", "session_id": "a"}"#, wanted: "a")
        #expect(Array(noAmount.verdict.holds) == [.amountUnreadable])
        let both = try JudgementTests.judge(.kustom, #"{"status": "FINALIZED"}"#)
        #expect(Array(both.verdict.holds) == [.unidentified, .amountUnreadable])
        #expect(both.verdict.paid == .unknown)
    }
}
