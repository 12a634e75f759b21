// SPDX-License-Identifier: MIT
import CPaySession
import Foundation
import Testing

@testable import PaySession

/// What cases of requests do not reach: Inbank's scheme, which is off, the configuration, and
/// values.
@Suite struct CallbackTests {
    // MARK: Inbank's signed message

    static let code =
        "59411775176fe0f3f2e8d6111849049345f5a8ede7fcc7fceef20829a1e12019"
        + "4687973d8c32dcde2196665bb63c16ec92e5d52a4edc9f037c83b6eda57e5049"
    static let message = "posSessionUuid%3D5e3a459a-aada-4d81-b6ad-09cb9483c8bf"
    static let triple = "hmac=\(code)&timestamp=1750000000&message=\(message)"

    struct Message: Sendable {
        let query: String
        var body = ""
        var flaw: CallbackFlaw?
        var matches = true
        init(
            _ query: String, _ body: String = "", flaw: CallbackFlaw? = nil, matches: Bool = true
        ) {
            self.query = query
            self.body = body
            self.flaw = flaw
            self.matches = matches
        }
    }

    /// The key is "demo-api-key-0001"; codes by Python's hmac.
    @Test(arguments: [
        Message(triple), Message("id=7&" + triple), Message("", triple),
        Message(
            "",
            """
             {"hmac": "\(code)", "timestamp": 1750000000, "other": 1,
             "message": "posSessionUuid=5e3a459a-aada-4d81-b6ad-09cb9483c8bf"}
            """),
        // Moved to another order's address it is as good as ever: it names none.
        Message("order=8&" + triple),
        Message("hmac=\(code.uppercased())&timestamp=1750000000&message=\(message)"),
        Message(triple.replacing("5e3a", with: "5e3b"), matches: false),
        Message(triple.replacing("=1750000000", with: "=1750000001"), matches: false),
        Message(triple, triple, flaw: .repeated), Message(triple + "&" + triple, flaw: .repeated),
        Message("message=x", "hmac=\(code)&timestamp=1", flaw: .repeated),
        Message("", flaw: .signatureMissing), Message("id=7", "{", flaw: .signatureMissing),
        Message("timestamp=1&message=x", flaw: .signatureMissing),
        Message("hmac=\(code)&timestamp=1", flaw: .signatureMissing),
        Message("hmac=\(code)&message=x", flaw: .timestampMissing),
        Message("hmac=ab&timestamp=1&message=x", flaw: .signatureMalformed),
        Message("hmac=\(code)&timestamp=now&message=x", flaw: .timestampMalformed),
        Message("hmac=\(code)&timestamp=1&message=", matches: false),
    ])
    func aSignedMessageIsChecked(_ message: Message) throws {
        try check(message, key: "demo-api-key-0001")
    }

    /// What is signed is the decoded message. Codes by Python's hmac, with the key "k".
    @Test(arguments: [
        (
            "a%2Bb%26%C3%A5+c",
            "11a5664745a2f728dbc79dd587306396deb30d2ea73135c3e912054b4c52b674"
                + "a50c9a704c2e56775e37cb085033204ce85a14327c2ff9a6c735dc0baf74adb2"
        ),
        (
            "",
            "4e68df2ffc4ab4c48e2f76e08c5f5ba6162b96b9c24a7cf1c698c87623921815"
                + "c2449ef8df1462a6827c6beb06ed53610c2f16a945482d8265b9397217f2ede1"
        ),
    ]) func aSignedMessageIsDecoded(_ message: String, _ code: String) throws {
        try check(Message("timestamp=7&message=\(message)&hmac=\(code)"), key: "k")
    }

    private func check(_ message: Message, key: String) throws {
        let body = Buffer(message.body)
        let request = try CallbackRequest.parse(
            #"{"method": "GET", "url": "https://shop.example/cb?\#(message.query)"}"#,
            body: body.bytes, from: .inbank)
        do {
            let signature = try CallbackScheme.signedMessage.signature(request, "")
            #expect(message.flaw == nil)
            let match = try signature.match([try .of("another"), try .of(key)])
            #expect((match != nil) == message.matches)
            #expect(match.map { $0.0 } ?? 1 == 1)
            #expect(match.map { $0.1.utf8.count } ?? 128 == 128)
        } catch let flaw as CallbackFlaw {
            #expect(flaw == message.flaw)
        }
        withExtendedLifetime(body) {}
    }

