// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct ReferenceTests {
    static func parsed(_ text: String) -> Reference? {
        do throws(Failure) { return try Reference(parsing: text) } catch { return nil }
    }

    static func refusal(_ text: String) -> Failure? {
        failure { () throws(Failure) in try Reference(parsing: text) }
    }

    /// Reference, provider, identifiers as they are; the second spelling is the one given out.
    static let readable: [(String, String, [String], String)] = [
        (
            "inbank:a93f1f44-d5dd-4469-bfcc-c1de9e969213/5e3a459a-aada-4d81-b6ad-09cb9483c8bf",
            "inbank",
            ["a93f1f44-d5dd-4469-bfcc-c1de9e969213", "5e3a459a-aada-4d81-b6ad-09cb9483c8bf"],
            "inbank:a93f1f44-d5dd-4469-bfcc-c1de9e969213/5e3a459a-aada-4d81-b6ad-09cb9483c8bf"
        ),
        ("kustom:550e8400", "kustom", ["550e8400"], "kustom:550e8400"),
        ("dintero:T12345678/o/s", "dintero", ["T12345678", "o", "s"], "dintero:T12345678/o/s"),
        ("ledyer:or_2x-Y.z~", "ledyer", ["or_2x-Y.z~"], "ledyer:or_2x-Y.z~"),
        // Unreserved characters need no escape and lose one that they have.
        ("kustom:%41%7e%2D%2e%5F", "kustom", ["A~-._"], "kustom:A~-._"),
        ("dintero:%5012345678/o/s", "dintero", ["P12345678", "o", "s"], "dintero:P12345678/o/s"),
        // A slash, a dot and the rest of a URL's grammar inside an identifier stay inside of it.
        ("kustom:a%2Fb", "kustom", ["a/b"], "kustom:a%2Fb"),
        ("kustom:a%2fb", "kustom", ["a/b"], "kustom:a%2Fb"),
        ("kustom:..%2F..", "kustom", ["../.."], "kustom:..%2F.."),
        ("kustom:%2F", "kustom", ["/"], "kustom:%2F"),
        ("kustom:...", "kustom", ["..."], "kustom:..."),
        ("kustom:a%3Fb%23c", "kustom", ["a?b#c"], "kustom:a%3Fb%23c"),
        ("kustom:%20", "kustom", [" "], "kustom:%20"),
        ("kustom:a:b@c", "kustom", ["a:b@c"], "kustom:a%3Ab%40c"),
        ("kustom:%25", "kustom", ["%"], "kustom:%25"),
        ("kustom:%252F", "kustom", ["%2F"], "kustom:%252F"),
        ("kustom:%7B0%7D", "kustom", ["{0}"], "kustom:%7B0%7D"),
        ("kustom:a%5Cb", "kustom", ["a\\b"], "kustom:a%5Cb"),
        ("kustom:caf%c3%a9", "kustom", ["caf\u{E9}"], "kustom:caf%C3%A9"),
        ("kustom:%F0%9F%92%B6", "kustom", ["\u{1F4B6}"], "kustom:%F0%9F%92%B6"),
        ("kustom:%EF%BB%BFx", "kustom", ["\u{FEFF}x"], "kustom:%EF%BB%BFx"),
        ("kustom:%C2%A0", "kustom", ["\u{A0}"], "kustom:%C2%A0"),
        ("kustom:%E2%84%AA", "kustom", ["\u{212A}"], "kustom:%E2%84%AA"),
    ]

    @Test(arguments: readable) func isRead(
        _ text: String, _ provider: String, _ identifiers: [String], _ canonical: String
    ) throws {
        let reference = try Reference(parsing: text)
        #expect(reference.provider.name == provider)
        #expect(reference.identifiers.map { utf8($0) } == identifiers.map { utf8($0) })
        #expect(utf8(reference.sessionID) == utf8(identifiers.last))
        #expect(reference.text == canonical)
        #expect(try Reference(parsing: reference.text).text == canonical)
    }

    /// RFC 3986: sub-delims, ":" and "@" may stand for themselves in a segment, or not.
    @Test func delimitersMayStandForThemselves() throws {
        let delimiters = "!$&'()*+,;=:@"
        let plain = try Reference(parsing: "kustom:\(delimiters)")
        #expect(plain.identifiers == [delimiters])
        let escaped = "%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40"
        #expect(try Reference(parsing: "kustom:\(escaped)").identifiers == [delimiters])
        #expect(try Reference(parsing: plain.text).identifiers == [delimiters])
    }

    /// Every character that is no control character comes back as it was, through one path segment.
    @Test func everyByteSurvivesTheRoundTrip() throws {
        var identifiers = [
            "a", "..a", "a..", ".a", "~", "-", "\u{10FFFF}", "e\u{301}", "\u{212A}K",
        ]
        for scalar in (0x20...0x24F).compactMap(UnicodeScalar.init)
        where scalar.value < 0x7F || scalar.value > 0x9F {
            identifiers.append("x" + String(scalar))
        }
        for identifier in identifiers {
            let text = try Reference(.ledyer, [identifier]).text
            #expect(utf8(try Reference(parsing: text).sessionID) == utf8(identifier), "\(text)")
            // One segment: nothing in it is a delimiter of a URL, and every escape is upper case.
            let segment = text.dropFirst("ledyer:".count)
            #expect(!segment.contains { "/?#\\ \"<>".contains($0) }, "\(text)")
            #expect(segment.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(text)")
            var rest = segment[...]
            while let percent = rest.firstIndex(of: "%") {
                rest = rest[percent...].dropFirst()
                #expect(rest.prefix(2).allSatisfy { "0123456789ABCDEF".contains($0) }, "\(text)")
            }
        }
    }

    @Test(arguments: [
        // No provider, or none of ours.
        "", ":", "/", "kustom", "kustom/", ":abc", "klarna:abc", "Kustom:abc", "KUSTOM:abc",
        " kustom:abc", "kustom :abc", "kusto\u{6D}\u{301}:abc", "\u{212A}ustom:abc",
        "https://api.kustom.co/abc", "abc",
        // Too few or too many parts.
        "kustom:", "kustom:a/b", "kustom:a/", "kustom:/a", "kustom:/", "ledyer:a/b", "inbank:a",
        "inbank:a/", "inbank:/b", "inbank:a/b/c", "inbank:a/b/", "inbank:/", "inbank:",
        "dintero:T12345678/o", "dintero:T12345678/o/s/x", "dintero:T12345678/o/",
        "dintero:T12345678//s", "dintero:T12345678", "inbank:a//b", "dintero:",
        // Dot segments, however they are written.
        "kustom:.", "kustom:..", "kustom:%2E", "kustom:%2e%2e", "kustom:.%2E", "kustom:%2E.",
        "inbank:../b", "inbank:a/..", "inbank:./b", "dintero:T12345678/../s",
        "dintero:T12345678/o/.",
        // Control characters: C0, DEL, C1.
        "kustom:%00", "kustom:a%00b", "kustom:a%00", "kustom:%0A", "kustom:a%0D%0AX-Evil:%201",
        "kustom:%09", "kustom:%1F", "kustom:%7F", "kustom:%C2%80", "kustom:%C2%85",
        "kustom:a%C2%9F", "inbank:a/b%0a", "dintero:T12345678%0A/o/s", "kustom:a\n", "kustom:a\0",
        "kustom:a\tb", "kustom:\u{85}",
        // Broken escapes.
        "kustom:%", "kustom:a%", "kustom:%4", "kustom:%4G", "kustom:%G4", "kustom:%%41",
        "kustom:%+1", "kustom:% 1", "kustom:%-1", "kustom:%0x", "kustom:%u0041", "inbank:%/b",
        "inbank:%2/Fb", "kustom:%４1",
        // Escapes that are no UTF-8.
        "kustom:%FF", "kustom:%80", "kustom:%C3", "kustom:%C3%28", "kustom:%C0%AF",
        "kustom:%C0%AE%C0%AE", "kustom:%E0%80%AF", "kustom:%ED%A0%80", "kustom:%F4%90%80%80",
        "kustom:%F8%88%80%80%80", "kustom:%E2%82", "inbank:%C3/%A9",
        // Characters that must be escaped.
        "kustom:a b", "kustom:a?b", "kustom:a#b", "kustom:a\\b", "kustom:a\"b", "kustom:<a>",
        "kustom:[a]", "kustom:{0}", "kustom:a|b", "kustom:a^b", "kustom:a`b", "kustom:caf\u{E9}",
        "kustom:\u{1F4B6}",
    ]) func isRefused(_ text: String) {
        let refusal = ReferenceTests.refusal(text)
        #expect(refusal?.outcome == .invalidArgument)
        #expect(refusal?.message.isEmpty == false)
        #expect(refusal?.httpStatus == nil)
    }

    /// The identifiers as they are, not encoded: what `session_get_kustom` and the like are given.
    @Test(arguments: Array(Provider.all.indices)) func noPartTakesWhatIsForbidden(_ provider: Int) {
        let provider = Provider.all[provider]
        let good = provider.parts.map { $0.name == "account_id" ? "T12345678" : "x" }
        #expect(failure { () throws(Failure) in try Reference(provider, good) } == nil)
        var forbidden = ["", ".", "..", String(repeating: "a", count: 129)]
        for value in Array(0x00...0x1F) + Array(0x7F...0x9F) {
            let control = String(UnicodeScalar(UInt32(value))!)
            forbidden += [control, "a" + control, control + "a", "a\(control)b"]
        }
        for place in good.indices {
            for identifier in forbidden {
                var identifiers = good
                identifiers[place] = identifier
                let refusal = failure { () throws(Failure) in try Reference(provider, identifiers) }
                #expect(
                    refusal?.outcome == .invalidArgument,
                    "\(provider.name) \(place) \(identifier.debugDescription)")
                #expect(refusal?.message.hasPrefix(provider.parts[place].name) == true)
            }
        }
        for count in 0...4 where count != good.count {
            let identifiers = Array(repeating: "T12345678", count: count)
            #expect(
                failure { () throws(Failure) in try Reference(provider, identifiers) }?.outcome
                    == .invalidArgument)
        }
    }

    /// 1 to 128 bytes, counted decoded.
    @Test(arguments: [
        (String(repeating: "a", count: 128), true), (String(repeating: "a", count: 129), false),
        (String(repeating: "\u{E9}", count: 64), true),
        (String(repeating: "\u{E9}", count: 64) + "a", false),
        (String(repeating: "\u{20AC}", count: 42) + "ab", true),
        (String(repeating: "\u{20AC}", count: 43), false),
        (String(repeating: "\u{1F4B6}", count: 32), true),
        (String(repeating: "\u{1F4B6}", count: 32) + "a", false),
        (String(repeating: "/", count: 128), true), (String(repeating: "/", count: 129), false),
        ("a", true), (String(repeating: ".", count: 128), true),
        (String(repeating: "a", count: 100_000), false),
    ]) func bytesAreCounted(_ identifier: String, _ isGood: Bool) {
        let made = failure { () throws(Failure) in try Reference(.kustom, [identifier]) }
        #expect((made == nil) == isGood)
        let parsed = ReferenceTests.parsed("kustom:" + percentEncoded(identifier))
        #expect((parsed != nil) == isGood)
        #expect(parsed == nil || utf8(parsed?.sessionID) == utf8(identifier))
    }

    /// ^[PT]\d{8}$, byte for byte.
    @Test(arguments: [
        ("P12345678", true), ("T12345678", true), ("P00000000", true), ("T99999999", true),
        ("p12345678", false), ("t12345678", false), ("X12345678", false), ("12345678", false),
        ("P1234567", false), ("P123456789", false), ("PT1234567", false), ("P1234567a", false),
        (" P12345678", false), ("P12345678 ", false), ("P12345678\n", false), ("P1234 678", false),
        ("P1234567\u{0665}", false), ("P1234567８", false), ("\u{03A1}12345678", false),
        ("P-1234567", false), ("P+1234567", false), ("P1234567/", false), ("P", false),
        ("T1234567\u{0664}8", false),
    ]) func dinterosAccountIsPOrTAndEightDigits(_ account: String, _ isGood: Bool) {
        let refusal = failure { () throws(Failure) in try Reference(.dintero, [account, "o", "s"]) }
        #expect((refusal == nil) == isGood)
        #expect(refusal == nil || refusal?.outcome == .invalidArgument)
        #expect((ReferenceTests.parsed("dintero:\(percentEncoded(account))/o/s") != nil) == isGood)
    }

    /// A reference can come from outside: a message names the part, not what stood there.
    @Test func messagesDoNotQuoteTheIdentifier() {
        for text in [
            "kustom:marker%00", "kustom:marker%", "inbank:marker", "dintero:marker/o/s", "marker:x",
        ] {
            let message = ReferenceTests.refusal(text)?.message
            #expect(message?.isEmpty == false)
            #expect(message?.contains("marker") == false, "\(text)")
        }
    }

    /// Most often a line of a file, given with its end: the message says so.
    @Test(arguments: [
        ("kustom:a\n", "line break"), ("kustom:a\r\n", "line break"), ("kustom:a\r", "line break"),
        ("kustom:a ", "blank"), ("kustom:a\t", "blank"), ("kustom:a \n", "line break"),
        ("\n", "line break"), (" ", "blank"), ("marker\n", "line break"),
        ("klarna:a\n", "line break"), ("inbank:a/b ", "blank"),
        ("dintero:T12345678/o/s\t", "blank"),
    ]) func theEndOfALineIsTold(_ text: String, _ word: String) {
        let refusal = ReferenceTests.refusal(text)
        #expect(refusal?.outcome == .invalidArgument)
        #expect(refusal?.message == "reference: expected no \(word) at its end")
    }

    /// Elsewhere, or escaped, it is what it was; no other byte is a blank.
    @Test(arguments: [
        ("kustom:a b", "reference: expected percent-encoded UTF-8 in part 1"),
        ("kustom:a\nb", "reference: expected percent-encoded UTF-8 in part 1"),
        ("kustom:a\u{B}", "reference: expected percent-encoded UTF-8 in part 1"),
        ("kustom:a\u{A0}", "reference: expected percent-encoded UTF-8 in part 1"),
        ("kustom:a%0A", "session_id: expected no line break at its end"),
        ("kustom:a%0D%0A", "session_id: expected no line break at its end"),
        ("kustom:a%09", "session_id: expected no blank at its end"),
        ("kustom:a%0Ab", "session_id: expected no control characters"),
        ("kustom:a%00", "session_id: expected no control characters"),
        ("kustom:%0Aa%20", "session_id: expected no blank at its end"),
        ("inbank:a%0A/b", "shop_uuid: expected no line break at its end"),
    ]) func anythingElseIsTold(_ text: String, _ message: String) {
        #expect(ReferenceTests.refusal(text)?.message == message)
    }

    /// A space is no control character, and so may be a part of an identifier.
    @Test func identifiersEndAsReferencesDo() throws {
        for (identifier, message) in [
            ("a\n", "session_id: expected no line break at its end"),
            ("a\r", "session_id: expected no line break at its end"),
            ("a\t", "session_id: expected no blank at its end"),
            ("a\nb", "session_id: expected no control characters"),
            ("\na", "session_id: expected no control characters"),
        ] {
            let refusal = failure { () throws(Failure) in try Reference(.kustom, [identifier]) }
            #expect(refusal?.message == message)
        }
        #expect(try Reference(.kustom, ["a "]).text == "kustom:a%20")
    }

    /// Contract: the same bytes, or the same UUID in other letter case (RFC 9562). Nothing else.
    @Test(arguments: [
        ("", "", true), ("a", "a", true), ("a", "A", false), ("or_1", "OR_1", false),
        ("caf\u{E9}", "caf\u{E9}", true), ("caf\u{E9}", "cafe\u{301}", false),
        ("a", "", false), ("a", "a ", false), ("a\0", "a", false),
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", true
        ),
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", "5E3A459A-AADA-4D81-B6AD-09CB9483C8BF", true
        ),
        (
            "5E3a459A-aAdA-4d81-B6aD-09Cb9483c8Bf", "5e3A459a-AaDa-4D81-b6Ad-09cB9483C8bF", true
        ),
        // Another digit, first, last and before a hyphen.
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", "6E3A459A-AADA-4D81-B6AD-09CB9483C8BF", false
        ),
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", "5E3A459A-AADA-4D81-B6AD-09CB9483C8BE", false
        ),
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", "5E3A459B-AADA-4D81-B6AD-09CB9483C8BF", false
        ),
        // No UUIDs: a letter that is no digit, hyphens elsewhere or none, more or less of it.
        (
            "5e3a459g-aada-4d81-b6ad-09cb9483c8bf", "5E3A459G-AADA-4D81-B6AD-09CB9483C8BF", false
        ),
        (
            "5e3a459-aaada-4d81-b6ad-09cb9483c8bf", "5E3A459-AAADA-4D81-B6AD-09CB9483C8BF", false
        ),
        (
            "5e3a459a_aada_4d81_b6ad_09cb9483c8bf", "5E3A459A_AADA_4D81_B6AD_09CB9483C8BF", false
        ),
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", "5E3A459A_AADA-4D81-B6AD-09CB9483C8BF", false
        ),
        ("5e3a459aaada4d81b6ad09cb9483c8bf", "5E3A459AAADA4D81B6AD09CB9483C8BF", false),
        ("5e3a459aaada4d81b6ad09cb9483c8bf", "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", false),
        (
            "{5e3a459a-aada-4d81-b6ad-09cb9483c8bf}", "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", false
        ),
        (
            "{5e3a459a-aada-4d81-b6ad-09cb9483c8bf}", "{5E3A459A-AADA-4D81-B6AD-09CB9483C8BF}",
            false
        ),
        (
            "urn:uuid:5e3a459a-aada-4d81-b6ad-09cb9483c8bf",
            "URN:UUID:5e3a459a-aada-4d81-b6ad-09cb9483c8bf", false
        ),
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8b", "5E3A459A-AADA-4D81-B6AD-09CB9483C8B", false
        ),
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8bf0", "5E3A459A-AADA-4D81-B6AD-09CB9483C8BF0", false
        ),
        (
            "5e3a459a-aada-4d81-b6ad-09cb9483c8bf", "5E3A459A-AADA-4D81-B6AD-09CB9483C8B", false
        ),
        // 36 bytes, but no digits of ASCII's.
        (
            "\u{FF15}e3a45-aada-4d81-b6ad-09cb9483c8bf",
            "\u{FF15}E3A45-AADA-4D81-B6AD-09CB9483C8BF",
            false
        ),
    ]) func identifiersAreTheSameOrNot(_ one: String, _ other: String, _ isSame: Bool) {
        #expect(isSameIdentifier(.lasting(one), other) == isSame)
        #expect(isSameIdentifier(.lasting(other), one) == isSame)
    }

    /// Each place of a UUID, changed to each other byte: only its own letter in the other case is
    /// the same.
    @Test func eachPlaceOfAUUIDCounts() {
        let uuid = "abcdefab-cdef-abcd-efab-cdef01234567"
        for place in uuid.utf8.indices {
            for byte in UInt8(0)...0x7F {
                var bytes = Array(uuid.utf8)
                let offset = uuid.utf8.distance(from: uuid.utf8.startIndex, to: place)
                bytes[offset] = byte
                let own = uuid.utf8[place]
                let isSame = byte == own || (97...102 ~= own && byte == own - 32)
                let other = String(decoding: bytes, as: UTF8.self)
                #expect(isSameIdentifier(.lasting(uuid), other) == isSame, "\(other)")
                #expect(isSameIdentifier(.lasting(other), uuid) == isSame, "\(other)")
            }
        }
    }
}
