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

    /// Major units: 300, 300.00 and 3e2 are 30000 cents, 299.999 is nothing.
    static func majorUnits(_ number: UnsafeBufferPointer<UInt8>?, _ currency: Currency?) -> Amount?
    {
        guard let number, let currency, let minor = scaledDecimal(number, by: currency.exponent)
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
        return withBytes(of: digits) { bytes in
            sentence(
                "{}{}.{}", sign, decodedText(UnsafeBufferPointer(rebasing: bytes[..<whole])),
                decodedText(UnsafeBufferPointer(rebasing: bytes[whole...])))
        }
    }
}

/// A currency of ISO 4217, by its upper-case code, with the number of digits of its minor unit.
struct Currency {
    let code: String
    let exponent: Int

    /// A code in whatever letter case; nil for what is no currency with a minor unit: unknown
    /// codes, gold (XAU), tests (XTS).
    init?(_ code: UnsafeBufferPointer<UInt8>) {
        guard code.count == 3 else { return nil }
        let (first, second, third) = (
            upperCased(code[0]), upperCased(code[1]), upperCased(code[2])
        )
        for (exponent, codes) in currencyCodes {
            let known = UnsafeBufferPointer(
                start: codes.utf8Start, count: codes.utf8CodeUnitCount)
            for place in stride(from: 0, to: known.count - 2, by: 4)
            where known[place] == first && known[place + 1] == second
                && known[place + 2] == third
            {
                self.code = decodedText(UnsafeBufferPointer(rebasing: known[place..<place + 3]))
                self.exponent = exponent
                return
            }
        }
        return nil
    }

    init?(_ code: String) {
        guard let known = withBytes(of: code, { Currency($0) }) else { return nil }
        self = known
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