    @Test func itIsOff() throws {
        let table = try #require(Provider.inbank.callback)
        #expect(table.scheme == nil)
        #expect("\(Provider.inbank.callbacks)" == "unsigned")
        let said = failure { () throws(Failure) in
            try Configuration(
                #"{"inbank": {"base_url": "https://x.test", "api_key": "k", "callback_secret": "s"}}"#
            )
        }
        #expect(said?.outcome == .invalidConfig)
        #expect(said?.message.contains("inbank.callback_secret: unknown key") == true)
    }

    // MARK: Every secret and every code

    /// The first that matches is told, and none ends the search: `match` goes on with the others.
    @Test func everySecretIsTriedWithEveryCode() throws {
        let text = Buffer("text")
        var codes: [[UInt8]] = []
        for key in ["one", "two", "three"] {
            var code = [UInt8](repeating: 0, count: 32)
            Array(key.utf8).withUnsafeBufferPointer { key in
                HMAC<UInt32>.code(of: [text.bytes], key: key, into: &code)
            }
            codes.append(code)
        }
        for (candidates, secrets, wanted) in [
            ([0], ["one", "two"], 0), ([1], ["one", "two"], 1), ([2, 1], ["one", "two"], 1),
            ([1, 0], ["two", "one"], 0), ([2], ["one", "two"], nil), ([], ["one"], nil),
        ] as [([Int], [String], Int?)] {
            let signature = CallbackSignature(
                .sha256, of: text, candidates: candidates.map { codes[$0] }, seconds: 0)
            let match = try signature.match(try secrets.map { try .of($0) })
            #expect(match.map { $0.0 } == wanted)
        }
    }

    // MARK: The configuration

    struct Mistake: Sendable {
        let provider, section, message: String
        init(_ provider: String, _ section: String, _ message: String) {
            self.provider = provider
            self.section = section
            self.message = message
        }
    }

    static let form = "expected whsec_ and base64 of at least 16 bytes"

