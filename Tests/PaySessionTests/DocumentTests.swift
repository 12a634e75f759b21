// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct DocumentTests {
    static func flaw(_ bytes: [UInt8], holdsSecrets: Bool = false) -> DocumentFlaw? {
        do throws(DocumentFlaw) {
            _ = try Document.parse(Buffer(bytes), holdsSecrets: holdsSecrets)
            return nil
        } catch {
            return error
        }
    }

    static func flaw(_ text: String) -> DocumentFlaw? { flaw(Array(text.utf8)) }

    static func number(_ value: Value) -> String? {
        value.number.map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: Numbers

    /// A number is what stands in the document, character for character.
    static let numbers = [
        "0", "-0", "1", "-1", "300", "300.00", "300.10", "0.1", "-0.10", "3e2", "3E2", "3e+2",
        "3E+2", "3e-2", "5e-7", "1E400", "1e999", "-1e-999", "1e-400", "0e0", "0.0e-0",
        "1.0000000000000000000001", "9007199254740993", "9223372036854775807",
        "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "18446744073709551616", String(repeating: "9", count: 60),
        "0." + String(repeating: "3", count: 5000), "1" + String(repeating: "0", count: 5000),
        "1e99999999999999999999999999",
    ]

    @Test(arguments: numbers) func numbersAreExact(_ text: String) throws {
        for document in [
            "{\"n\":\(text)}", "{\"n\": \(text) }", "\n{\"n\":\t\(text)\r\n}\n",
            "{\"a\":[\"-1\",\(text)],\"n\":\(text),\"z\":1}",
        ] {
            let read = try Document.of(document).root.member("n")
            #expect(DocumentTests.number(read) == text)
            #expect(read.text == nil)
            #expect(read.bool == nil)
            #expect(!read.isNull && !read.isAbsent && !read.isObject && !read.isArray)
        }
    }

    @Test func eachNumberHasItsOwnPlace() throws {
        let root = try Document.of(
            #"{"a":1,"b":[2,3.5,-4e1,{"c":5}],"d":{"e":6,"f":[[7]]},"g":1,"h":"8"}"#
        ).root
        #expect(DocumentTests.number(root.at("a")) == "1")
        #expect(
            (0..<3).map { DocumentTests.number(root.at("b").element($0)) } == ["2", "3.5", "-4e1"])
        #expect(DocumentTests.number(root.at("b").element(3).member("c")) == "5")
        #expect(DocumentTests.number(root.at("d.e")) == "6")
        #expect(DocumentTests.number(root.at("d.f").element(0).element(0)) == "7")
        #expect(DocumentTests.number(root.at("g")) == "1")
        #expect(DocumentTests.number(root.at("h")) == nil)
    }

    /// Contract, version 0.2: a whole number that fits, in any spelling.
    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("2000", 2000), ("-2000", -2000),
            ("9007199254740993", 9_007_199_254_740_993), ("9223372036854775807", .max),
            ("9223372036854775808", nil), ("-9223372036854775808", .min),
            ("-9223372036854775809", nil),
            ("2000.0", 2000), ("2e3", 2000), ("2E0", 2), ("0.0", 0), ("20000e-1", 2000),
            ("-2.5E+1", -25), ("9223372036854775807.00", .max), ("922337203685477580.7e1", .max),
            ("9223372036854775808.0", nil), ("2000.5", nil), ("2e-1", nil), ("2.55e1", nil),
            ("1e999", nil), ("1e-999", nil), ("1e19", nil),
            (String(repeating: "9", count: 60), nil), ("\"2000\"", nil), ("null", nil),
            ("true", nil),
            ("[2000]", nil), ("{}", nil),
        ] as [(String, Int64?)])
    func integersAreWholeNumbers(_ text: String, _ value: Int64?) throws {
        #expect(try Document.of("{\"n\": \(text)}").root.member("n").integer == value)
    }

    @Test(arguments: [
        "01", "00", "-01", "00.5", "1.", "-1.", "+1", "+0", ".5", "-.5", "1e", "1E", "1e+", "1e-",
        "-", "--1", "-+1", "1-", "1-2", "1+1", "1..5", "1.5.5", "1e5e5", "1e5.5", "1.e5", "1e1-1",
        "0x10", "0b1", "0o7", "1_000", "1,5", "1 000", "NaN", "nan", "Infinity", "-Infinity", "inf",
        "1f", "1L", "1a", "e5", "E", "- 1", "1 .5", "1.5 e5", "５", "\u{661}", "0-", "1/2", "1e5f",
        "1'000", "$1", "1%",
    ]) func malformedNumbersAreRefused(_ text: String) {
        for document in [
            "{\"n\":\(text)}", "{\"n\":[\(text)]}", "{\"n\":[1,\(text) , 2]}", "{\"n\":\(text)",
        ] {
            // As a list, "1,5" is two numbers.
            if text == "1,5", document.contains("[") { continue }
            #expect(DocumentTests.flaw(document) == .notJSON, "\(document)")
        }
    }

    // MARK: Text

    /// What looks like a number, a bracket or an end inside a string is none.
    @Test(arguments: [
        (#""12345""#, "12345"), (#""-1.5e7""#, "-1.5e7"), (#""a1b2""#, "a1b2"),
        (#""\"1\"""#, "\"1\""), (#""\\""#, "\\"), (#""\\\\1""#, "\\\\1"),
        (#""\\\"2\\""#, "\\\"2\\"), (#""1\\""#, "1\\"), (#""[{]}1,2:3""#, "[{]}1,2:3"),
        (#""\u0031\u0032""#, "12"), (#""\/\b\f\n\r\t""#, "/\u{8}\u{C}\n\r\t"),
        (#""\u00e9 \u20AC""#, "\u{E9} \u{20AC}"), (#""\ud83d\udcb6""#, "\u{1F4B6}"),
        ("\"\u{1F4B6}1\"", "\u{1F4B6}1"),
        (#""a\u0000b""#, "a\0b"), (#""\u0000""#, "\0"), (#""""#, ""),
        ("\"\u{7F}\u{80}\"", "\u{7F}\u{80}"),
        ("\"\u{FFFF}\u{10FFFF}\"", "\u{FFFF}\u{10FFFF}"), ("\"e\u{301}\"", "e\u{301}"),
        ("\"\u{FEFF}\"", "\u{FEFF}"),
        ("\"\(String(repeating: "[", count: 500))\"", String(repeating: "[", count: 500)),
    ]) func textIsUntouched(_ json: String, _ text: String) throws {
        for document in ["{\"t\":\(json)}", "{\"a\":7,\"t\": \(json) ,\"b\":8}"] {
            let root = try Document.of(document).root
            #expect(utf8(root.member("t").text) == utf8(text))
            #expect(root.member("t").withTextBytes { Array($0) } == Array(text.utf8))
            #expect(root.member("t").number == nil)
            #expect(root.member("t").integer == nil)
        }
        #expect(
            DocumentTests.number(try Document.of("{\"t\":\(json),\"n\":-42.0}").root.member("n"))
                == "-42.0")
    }

    /// Texts and numbers that touch, or stand where the other belongs, are no JSON: what stands in
    /// their place for jansson must not become it.
    @Test(arguments: [
        #"{"a":["x""y"]}"#, #"{"a":["x"1]}"#, #"{"a":[1"x"]}"#, #"{"a":[1 2]}"#,
        #"{"a":["x" "y"]}"#,
        #"{"a":"x""b":1}"#, #"{"a""x"}"#, #"{"a" "x"}"#, #"{"a" "b":1}"#, #"{"a":["x":1]}"#,
        #"{"a","b"}"#, #"{"a"}"#, #"{1:"a"}"#, #"{"a":"x":"y"}"#, #"{"a":tr"x"ue}"#,
        #"{"a":1"x"2}"#,
        #"{"a":-"x"}"#, #"{"a":"x"e5}"#, #"{"a":"x".5}"#, #"{"a":5,"b":"x"#, #""a":1"#,
        #"{"a":"x" 1}"#,
    ]) func whatTouchesIsRefused(_ document: String) {
        #expect(DocumentTests.flaw(document) == .notJSON)
    }

    /// The same key once as it is and once with an escape, before and behind texts of all kinds.
    @Test func keysStayKeysAmongTexts() throws {
        #expect(DocumentTests.flaw(#"{"a":"x","\u0061":"y"}"#) == .duplicateKey)
        let root = try Document.of(
            #"{"a" : "b" , "b":"a","c":{"a":"é","b" :"b"},"d":["a","b","é"]}"#
        )
        .root
        #expect(root.member("a").text == "b")
        #expect(root.member("b").text == "a")
        #expect(root.at("c.a").text == "é")
        #expect(root.at("c.b").text == "b")
        #expect((0..<3).map { root.member("d").element($0).text } == ["a", "b", "é"])
    }

    @Test func numbersInKeysAreKeys() throws {
        let root = try Document.of(#"{"1":10,"-2.5":20,"a\"3":30,"\\4":40,"\u0035":50}"#).root
        for (key, number) in [
            ("1", "10"), ("-2.5", "20"), ("a\"3", "30"), ("\\4", "40"), ("5", "50"),
        ] {
            #expect(DocumentTests.number(root.member(key)) == number)
        }
    }

    // MARK: Flaws

    @Test(
        arguments: [
            // Not one whole JSON text.
            ("{", .notJSON), ("}", .notJSON), ("x", .notJSON), ("\u{A0}", .notJSON),
            // Contract, version 0.2: nothing at all, and HTML, are flaws of their own.
            ("", .empty), (" ", .empty), ("\n\t\r ", .empty), ("\u{FEFF}", .empty),
            ("\u{FEFF} \n", .empty), ("<html></html>", .page), (" \r\n\t<", .page),
            ("\u{FEFF}<!DOCTYPE html>", .page), ("\u{FEFF} <p>", .page),
            ("{<html></html>", .notJSON),
            ("{}}", .notJSON), ("{{}}", .notJSON), ("{} {}", .notJSON), ("{}x", .notJSON),
            ("{}1", .notJSON), ("{},", .notJSON), ("{}\0", .notJSON), ("\0{}", .notJSON),
            ("{\"a\":1", .notJSON), ("{\"a\":\"", .notJSON), ("{\"a\":\"\\", .notJSON),
            ("{\"a\":\"\\\"", .notJSON), ("{\"a\"", .notJSON), ("{\"a", .notJSON),
            ("{\"a\":}", .notJSON), ("{\"a\" 1}", .notJSON), ("{\"a\":1,}", .notJSON),
            ("{,}", .notJSON), ("{\"a\":[1,]}", .notJSON), ("{\"a\":[1}", .notJSON),
            ("{\"a\":1]", .notJSON), ("]", .notJSON), ("{\"a\":1;\"b\":2}", .notJSON),
            ("{\"a\":[1 2]}", .notJSON), ("{\"a\":1 2}", .notJSON),
            // Not JSON, though some take it for JSON.
            ("{a:1}", .notJSON), ("{'a':1}", .notJSON), ("{1:1}", .notJSON),
            ("{\"a\":undefined}", .notJSON), ("{\"a\":True}", .notJSON), ("{\"a\":NULL}", .notJSON),
            ("{\"a\":nul}", .notJSON), ("{\"a\":nulls}", .notJSON), ("{\"a\":1}//", .notJSON),
            ("// x\n{}", .notJSON), ("{/**/}", .notJSON), ("#\n{}", .notJSON),
            ("{\"a\":1,\"b\":1true}", .notJSON), ("{\"a\":true1}", .notJSON),
            ("{\u{A0}}", .notJSON), ("{\u{B}}", .notJSON),
            ("{\u{C}}", .notJSON), ("\u{2028}{}", .notJSON),
            // Strings.
            ("{\"a\":\"\n\"}", .notJSON), ("{\"a\":\"\t\"}", .notJSON),
            ("{\"a\":\"\0\"}", .notJSON),
            ("{\"a\":\"\u{1F}\"}", .notJSON), ("{\"a\":\"\\x41\"}", .notJSON),
            ("{\"a\":\"\\'\"}", .notJSON), ("{\"a\":\"\\1\"}", .notJSON),
            ("{\"a\":\"\\u12\"}", .notJSON), ("{\"a\":\"\\u12G4\"}", .notJSON),
            ("{\"a\":\"\\U0041\"}", .notJSON), ("{\"a\":\"\\u-041\"}", .notJSON),
            ("{\"a\":\"\\u 041\"}", .notJSON),
            // Contract, version 0.2: half a surrogate pair is mended, but what is no escape, no
            // text or no JSON around it is none.
            (#"{"a":"\ud80"}"#, .notJSON), (#"{"a":"\ud800\udc0"}"#, .notJSON),
            (#"{"a":"\ud800\x"}"#, .notJSON), (#"{"a":"\ud800"#, .notJSON),
            (#"{"a":"\ud800\"}"#, .notJSON), ("{\"a\":\"\\ud800\n\"}", .notJSON),
            (#"{"a":"\ud800""b"}"#, .notJSON), (#"{"a":["\ud800""\ud800"]}"#, .notJSON),
            (#"{"a":1"\ud800"}"#, .notJSON), (#"{"a":"\ud800"1}"#, .notJSON),
            (#"{"\ud800"}"#, .notJSON), (#"{"a":["\ud800":1]}"#, .notJSON),
            ("{\"a\":\"\\ud800\0\"}", .notJSON), (#"["\ud800"]"#, .notAnObject),
            // One byte order mark at the very start is skipped, and no other.
            ("\u{FEFF}\u{FEFF}{}", .notJSON), (" \u{FEFF}{}", .notJSON), ("\n\u{FEFF}{}", .notJSON),
            ("{}\u{FEFF}", .notJSON), ("{\u{FEFF}}", .notJSON), ("\u{FEFF}[]", .notAnObject),
            ("\u{FEFF}\u{FEFF}", .notJSON), ("\u{FEFF}{", .notJSON),
            // Not JSON, but its name.
            ("/tmp/session.json", .path), ("\u{FEFF}./a\n", .path), ("session.json", .path),
            ("session.jsonl", .notJSON), ("/a\n/b", .notJSON), ("/{", .notJSON),
            // A NUL in a key, which C's strings could not tell from the end.
            (#"{"a\u0000b":1}"#, .notJSON), (#"{"\u0000":1}"#, .notJSON),
            (#"{"a":{"status\u0000":1}}"#, .notJSON),
            // JSON, but no object.
            ("[]", .notAnObject), ("[{}]", .notAnObject), (" [1]\n", .notAnObject),
            // A key twice, at any depth, in any spelling.
            (#"{"a":1,"a":1}"#, .duplicateKey), (#"{"a":1,"b":2,"a":3}"#, .duplicateKey),
            (#"{"":1,"":2}"#, .duplicateKey), (#"{"a":{"b":1,"b":2}}"#, .duplicateKey),
            (#"{"a":[{"b":1,"b":2}]}"#, .duplicateKey),
            (#"{"status":"x","\u0073tatus":"y"}"#, .duplicateKey),
            (#"{"a":null,"a":null}"#, .duplicateKey),
        ] as [(String, DocumentFlaw)])
    func isRefused(_ text: String, _ flaw: DocumentFlaw) {
        #expect(DocumentTests.flaw(text) == flaw)
        #expect(DocumentTests.flaw(Array(text.utf8), holdsSecrets: true) == flaw)
        #expect(!"\(flaw.words)".isEmpty)
    }

    /// Contract, version 0.2: what a gateway answers while it restarts passes; nothing else does.
    @Test func emptyAndHTMLMayPass() {
        for flaw in [
            .notJSON, .notAnObject, .duplicateKey, .notUTF8, .tooDeep, .tooLong, .tooMany,
            .outOfMemory,
        ] as [DocumentFlaw] {
            #expect(!flaw.mayPass)
        }
        #expect(DocumentFlaw.empty.mayPass && DocumentFlaw.page.mayPass)
        #expect("\(DocumentFlaw.empty.words)" == "empty")
        #expect("\(DocumentFlaw.page.words)" == "a page of HTML, not JSON")
    }

    /// A NUL is no JSON, wherever it stands; and an answer that quoted one would end there in C.
    /// The arguments have a @ in its place, to be seen in the log.
    @Test(arguments: [
        "@{}", "{@}", "{}@", "{@\"n\":1}", "{\"n\"@:1}", "{\"n\":@1}", "{\"n\":1@}",
        "{\"n\":-1.5e3@}", "{\"n\":1@,\"m\":2}", "{\"n\":true@}", "{\"n\":false@}", "{\"n\":null@}",
        "{\"n\":[1@]}", "{\"n\":[1@,2]}", "{\"n\":[null@]}", "{\"n\":\"@\"}", "{\"n\":\"x\"@}",
        "{\"n\":{}@}", "{\"n\":[]@}", "{\"@\":1}", "{\"n\":1@@}", "{\"n\":1@2}", "{\"n\":1@.5}",
        "{\"n\":tr@ue}", "{\"n\":true@false}",
    ]) func rawNULsAreRefused(_ shown: String) {
        let bytes = shown.utf8.map { $0 == UInt8(ascii: "@") ? 0 : $0 }
        #expect(DocumentTests.flaw(bytes) != nil)
    }

    /// A scalar is JSON, but nothing to rely on either.
    @Test(arguments: ["1", "-1.5", "\"text\"", "true", "null"]) func scalarsAreRefused(
        _ text: String
    ) {
        #expect(DocumentTests.flaw(text) != nil)
    }

    /// The same letter in another case, or in another normal form, is another key.
    @Test(arguments: [
        "{\"a\":1,\"A\":2}", "{\"\u{E9}\":1,\"e\u{301}\":2}", "{\"K\":1,\"\u{212A}\":2}",
        "{\"a\":1,\"a \":2}",
    ])
    func differentKeysAreDifferent(_ text: String) {
        #expect(DocumentTests.flaw(text) == nil)
    }

    @Test(
        arguments: [
            [0xFF], [0x80], [0xBF], [0xC3], [0xC3, 0x28], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF],
            [0xE0, 0x80, 0xAF], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xF0, 0x9F, 0x92], [0x61, 0xE9, 0x62],
        ] as [[UInt8]])
    func invalidUTF8IsRefused(_ bytes: [UInt8]) {
        let places: [(String, String)] = [
            ("{\"a\":\"", "\"}"), ("{\"", "\":1}"), ("{\"a\":1", "}"), ("", "{}"), ("{}", ""),
        ]
        for (before, after) in places {
            let document = Array(before.utf8) + bytes + Array(after.utf8)
            let flaw = DocumentTests.flaw(document)
            #expect(flaw == .notUTF8 || flaw == .notJSON, "\(document)")
        }
        #expect(DocumentTests.flaw(Array("{\"a\":\"".utf8) + bytes + Array("\"}".utf8)) == .notUTF8)
    }

    /// 128 levels, whether objects or arrays; the outermost object is the first.
    @Test func isAsDeepAs128() {
        func arrays(_ count: Int) -> String {
            "{\"a\":" + String(repeating: "[", count: count - 1)
                + String(repeating: "]", count: count - 1) + "}"
        }
        func objects(_ count: Int) -> String {
            String(repeating: "{\"a\":", count: count - 1) + "{}"
                + String(repeating: "}", count: count - 1)
        }
        for form in [arrays, objects] {
            #expect(DocumentTests.flaw(form(1)) == (form(1) == "{}" ? nil : .notJSON))
            #expect(DocumentTests.flaw(form(127)) == nil)
            #expect(DocumentTests.flaw(form(128)) == nil)
            #expect(DocumentTests.flaw(form(129)) == .tooDeep)
            #expect(DocumentTests.flaw(form(5000)) == .tooDeep)
        }
        // Wide is not deep.
        #expect(
            DocumentTests.flaw("{\"a\":[" + String(repeating: "[[]],", count: 2000) + "[]]}") == nil
        )
        // The refusal comes before the end: nothing has to be well formed.
        #expect(DocumentTests.flaw(String(repeating: "[", count: 100_000)) == .tooDeep)
        // Brackets that close too often do not buy depth.
        #expect(DocumentTests.flaw(String(repeating: "]", count: 300) + arrays(200)) != nil)
    }

    @Test func hugeDocumentsAreRefused() {
        let chunk = [UInt8](repeating: 0x20, count: 1 << 20)
        let buffer = Buffer()
        buffer.reserve((1 << 26) + 1)
        for _ in 0..<64 { chunk.withUnsafeBytes { buffer.append($0) } }
        buffer.append(0x20)
        #expect(throws: DocumentFlaw.tooLong) { try Document.parse(buffer) }
    }

    /// jansson's tree takes a hundred times the memory of what it is made of.
    @Test(arguments: [("{}", 99_998), ("[]", 99_998), ("1", 500_000), ("\"x\"", 500_000)])
    func soManyValuesAndNoMore(_ value: String, _ most: Int) {
        func list(_ count: Int) -> String {
            #"{"a":["# + Array(repeating: value, count: count).joined(separator: ",") + "]}"
        }
        #expect(DocumentTests.flaw(list(most)) == nil)
        #expect(DocumentTests.flaw(list(most + 1)) == .tooMany)
    }

    @Test func incompleteBytesAreRefused() {
        let buffer = Buffer("{}")
        buffer.reserve(.max)
        #expect(throws: DocumentFlaw.outOfMemory) { try Document.parse(buffer) }
    }

    // MARK: Half a surrogate pair

    /// Contract, version 0.2: for people it becomes U+FFFD, one for each half; as a value it is
    /// nothing.
    @Test(arguments: [
        (#"\ud800"#, "\u{FFFD}"), (#"\udfff"#, "\u{FFFD}"), (#"\uDBFF"#, "\u{FFFD}"),
        (#"\uDC00"#, "\u{FFFD}"), (#"\ud800x"#, "\u{FFFD}x"), (#"x\ud800"#, "x\u{FFFD}"),
        (#"\ud800\u0041"#, "\u{FFFD}A"), (#"\udc00\ud800"#, "\u{FFFD}\u{FFFD}"),
        (#"\ud83d\ud83d\udcb6"#, "\u{FFFD}\u{1F4B6}"),
        (#"\ud83d\udcb6\udcb6"#, "\u{1F4B6}\u{FFFD}"), (#"\uD83D\n"#, "\u{FFFD}\n"),
        (#"\uD83D\\udcb6"#, "\u{FFFD}\\udcb6"), (#"\"\ud83d\""#, "\"\u{FFFD}\""),
        (#"\\\ud83d\\"#, "\\\u{FFFD}\\"), (#"[5,\ud83d]"#, "[5,\u{FFFD}]"),
        (#"caf\u00e9 \ud83d"#, "caf\u{E9} \u{FFFD}"),
        ("\u{1F4B6}\\ud83d\u{E9}", "\u{1F4B6}\u{FFFD}\u{E9}"),
        (#"\ud83d \ud83d \ud83d"#, "\u{FFFD} \u{FFFD} \u{FFFD}"),
    ]) func halfAPairIsMended(_ inside: String, _ shown: String) throws {
        for holdsSecrets in [false, true] {
            for document in [
                "{\"t\":\"\(inside)\"}", "{\"a\":7,\"t\": \"\(inside)\" ,\"b\":\"8\"}",
                "{\"caf\u{E9}\":[1,2],\"t\":\"\(inside)\",\"z\":[\"\(inside)\"]}",
            ] {
                let document = try Document.parse(Buffer(document), holdsSecrets: holdsSecrets)
                document.read { root in
                    let value = root.member("t")
                    #expect(utf8(value.shownText) == utf8(shown))
                    #expect(value.text == nil && value.textOrInteger == nil)
                    #expect(value.withTextBytes { $0.count } == nil)
                    #expect(value.number == nil && value.integer == nil && value.bool == nil)
                    #expect(value.integerOrDigits == nil && value.decimal == nil)
                    #expect(!value.isAbsent && !value.isNull && !value.isSilent)
                    #expect(!value.isObject && !value.isArray && value.elementCount == 0)
                    #expect(value.element(0).isAbsent && value.element(1).isAbsent)
                    #expect(value.member("t").isAbsent)
                }
            }
        }
    }

    /// Wherever it stands, the rest of the document is what it was.
    @Test func halfAPairCostsNothingElse() throws {
        let text =
            #"{"name":"a\ud83d","list":["b\ud83d",["c\udcb6"],{"d":"e\ud83d"},5,"f"],"n":300.10,"#
            + #""good":"\ud83d\udcb6","status":"completed"}"#
        let document = try Document.of(text)
        let root = document.root
        #expect(utf8(root.at("name").shownText) == utf8("a\u{FFFD}"))
        let list = root.at("list")
        #expect(list.isArray && list.elementCount == 5)
        #expect(utf8(list.element(0).shownText) == utf8("b\u{FFFD}"))
        #expect(list.element(1).isArray && list.element(1).elementCount == 1)
        #expect(utf8(list.element(1).element(0).shownText) == utf8("c\u{FFFD}"))
        #expect(utf8(list.element(2).at("d").shownText) == utf8("e\u{FFFD}"))
        #expect(list.element(3).integer == 5 && list.element(4).text == "f")
        #expect(DocumentTests.number(root.at("n")) == "300.10")
        #expect(utf8(root.at("good").text) == utf8("\u{1F4B6}"))
        #expect(root.at("status").text == "completed")
        #expect(String(decoding: document.trimmed, as: UTF8.self) == text)
    }

    /// A list of a number and a text is a list, whatever the number, also beside mended texts.
    @Test(arguments: [
        "5", "0", "1", "2", "3", "4", "-1", "-0", "1.0", "1e0", "10",
        "9223372036854775807", "\"1\"", "null", "true",
    ]) func listsAreNotTakenForMendedTexts(_ first: String) throws {
        for document in [
            "{\"l\":[\(first),\"x\"]}",
            "{\"a\":\"\\ud800\",\"l\":[\(first),\"x\"],\"b\":\"\\ud800\"}",
            "{\"l\":[\(first),\"x\"],\"a\":[\"\\ud800\",\"\\ud800\"]}",
            "{\"l\":[\(first),\"caf\u{E9}\"],\"a\":\"\\ud800\"}",
        ] {
            let list = try Document.of(document).root.at("l")
            #expect(list.isArray && list.elementCount == 2, "\(document)")
            #expect(list.shownText == nil && list.text == nil)
            #expect(list.element(1).text != nil && !list.element(0).isAbsent)
        }
        let mended = try Document.of("{\"l\":[\(first),\"x\\ud800\"]}").root.at("l")
        #expect(mended.isArray && mended.elementCount == 2 && mended.shownText == nil)
        #expect(utf8(mended.element(1).shownText) == utf8("x\u{FFFD}"))
    }

    /// In a key: two that differ are two, the same twice is once too often, and nobody finds one.
    @Test func keysWithHalfAPairAreKeys() throws {
        for (one, other) in [
            (#"\ud800"#, #"\ud801"#), (#"\ud800"#, #"\udc00"#), (#"\udbff"#, #"\udfff"#),
            (#"a\ud800"#, #"a\ud800b"#), (#"\ud800\ud801"#, #"\ud801\ud800"#),
            (#"\ud800"#, #"\ufffd"#), (#"\ud83d"#, #"\ud83d\udcb6"#), (#"\ud800"#, ""),
        ] {
            #expect(DocumentTests.flaw("{\"\(one)\":1,\"\(other)\":2}") == nil, "\(one) \(other)")
        }
        for (one, other) in [
            (#"\ud800"#, #"\ud800"#), (#"\ud83d"#, #"\uD83D"#), (#"a\udfff"#, #"\u0061\udfff"#),
            (#"\udc00\ud800"#, #"\udc00\ud800"#),
        ] {
            #expect(
                DocumentTests.flaw("{\"\(one)\":1,\"x\":2,\"\(other)\":2}") == .duplicateKey,
                "\(one) \(other)")
            #expect(
                DocumentTests.flaw("{\"o\":[{\"\(one)\":1,\"\(other)\":2}]}") == .duplicateKey)
        }
        let root = try Document.of(
            #"{"status\ud800":"x","status":"y","\ud800":{"a":5},"b":"c\ud800"}"#
        ).root
        #expect(root.member("status").text == "y")
        #expect(root.member("\u{FFFD}").isAbsent && root.member("status\u{FFFD}").isAbsent)
        #expect(utf8(root.member("b").shownText) == utf8("c\u{FFFD}"))
        var count = 0
        root.forEachMember { _, _ in
            count += 1
            return true
        }
        #expect(count == 4)
    }

    /// Every half there is, as a value and as a key.
    @Test func everyHalfIsKnown() throws {
        var keys = ""
        for unit in 0xD7FF...0xE000 {
            let escape = "\\u" + String(unit, radix: 16)
            let isHalf = unit >= 0xD800 && unit <= 0xDFFF
            let value = try Document.of("{\"t\":\"\(escape)\"}").root.at("t")
            #expect((value.text == nil) == isHalf, "\(escape)")
            #expect((utf8(value.shownText) == utf8("\u{FFFD}")) == isHalf, "\(escape)")
            keys += (keys.isEmpty ? "" : ",") + "\"\(escape)\":\(unit)"
        }
        // No two of them become one.
        #expect(DocumentTests.flaw("{\(keys)}") == nil)
    }

    /// The bracket that jansson is given for one is no level of the document.
    @Test func mendedTextsAreNotDeeper() {
        let open = String(repeating: "[", count: 127)
        let close = String(repeating: "]", count: 127)
        #expect(DocumentTests.flaw("{\"a\":\(open)\"\\ud800\"\(close)}") == nil)
    }

    // MARK: Byte order marks

    /// Contract, version 0.2: one at the very start is skipped, and the document begins at the
    /// brace.
    @Test func oneByteOrderMarkIsSkipped() throws {
        for (text, trimmed) in [
            ("\u{FEFF}{}", "{}"), ("\u{FEFF} \n{\"n\": 300.10} ", "{\"n\": 300.10}"),
            (
                "\u{FEFF}{\"n\":-1.5,\"t\":\"a\\ud800\",\"\u{E9}\":\"\u{FEFF}\"}",
                "{\"n\":-1.5,\"t\":\"a\\ud800\",\"\u{E9}\":\"\u{FEFF}\"}"
            ),
        ] {
            let document = try Document.of(text)
            #expect(Array(document.trimmed) == Array(trimmed.utf8))
        }
        // Places are counted from behind it.
        let root = try Document.of("\u{FEFF}{\"a\":\"x\",\"n\":300.10,\"b\":[\"y\",2]}").root
        #expect(root.at("a").text == "x")
        #expect(DocumentTests.number(root.at("n")) == "300.10")
        #expect(root.at("b").element(0).text == "y" && root.at("b").element(1).integer == 2)
    }

    @Test(
        arguments: [
            ([], []), ([0xEF], [0xEF]), ([0xEF, 0xBB], [0xEF, 0xBB]), ([0xEF, 0xBB, 0xBF], []),
            ([0xEF, 0xBB, 0xBF, 0x7B], [0x7B]),
            ([0xEF, 0xBB, 0xBE, 0x7B], [0xEF, 0xBB, 0xBE, 0x7B]),
            ([0x20, 0xEF, 0xBB, 0xBF], [0x20, 0xEF, 0xBB, 0xBF]),
            ([0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF], [0xEF, 0xBB, 0xBF]),
        ] as [([UInt8], [UInt8])])
    func oneMarkAtTheStartIsTakenOff(_ bytes: [UInt8], _ rest: [UInt8]) {
        #expect(bytes.withUnsafeBufferPointer { Array(withoutByteOrderMark($0)) } == rest)
    }

    // MARK: Looking into it

    @Test func whiteSpaceAroundIsTrimmed() throws {
        for (text, trimmed) in [
            ("{}", "{}"), (" \n\r\t{ \"a\" : 1 }\t\r\n ", "{ \"a\" : 1 }"),
            ("{\"a\":\" \"}\n", "{\"a\":\" \"}"),
        ] {
            let document = try Document.of(text)
            withExtendedLifetime(document) {
                #expect(String(decoding: document.trimmed, as: UTF8.self) == trimmed)
            }
        }
    }

    /// Not there, null, or a text without content.
    @Test(arguments: [
        ("null", true), ("\"\"", true), ("\" \"", false), ("\"\\u0000\"", false), ("0", false),
        ("false", false), ("[]", false), ("{}", false), ("\"\\ud800\"", false),
    ]) func silenceIsNothingNullOrEmpty(_ value: String, _ isSilent: Bool) throws {
        let root = try Document.of("{\"v\":\(value)}").root
        #expect(root.member("v").isSilent == isSilent)
        #expect(root.member("w").isSilent)
    }

    @Test func typesAreKept() throws {
        let root = try Document.of(
            #"{"n":null,"t":true,"f":false,"o":{},"a":[1,"2"],"s":"x","i":5}"#
        ).root
        #expect(root.isObject)
        #expect(root.member("n").isNull && !root.member("n").isAbsent)
        #expect(root.member("t").bool == true)
        #expect(root.member("f").bool == false)
        #expect(
            root.member("s").bool == nil && root.member("i").bool == nil
                && root.member("n").bool == nil)
        #expect(root.member("o").isObject && !root.member("o").isArray)
        #expect(root.member("a").isArray && root.member("a").elementCount == 2)
        #expect(root.member("a").element(1).text == "2")
        #expect(root.member("s").text == "x")
        #expect(
            root.member("n").text == nil && root.member("i").text == nil
                && root.member("t").text == nil)
        #expect(root.member("i").withTextBytes { $0.count } == nil)
    }

    @Test func whatIsNotThereIsNothing() throws {
        let root = try Document.of(#"{"a":[1],"s":"x"}"#).root
        for nothing in [
            root.member("b"), root.member("A"), root.member(""), root.at("b.c.d"), root.at("s.x"),
            root.at("a.0"),
            root.member("a").element(1), root.member("a").element(-1), root.member("s").element(0),
            root.element(0),
            root.member("b").element(0), root.member("b").member("c"),
        ] {
            #expect(nothing.isAbsent)
            #expect(!nothing.isNull && !nothing.isObject && !nothing.isArray)
            #expect(
                nothing.text == nil && nothing.bool == nil && nothing.number == nil
                    && nothing.integer == nil)
            #expect(nothing.elementCount == 0)
            nothing.forEachMember { _, _ in
                Issue.record("a member of nothing")
                return true
            }
        }
    }

    @Test func membersComeInTheDocumentsOrder() throws {
        let root = try Document.of(#"{"z":1,"a":2,"m":{"x":3},"b":4}"#).root
        var keys: [String] = []
        root.forEachMember { key, value in
            keys.append(key)
            #expect(!value.isAbsent)
            return true
        }
        #expect(keys == ["z", "a", "m", "b"])
        var first: [String] = []
        root.forEachMember { key, _ in
            first.append(key)
            return first.count < 2
        }
        #expect(first == ["z", "a"])
    }

    /// A document that holds secrets is read like any other.
    @Test func secretsAreReadTheSame() throws {
        let text =
            #"{"access_token":"abc","list":["x",{"y":"z"}],"expires_in":3600,"n":null,"":""}"#
        let document = try Document.parse(Buffer(text), holdsSecrets: true)
        #expect(document.root.at("access_token").text == "abc")
        #expect(document.root.at("list").element(1).at("y").text == "z")
        #expect(document.root.at("expires_in").integer == 3600)
    }

    @Test(
        arguments: [
            (0, "0"), (7, "7"), (10, "10"), (1_234_567_890, "1234567890"),
            (.max, "18446744073709551615"), (10_000_000_000_000_000_000, "10000000000000000000"),
        ] as [(UInt64, String)])
    func decimalsAreWritten(_ number: UInt64, _ text: String) {
        let buffer = Buffer("x")
        appendDecimal(number, to: buffer)
        #expect(buffer.text == "x" + text)
    }

    /// At every depth there may be, and with more keys than have a letter.
    @Test func keysThatStandTwiceAreFoundAnywhere() throws {
        for depth in 0..<Document.deepest - 3 {
            func document(_ inside: String) -> String {
                String(repeating: #"{"k":"#, count: depth) + inside
                    + String(repeating: "}", count: depth)
            }
            #expect(DocumentTests.flaw(document(#"{"a":1,"b":2,"a":3}"#)) == .duplicateKey)
            #expect(DocumentTests.flaw(document(#"{"a":1,"b":{"a":3}}"#)) == nil, "\(depth)")
            #expect(DocumentTests.flaw(document(#"{"b":[{"a":1},{"a":2}],"a":3}"#)) == nil)
        }
        let many = (0..<200).map { #""key\#($0)":0"# }.joined(separator: ",")
        #expect(DocumentTests.flaw("{\(many)}") == nil)
        #expect(DocumentTests.flaw("{\(many),\"key7\":1}") == .duplicateKey)
    }

    /// The grammar of RFC 8259 over tokens, and objects that have a key twice: what jansson is
    /// given is another text, and must be refused and taken as this one is.
    private struct Grammar {
        let tokens: [String]
        private var place = 0
        private(set) var hasKeyTwice = false

        init(_ tokens: [String]) { self.tokens = tokens.filter { !Grammar.blanks.contains($0) } }

        static let blanks = [" ", "\n", "\t\r "]
        static let keys = ["\"a\"", "\"b\"", "\"\"", "\"longer key\"", "\"longer koy\""]
        static let values = ["1", "-2.50", "true", "null", "\"\\u00e9\"", "\"\u{E9}\""]
        static let signs = ["{", "}", "[", "]", ",", ":"]

        mutating func isObject() -> Bool { next == "{" && isValue() && place == tokens.count }

        private var next: String? { place < tokens.count ? tokens[place] : nil }

        private mutating func take(_ token: String) -> Bool {
            guard next == token else { return false }
            place += 1
            return true
        }

        private mutating func isValue() -> Bool {
            if take("{") {
                var known: Set<String> = []
                if take("}") { return true }
                repeat {
                    guard let key = next, key.hasPrefix("\"") else { return false }
                    place += 1
                    guard take(":"), isValue() else { return false }
                    // Escaped or not, it is the same key.
                    let name = key == "\"\\u00e9\"" ? "\"\u{E9}\"" : key
                    if !known.insert(name).inserted { hasKeyTwice = true }
                } while take(",")
                return take("}")
            }
            if take("[") {
                if take("]") { return true }
                repeat { guard isValue() else { return false } } while take(",")
                return take("]")
            }
            guard let next, Grammar.keys.contains(next) || Grammar.values.contains(next) else {
                return false
            }
            place += 1
            return true
        }
    }

    private static func value(_ depth: Int, _ random: inout Numbers) -> [String] {
        let kind = depth > 11 ? 9 : Int.random(in: 0..<10, using: &random)
        let count = Int.random(in: 0..<(depth > 4 ? 2 : 4), using: &random)
        if kind < 5 {
            let members = (0..<count).map { _ in
                [Grammar.keys.randomElement(using: &random)!, ":"] + value(depth + 1, &random)
            }
            return ["{"] + members.joined(separator: [","]) + ["}"]
        }
        if kind < 7 {
            let elements = (0..<count).map { _ in value(depth + 1, &random) }
            return ["["] + elements.joined(separator: [","]) + ["]"]
        }
        return [(Grammar.keys + Grammar.values).randomElement(using: &random)!]
    }

    /// The same numbers each time.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64 = 1
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ state >> 29) &* 0x9E37_79B9_7F4A_7C15
        }
    }

    @Test func madeUpTextsAreTakenAndRefusedByTheGrammar() {
        var random = Numbers()
        var seen: [String: Int] = [:]
        for _ in 0..<30_000 {
            var tokens = ["{", "\"a\"", ":"] + DocumentTests.value(0, &random) + ["}"]
            // Half of them are broken: a token is lost, doubled or replaced.
            if Bool.random(using: &random) {
                let place = Int.random(in: 0..<tokens.count, using: &random)
                let others = Grammar.keys + Grammar.values + Grammar.signs
                switch Int.random(in: 0..<3, using: &random) {
                case 0: tokens.remove(at: place)
                case 1: tokens.insert(tokens[place], at: place)
                default: tokens[place] = others.randomElement(using: &random)!
                }
            }
            for _ in 0..<Int.random(in: 0..<4, using: &random) {
                tokens.insert(
                    Grammar.blanks.randomElement(using: &random)!,
                    at: Int.random(in: 0...tokens.count, using: &random))
            }
            // "1" and "1" side by side would be eleven.
            let text = zip(tokens, tokens.dropFirst() + [""]).map { token, next in
                let isWord = token.last!.isLetter || token.last!.isNumber
                return isWord && (next.first?.isLetter == true || next.first?.isNumber == true)
                    ? token + " " : token
            }.joined()
            var grammar = Grammar(tokens)
            let isRight = grammar.isObject()
            let flaw = DocumentTests.flaw(text)
            if isRight {
                #expect(flaw == (grammar.hasKeyTwice ? .duplicateKey : nil), "\(text)")
            } else {
                #expect(flaw != nil && flaw != .outOfMemory, "\(text)")
            }
            seen[isRight ? grammar.hasKeyTwice ? "twice" : "right" : "wrong", default: 0] += 1
        }
        #expect(seen.count == 3 && seen.values.allSatisfy { $0 > 3000 }, "\(seen)")
    }
}
