// SPDX-License-Identifier: MIT
import CPlatform

// Text is compared byte for byte, always through these functions. String's own == follows canonical
// equivalence: U+212A, the Kelvin sign, would equal "K". For statuses and identifiers that is
// wrong, and it needs Unicode tables that the release build leaves out: a stray == fails to link.

@inline(never)
func sameBytes(_ one: String, _ other: String) -> Bool {
    one.utf8.count == other.utf8.count
        && withBytes(of: one) { bytes in
            withBytes(of: other) { otherBytes in
                guard let start = bytes.baseAddress, let otherStart = otherBytes.baseAddress
                else { return true }
                return memcmp(start, otherStart, bytes.count) == 0
            }
        }
}

func sameTexts(_ one: String?, _ other: String?) -> Bool {
    guard let one, let other else { return one == nil && other == nil }
    return sameBytes(one, other)
}

/// The text's bytes, in place: String's withUTF8 wants a variable, and so a copy with its counting.
/// Every text has them but those of Objective-C, which are not on this system.
func withBytes<R>(of text: String, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    text.utf8.withContiguousStorageIfAvailable(body)
        ?? body(UnsafeBufferPointer(start: nil, count: 0))
}

/// Never inlined: to look whether it is UTF-8, and to mend what is not, is a hundred bytes of code.
@inline(never)
func decodedText(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
}

/// Words of ours as C strings: StaticString's bytes end with a NUL.
func cString(_ word: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(word.utf8Start).assumingMemoryBound(to: CChar.self)
}

extension StaticString {
    /// Never inlined: an interpolation of one is a hundred bytes of code.
    var text: String {
        @inline(never) get {
            String(
                decoding: UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount),
                as: UTF8.self)
        }
    }
}

func hasPrefix(_ text: String, _ prefix: String) -> Bool {
    withBytes(of: text) { begins($0, with: prefix) }
}

@inline(never)
func begins(_ bytes: UnsafeBufferPointer<UInt8>, with prefix: String) -> Bool {
    withBytes(of: prefix) { prefix in
        guard bytes.count >= prefix.count, let start = bytes.baseAddress,
            let prefixStart = prefix.baseAddress
        else { return prefix.isEmpty }
        return memcmp(start, prefixStart, prefix.count) == 0
    }
}

func begins(_ text: String, with word: StaticString) -> Bool {
    withBytes(of: text) { begins($0, with: word) }
}

/// Whether the bytes begin with a word of ours.
@inline(never)
func begins(_ bytes: UnsafeBufferPointer<UInt8>, with word: StaticString) -> Bool {
    guard bytes.count >= word.utf8CodeUnitCount, let start = bytes.baseAddress else { return false }
    return memcmp(start, word.utf8Start, word.utf8CodeUnitCount) == 0
}

/// Whether a C text holds one of some words, which are parted by bars.
@inline(never)
func holds(_ text: UnsafePointer<CChar>, oneOf words: StaticString) -> Bool {
    var start = 0
    for end in 0...words.utf8CodeUnitCount
    where end == words.utf8CodeUnitCount || words.utf8Start[end] == UInt8(ascii: "|") {
        if cplatform_find(text, strlen(text), words.utf8Start + start, end - start) >= 0 {
            return true
        }
        start = end + 1
    }
    return false
}

/// What stands behind the first place of a word of ours; nil if the bytes do not hold it.
func rest(
    of bytes: UnsafeBufferPointer<UInt8>, behind word: StaticString
) -> UnsafeBufferPointer<UInt8>? {
    guard let start = bytes.baseAddress else { return nil }
    let place = cplatform_find(start, bytes.count, word.utf8Start, word.utf8CodeUnitCount)
    if place < 0 { return nil }
    return UnsafeBufferPointer(rebasing: bytes[(place + word.utf8CodeUnitCount)...])
}

/// Whether every byte lies in one of some ranges: "09AF" are 0 to 9 and A to F.
@inline(never)
func isMade(_ bytes: UnsafeBufferPointer<UInt8>, of ranges: StaticString) -> Bool {
    for byte in bytes {
        var place = 0
        while place < ranges.utf8CodeUnitCount,
            byte < ranges.utf8Start[place] || byte > ranges.utf8Start[place + 1]
        {
            place += 2
        }
        if place >= ranges.utf8CodeUnitCount { return false }
    }
    return true
}

