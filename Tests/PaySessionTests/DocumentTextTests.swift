// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct DocumentTextTests {
    /// Only what can be copied into an answer as it is may be called plain.
    @Test(arguments: [
        (#""plain text""#, "plain text", true), (#""""#, "", true),
        (#""a\"b""#, "a\"b", false), (#""caf\u00e9""#, "caf\u{E9}", false),
        ("\"caf\u{E9}\"", "caf\u{E9}", false), (#""tab\t""#, "tab\t", false),
        (#""\u0041""#, "A", false),
    ])
    func textsSayWhetherTheyArePlain(_ json: String, _ text: String, _ isPlain: Bool) throws {
        let told = try #require(try Document.of("{\"a\":\(json)}").root.at("a").exactText)
        #expect(utf8(told.string) == utf8(text))
        #expect(told.isPlain == isPlain)
        var writer = Writer(Buffer())
        writer.string(told)
        var other = Writer(Buffer())
        other.string(text)
        #expect(Array(writer.buffer.bytes) == Array(other.buffer.bytes))
    }

    @Test func textsAreComparedByteForByte() {
        #expect(sameBytes(DocumentText.lasting("caf\u{E9}"), "caf\u{E9}"))
        #expect(!sameBytes(DocumentText.lasting("cafe\u{301}"), "caf\u{E9}"))
        #expect(!sameBytes(DocumentText.lasting("a"), "ab"))
        #expect(!sameBytes(DocumentText.lasting("ab"), "a"))
        #expect(sameBytes(DocumentText.lasting(""), ""))
        let word: DocumentText = "false"
        #expect(sameBytes(word, "false") && word.isPlain)
    }
}
