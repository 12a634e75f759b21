// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct NumberTests {
    static func with<R>(_ text: String, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        Array(text.utf8).withUnsafeBufferPointer { body($0) }
    }

    @Test(arguments: [
        ("0", true), ("-0", true), ("10", true), ("-10", true), ("0.0", true), ("10.01", true),
        ("1e5", true), ("1E5", true), ("1e+5", true), ("1e-05", true), ("0e0", true),
        ("-0.10E-00", true), ("", false), ("-", false), ("+1", false), ("01", false),
        ("-01", false), ("00", false), ("1.", false), (".1", false), ("1.e1", false),
        ("1e", false), ("1e+", false), ("1e1.0", false), ("--1", false), ("1-", false),
        ("1 ", false), (" 1", false), ("1x", false), ("1,0", false), ("NaN", false),
        ("\u{661}", false), ("1\0", false),
    ]) func isRFC8259s(_ text: String, _ isGood: Bool) {
        #expect(NumberTests.with(text) { isNumber($0) } == isGood)
    }

    /// Every byte that may stand in a number, and no other.
    @Test func numbersAreMadeOfFewBytes() {
        let bytes = Array("0123456789+-.eE".utf8)
        for byte in UInt8.min...UInt8.max { #expect(isNumberByte(byte) == bytes.contains(byte)) }
    }

    /// As JSON writes an integer: what is spelt with a point or an exponent is none here.
    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-7", -7), ("2000", 2000),
            ("9223372036854775807", .max), ("9223372036854775808", nil),
            ("-9223372036854775808", .min), ("-9223372036854775809", nil),
            ("99999999999999999999999", nil), ("-99999999999999999999999", nil), ("", nil),
            ("-", nil), ("--1", nil), ("+1", nil), ("1.0", nil), ("1e3", nil), ("1-", nil),
            (" 1", nil), ("1 ", nil), ("- 1", nil), ("x", nil), ("1\0", nil),
        ] as [(String, Int64?)])
    func integersAreParsed(_ text: String, _ value: Int64?) {
        #expect(NumberTests.with(text) { parseInteger($0) } == value)
    }

    /// Contract, version 0.2: -?[0-9]+(.[0-9]+)?, with a point; a comma could mean thousands.
    @Test(arguments: [
        ("0", true), ("7", true), ("300", true), ("300.00", true), ("0.1", true), ("-300", true),
        ("-0.10", true), ("007", true), ("00.00", true), ("-0", true),
        (String(repeating: "9", count: 500) + ".5", true), ("", false), ("-", false), (".", false),
        ("-.", false), (".5", false), ("5.", false), ("-.5", false), ("-5.", false),
        ("1.2.3", false), ("1..2", false), ("--1", false), ("1-", false), ("1-2", false),
        ("1.-2", false), ("+1", false), ("3e2", false), ("3E2", false), ("1,5", false),
        ("1.000,00", false), ("1'000", false), ("1 000", false), (" 1", false), ("1 ", false),
        ("\t1", false), ("1\n", false), ("1\0", false), ("0x1", false), ("1f", false),
        ("NaN", false), ("Infinity", false), ("EUR 1", false), ("1 EUR", false), ("$1", false),
        ("\u{661}", false), ("\u{FF11}", false), ("\u{2212}1", false), ("1.\u{661}", false),
    ]) func plainDecimalsAreKnown(_ text: String, _ isPlain: Bool) {
        #expect(NumberTests.with(text) { isPlainDecimal($0) } == isPlain)
    }

    /// A number, and what it is by exponents 0, 2, 3 and 4; nil where that is no whole number, or
    /// does not fit.
    struct Row: CustomTestStringConvertible {
        let number: String
        let scaled: [Int64?]
        init(_ number: String, _ scaled: [Int64?]) { (self.number, self.scaled) = (number, scaled) }
        var testDescription: String { number.count > 40 ? "\(number.prefix(40))…" : number }
    }

    static let rows: [Row] = [
        Row("0", [0, 0, 0, 0]), Row("-0.000", [0, 0, 0, 0]), Row("0e999999999", [0, 0, 0, 0]),
        Row("1", [1, 100, 1000, 10000]), Row("-1", [-1, -100, -1000, -10000]),
        Row("007", [7, 700, 7000, 70000]), Row("300.00", [300, 30000, 300_000, 3_000_000]),
        Row("2000.0", [2000, 200_000, 2_000_000, 20_000_000]),
        Row("2e3", [2000, 200_000, 2_000_000, 20_000_000]),
        Row("20000e-1", [2000, 200_000, 2_000_000, 20_000_000]),
        Row("0.5", [nil, 50, 500, 5000]), Row("0.05", [nil, 5, 50, 500]),
        Row("0.005", [nil, nil, 5, 50]), Row("0.0005", [nil, nil, nil, 5]),
        Row("0.00005", [nil, nil, nil, nil]), Row("-0.0005", [nil, nil, nil, -5]),
        Row("1.2340", [nil, nil, 1234, 12340]),
        Row("12.34e2", [1234, 123_400, 1_234_000, 12_340_000]),
        Row("12.34e1", [nil, 12340, 123_400, 1_234_000]), Row("1e-2", [nil, 1, 10, 100]),
        Row("1e-5", [nil, nil, nil, nil]),
        Row("299.99000000000001", [nil, nil, nil, nil]),
        Row("299.9900000000000000000", [nil, 29999, 299_990, 2_999_900]),
        Row("9223372036854775807", [.max, nil, nil, nil]),
        Row("9223372036854775807.000", [.max, nil, nil, nil]),
        Row("-9223372036854775808", [.min, nil, nil, nil]),
        Row("9223372036854775808", [nil, nil, nil, nil]),
        Row("92233720368547758.07", [nil, .max, nil, nil]),
        Row("922337203685477.5807", [nil, nil, nil, .max]),
        Row("-922337203685477.5808", [nil, nil, nil, .min]),
        Row("922337203685477.5808", [nil, nil, nil, nil]),
        Row("1e18", [1_000_000_000_000_000_000, nil, nil, nil]), Row("1e19", [nil, nil, nil, nil]),
        Row(
            "1e14",
            [
                100_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000,
                1_000_000_000_000_000_000,
            ]),
        Row("1e999999999999999999999", [nil, nil, nil, nil]),
        Row("1e-999999999999999999999", [nil, nil, nil, nil]),
        Row("1" + String(repeating: "0", count: 600) + "e-600", [1, 100, 1000, 10000]),
        Row("0." + String(repeating: "0", count: 599) + "1e600", [1, 100, 1000, 10000]),
    ]

    @Test(arguments: rows) func decimalsAreScaledExactly(_ row: Row) {
        for (exponent, scaled) in zip([0, 2, 3, 4], row.scaled) {
            #expect(
                NumberTests.with(row.number) { scaledDecimal($0, by: exponent) } == scaled,
                "by \(exponent)")
        }
    }

    @Test func decimalsAreWrittenBack() {
        for number in [0, 9, 10, 99, 100, 12_345_678_901_234_567_890, .max] as [UInt64] {
            let room = UnsafeMutablePointer<UInt8>.allocate(capacity: 20)
            defer { room.deallocate() }
            let count = writeDecimal(number, to: room)
            let text = String(
                decoding: UnsafeBufferPointer(start: room, count: count), as: UTF8.self)
            #expect(text == String(number))
        }
    }
}
