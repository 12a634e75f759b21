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
        open(0x7B)
        body(&self)
        close(0x7D)
    }

    mutating func array(_ body: (inout Writer) -> Void) {
        open(0x5B)
        body(&self)
        close(0x5D)
    }

    mutating func key(_ key: StaticString) {
        put(bytes(of: key), as: .key)
    }

    mutating func key(_ text: String) {
        string(text)
        buffer.append(0x3A)
        needsComma = false
    }

    mutating func null() { word("null") }
    mutating func bool(_ value: Bool) { word(value ? "true" : "false") }

    mutating func integer(_ value: Int64) {
        separate()
        if value < 0 { buffer.append(0x2D) }
        appendDecimal(value.magnitude, to: buffer)
        needsComma = true
    }

    /// In milliseconds, with one digit after the point.
    mutating func milliseconds(_ span: Span) {
        let tenths = max(span.microseconds, 0) / 100
        integer(tenths / 10)
        buffer.append(0x2E)
        buffer.append(0x30 + UInt8(tenths % 10))
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
        buffer.append(0x22)
        escaped(bytes)
        buffer.append(0x22)
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
        byte < 0x20 || byte == 0x22 || byte == 0x5C
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
        if needsComma { buffer.append(0x2C) }
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
            buffer.append(0x5C)
            switch byte {
            case 0x22, 0x5C: buffer.append(byte)
            case 0x08: buffer.append(0x62)
            case 0x0C: buffer.append(0x66)
            case 0x0A: buffer.append(0x6E)
            case 0x0D: buffer.append(0x72)
            case 0x09: buffer.append(0x74)
            default:
                for byte in [0x75, 0x30, 0x30] as [UInt8] { buffer.append(byte) }
                for digit in [byte >> 4, byte & 15] {
                    buffer.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                }
            }
        }
        copy(upTo: bytes.count)
    }
}
