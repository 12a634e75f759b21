// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct WriterTests {
    @Test func commasStandBetween() {
        #expect(written { $0.object { _ in } } == "{}")
        #expect(written { $0.array { _ in } } == "[]")
        let text = written { writer in
            writer.object { writer in
                writer.key("a")
                writer.null()
                writer.field("b", "x")
                writer.field("c", nil as String?)
                writer.field("d", 5)
                writer.field("e", nil as Int64?)
                writer.key("f")
                writer.array { writer in
                    writer.integer(1)
                    writer.array { _ in }
                    writer.object { _ in }
                    writer.bool(true)
                    writer.string("s" as StaticString)
                    writer.string("t" as String)
                    writer.null()
                }
                writer.key("g" as String)
                writer.object { writer in
                    writer.key("h" as String)
                    writer.bool(false)
                }
                writer.key("i")
                writer.object { _ in }
                writer.key("j")
                writer.array { $0.object { $0.field("k", 1) } }
                writer.key("l")
                writer.milliseconds(Span(microseconds: 1500))
                writer.field("m", 2)
            }
        }
        #expect(
            text == #"{"a":null,"b":"x","c":null,"d":5,"e":null,"f":[1,[],{},true,"s","t",null],"#
                + #""g":{"h":false},"i":{},"j":[{"k":1}],"l":1.5,"m":2}"#)
    }

    @Test(
        arguments: [
            (0, "0"), (1, "1"), (-1, "-1"), (42, "42"), (-30000, "-30000"), (1_000_000, "1000000"),
            (.max, "9223372036854775807"), (.min, "-9223372036854775808"),
        ] as [(Int64, String)])
    func integersAreWhole(_ value: Int64, _ text: String) {
        #expect(written { $0.integer(value) } == text)
        #expect(written { $0.field("n", value) } == "\"n\":\(text)")
    }

    /// Microseconds in, one digit after the point out; cut, not rounded.
    @Test(
        arguments: [
            (0, "0.0"), (1, "0.0"), (99, "0.0"), (100, "0.1"), (999, "0.9"), (1000, "1.0"),
            (41_300, "41.3"), (41_399, "41.3"), (600_000_000, "600000.0"), (-5, "0.0"),
            (.min, "0.0"),
            (.max, "9223372036854775.8"),
        ] as [(Int64, String)])
    func millisecondsHaveOneDigit(_ microseconds: Int64, _ text: String) {
        #expect(written { $0.milliseconds(Span(microseconds: microseconds)) } == text)
    }

    /// Only ", \ and control characters are escaped; the short forms where JSON has them.
    @Test(arguments: [
        ("", #""""#), ("abc", #""abc""#), ("a\"b", #""a\"b""#), ("a\\b", #""a\\b""#),
        ("/", #""/""#),
        ("\u{8}\u{C}\n\r\t", #""\b\f\n\r\t""#), ("\0", #""\u0000""#), ("a\0b", #""a\u0000b""#),
        ("\u{1}\u{7}\u{B}\u{E}\u{F}", #""\u0001\u0007\u000b\u000e\u000f""#),
        ("\u{10}\u{1A}\u{1F}", #""\u0010\u001a\u001f""#),
        ("\u{7F}\u{80}\u{9F}", "\"\u{7F}\u{80}\u{9F}\""),
        ("caf\u{E9} \u{20AC} \u{1F4B6}", "\"caf\u{E9} \u{20AC} \u{1F4B6}\""),
        ("\u{2028}\u{2029}", "\"\u{2028}\u{2029}\""), ("e\u{301}\u{212A}", "\"e\u{301}\u{212A}\""),
        ("\"", #""\"""#), ("\\\"\\", #""\\\"\\""#), ("<script>'&", #""<script>'&""#),
        ("\u{FFFF}\u{10FFFF}", "\"\u{FFFF}\u{10FFFF}\""), ("\\u0041", #""\\u0041""#),
    ]) func textIsEscaped(_ text: String, _ json: String) throws {
        #expect(utf8(written { $0.string(text) }) == utf8(json))
        #expect(utf8(written { $0.string(text as String?) }) == utf8(json))
        #expect(utf8(written { $0.field("k", text) }) == utf8("\"k\":" + json))
        #expect(utf8(written { $0.key(text) }) == utf8(json + ":"))
        // And another parser reads the same text.
        let document = try Document.of(written { writer in writer.object { $0.field("k", text) } })
        #expect(utf8(document.root.member("k").text) == utf8(text))
    }

    @Test func everyControlCharacterIsEscaped() throws {
        for value in UInt32(0)..<0x20 {
            let text = String(UnicodeScalar(value)!)
            let json = written { writer in writer.object { $0.field("k", "a" + text + "b") } }
            #expect(json.utf8.allSatisfy { $0 >= 0x20 })
            #expect(try Document.of(json).root.member("k").text == "a" + text + "b")
        }
    }

    @Test func verbatimIsVerbatim() {
        let raw = Buffer("{ \"a\" : 1.0e5,\n\"\\u0041\":[ ]}")
        let text = written { writer in
            writer.object { writer in
                writer.key("x")
                writer.verbatim(raw.bytes)
                writer.field("y", 1)
            }
        }
        #expect(text == "{\"x\":{ \"a\" : 1.0e5,\n\"\\u0041\":[ ]},\"y\":1}")
    }

    @Test func nothingIsNull() {
        #expect(written { $0.string(nil as String?) } == "null")
        #expect(written { $0.integer(nil as Int64?) } == "null")
        #expect(written { $0.null() } == "null")
    }
}
