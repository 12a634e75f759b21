// SPDX-License-Identifier: MIT
import CPlatform

/// Writes compact JSON straight into a buffer, with a provider's bytes verbatim where wanted:
/// jansson can do neither without building a second tree, which costs more than all the rest of a
/// call.
struct Writer {
    let buffer: Buffer
    private var needsComma = false

    init(_ buffer: Buffer) { self.buffer = buffer }

    mutating func object(_ body: (inout Writer) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    mutating func array(_ body: (inout Writer) -> Void) {
        open(UInt8(ascii: "["))
        body(&self)
        close(UInt8(ascii: "]"))
    }

    mutating func key(_ key: StaticString) {
        put(bytes(of: key), as: .key)
    }

    mutating func key(_ text: String) {
        string(text)
        buffer.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func null() { word("null") }
    mutating func bool(_ value: Bool) { word(value ? "true" : "false") }

    mutating func integer(_ value: Int64) {
        separate()
        if value < 0 { buffer.append(UInt8(ascii: "-")) }
        appendDecimal(value.magnitude, to: buffer)
        needsComma = true
    }

    /// In milliseconds, with one digit after the point.
    mutating func milliseconds(_ span: Span) {
        let tenths = max(span.microseconds, 0) / 100
        integer(tenths / 10)
        buffer.append(UInt8(ascii: "."))
        buffer.append(UInt8(ascii: "0") + UInt8(tenths % 10))
    }

    /// A word of ours, which needs no escapes.
    mutating func string(_ text: StaticString) {
        put(bytes(of: text), as: .text)
    }

    mutating func string(_ text: String) {
        withBytes(of: text) { string($0, isPlain: false) }
    }

    private mutating func string(_ bytes: UnsafeBufferPointer<UInt8>, isPlain: Bool) {
        if isPlain || countPlain(bytes) == bytes.count {
            return put(bytes, as: .text)
        }
        separate()
        buffer.append(UInt8(ascii: "\""))
        escaped(bytes)
        buffer.append(UInt8(ascii: "\""))
        needsComma = true
    }

    mutating func string(_ text: String?) {
        if let text { string(text) } else { null() }
    }

    mutating func string(_ text: DocumentText) {
        string(text.bytes, isPlain: text.isPlain)
    }

    mutating func integer(_ value: Int64?) {
        if let value { integer(value) } else { null() }
    }

    /// Bytes that are JSON already.
    mutating func verbatim(_ bytes: UnsafeBufferPointer<UInt8>) { put(bytes, as: .bare) }

    mutating func field(_ name: StaticString, _ text: String?) {
        key(name)
        string(text)
    }

    mutating func field(_ name: StaticString, _ text: DocumentText?) {
        key(name)
        if let text { string(text) } else { null() }
    }

    mutating func field(_ name: StaticString, _ number: Int64?) {
        key(name)
        integer(number)
    }

    mutating func field(_ name: StaticString, _ value: Bool?) {
        key(name)
        if let value { bool(value) } else { null() }
    }

    mutating func field(_ name: StaticString, _ span: Span?) {
        key(name)
        if let span { milliseconds(span) } else { null() }
    }

    /// A word of ours.
    mutating func field(_ name: StaticString, word: StaticString?) {
        key(name)
        if let word { string(word) } else { null() }
    }

    mutating func object(_ name: StaticString, _ body: (inout Writer) -> Void) {
        key(name)
        object(body)
    }

    mutating func array(_ name: StaticString, _ body: (inout Writer) -> Void) {
        key(name)
        array(body)
    }

    private enum Form { case bare, text, key }

    /// Bytes with all that belongs around them, in one go: most of an answer is written so.
    private mutating func put(_ bytes: UnsafeBufferPointer<UInt8>, as form: Form) {
        // With room for a comma, two quotes and a colon.
        guard let room = buffer.room(for: bytes.count + 4) else { return }
        var count = 0
        func add(_ byte: UInt8) {
            room[count] = byte
            count += 1
        }
        if needsComma { add(UInt8(ascii: ",")) }
        if form != .bare { add(UInt8(ascii: "\"")) }
        if let source = bytes.baseAddress {
            memcpy(room + count, source, bytes.count)
            count += bytes.count
        }
        if form != .bare { add(UInt8(ascii: "\"")) }
        if form == .key { add(UInt8(ascii: ":")) }
        buffer.fill(count)
        needsComma = form != .key
    }

    private func bytes(of text: StaticString) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        buffer.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        buffer.append(bracket)
        needsComma = true
    }

    private mutating func word(_ word: StaticString) { put(bytes(of: word), as: .bare) }

    private func separate() {
        if needsComma { buffer.append(UInt8(ascii: ",")) }
    }

    private func escaped(_ bytes: UnsafeBufferPointer<UInt8>) {
        var copied = 0
        func copy(upTo end: Int) {
            buffer.append(
                UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[copied..<end]))
        }
        for index in bytes.indices where needsEscape(bytes[index]) {
            let byte = bytes[index]
            copy(upTo: index)
            copied = index + 1
            buffer.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.append(byte)
            case 0x08: buffer.append(UInt8(ascii: "b"))
            case 0x0C: buffer.append(UInt8(ascii: "f"))
            case 0x0A: buffer.append(UInt8(ascii: "n"))
            case 0x0D: buffer.append(UInt8(ascii: "r"))
            case 0x09: buffer.append(UInt8(ascii: "t"))
            default:
                buffer.append("u00")
                for digit in [byte >> 4, byte & 15] {
                    buffer.append(lowerCased(hexadecimalDigit(digit)))
                }
            }
        }
        copy(upTo: bytes.count)
    }
}
