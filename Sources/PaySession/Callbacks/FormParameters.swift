// SPDX-License-Identifier: MIT

/// The parameters of a query or of a form, application/x-www-form-urlencoded (the URL standard, 5).
struct FormParameters {
    private(set) var all: [NamedText] = []

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        for part in parts(of: bytes, between: UInt8(ascii: "&")) where !part.isEmpty {
            let end = place(of: UInt8(ascii: "="), in: part) ?? part.count
            all.append(
                NamedText(
                    FormParameters.decoded(part[..<end]),
                    FormParameters.decoded(part[end...].dropFirst())))
        }
    }

    /// The value of a parameter that is there once: whoever reads one of several reads another than
    /// the next.
    subscript(name: StaticString) -> String? {
        let name = name.text
        var found: String?
        for parameter in all where sameBytes(parameter.name, name) {
            if found != nil { return nil }
            found = parameter.text
        }
        return found
    }

    /// A blank for "+"; "%" without two digits behind it stays. What is then no UTF-8 is U+FFFD.
    private static func decoded(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        let text = Buffer()
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let byte = bytes[place]
            if byte == UInt8(ascii: "%"), place + 2 < bytes.endIndex,
                let high = hexadecimalValue(bytes[place + 1]),
                let low = hexadecimalValue(bytes[place + 2])
            {
                text.append(high << 4 | low)
                place += 3
            } else {
                text.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                place += 1
            }
        }
        return decodedText(text.bytes)
    }

    /// Written again, sorted by name; those of one name stay in their order.
    func appendSorted(to text: Buffer) {
        for (place, parameter) in sorted.enumerated() {
            if place > 0 { text.append(UInt8(ascii: "&")) }
            FormParameters.append(parameter.name, to: text)
            text.append(UInt8(ascii: "="))
            FormParameters.append(parameter.text, to: text)
        }
    }

    /// Runs of 1, 2, 4, ... are merged: no more than some 15 rounds for all that a request can
    /// hold. The standard library's own sort is three times as much code.
    private var sorted: [NamedText] {
        var sorted = all
        var length = 1
        while length < all.count {
            var merged: [NamedText] = []
            merged.reserveCapacity(all.count)
            var start = 0
            while start < all.count {
                let (middle, end) = (
                    min(start + length, all.count), min(start + 2 * length, all.count)
                )
                var (left, right) = (start, middle)
                while left < middle || right < end {
                    let takesRight =
                        left == middle
                        || right < end
                            && FormParameters.precedes(sorted[right].name, sorted[left].name)
                    merged.append(sorted[takesRight ? right : left])
                    if takesRight { right += 1 } else { left += 1 }
                }
                start = end
            }
            sorted = merged
            length *= 2
        }
        return sorted
    }

    /// By code units of UTF-16, as JavaScript sorts: there what is beyond the Basic Multilingual
    /// Plane (in UTF-8 it begins with F0 or more) stands before U+E000 to U+FFFF (with EE or EF).
    private static func precedes(_ one: String, _ other: String) -> Bool {
        func rank(_ byte: UInt8) -> UInt8 { byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte }
        return withBytes(of: one) { bytes in
            withBytes(of: other) { otherBytes in
                for place in 0..<min(bytes.count, otherBytes.count)
                where bytes[place] != otherBytes[place] {
                    return rank(bytes[place]) < rank(otherBytes[place])
                }
                return bytes.count < otherBytes.count
            }
        }
    }

    private static func staysAsItIs(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    private static func append(_ text: String, to buffer: Buffer) {
        withBytes(of: text) { bytes in
            for byte in bytes {
                if byte == UInt8(ascii: " ") {
                    buffer.append(UInt8(ascii: "+"))
                } else if staysAsItIs(byte) {
                    buffer.append(byte)
                } else {
                    buffer.append(UInt8(ascii: "%"))
                    buffer.append(hexadecimalDigit(byte >> 4))
                    buffer.append(hexadecimalDigit(byte & 15))
                }
            }
        }
    }
}