@inline(never)
func isMade(_ text: String, of ranges: StaticString) -> Bool {
    withBytes(of: text) { isMade($0, of: ranges) }
}

/// Where the byte stands first; nil where it does not.
@inline(never)
func place(of byte: UInt8, in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    for index in 0..<bytes.count where bytes[index] == byte { return index }
    return nil
}

/// How often the byte stands there; asked before what it parts is held as so many pieces.
@inline(never)
func count(of byte: UInt8, in text: String) -> Int {
    withBytes(of: text) { bytes in
        var count = 0
        for one in bytes where one == byte { count += 1 }
        return count
    }
}

@inline(never)
func holds(_ text: String, _ byte: UInt8) -> Bool {
    withBytes(of: text) { place(of: byte, in: $0) != nil }
}

/// What stands before, between and behind a byte.
@inline(never)
func parts(
    of bytes: UnsafeBufferPointer<UInt8>, between separator: UInt8
) -> [UnsafeBufferPointer<UInt8>] {
    var parts: [UnsafeBufferPointer<UInt8>] = []
    var rest = bytes
    while let end = place(of: separator, in: rest) {
        parts.append(UnsafeBufferPointer(rebasing: rest[..<end]))
        rest = UnsafeBufferPointer(rebasing: rest[(end + 1)...])
    }
    parts.append(rest)
    return parts
}

/// A sentence with what it names: each {} gives way to one of the names, in their order. One
/// function for all, since an interpolation is some hundred bytes of code wherever it stands.
@inline(never)
func sentence(_ template: StaticString, _ first: String) -> String {
    sentence(template, first, "", "")
}

@inline(never)
func sentence(_ template: StaticString, _ first: String, _ second: String) -> String {
    sentence(template, first, second, "")
}

@inline(never)
func sentence(
    _ template: StaticString, _ first: String, _ second: String, _ third: String
) -> String {
    let text = Buffer()
    var names = 0
    var place = 0
    while place < template.utf8CodeUnitCount {
        if template.utf8Start[place] == UInt8(ascii: "{") {
            text.append(names == 0 ? first : names == 1 ? second : third)
            names += 1
            place += 2
        } else {
            text.append(template.utf8Start[place])
            place += 1
        }
    }
    return decodedText(text.bytes)
}

func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
        || byte == UInt8(ascii: "\r")
}

/// Without what an editor, `echo` or a copied line leaves at both ends.
func withoutBlanks(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var (first, end) = (0, bytes.count)
    while first < end, isBlank(bytes[first]) { first += 1 }
    while end > first, isBlank(bytes[end - 1]) { end -= 1 }
    return UnsafeBufferPointer(rebasing: bytes[first..<end])
}

/// Control characters of Unicode (Cc): C0, DEL and C1. None belongs into an identifier or a header.
func hasControlCharacter(_ text: String) -> Bool {
    withBytes(of: text) { bytes in
        var before: UInt8 = 0
        for byte in bytes {
            // C1 in UTF-8: C2 80 to C2 9F.
            if byte < 0x20 || byte == 0x7F || before == 0xC2 && byte < 0xA0 { return true }
            before = byte
        }
        return false
    }
}

func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
}

/// Of a value from 0 to 15, in upper case as RFC 3986, 2.1, wants it.
func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
}

/// ASCII letters alone; other scripts are left as they are.
func upperCased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte & 0xDF : byte
}

func lowerCased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

/// A decimal number without sign, from all of `bytes`; nil if it is no number or does not fit.
func parseDigits(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
    var value: Int64 = 0
    var seen = false
    for byte in bytes {
        guard isDigit(byte),
            let next = times10(value, adding: Int64(byte - UInt8(ascii: "0")), isNegative: false)
        else { return nil }
        value = next
        seen = true
    }
    return seen ? value : nil
}

/// One digit more, away from zero; nil if it does not fit. Negative numbers are built below zero,
/// where there is room for the smallest.
func times10(_ value: Int64, adding digit: Int64, isNegative: Bool) -> Int64? {
    let (shifted, isTooBig) = value.multipliedReportingOverflow(by: 10)
    let (sum, isTooBigNow) = shifted.addingReportingOverflow(isNegative ? -digit : digit)
    return isTooBig || isTooBigNow ? nil : sum
}
