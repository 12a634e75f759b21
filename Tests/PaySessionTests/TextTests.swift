// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct TextTests {
    /// Pairs that String's == takes for the same.
    @Test(arguments: [("\u{212A}", "K"), ("e\u{301}", "é"), ("\u{37E}", ";"), ("Å", "A\u{30A}")])
    func canonicalEquivalentsAreNotTheSameBytes(_ one: String, _ other: String) {
        #expect(one == other)
        #expect(!sameBytes(one, other))
        #expect(sameBytes(one, one))
    }

    @Test func nothingIsLostBehindANul() {
        #expect(!sameBytes("completed\u{0}", "completed"))
        #expect(!sameBytes("completed", "complete"))
    }

    @Test(arguments: ["\u{0}", "\u{1F}", "\u{7F}", "\u{80}", "\u{9F}", "a\nb", "a\u{85}"])
    func controlCharactersAreFound(_ text: String) {
        #expect(hasControlCharacter(text))
    }

    @Test(arguments: ["", " ", "~", "\u{A0}", "é", "日本"])
    func otherCharactersAreNone(_ text: String) {
        #expect(!hasControlCharacter(text))
    }

    @Test func digitsFitOrAreNothing() {
        #expect(parseDigits("9223372036854775807".utf8) == Int64.max)
        #expect(parseDigits("9223372036854775808".utf8) == nil)
        #expect(parseDigits("9223372036854775808".utf8, isNegative: true) == Int64.min)
        #expect(parseDigits("9223372036854775809".utf8, isNegative: true) == nil)
        #expect(parseDigits("".utf8) == nil)
        #expect(parseDigits("1 ".utf8) == nil)
        #expect(parseDigits("007".utf8) == 7)
    }
}
