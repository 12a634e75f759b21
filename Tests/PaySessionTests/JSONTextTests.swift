// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import PaySession

@Suite struct JSONTextTests {
    private func value(_ json: String, _ pointer: String) -> String? {
        Array(json.utf8).withUnsafeBufferPointer { bytes in
            let text = JSONText(bytes: bytes)
            guard let steps = JSONText.steps(pointer), let found = text.find(steps),
                let scalar = text.scalar(at: found.value)
            else { return nil }
            #expect(scalar.bytes.last == 0)
            return String(decoding: scalar.bytes.dropLast(), as: UTF8.self)
        }
    }

    /// The example of RFC 6901, 5, as far as C can be given its values.
    @Test(arguments: [
        ("/foo/0", "bar"), ("/foo/1", "baz"), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"),
        ("/e^f", "3"), ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"),
    ])
    func rfc6901(_ pointer: String, _ wanted: String) {
        let json = #"""
            {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5,
             "k\"l": 6, " ": 7, "m~n": 8}
            """#
        #expect(value(json, pointer) == wanted)
    }

    @Test(arguments: [
        "", "/foo", "foo", "/foo/2", "/foo/00", "/foo/-", "/foo/ 0", "/nil", "/m~2n", "/m~",
    ])
    func isNothing(_ pointer: String) {
        #expect(value(#"{"foo": ["bar", "baz"], "nil": null, "m": 1}"#, pointer) == nil)
    }

    @Test func numbersAndWordsAreAsTheyAreSpelt() {
        let json = "{\"a\":-1.50e+03 ,\"b\":[true,false],\"c\" : 300000000000000000000}"
        #expect(value(json, "/a") == "-1.50e+03")
        #expect(value(json, "/b/0") == "true")
        #expect(value(json, "/b/1") == "false")
        #expect(value(json, "/c") == "300000000000000000000")
    }

    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""Åke""#, "Åke"),
        (#""\u00c5\u20aC""#, "Å€"), (#""\uD83d\ude00""#, "😀"), (#""a\ud83dz""#, "a\u{FFFD}z"),
        (#""\ude00""#, "\u{FFFD}"), ("\"\"", ""),
    ])
    func textsAreDecoded(_ json: String, _ wanted: String) {
        #expect(value("{\"a\": \(json)}", "/a") == wanted)
    }

    /// C would see its first part.
    @Test func aTextWithANulIsNone() {
        #expect(value(#"{"a": "b\u0000c"}"#, "/a") == nil)
    }

    @Test func keysAreDecodedToo() {
        #expect(value(#"{"\u0061": {"x": 1}}"#, "/a/x") == "1")
    }

    /// Brackets, commas and quotes in texts are no part of the grammar.
    @Test func whatStandsBeforeIsSkipped() {
        let json = #"{"a": "}]\",{", "b": [{"c": ["]", 1]}, {}], "d": [[1, [2]], 3]}"#
        #expect(value(json, "/b/0/c/1") == "1")
        #expect(value(json, "/d/0/1/0") == "2")
        #expect(value(json, "/d/1") == "3")
    }

    /// It is only asked about what was read before. Whatever it is, it must come to an end.
    @Test(arguments: [
        "", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "[1,", "{\"a\":\"\\", "]", "\"\\u12",
    ])
    func whatIsNoJSONHasNothingInIt(_ json: String) {
        _ = value(json, "/a")
        _ = value(json, "")
        #expect(value(json, "/b") == nil)
    }
}
