// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct ReaderTests {
    static func reader(_ text: String) throws -> Reader {
        Reader(try Document.of(text).root, drift: Drift())
    }

    @Test func readsByPath() throws {
        let reader = try ReaderTests.reader(
            #"{"a":"x","o":{"t":"y","n":{"i":-5,"b":false}},"at":"2024-01-15T10:30:00Z","a.b":"z"}"#
        )
        #expect(reader.text("a") == "x")
        #expect(reader.text("o.t") == "y")
        #expect(reader.integer("o.n.i") == -5)
        #expect(reader.bool("o.n.b") == false)
        #expect(reader.timestamp("at") == "2024-01-15T10:30:00Z")
        #expect(reader["o"].isObject)
        #expect(reader["o.n.i"].integer == -5)
        // A dot parts keys; one inside a key is out of reach.
        #expect(reader["a.b"].isAbsent)
        #expect(reader.drift.unreadable == [])
        #expect(reader.drift.unknownStatus == nil)
    }

    @Test func pathsThatLeadNowhere() throws {
        let reader = try ReaderTests.reader(#"{"a":"x","o":{"t":"y"}}"#)
        for path: StaticString in [
            "", ".", "..", "a.", ".a", "o..t", "o.t.", "o.t.x", "O.t", "o. t", "a b",
        ] {
            #expect(reader[path].isAbsent, "\(path)")
        }
    }

    @Test func emptyKeysAreKeys() throws {
        let reader = try ReaderTests.reader(#"{"":"x","o":{"":"y"},"caf\u00e9":"z"}"#)
        #expect(reader[""].text == "x")
        #expect(reader["o."].text == "y")
        #expect(reader["caf\u{E9}"].text == "z")
        #expect(reader["cafe\u{301}"].isAbsent)
    }

    /// Absent, null and (for text) empty say nothing: no value, and no drift.
    @Test(arguments: [#"{}"#, #"{"f":null}"#, #"{"f":""}"#, #"{"g":1}"#]) func nothingIsNoDrift(
        _ text: String
    ) throws {
        let reader = try ReaderTests.reader(text)
        #expect(reader.text("f") == nil)
        #expect(reader.timestamp("f") == nil)
        #expect(reader.drift.unreadable == [])
    }

    @Test func nothingIsNoDriftForOtherTypes() throws {
        for text in ["{}", #"{"f":null}"#] {
            let reader = try ReaderTests.reader(text)
            #expect(reader.integer("f") == nil)
            #expect(reader.bool("f") == nil)
            #expect(reader.list("f") { $0.text("x") } == nil)
            #expect(reader.drift.unreadable == [])
        }
    }

    /// There, but of the wrong type: no value, and its name is noted.
    @Test(arguments: [
        ("text", "1"), ("text", "true"), ("text", "{}"), ("text", "[]"), ("text", "[\"x\"]"),
        ("text", "1e999"), ("integer", "\"1\""), ("integer", "1.0"), ("integer", "1e3"),
        ("integer", "1e999"), ("integer", "true"), ("integer", "{}"), ("integer", "[1]"),
        ("integer", "9223372036854775808"), ("integer", "\"\""), ("bool", "0"),
        ("bool", "\"true\""), ("bool", "{}"), ("bool", "[]"), ("timestamp", "1705314600"),
        ("timestamp", "\"yesterday\""), ("timestamp", "\"2024-01-15T10:30:00\""),
        ("timestamp", "{}"), ("list", "{}"), ("list", "\"x\""), ("list", "1"), ("list", "true"),
    ]) func wrongTypesAreNoted(_ kind: String, _ value: String) throws {
        let reader = try ReaderTests.reader("{\"o\":{\"f\":\(value)}}")
        for _ in 0..<2 {
            switch kind {
            case "text": #expect(reader.text("o.f") == nil)
            case "integer": #expect(reader.integer("o.f") == nil)
            case "bool": #expect(reader.bool("o.f") == nil)
            case "timestamp": #expect(reader.timestamp("o.f") == nil)
            default: #expect(reader.list("o.f") { $0.text("x") } == nil)
            }
        }
        // Once, however often it is read.
        #expect(reader.drift.unreadable == ["o.f"])
    }

    /// What is no object is left out of a list, and said by the list's name alone.
    @Test func listsKeepTheirObjects() throws {
        let reader = try ReaderTests.reader(
            #"{"o":{"l":[{"t":"a"},5,"marker",null,[{"t":"marker"}],{"t":7},{},"#
                + #"{"t":"b","m":[{"u":1}]}]}}"#
        )
        let texts = reader.list("o.l") { line -> String? in
            _ = line.list("m") { $0.text("u") }.map(Array.init)
            return line.text("t")
        }
        #expect(texts.map(Array.init) == ["a", nil, nil, "b"])
        #expect(reader.drift.unreadable == ["o.l", "o.l.t", "o.l.m.u"])
        let empty = try ReaderTests.reader(#"{"l":[]}"#).list("l") { $0.text("t") }
        #expect(empty.map(Array.init) == [])
    }

    /// Personal data stands in documents. Whatever they hold, notes are the paths asked for.
    @Test func notesNameAndNeverTell() throws {
        let marker = "Jane-Doe-19700101"
        let reader = try ReaderTests.reader(
            """
            {"name": {"\(marker)": "\(marker)"}, "\(marker)": 1, "born": "\(marker)",
             "list": ["\(marker)", {"x": ["\(marker)"]}], "flag": "\(marker)", "count": "\(marker)"}
            """)
        _ = reader.text("name")
        _ = reader.timestamp("born")
        _ = reader.list("list") { $0.text("x") }.map(Array.init)
        _ = reader.bool("flag")
        _ = reader.integer("count")
        #expect(reader.drift.unreadable == ["name", "born", "list", "list.x", "flag", "count"])
        #expect(reader.drift.unknownStatus == nil)
    }
}
