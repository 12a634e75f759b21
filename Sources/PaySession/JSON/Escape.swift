// SPDX-License-Identifier: MIT
import CPlatform

/// A text with more than plain bytes in it.
struct EscapedText {
    /// Behind its closing quote, or where the document ends.
    let end: Int
    let hasHalfPair: Bool

    /// - Parameter start: where the first byte stands that is not plain.
    init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) {
        var index = start
        var hasHalfPair = false
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            if bytes[index] == UInt8(ascii: "\\") {
                let escape = Escape(bytes, index)
                if escape.isHalfPair { hasHalfPair = true }
                index += escape.length
            } else {
                index += 1
            }
        }
        end = min(index + 1, bytes.count)
        self.hasHalfPair = hasHalfPair
    }
}

/// One escape of a JSON text, from its backslash on.
struct Escape {
    /// \u and four hexadecimal digits: one UTF-16 code unit.
    private static let lengthOfUnit = 6
    /// What is written in the place of one.
    static let longest = 2 * lengthOfUnit

    /// How many bytes belong together: both halves of a surrogate pair do.
    let length: Int
    let isHalfPair: Bool
    private let unit: UInt16

    init(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) {
        guard let unit = Escape.unit(bytes, start) else {
            self.unit = 0
            length = 2
            isHalfPair = false
            return
        }
        self.unit = unit
        let isWhole =
            unit & 0xFC00 == 0xD800
            && Escape.unit(bytes, start + Escape.lengthOfUnit).map { $0 & 0xFC00 } == 0xDC00
        length = isWhole ? 2 * Escape.lengthOfUnit : Escape.lengthOfUnit
        isHalfPair = unit & 0xF800 == 0xD800 && !isWhole
    }

    /// What it stands for; U+FFFD for half a surrogate pair.
    /// - Returns: false for a NUL, which no C text can hold.
    func append(to text: Buffer, _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
        let point: UInt32
        if start + 1 < bytes.count, bytes[start + 1] != UInt8(ascii: "u") {
            switch bytes[start + 1] {
            case UInt8(ascii: "b"): point = 0x08
            case UInt8(ascii: "f"): point = 0x0C
            case UInt8(ascii: "n"): point = 0x0A
            case UInt8(ascii: "r"): point = 0x0D
            case UInt8(ascii: "t"): point = 0x09
            case let other: point = UInt32(other)
            }
        } else if isHalfPair {
            point = 0xFFFD
        } else if length == 2 * Escape.lengthOfUnit,
            let low = Escape.unit(bytes, start + Escape.lengthOfUnit)
        {
            point = 0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(low & 0x3FF))
        } else {
            point = UInt32(unit)
        }
        // RFC 3629: the first byte says how many follow, each of which has six bits.
        let more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3
        let mark: UInt32 = more == 0 ? 0 : 0xF00 >> UInt32(more + 1) & 0xFF
        text.append(UInt8(truncatingIfNeeded: mark | point >> UInt32(6 * more)))
        for place in stride(from: more - 1, through: 0, by: -1) {
            text.append(UInt8(truncatingIfNeeded: 0x80 | point >> UInt32(6 * place) & 0x3F))
        }
        return point != 0
    }

    /// U+FFFD.
    /// - Returns: how many bytes it wrote.
    static func writeReplacement(to room: UnsafeMutablePointer<UInt8>) -> Int {
        memcpy(room, "\\ufffd", lengthOfUnit)
        return lengthOfUnit
    }

    /// In a key, which nobody looks for, each half gets a character of its own at the end of the
    /// private planes: two keys stay two keys, and the same key twice stays a mistake.
    /// - Returns: how many bytes it wrote.
    func writeForKey(to room: UnsafeMutablePointer<UInt8>) -> Int {
        let number = unit & 0x7FF
        var place = 0
        for unit in [0xDBFE | number >> 10, 0xDC00 | number & 0x3FF] {
            room[place] = UInt8(ascii: "\\")
            room[place + 1] = UInt8(ascii: "u")
            for digit in 0..<4 {
                let value = UInt8(truncatingIfNeeded: unit >> UInt16(12 - 4 * digit) & 15)
                room[place + 2 + digit] =
                    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
            }
            place += Escape.lengthOfUnit
        }
        return place
    }

    /// nil if no such escape stands there.
    private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt16? {
        guard start + lengthOfUnit <= bytes.count, bytes[start] == UInt8(ascii: "\\"),
            bytes[start + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt16 = 0
        for index in start + 2..<start + lengthOfUnit {
            guard let digit = hexadecimalValue(bytes[index]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}
