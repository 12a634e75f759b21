// SPDX-License-Identifier: MIT

/// How an answer's body is packed, as its headers say: Content-Encoding and Transfer-Encoding.
///
/// gzip once, and chunks. libcurl would unpack five codings on top of each other, asked for or not:
/// two thousand bytes keep it busy for hours, deaf to deadline, cancel and fork.
struct Codings {
    /// As they came, as far as the first that is not accepted; enough of each to know it by.
    private(set) var content: String?
    private var transfer: String?
    private var hasForeignContent = false
    private var hasForeignTransfer = false

    /// The body must not be unpacked.
    var areForeign: Bool { hasForeignContent || hasForeignTransfer }

    mutating func note(content value: UnsafeBufferPointer<UInt8>) {
        if hasForeignContent || isNothing(value) { return }
        let isKnown = isWord(value, "gzip") || isWord(value, "x-gzip")
        hasForeignContent = content != nil || !isKnown
        content = joined(content, value)
    }

    mutating func note(transfer value: UnsafeBufferPointer<UInt8>) {
        if hasForeignTransfer || isNothing(value) { return }
        hasForeignTransfer = transfer != nil || !isWord(value, "chunked")
        transfer = joined(transfer, value)
    }

    /// What to tell of those that were not unpacked.
    var flaw: String {
        if hasForeignTransfer {
            return sentence(
                "the answer's Transfer-Encoding \"{}\" is not accepted, expected chunked",
                transfer ?? "")
        }
        guard let content else {
            return "the answer's Transfer-Encoding or Content-Encoding is not accepted"
        }
        return sentence(
            hasForeignContent
                ? "the answer's Content-Encoding \"{}\" is not accepted, expected gzip"
                : "the answer cannot be decompressed, its Content-Encoding is \"{}\"", content)
    }

    private func joined(_ before: String?, _ value: UnsafeBufferPointer<UInt8>) -> String {
        let one = shown(value)
        return before.map { sentence("{}, {}", $0, one) } ?? one
    }

    /// Nothing in it that a terminal would obey.
    private func shown(_ value: UnsafeBufferPointer<UInt8>) -> String {
        String(
            decoding: value.prefix(32).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self)
    }
}

/// Names of no coding at all.
private func isNothing(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    value.isEmpty || isWord(value, "identity") || isWord(value, "none")
}

/// Whether a header's value is that word, in letters of any case.
@inline(never)
private func isWord(_ value: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    guard value.count == word.utf8CodeUnitCount else { return false }
    for index in 0..<value.count where lowerCased(value[index]) != word.utf8Start[index] {
        return false
    }
    return true
}
