// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct MoneyTests {
    /// A JSON number in major units, the currency, and the minor units that it is exactly; nil
    /// where it is none.
    static let majors: [(String, String, Int64?)] = [
        ("300", "EUR", 30000), ("300.00", "EUR", 30000), ("3e2", "EUR", 30000),
        ("3E+2", "EUR", 30000), ("3.0e2", "EUR", 30000), ("30000e-2", "EUR", 30000),
        ("0.1", "EUR", 10), ("0.01", "EUR", 1), ("0.001", "EUR", nil), ("299.999", "EUR", nil),
        ("299.990000000000000000000000000000", "EUR", 29999),
        ("299.990000000000000000000000000001", "EUR", nil),
        // A double would make 30000 of this.
        ("300.00000000000000001", "EUR", nil),
        ("1.005", "EUR", nil), ("0", "EUR", 0), ("-0", "EUR", 0), ("0.000", "EUR", 0),
        ("0e999999999999999999999", "EUR", 0), ("-299.99", "EUR", -29999),
        ("92233720368547758.07", "EUR", Int64.max), ("92233720368547758.08", "EUR", nil),
        ("-92233720368547758.08", "EUR", Int64.min), ("-92233720368547758.09", "EUR", nil),
        ("1e16", "EUR", 1_000_000_000_000_000_000), ("1e17", "EUR", nil), ("1e999", "EUR", nil),
        ("1e99999999999999999999", "EUR", nil), ("1e-99999999999999999999", "EUR", nil),
        ("1000000000000000000000e-18", "EUR", 100_000),
        ("300", "JPY", 300), ("300.0", "JPY", 300), ("300.5", "JPY", nil),
        ("1.234", "KWD", 1234), ("1.2345", "KWD", nil), ("1.2345", "CLF", 12345),
    ]

    @Test(arguments: majors)
    func majorUnitsAreExactOrNothing(_ number: String, _ code: String, _ minor: Int64?) {
        var number = number
        let amount = number.withUTF8 { Amount.majorUnits($0, Currency(code)) }
        #expect(amount?.minor == minor)
    }

    @Test(
        arguments: [
            (30000, "EUR", "300.00"), (1, "EUR", "0.01"), (10, "EUR", "0.10"), (0, "EUR", "0.00"),
            (-29999, "EUR", "-299.99"), (-1, "EUR", "-0.01"), (300, "JPY", "300"), (0, "JPY", "0"),
            (-5, "JPY", "-5"), (1234, "KWD", "1.234"), (4, "KWD", "0.004"),
            (12345, "CLF", "1.2345"),
            (Int64.max, "EUR", "92233720368547758.07"), (Int64.min, "EUR", "-92233720368547758.08"),
        ] as [(Int64, String, String)])
    func decimalsAreWrittenWithTheCurrencysDigits(_ minor: Int64, _ code: String, _ text: String) {
        #expect(Amount.minorUnits(minor, Currency(code))?.decimal == text)
    }

    @Test func withoutCurrencyThereIsNoDecimal() {
        #expect(Amount(minor: 5, currency: nil).decimal == nil)
        #expect(Amount.minorUnits(5, nil) == nil)
        #expect(Amount.minorUnits(nil, Currency("EUR")) == nil)
    }

    /// ISO 4217, the codes whose minor unit is not two digits, and some whose is.
    @Test func exponentsAreThoseOfISO4217() {
        let exponents: [(Int, String)] = [
            (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
            (3, "BHD IQD JOD KWD LYD OMR TND"), (4, "CLF UYW"),
            (2, "EUR SEK NOK DKK PLN CZK USD GBP CHF HUF RON MGA MRU XCG ZWG AED"),
        ]
        for (exponent, codes) in exponents {
            for code in codes.split(separator: " ") {
                #expect(Currency(String(code))?.exponent == exponent, "\(code)")
            }
        }
    }

    @Test(arguments: [
        "", "EU", "EURO", "eur", "Eur", "XAU", "XXX", "XTS", "XDR", "AAA", "E R", "UR ", " EU",
        "D A", "ED ", "ЕUR", "EU\u{0}",
    ])
    func whatIsNoCurrencyIsNone(_ code: String) {
        #expect(Currency(code) == nil)
    }
}