    @Test(arguments: [
        Mistake("kustom", #""""#, "expected a secret, it is empty"),
        Mistake("kustom", "[]", "or a list of one to four"),
        Mistake("kustom", #"["whsec_AA==", 5]"#, "expected a secret: text"),
        Mistake("kustom", #"["a","b","c","d","e"]"#, "or a list of one to four"),
        Mistake("kustom", "5", "expected a secret: text"),
        Mistake("kustom", "{}", "expected a secret: text"),
        Mistake("kustom", "null", "expected a secret: text"),
        Mistake("kustom", #"{"env": "PAYSESSION_NOT_SET"}"#, "PAYSESSION_NOT_SET to be set"),
        Mistake("kustom", #""secret-0001""#, form), Mistake("kustom", #""whsec_""#, form),
        // 15 bytes.
        Mistake("kustom", #""whsec_MDEyMzQ1Njc4OWFiY2Rl""#, form),
        // Twice, without padding, with a blank, in base64url, with bits that are left over.
        Mistake("kustom", #""whsec_whsec_MDEyMzQ1Njc4OWFiY2RlZg==""#, form),
        Mistake("kustom", #""whsec_MDEyMzQ1Njc4OWFiY2RlZg""#, form),
        Mistake("kustom", #""whsec_MDEyMzQ1 Njc4OWFiY2RlZg==""#, form),
        Mistake("kustom", #""whsec_-_EyMzQ1Njc4OWFiY2RlZg==""#, form),
        Mistake("kustom", #""whsec_MDEyMzQ1Njc4OWFiY2RlZh==""#, form),
        Mistake("kustom", #""whsec_MDEyMzQ1Njc4OWFiY2RlZ==="# + "\"", form),
        Mistake("kustom", #""WHSEC_MDEyMzQ1Njc4OWFiY2RlZg==""#, form),
        Mistake("kustom", #""whpk_MDEyMzQ1Njc4OWFiY2RlZg==""#, "Ed25519"),
        Mistake("kustom", #""whsk_MDEyMzQ1Njc4OWFiY2RlZg==""#, "Ed25519"),
        Mistake("dintero", #""""#, "expected a secret, it is empty"),
        Mistake("dintero", "[]", "or a list of one to four"),
    ]) func aWrongSecretIsFoundAtOnce(_ mistake: Mistake) throws {
        let more = mistake.provider == "kustom" ? #""api_key": "k""# : #""token": "t""#
        let said = try #require(
            failure { () throws(Failure) in
                try Configuration(
                    """
                    {"\(mistake.provider)": {"base_url": "https://x.test", \(more),
                     "callback_secret": \(mistake.section)}}
                    """)
            })
        #expect(said.outcome == .invalidConfig)
        #expect(said.message.contains(mistake.message), "\(said.message)")
        #expect(said.message.hasPrefix(mistake.provider + ".callback_secret: "))
        #expect(!said.message.contains("MDEy") && !said.message.contains("secret-0001"))
    }

    @Test func dinteroNeedsItsAccount() throws {
        let said = failure { () throws(Failure) in
            try Configuration(
                #"{"dintero": {"base_url": "https://x.test", "token": "t", "callback_secret": "s"}}"#
            )
        }
        #expect(said?.outcome == .invalidConfig)
        #expect(said?.message.hasPrefix("dintero.account_id: expected P or T") == true)
    }

    @Test func aSecretIsTextOrFromElsewhereOrAListOfThese() throws {
        let folder = try Folder()
        let file = try folder.file("secret", "whsec_MDEyMzQ1Njc4OWFiY2RlZg==\n")
        setenv("PAYSESSION_CALLBACK", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", 1)
        let account = try Account.of(
            "kustom",
            """
            {"base_url": "https://x.test", "api_key": "k", "callback_secret": [
             {"file": "\(file)"}, {"env": "PAYSESSION_CALLBACK"},
             " whsec_MDEyMzQ1Njc4OWFiY2RlZg== "]}
            """)
        #expect(account.callbackKeys.secrets.map(\.count) == [16, 32, 16])
        #expect(account.callbackKeys.secrets[0].text == "0123456789abcdef")
        // What a provider quotes back is taken out: the text as it was given.
        #expect(account.secrets.count == 1 + 3)
        var dumped = ""
        dump(account, to: &dumped)
        #expect(!dumped.contains("0123456789") && !dumped.contains("MDEy"))
    }

    // MARK: Values

    /// RFC 4648, 10.
    @Test(arguments: [
        ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"),
        ("Zm9vYmE=", "fooba"), ("Zm9vYmFy", "foobar"),
    ]) func base64IsDecoded(_ text: String, _ wanted: String) {
        let decoded = Buffer()
        let source = Buffer(text)
        #expect(appendDecodedBase64(source.bytes, to: decoded))
        #expect(decoded.text == wanted)
    }

    @Test(arguments: [
        "", "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm-v", "Zm_v", "Zm9v\n", "=m9v", "Z=9v",
        "Zg==Zg==", "====", "Zm9v====", "Zm 9v",
    ]) func whatIsNoStrictBase64IsNone(_ text: String) {
        let source = Buffer(text)
        #expect(!appendDecodedBase64(source.bytes, to: Buffer()))
    }

    /// By Python's datetime.
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2025-06-15T15:06:40Z", 1_750_000_000_000_000),
            ("2025-06-15T17:06:40.123456789+02:00", 1_750_000_000_123_456),
            ("2000-02-29T23:59:59.5Z", 951_868_799_500_000),
            ("2000-03-01T00:00:00Z", 951_868_800_000_000), ("1969-12-31T23:59:59Z", -1_000_000),
            ("1900-03-01T00:00:00Z", -2_203_891_200_000_000),
            ("2100-02-28T00:00:00Z", 4_107_456_000_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ] as [(String, Int64)]) func aPointInTimeIsANumber(_ text: String, _ wanted: Int64)
    {
        #expect(Timestamp.microseconds(text) == wanted)
    }

    /// As `write` has it: each way round.
    @Test func pointsInTimeAreTheSameBothWays() {
        var seconds: Int64 = 0
        while seconds < 253_402_300_800 {
            var room = [UInt8](repeating: 0, count: Timestamp.length)
            Timestamp.write(seconds * 1_000_000, to: &room)
            let text = String(decoding: room, as: UTF8.self)
            #expect(Timestamp.microseconds(text) == seconds * 1_000_000)
            seconds += 86_400 * 97 + 12_345
        }
    }

    @Test func everyFlawHasAWordOfItsOwn() {
        let words = Set(CallbackFlaw.allCases.map { "\($0.word)" })
        let sentences = Set(CallbackFlaw.allCases.map { "\($0.sentence)" })
        #expect(words.count == CallbackFlaw.allCases.count)
        #expect(sentences.count == CallbackFlaw.allCases.count)
    }
}
