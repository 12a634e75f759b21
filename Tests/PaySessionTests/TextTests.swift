// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct TextTests {
    /// Canonically equivalent, and by String's own == the same; as identifiers they are not.
    @Test(arguments: [
        ("\u{212A}", "K"), ("\u{E9}", "e\u{301}"), ("\u{2126}", "\u{3A9}"), ("\u{212B}", "\u{C5}"),
        ("\u{AC00}", "\u{1100}\u{1161}"), ("\u{37E}", ";"), ("a\u{323}\u{307}", "a\u{307}\u{323}"),
        ("FINALIZED\u{301}", "FINALIZE\u{10E}"),
    ]) func equivalentIsNotTheSame(_ one: String, _ other: String) {
        #expect(!sameBytes(one, other))
        #expect(!sameBytes(other, one))
        #expect(sameBytes(one, one))
        #expect(!hasPrefix(one + "x", other))
    }

    @Test(arguments: [
        ("", "", true), ("a", "a", true), ("a", "A", false), ("a", "", false), ("", "a", false),
        ("ab", "a", false), ("a", "ab", false), ("a\0b", "a\0b", true), ("a\0b", "a\0c", false),
        ("a", "a\0", false), ("completed", "completed", true), ("completed", "completed ", false),
    ]) func sameBytesComparesBytes(_ one: String, _ other: String, _ isSame: Bool) {
        #expect(sameBytes(one, other) == isSame)
    }

    @Test(arguments: [
        ("kco_live_x", "kco_live_", true), ("kco_live_", "kco_live_", true),
        ("kco_live", "kco_live_", false), ("KCO_live_x", "kco_live_", false), ("x", "", true),
        ("", "", true), ("", "x", false), ("ab", "b", false),
    ]) func prefixIsOfBytes(_ text: String, _ prefix: String, _ isPrefix: Bool) {
        #expect(hasPrefix(text, prefix) == isPrefix)
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200", "HTTP/1.1 ", true), ("HTTP/1.1 ", "HTTP/1.1 ", true),
            ("HTTP/1.1", "HTTP/1.1 ", false), ("http/1.1 200", "HTTP/1.1 ", false),
            ("xHTTP/1.1 ", "HTTP/1.1 ", false), ("\u{FEFF}{}", "\u{FEFF}", true),
            ("{}", "\u{FEFF}", false), ("", "x", false), ("a\0c", "a\0b", false),
            ("a\0b", "a\0b", true),
        ] as [(String, StaticString, Bool)])
    func beginningsAreOfBytes(_ text: String, _ word: StaticString, _ begins: Bool) {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            #expect(PaySession.begins(bytes, with: word) == begins)
        }
    }

    @Test func nothingBeginsWithAWord() {
        let nothing = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        #expect(!begins(nothing, with: "x"))
        // The bytes behind the last one are not looked at.
        Array("word".utf8).withUnsafeBufferPointer { bytes in
            #expect(!begins(UnsafeBufferPointer(rebasing: bytes[..<3]), with: "word"))
        }
    }

    /// One of the words is enough, wherever it stands.
    @Test(
        arguments: [
            ("certificate has expired", "has expired", true),
            ("certificate has expired", "not yet valid|has expired|other", true),
            ("certificate has expired", "not yet valid|has expired", true),
            ("certificate has expired", "has expired|not yet valid", true),
            ("certificate has expired", "has expiredx|xhas expired", false),
            ("certificate has expired", "not yet valid|other", false),
            ("certificate has expired", "Has expired", false),
            ("has expired", "has expired", true), ("as expired", "has expired", false),
            ("has expire", "has expired", false), ("", "x|y", false), ("x", "x|y", true),
            ("y", "x|y", true), ("xy", "x|y", true), ("x|y", "xy", false), ("|", "x|y", false),
            ("xxy", "xy", true), ("abababc", "ababc", true), ("caf\u{E9}", "\u{E9}", true),
        ] as [(String, StaticString, Bool)])
    func oneOfTheWordsIsEnough(_ text: String, _ words: StaticString, _ isHeld: Bool) {
        #expect(text.withCString { holds($0, oneOf: words) } == isHeld)
    }

    /// A text of C's ends at its first zero byte.
    @Test func nothingIsHeldBehindTheEnd() {
        let bytes = Array("before\0behind\0".utf8CString)
        bytes.withUnsafeBufferPointer { bytes in
            guard let text = bytes.baseAddress else { return }
            #expect(holds(text, oneOf: "before"))
            #expect(!holds(text, oneOf: "behind"))
        }
    }

    @Test func sentencesHaveTheirNames() {
        #expect(sentence("no names", "") == "no names")
        #expect(sentence("", "") == "")
        #expect(sentence("{}", "one") == "one")
        #expect(sentence("the {} is it", "one") == "the one is it")
        #expect(sentence("{} and {}", "one", "two") == "one and two")
        #expect(sentence("{}, {}, {}.", "one", "two", "three") == "one, two, three.")
        #expect(sentence("{}{}{}", "1", "2", "3") == "123")
        #expect(sentence("caf\u{E9} {} \u{20AC}", "\u{1F4B6}") == "caf\u{E9} \u{1F4B6} \u{20AC}")
        // A name that is not there leaves nothing, one that is too much is left out.
        #expect(sentence("[{}]", "") == "[]")
        #expect(sentence("[{}] [{}] [{}]", "one") == "[one] [] []")
        #expect(sentence("[{}]", "one", "two", "three") == "[one]")
        #expect(sentence("none", "one") == "none")
        // What a name says is no template.
        #expect(sentence("{} and {}", "{}", "two") == "{} and two")
        #expect(sentence("{}", "{{}}") == "{{}}")
    }

    @Test func hexadecimalDigitsHaveValues() {
        for byte in UInt8.min...UInt8.max {
            let value: UInt8? =
                switch byte {
                case 48...57: byte - 48
                case 65...70: byte - 55
                case 97...102: byte - 87
                default: nil
                }
            #expect(hexadecimalValue(byte) == value, "\(byte)")
        }
    }

    /// ASCII letters alone.
    @Test func letterCaseIsASCIIs() {
        for byte in UInt8.min...UInt8.max {
            #expect(upperCased(byte) == (97...122 ~= byte ? byte - 32 : byte), "\(byte)")
            #expect(lowerCased(byte) == (65...90 ~= byte ? byte + 32 : byte), "\(byte)")
        }
    }

    /// Cc: U+0000 to U+001F, U+007F to U+009F, and nothing else.
    @Test func controlCharactersAreCc() {
        for value in UInt32(0)...0x2FF {
            let scalar = UnicodeScalar(value)!
            let isControl = value <= 0x1F || (value >= 0x7F && value <= 0x9F)
            for text in [String(scalar), "a" + String(scalar), String(scalar) + "a"] {
                #expect(hasControlCharacter(text) == isControl, "U+\(String(value, radix: 16))")
            }
        }
        for text in ["", "abc", "\u{2028}", "\u{FEFF}", "\u{200B}", "\u{10FFFF}", "\u{1F4B6}"] {
            #expect(!hasControlCharacter(text))
        }
    }

    @Test func digitsAreASCII() {
        for byte in UInt8.min...UInt8.max { #expect(isDigit(byte) == (byte >= 48 && byte <= 57)) }
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("007", 7), ("9223372036854775807", .max),
            ("9223372036854775808", nil), ("000000000000000000000000000001", 1),
            ("99999999999999999999", nil), ("", nil), ("-1", nil), ("+1", nil), ("1 ", nil),
            (" 1", nil), ("1a", nil), ("1.0", nil), ("1e2", nil), ("0x1", nil), ("１", nil),
            ("\u{661}", nil), ("1\0", nil),
        ] as [(String, Int64?)])
    func parseDigitsTakesDigitsThatFit(_ text: String, _ value: Int64?) {
        #expect(withBytes(of: text) { parseDigits($0) } == value)
    }

    @Test(arguments: [
        ("", true), ("0", true), ("09", true), ("af", true), ("0aF", false), ("g", false),
        ("-", false), ("å", false), ("0\0", false),
    ])
    func isMadeOfRanges(_ text: String, _ isIt: Bool) {
        #expect(isMade(text, of: "09af") == isIt)
    }

    @Test(
        arguments: [
            ("", [""]), ("a", ["a"]), ("a.b", ["a", "b"]), (".a..", ["", "a", "", ""]),
        ] as [(String, [String])])
    func partsBetween(_ text: String, _ wanted: [String]) {
        let found = withBytes(of: text) { bytes in
            parts(of: bytes, between: UInt8(ascii: ".")).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(found == wanted)
    }

    @Test(
        arguments: [
            (0, 5, false, 5), (0, 5, true, -5), (12, 3, false, 123), (-12, 3, true, -123),
            (922_337_203_685_477_580, 7, false, .max), (922_337_203_685_477_580, 8, false, nil),
            (-922_337_203_685_477_580, 8, true, .min), (-922_337_203_685_477_580, 9, true, nil),
            (922_337_203_685_477_581, 0, false, nil), (.max, 0, false, nil), (.min, 0, true, nil),
        ] as [(Int64, Int64, Bool, Int64?)])
    func times10NeverOverflows(_ value: Int64, _ digit: Int64, _ isNegative: Bool, _ result: Int64?)
    {
        #expect(times10(value, adding: digit, isNegative: isNegative) == result)
    }
}
