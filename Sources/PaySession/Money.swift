// SPDX-License-Identifier: MIT

/// An exact amount in minor units. No floating point, no rounding: what is not exact is no Amount.
struct Amount {
    let minor: Int64
    /// nil only where the provider's document has no currency at all (Dintero's order sessions).
    let currency: Currency?

    /// Minor units as they are written by providers that use them.
    static func minorUnits(_ minor: Int64?, _ currency: Currency?) -> Amount? {
        guard let minor, let currency else { return nil }
        return Amount(minor: minor, currency: currency)
    }

    /// Major units as a JSON number: 300, 300.00 and 3e2 are 30000 cents, 299.999 is nothing.
    static func majorUnits(_ number: UnsafeBufferPointer<UInt8>?, _ currency: Currency?) -> Amount?
    {
        guard let number, let currency, let minor = scaled(number, by: currency.exponent)
        else { return nil }
        return Amount(minor: minor, currency: currency)
    }

    /// "300.00"; nil without a currency, whose exponent would have to be guessed.
    var decimal: String? {
        guard let currency else { return nil }
        var digits = String(minor.magnitude)
        while digits.utf8.count <= currency.exponent { digits = "0" + digits }
        let whole = digits.utf8.count - currency.exponent
        let sign = minor < 0 ? "-" : ""
        if currency.exponent == 0 { return sign + digits }
        return sign + String(decoding: digits.utf8.prefix(whole), as: UTF8.self) + "."
            + String(decoding: digits.utf8.dropFirst(whole), as: UTF8.self)
    }
}

/// A JSON number times ten to the `exponent`, if that is an integer that fits.
private func scaled(_ number: UnsafeBufferPointer<UInt8>, by exponent: Int) -> Int64? {
    let isNegative = number.first == 0x2D
    var value: Int64 = 0
    var scale = exponent
    var isFraction = false
    /// Zeros are held back until a digit follows: 1.000000000000000000000 must not overflow.
    var zeros = 0
    var index = isNegative ? 1 : 0

    func appended(_ digit: Int64) -> Int64? {
        times10(value, adding: digit, isNegative: isNegative)
    }

    while index < number.count {
        let byte = number[index]
        if byte == 0x2E {
            isFraction = true
        } else if isDigit(byte) {
            if isFraction { scale -= 1 }
            if byte == 0x30 {
                zeros += 1
            } else {
                if value != 0 {
                    for _ in 0..<zeros {
                        guard let next = appended(0) else { return nil }
                        value = next
                    }
                }
                zeros = 0
                guard let next = appended(Int64(byte - 0x30)) else { return nil }
                value = next
            }
        } else {  // the exponent
            index += 1
            let isDown = index < number.count && number[index] == 0x2D
            if index < number.count, number[index] == 0x2B || number[index] == 0x2D { index += 1 }
            guard let power = parseDigits(number[index...]), power <= 1_000_000 else {
                return value == 0 ? 0 : nil
            }
            scale += isDown ? -Int(power) : Int(power)
            break
        }
        index += 1
    }
    if value == 0 { return 0 }
    scale += zeros
    // value has no trailing zeros now: a negative scale leaves a fraction of a minor unit.
    guard scale >= 0, scale <= 18 else { return nil }
    for _ in 0..<scale {
        guard let next = appended(0) else { return nil }
        value = next
    }
    return value
}

/// A currency of ISO 4217, by its upper-case code, with the number of digits of its minor unit.
struct Currency {
    let code: String
    let exponent: Int

    /// nil for what is no currency with a minor unit: unknown codes, lower case, gold (XAU), tests
    /// (XTS).
    init?(_ code: String) {
        guard code.utf8.count == 3 else { return nil }
        var wanted = code
        for (exponent, codes) in currencyCodes {
            let known = UnsafeBufferPointer(start: codes.utf8Start, count: codes.utf8CodeUnitCount)
            let isKnown = wanted.withUTF8 { wanted in
                stride(from: 0, to: known.count - 2, by: 4).contains { place in
                    known[place] == wanted[0] && known[place + 1] == wanted[1]
                        && known[place + 2] == wanted[2]
                }
            }
            if isKnown {
                self.code = code
                self.exponent = exponent
                return
            }
        }
        return nil
    }
}

/// ISO 4217 list one, codes with a minor unit. ANG and BGN were withdrawn in 2025 and 2026:
/// sessions made before can still be read.
private let currencyCodes: [(exponent: Int, codes: StaticString)] = [
    (
        2,
        """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP \
        BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD \
        FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD \
        KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD \
        NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP \
        SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED \
        VES WST XAD XCD XCG YER ZAR ZMW ZWG
        """
    ),
    (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
    (3, "BHD IQD JOD KWD LYD OMR TND"),
    (4, "CLF UYW"),
]
