// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct DocumentTests {
    private func document(_ text: String) throws -> Document {
        try document(Array(text.utf8))
    }

    private func document(_ bytes: [UInt8]) throws -> Document {
        try bytes.withUnsafeBytes { try Document(Buffer(copying: $0)) }
    }

    private func flaw(_ bytes: [UInt8]) -> DocumentFlaw? {
        do {
            _ = try document(bytes)
            return nil
        } catch {
            return error as? DocumentFlaw
        }
    }

    @Test(arguments: [
        "0", "-0", "1", "-1", "10", "1.5", "-0.5", "1e5", "1E+5", "1e-5", "1.25e10", "1e999",
        "123456789012345678901234567890123456789012345678901234567890", "0.1000000000000000000001",
    ])
    func numbersAreReadAsTheyAreWritten(_ number: String) throws {
        for text in [
            "{\"a\":\(number)}", "{ \"a\" : [ \(number) , \(number)] }",
            "{\"a\":{\"a\":\(number)}}",
        ] {
            let root = try document(text).root
            let found = [root.at("a"), root.at("a").element(1), root.at("a.a")]
                .compactMap { $0.number.map { String(decoding: $0, as: UTF8.self) } }
            #expect(found == [number])
        }
    }

    @Test(arguments: [
        "01", "1.", ".5", "+1", "1e", "1e+", "-", "--1", "1.2.3", "0x10", "1e5.5", "1-1", "00",
        "Infinity", "NaN", "-a", "1,", "1 1",
    ])
    func whatIsNoNumberIsNoJSON(_ number: String) {
        #expect(flaw(Array("{\"a\":\(number)}".utf8)) == .notJSON)
    }

    @Test(arguments: [
        "1", "-5e7", "{12}", "[1,2]", "a\\\"1\\\"", "\\\\", "\\\\\\\"3", "\\u0031", "5e-7 \\n 12",
    ])
    func digitsInsideTextAreText(_ escaped: String) throws {
        let root = try document("{\"1\":\"\(escaped)\",\"b\":12}").root
        let expected = escaped.replacingEscapes()
        #expect(root.at("1").text == expected)
        #expect(root.at("1").number == nil)
        #expect(root.at("b").integer == 12)
    }

    @Test(
        arguments: [
            ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("2000", 2000), ("-0", 0),
            ("2000.0", nil), ("2e3", nil), ("1e999", nil),
        ] as [(String, Int64?)])
    func integersAreWrittenAsIntegers(_ number: String, _ integer: Int64?) throws {
        #expect(try document("{\"a\":\(number)}").root.at("a").integer == integer)
    }

    @Test(arguments: [
        ("[]", DocumentFlaw.notAnObject), ("[{}]", .notAnObject), ("1", .notJSON),
        ("null", .notJSON),
        ("\"a\"", .notJSON), ("", .notJSON), ("  ", .notJSON), ("{", .notJSON), ("{}}", .notJSON),
        ("{} {}", .notJSON), ("{\"a\":1,}", .notJSON), ("{'a':1}", .notJSON), ("{a:1}", .notJSON),
        ("{\"a\":tru}", .notJSON), ("{\"a\":\"\n\"}", .notJSON), ("{\"a\":1 /**/}", .notJSON),
        ("{\"a\":1,\"a\":1}", .duplicateKey), ("{\"a\":1,\"\\u0061\":2}", .duplicateKey),
        ("{\"b\":{\"a\":1,\"a\":2}}", .duplicateKey), ("{\"\":1,\"\":1}", .duplicateKey),
        ("\u{FEFF}{}", .notJSON), ("{\"a\":\"\\ud800\"}", .notJSON), ("{\"a\\u0000\":1}", .notJSON),
    ])
    func whatIsNoGoodIsToldApart(_ text: String, _ flawed: DocumentFlaw) {
        #expect(flaw(Array(text.utf8)) == flawed)
    }

    @Test func textMustBeUTF8() {
        let bytes = Array("{\"a\":\"".utf8)
        for bad: [UInt8] in [
            [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
        ] {
            #expect(flaw(bytes + bad + Array("\"}".utf8)) == .notUTF8)
        }
    }

    @Test func nulEscapesAreText() throws {
        #expect(try document("{\"a\":\"x\\u0000y\"}").root.at("a").text == "x\u{0}y")
    }

    @Test func depthIsLimited() throws {
        func nested(_ depth: Int) -> [UInt8] {
            let inner =
                String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
            return Array("{\"a\":\(inner)}".utf8)
        }
        #expect(flaw(nested(128)) == nil)
        #expect(flaw(nested(129)) == .tooDeep)
        #expect(flaw(nested(1_000_000)) == .tooDeep)
        // Brackets in text are no depth, and closed ones are not counted again.
        let flat = String(repeating: "[],", count: 1000)
        #expect(
            flaw(Array("{\"a\":[\(flat)\"\(String(repeating: "[", count: 500))\"]}".utf8)) == nil)
    }

    @Test func onlyTheWhiteSpaceAroundIsTrimmed() throws {
        let text = try document(" \r\n\t{ \"a\" : 1 }\n ")
        #expect(String(decoding: text.trimmed, as: UTF8.self) == "{ \"a\" : 1 }")
    }

    @Test func whatIsNotThereIsNothing() throws {
        let root = try document("{\"a\":{\"b\":null},\"c\":[1]}").root
        for path in ["x", "x.y.z", "a.x", "a.b.c", "c.d", "", ".", "a."] {
            #expect(root.at(path).isAbsent, "\(path)")
        }
        #expect(root.at("a.b").isNull)
        #expect(root.at("c").element(1).isAbsent)
        #expect(root.at("c").element(-1).isAbsent)
    }
}

extension String {
    /// The four escapes used above.
    fileprivate func replacingEscapes() -> String {
        var result = ""
        var rest = self[...]
        while let character = rest.popFirst() {
            guard character == "\\", let next = rest.popFirst() else {
                result.append(character)
                continue
            }
            switch next {
            case "n": result.append("\n")
            case "u":
                result.unicodeScalars.append(Unicode.Scalar(UInt32(rest.prefix(4), radix: 16)!)!)
                rest = rest.dropFirst(4)
            default: result.append(next)
            }
        }
        return result
    }
}
