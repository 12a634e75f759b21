// SPDX-License-Identifier: MIT
import CPlatform

/// A text of a document, in the document's own memory: good while the document is there.
///
/// A session has some twenty texts that are read, judged and written into an answer within one
/// call. A String of each, made and given back again, would cost more than judging them.
struct DocumentText {
    let bytes: UnsafeBufferPointer<UInt8>
    /// All of it stands for itself in a JSON string, see `countPlain`.
    let isPlain: Bool

    init(_ bytes: UnsafeBufferPointer<UInt8>, isPlain: Bool) {
        self.bytes = bytes
        self.isPlain = isPlain
    }

    /// For what outlives the document.
    var string: String { decodedText(bytes) }
}

/// A word of ours in the place of a document's.
extension DocumentText: ExpressibleByStringLiteral {
    init(stringLiteral word: StaticString) {
        self.init(
            UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount),
            isPlain: true)
    }
}

@inline(never)
func sameBytes(_ text: DocumentText, _ other: String) -> Bool {
    withBytes(of: other) { other in
        guard text.bytes.count == other.count else { return false }
        guard let start = text.bytes.baseAddress, let otherStart = other.baseAddress else {
            return true
        }
        return memcmp(start, otherStart, other.count) == 0
    }
}

/// A word of ours.
@inline(never)
func sameBytes(_ text: DocumentText, _ word: StaticString) -> Bool {
    text.bytes.count == word.utf8CodeUnitCount
        && memcmp(text.bytes.baseAddress ?? word.utf8Start, word.utf8Start, text.bytes.count) == 0
}
