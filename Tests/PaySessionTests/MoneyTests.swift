// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct MoneyTests {
    /// A JSON number, in major units of a currency with that many digits, and its minor units.
    struct Row: CustomTestStringConvertible {
        let number: String
        let code: String
        let minor: Int64?
        init(_ number: String, _ code: String, _ minor: Int64?) {
            (self.number, self.code, self.minor) = (number, code, minor)
        }
        var testDescription: String {
            number.count > 40 ? "\(number.prefix(40))… \(code)" : "\(number) \(code)"
        }
    }

    static let rows: [Row] = [
        // The contract's and the mapping's own examples.
        Row("300", "EUR", 30000), Row("300.00", "EUR", 30000), Row("3e2", "EUR", 30000),
        Row("3E+2", "EUR", 30000), Row("299.999", "EUR", nil),
        Row("3.0e2", "EUR", 30000), Row("30000e-2", "EUR", 30000),
        Row("300.00000000000000001", "EUR", nil), Row("1000000000000000000000e-18", "EUR", 100_000),
        // Zero, in every spelling.
        Row("0", "EUR", 0), Row("-0", "EUR", 0), Row("0.0", "EUR", 0), Row("0.000", "EUR", 0),
        Row("-0.00", "JPY", 0), Row("0e0", "EUR", 0), Row("0e99", "EUR", 0), Row("0E-99", "EUR", 0),
        Row("0e999999999999999999999999", "EUR", 0), Row("0.00e-5", "JPY", 0),
        // The minor unit and one digit beyond it.
        Row("0.01", "EUR", 1), Row("0.001", "EUR", nil), Row("0.010", "EUR", 1),
        Row("0.1", "EUR", 10), Row("1.005", "EUR", nil), Row("0.005", "EUR", nil),
        Row("0.009", "EUR", nil), Row("1", "JPY", 1), Row("1.0", "JPY", 1), Row("1.5", "JPY", nil),
        Row("0.1", "JPY", nil), Row("1.000", "KWD", 1000), Row("0.001", "KWD", 1),
        Row("0.0001", "KWD", nil), Row("1.0000", "CLF", 10000), Row("0.0001", "UYW", 1),
        Row("0.00001", "CLF", nil),
        // What binary floating point gets wrong.
        Row("0.29", "EUR", 29), Row("1.15", "EUR", 115), Row("4.35", "EUR", 435),
        Row("8.41", "EUR", 841), Row("1.1", "EUR", 110), Row("2.675", "KWD", 2675),
        Row("300.10", "EUR", 30010), Row("90071992547409.93", "EUR", 9_007_199_254_740_993),
        Row("9007199254740993", "JPY", 9_007_199_254_740_993),
        Row("2.9999999999999999", "EUR", nil), Row("0.30000000000000004", "EUR", nil),
        // Negative amounts are read as they are.
        Row("-5", "EUR", -500), Row("-0.01", "EUR", -1), Row("-12.34", "EUR", -1234),
        Row("-0.001", "EUR", nil), Row("-3e2", "EUR", -30000),
        // Exponents up and down.
        Row("1e0", "EUR", 100), Row("1e1", "EUR", 1000), Row("1e-2", "EUR", 1),
        Row("1e-3", "EUR", nil), Row("12e-1", "EUR", 120), Row("5e-7", "EUR", nil),
        Row("500e-3", "EUR", 50), Row("1000e-3", "JPY", 1), Row("1200e-3", "JPY", nil),
        Row("1.23E+2", "EUR", 12300), Row("1.234e1", "EUR", 1234), Row("1.234e0", "EUR", nil),
        Row("0.00000001e8", "EUR", 100), Row("0.00000001e6", "EUR", 1),
        Row("0.00000001e5", "EUR", nil), Row("1e00000000000002", "EUR", 10000),
        Row("1e+00", "EUR", 100), Row("1e-00", "EUR", 100), Row("10E-0003", "EUR", 1),
        // The ends of Int64.
        Row("92233720368547758.07", "EUR", .max), Row("92233720368547758.08", "EUR", nil),
        Row("-92233720368547758.08", "EUR", .min), Row("-92233720368547758.09", "EUR", nil),
        Row("9223372036854775807", "JPY", .max), Row("9223372036854775808", "JPY", nil),
        Row("-9223372036854775808", "JPY", .min), Row("-9223372036854775809", "JPY", nil),
        Row("9223372036854775.807", "BHD", .max), Row("922337203685477.5807", "CLF", .max),
        Row("9223372036854775.808", "BHD", nil), Row("99999999999999999999", "JPY", nil),
        Row("92233720368547758.070000", "EUR", .max), Row("92233720368547758070e-3", "EUR", .max),
        Row("1e16", "EUR", 1_000_000_000_000_000_000), Row("1e17", "EUR", nil),
        Row("9e16", "EUR", 9_000_000_000_000_000_000),
        Row("1e18", "JPY", 1_000_000_000_000_000_000), Row("1e19", "JPY", nil),
        Row("-9e16", "EUR", -9_000_000_000_000_000_000),
        // Huge, but no trap: too big, or too fine.
        Row("1e999", "EUR", nil), Row("1e-999", "EUR", nil),
        Row("-1e999999999999999999999", "EUR", nil), Row("1e-999999999999999999999", "EUR", nil),
        Row("1e9223372036854775807", "JPY", nil), Row("1e9223372036854775807", "EUR", nil),
        Row("10e9223372036854775807", "JPY", nil), Row("0.00001e-9223372036854775807", "EUR", nil),
        Row("1e-9223372036854775808", "JPY", nil),
        Row(String(repeating: "9", count: 60), "EUR", nil),
        // Long, but exact.
        Row("1." + String(repeating: "0", count: 400), "EUR", 100),
        Row("1" + String(repeating: "0", count: 400) + "e-400", "EUR", 100),
        Row("0." + String(repeating: "0", count: 399) + "1e400", "EUR", 100),
        Row("1." + String(repeating: "0", count: 400) + "1", "EUR", nil),
    ]

    @Test(arguments: rows) func majorUnitsAreExactOrNothing(_ row: Row) throws {
        // Through a document, as an amount comes.
        let document = try Document.of("{\"n\": \(row.number)}")
        let number = try #require(document.root.at("n").number)
        let currency = try #require(Currency(row.code))
        withExtendedLifetime(document) {
            #expect(Amount.majorUnits(number, currency)?.minor == row.minor)
            #expect(Amount.majorUnits(number, nil)?.minor == nil)
        }
    }

    @Test func whatIsNoNumberIsNoAmount() {
        #expect(Amount.majorUnits(nil, Currency("EUR"))?.minor == nil)
        #expect(Amount.minorUnits(nil, Currency("EUR"))?.minor == nil)
        #expect(Amount.minorUnits(1, nil)?.minor == nil)
        #expect(Amount.minorUnits(-1, Currency("EUR"))?.minor == -1)
        #expect(Amount.minorUnits(.min, Currency("EUR"))?.minor == .min)
    }

    @Test(
        arguments: [
            (30000, "EUR", "300.00"), (0, "EUR", "0.00"), (1, "EUR", "0.01"), (10, "EUR", "0.10"),
            (99, "EUR", "0.99"), (100, "EUR", "1.00"), (-1, "EUR", "-0.01"), (-100, "EUR", "-1.00"),
            (0, "JPY", "0"), (1, "JPY", "1"), (-5, "JPY", "-5"), (1, "KWD", "0.001"),
            (1234, "KWD", "1.234"), (1, "CLF", "0.0001"), (12345, "CLF", "1.2345"),
            (10000, "UYW", "1.0000"), (.max, "EUR", "92233720368547758.07"),
            (.min, "EUR", "-92233720368547758.08"), (.max, "JPY", "9223372036854775807"),
            (.min, "JPY", "-9223372036854775808"), (.min, "BHD", "-9223372036854775.808"),
        ] as [(Int64, String, String)])
    func decimalHasTheCurrencysDigits(_ minor: Int64, _ code: String, _ decimal: String) {
        #expect(Amount(minor: minor, currency: Currency(code)).decimal == decimal)
    }

    @Test func withoutACurrencyThereIsNoDecimal() {
        #expect(Amount(minor: 27840, currency: nil).decimal == nil)
    }

    /// ISO 4217, list one: what does not have two digits, by the list's own names.
    static let exotic: [(String, Int)] = [
        ("BIF", 0),  // Burundi Franc
        ("CLP", 0),  // Chilean Peso
        ("DJF", 0),  // Djibouti Franc
        ("GNF", 0),  // Guinean Franc
        ("ISK", 0),  // Iceland Krona
        ("JPY", 0),  // Yen
        ("KMF", 0),  // Comorian Franc
        ("KRW", 0),  // Won
        ("PYG", 0),  // Guarani
        ("RWF", 0),  // Rwanda Franc
        ("UGX", 0),  // Uganda Shilling
        ("UYI", 0),  // Uruguay Peso en Unidades Indexadas
        ("VND", 0),  // Dong
        ("VUV", 0),  // Vatu
        ("XAF", 0),  // CFA Franc BEAC
        ("XOF", 0),  // CFA Franc BCEAO
        ("XPF", 0),  // CFP Franc
        ("BHD", 3),  // Bahraini Dinar
        ("IQD", 3),  // Iraqi Dinar
        ("JOD", 3),  // Jordanian Dinar
        ("KWD", 3),  // Kuwaiti Dinar
        ("LYD", 3),  // Libyan Dinar
        ("OMR", 3),  // Rial Omani
        ("TND", 3),  // Tunisian Dinar
        ("CLF", 4),  // Unidad de Fomento
        ("UYW", 4),  // Unidad Previsional
    ]

    @Test(arguments: exotic) func exponentIsISO4217s(_ code: String, _ exponent: Int) {
        #expect(Currency(code)?.exponent == exponent)
        #expect(Currency(code)?.code == code)
    }

    /// Two digits, by continent; funds codes last.
    static let ordinary = """
        EUR GBP CHF SEK NOK DKK PLN CZK HUF RON RSD ALL BAM MKD MDL UAH BYN RUB GIP TRY GEL AMD AZN
        USD CAD MXN GTQ HNL NIO CRC PAB BZD SVC CUP DOP HTG JMD BSD BBD TTD XCD XCG KYD AWG BMD
        ARS BOB BRL COP FKP GYD PEN SRD UYU VES VED
        AFN AED SAR QAR YER ILS SYP LBP IRR PKR INR NPR BTN BDT LKR MVR MMK THB LAK KHR MYR SGD BND
        IDR PHP TWD CNY HKD MOP MNT KPW KZT KGS TJS TMT UZS
        AUD NZD FJD PGK SBD TOP WST
        DZD MAD EGP SDG SSP ETB ERN SOS KES TZS MWK ZMW ZWG MZN NAD BWP LSL SZL ZAR AOA CDF NGN GHS
        SLE LRD GMD CVE MRU STN MUR SCR MGA SHP XAD
        BOV CHE CHW COU MXV USN
        """.split { $0 == " " || $0 == "\n" }.map(String.init)

    @Test(arguments: ordinary) func exponentIsTwo(_ code: String) {
        #expect(Currency(code)?.exponent == 2)
    }

    @Test(arguments: [
        // No minor unit: metals, bond units, accounts, tests, none.
        "XAU", "XAG", "XPT", "XPD", "XBA", "XBB", "XBC", "XBD", "XDR", "XSU", "XUA", "XTS", "XXX",
        // Withdrawn long ago, never assigned, or cryptic.
        "DEM", "FRF", "ITL", "EEK", "LTL", "LVL", "HRK", "TRL", "ZWD", "BTC", "ABC", "ZZZ", "AAA",
        // Not the code alone.
        "EU", "E", "", "EURO", " EUR", "EUR ", "EU ", "R E", "UR ", "D A",
        " AE", "EUR\0", "978", "€", "ΕUR", "E\u{0300}U", "ＥＵＲ", "EU\u{212A}", "\u{212A}RW",
        "ED AFN",
    ]) func isNoCurrencyOfMoney(_ code: String) {
        #expect(Currency(code)?.code == nil)
    }

    /// Contract, version 0.2: codes are folded to upper case, ASCII alone.
    @Test(arguments: ["eur", "Eur", "eUR", "EUR"]) func letterCaseIsNoDifference(_ code: String) {
        #expect(utf8(Currency(code)?.code) == utf8("EUR"))
        #expect(Currency(code)?.exponent == 2)
    }
}
