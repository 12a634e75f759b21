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
        #expect(reader.text("a")?.string == "x")
        #expect(reader.text("o.t")?.string == "y")
        #expect(reader.integer("o.n.i") == -5)
        #expect(reader.bool("o.n.b") == false)
        #expect(reader.timestamp("at")?.utc == "2024-01-15T10:30:00Z")
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
        ("text", "1e999"), ("integer", "\"1\""), ("integer", "1.5"), ("integer", "1e-3"),
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

    /// Contract, version 0.2: half a surrogate pair is U+FFFD in a text for people; in what is
    /// compared or asked for again it makes the field unreadable.
    @Test func exactTextsAreWhatTheDocumentSays() throws {
        let reader = try ReaderTests.reader(
            #"{"good":"caf\u00e9 \ud83d\udcb6","half":"a\ud83d","o":{"half":"\udcb6"},"none":""}"#)
        #expect(utf8(reader.text("good")) == utf8("caf\u{E9} \u{1F4B6}"))
        #expect(utf8(reader.exactText("good")) == utf8("caf\u{E9} \u{1F4B6}"))
        #expect(utf8(reader.text("half")) == utf8("a\u{FFFD}"))
        #expect(utf8(reader.text("o.half")) == utf8("\u{FFFD}"))
        #expect(reader.text("none") == nil && reader.exactText("none") == nil)
        #expect(reader.exactText("absent") == nil)
        #expect(reader.drift.unreadable == [])
        #expect(reader.exactText("half") == nil)
        #expect(reader.reference("o.half") == nil)
        #expect(reader.drift.unreadable == ["half", "o.half"])
    }

    @Test(arguments: [#""a\ud800""#, #""\udc00""#, "5", "true", "[]", "{}", #"["a"]"#, "1.5"])
    func whatIsNoExactTextIsNoted(_ value: String) throws {
        let reader = try ReaderTests.reader("{\"o\":{\"f\":\(value)}}")
        #expect(reader.exactText("o.f") == nil)
        #expect(reader.drift.unreadable == ["o.f"])
    }

    /// Half a pair in a point in time or in a currency: as if it were of the wrong type.
    @Test func mendedTextsAreNoValues() throws {
        let reader = try ReaderTests.reader(
            #"{"at":"2024-01-15T10:30:00Z\ud800","currency":"EU\ud800","n":"5\ud800"}"#)
        #expect(reader.timestamp("at")?.utc == nil)
        #expect(reader.currency("currency")?.code == nil)
        #expect(reader.minorUnits("n") == nil)
        #expect(reader.majorUnits("n")?.count == nil)
        #expect(reader.list("n") { $0.text("x") } == nil)
        #expect(reader.drift.unreadable == ["at", "currency", "n"])
    }

    /// Contract, version 0.2: the shop's reference may be an integer, of any length: its digits.
    @Test(
        arguments: [
            (#""K-1""#, "K-1"), (#""007""#, "007"), (#""1.0""#, "1.0"), ("1001", "1001"),
            ("0", "0"), ("-0", "-0"), ("-5", "-5"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] as [(String, String)])
    func referencesAreTextsOrIntegers(_ value: String, _ reference: String) throws {
        let reader = try ReaderTests.reader("{\"o\":{\"f\":\(value)}}")
        #expect(reader.reference("o.f")?.string == reference)
        #expect(reader.drift.unreadable == [])
    }

    @Test(arguments: [
        "1001.0", "1e3", "1E3", "1001.5", "0.0", "true", "[]", "{}", "[1001]", #""K-1\udfff""#,
    ]) func whatIsNoReferenceIsNoted(_ value: String) throws {
        let reader = try ReaderTests.reader("{\"o\":{\"f\":\(value)}}")
        #expect(reader.reference("o.f") == nil)
        #expect(reader.drift.unreadable == ["o.f"])
    }

    /// Contract, version 0.2: whole numbers in any spelling; texts of digits for money, and only
    /// there.
    @Test(
        arguments: [
            ("2000", 2000, 2000), ("2000.0", 2000, 2000), ("2e3", 2000, 2000),
            ("20000e-1", 2000, 2000), ("-2000", -2000, -2000), ("-0.0", 0, 0),
            ("9223372036854775807", .max, .max), ("-9223372036854775808", .min, .min),
            (#""2000""#, 2000, nil), (#""0002000""#, 2000, nil), (#""0""#, 0, nil),
            (#""9223372036854775807""#, .max, nil), (#""9223372036854775808""#, nil, nil),
            ("9223372036854775808", nil, nil), ("2000.5", nil, nil), ("2e-1", nil, nil),
            (#""-2000""#, nil, nil), (#""+2000""#, nil, nil), (#"" 2000""#, nil, nil),
            (#""2000 ""#, nil, nil), (#""2000.0""#, nil, nil), (#""2e3""#, nil, nil),
            (#""2,000""#, nil, nil), (#""""#, nil, nil), ("true", nil, nil), ("[2000]", nil, nil),
            (#""\u0662""#, nil, nil),
        ] as [(String, Int64?, Int64?)])
    func minorUnitsMayBeTexts(_ value: String, _ minor: Int64?, _ integer: Int64?) throws {
        let reader = try ReaderTests.reader("{\"m\":\(value),\"i\":\(value)}")
        #expect(reader.minorUnits("m") == minor)
        #expect(reader.drift.unreadable == (minor == nil ? ["m"] : []))
        #expect(reader.integer("i") == integer)
        #expect(
            reader.drift.unreadable == (minor == nil ? ["m"] : []) + (integer == nil ? ["i"] : []))
    }

    /// Contract, version 0.2: any number, or a text that is a plain decimal with a point.
    @Test(
        arguments: [
            ("300", "300"), ("300.00", "300.00"), ("3e2", "3e2"), ("-5", "-5"), ("1e999", "1e999"),
            (#""300""#, "300"), (#""300.10""#, "300.10"), (#""-0.5""#, "-0.5"),
            (#""007""#, "007"), (#""3e2""#, nil), (#""300,00""#, nil), (#""300.""#, nil),
            (#"".5""#, nil), (#""+1""#, nil), (#"" 1""#, nil), (#""1 ""#, nil), (#""""#, nil),
            (#""--1""#, nil), (#""1.2.3""#, nil), ("true", nil), ("{}", nil), (#"["1"]"#, nil),
        ] as [(String, String?)])
    func majorUnitsMayBeTexts(_ value: String, _ digits: String?) throws {
        let reader = try ReaderTests.reader("{\"o\":{\"f\":\(value)}}")
        let read = reader.majorUnits("o.f").map { String(decoding: $0, as: UTF8.self) }
        #expect(read == digits)
        #expect(reader.drift.unreadable == (digits == nil ? ["o.f"] : []))
    }

    /// Contract, version 0.2: currencies in whatever letter case. What is none is noted.
    @Test(
        arguments: [
            (#""eur""#, "EUR", false), (#""Sek""#, "SEK", false), (#""euro""#, nil, true),
            (#""XXX""#, nil, true), ("978", nil, true), ("null", nil, false), (#""""#, nil, false),
        ] as [(String, String?, Bool)])
    func currenciesAreFolded(_ value: String, _ code: String?, _ isNoted: Bool) throws {
        let reader = try ReaderTests.reader("{\"f\":\(value)}")
        #expect(utf8(reader.currency("f")?.code) == utf8(code))
        #expect(reader.drift.unreadable == (isNoted ? ["f"] : []))
    }

    /// What is no object is left out of a list, and said by the list's name alone.
    @Test func listsKeepTheirObjects() throws {
        let reader = try ReaderTests.reader(
            #"{"o":{"l":[{"t":"a"},5,"marker",null,[{"t":"marker"}],{"t":7},{},"#
                + #"{"t":"b","m":[{"u":1}]}]}}"#
        )
        let texts = reader.list("o.l") { line -> String? in
            _ = line.list("m") { $0.text("u") }.map(Array.init)
            return line.text("t")?.string
        }
        #expect(texts.map(Array.init) == ["a", nil, nil, "b"])
        #expect(reader.drift.unreadable == ["o.l", "o.l.t", "o.l.m.u"])
        let empty = try ReaderTests.reader(#"{"l":[]}"#).list("l") { $0.text("t")?.string }
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
