// SPDX-License-Identifier: MIT

/// How many of the first bytes stand for themselves in a JSON string: printable ASCII but quote
/// and backslash. Most of every document is made of them, so eight are looked at at once.
@_optimize(speed)
func countPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let words = UnsafeRawBufferPointer(bytes)
    var count = 0
    while count + 8 <= bytes.count {
        let others = others(words.loadUnaligned(fromByteOffset: count, as: UInt64.self))
        if others != 0 { return count + others.trailingZeroBitCount / 8 }
        count += 8
    }
    // The last eight, some of them for the second time.
    if count > 0 {
        let last = words.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        if others(last) == 0 { return bytes.count }
    }
    while count < bytes.count, isPlain(bytes[count]) { count += 1 }
    return count
}

private func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
}

/// The highest bit of each of eight bytes that is not plain, zero if all are. It is set in the byte
/// itself, or after a subtraction that borrows where the byte is below 0x20, or equal. A borrow
/// from the byte before can set one too many, but only behind one that is set for good reason.
private func others(_ eight: UInt64) -> UInt64 {
    let bytes = eight.littleEndian
    func each(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }
    let isSmall = bytes &- each(0x20)
    let isQuote = (bytes ^ each(0x22)) &- each(1)
    let isBackslash = (bytes ^ each(0x5C)) &- each(1)
    let isDelete = bytes &+ each(1)
    return (bytes | isSmall | isQuote | isBackslash | isDelete) & each(0x80)
}
