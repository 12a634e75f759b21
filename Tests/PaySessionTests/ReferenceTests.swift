// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct ReferenceTests {
    @Test(arguments: [
        ("inbank:a/b", ["a", "b"], "inbank:a/b"), ("kustom:x", ["x"], "kustom:x"),
        ("dintero:P12345678/o/s", ["P12345678", "o", "s"], "dintero:P12345678/o/s"),
        ("ledyer:or_1", ["or_1"], "ledyer:or_1"),
        ("kustom:a%2Fb", ["a/b"], "kustom:a%2Fb"), ("kustom:a%2fb", ["a/b"], "kustom:a%2Fb"),
        ("kustom:%41", ["A"], "kustom:A"), ("kustom:caf%c3%a9", ["café"], "kustom:caf%C3%A9"),
        ("kustom:-._~", ["-._~"], "kustom:-._~"), ("kustom:...", ["..."], "kustom:..."),
        ("kustom:a:b@c", ["a:b@c"], "kustom:a%3Ab%40c"),
        ("kustom:%3f%23%25", ["?#%"], "kustom:%3F%23%25"),
        ("kustom:a%20b", ["a b"], "kustom:a%20b"),
    ])
    func isReadAndWritten(_ text: String, _ identifiers: [String], _ canonical: String) throws {
        let reference = try Reference(parsing: text)
        #expect(reference.identifiers == identifiers)
        #expect(reference.text == canonical)
        #expect(try Reference(parsing: canonical).identifiers == identifiers)
    }

    @Test(arguments: [
        "", ":", "kustom", "kustom:", "klarna:x", "KUSTOM:x", " kustom:x", "kustom:a/b",
        "kustom:a/", "inbank:a", "inbank:/b", "inbank:a/", "inbank:a/b/", "inbank:a//b",
        "kustom:.", "kustom:..", "kustom:%2e", "kustom:%2E%2e", "kustom:%00", "kustom:a%0Ab",
        "kustom:%7f", "kustom:%C2%85", "kustom:%", "kustom:%2", "kustom:%zz", "kustom:%+1",
        "kustom:%ff", "kustom:%c3", "kustom:%ed%a0%80", "kustom:a b", "kustom:é", "kustom:a?b",
        "kustom:a#b", "kustom:\"", "kustom:<", "kustom:\\", "kustom:a\u{0A}b",
        "dintero:X12345678/o/s", "dintero:t12345678/o/s", "dintero:T1234567/o/s",
        "dintero:T123456789/o/s", "dintero:T1234567٣/o/s", "dintero:T12345678/o",
    ])
    func whatIsNoneIsRefused(_ text: String) {
        #expect(throws: Failure.self) { try Reference(parsing: text) }
    }

    @Test func identifiersAreAtMost128Bytes() throws {
        let (fits, tooLong) = (
            String(repeating: "a", count: 128), String(repeating: "a", count: 129)
        )
        #expect(try Reference(.kustom, [fits]).sessionID == fits)
        #expect(throws: Failure.self) { try Reference(.kustom, [tooLong]) }
        // Bytes, not letters: é has two.
        let letters = String(repeating: "é", count: 64)
        #expect(try Reference(.kustom, [letters]).sessionID == letters)
        #expect(throws: Failure.self) { try Reference(.kustom, [letters + "a"]) }
    }

    @Test func messagesNameThePart() {
        for (provider, identifiers, named) in [
            (Provider.inbank, ["", "b"], "shop_uuid"), (.inbank, ["a", "b\n"], "pos_session_uuid"),
            (.dintero, ["T1", "o", "s"], "account_id"), (.kustom, [".."], "session_id"),
        ] {
            do {
                _ = try Reference(provider, identifiers)
                Issue.record("taken: \(identifiers)")
            } catch {
                #expect(error.outcome == .invalidArgument)
                #expect(error.message.hasPrefix(named + ":"))
            }
        }
    }

    /// Nothing in an identifier can become anything but one path segment.
    @Test func identifiersAreOneSegmentOfTheAddress() throws {
        let configuration = try Configuration(
            #"{"kustom": {"base_url": "https://h.example/x/", "api_key": "k"}}"#)
        let account = try #require(configuration.accounts[Provider.kustom.index])
        for (identifier, segment) in [
            ("a/../b", "a%2F..%2Fb"), ("?a=b", "%3Fa%3Db"), ("#", "%23"), ("%2e%2e", "%252e%252e"),
            ("a\\b", "a%5Cb"), ("@evil", "%40evil"), ("{0}", "%7B0%7D"), ("é", "%C3%A9"),
        ] {
            #expect(
                account.sessionAddress([identifier]).text
                    == "https://h.example/x/ipp/v1/sessions/" + segment)
        }
    }
}
