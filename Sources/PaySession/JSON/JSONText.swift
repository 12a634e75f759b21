// SPDX-License-Identifier: MIT

/// JSON as it is written, looked into without being read as a whole: one value of an answer, and
/// the place of a key in a file. What is no JSON has nothing in it.
struct JSONText {
    let bytes: UnsafeBufferPointer<UInt8>

    /// One member or element.
    struct Found {
        /// Of the quote of its key; the value's own where it has none.
        let key: Int
        let value: Int
    }

    /// - Parameter path: a key or an index for each step.
    func find(_ path: [String]) -> Found? {
        var found = Found(key: behindBlanks(0), value: behindBlanks(0))
        for step in path {
            guard let next = child(of: found.value, step) else { return nil }
            found = next
        }
        return found
    }

    /// The steps of a JSON pointer (RFC 6901); nil if it is none.
    static func steps(_ pointer: String) -> [String]? {
        withBytes(of: pointer) { bytes in
            if bytes.isEmpty { return [] }
            let tokens = parts(of: bytes, between: UInt8(ascii: "/"))
            guard tokens[0].isEmpty else { return nil }
            var steps: [String] = []
            for token in tokens.dropFirst() {
                let step = Buffer()
                var index = 0
                while index < token.count {
                    var byte = token[index]
                    if byte == UInt8(ascii: "~") {
                        index += 1
                        switch index < token.count ? token[index] : 0 {
                        case UInt8(ascii: "0"): byte = UInt8(ascii: "~")
                        case UInt8(ascii: "1"): byte = UInt8(ascii: "/")
                        default: return nil
                        }
                    }
                    step.append(byte)
                    index += 1
                }
                steps.append(decodedText(step.bytes))
            }
            return steps
        }
    }

    /// The bytes of the value there.
    func value(at start: Int) -> UnsafeBufferPointer<UInt8> {
        let first = min(start, bytes.count)
        return UnsafeBufferPointer(rebasing: bytes[first..<behindValue(first)])
    }

    /// The value there as text: a text decoded, a number or a boolean as it is spelt. nil for null,
    /// objects and lists, and for a text with a NUL in it. Ends with a NUL byte.
    func scalar(at start: Int) -> Buffer? {
        guard start < bytes.count else { return nil }
        let end = behindValue(start)
        let text = Buffer()
        switch bytes[start] {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"): return nil
        case UInt8(ascii: "\""):
            guard end - start >= 2, decode(start + 1..<end - 1, into: text) else { return nil }
        default:
            text.append(
                UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[start..<end])))
        }
        text.append(0)
        return text.isComplete ? text : nil
    }

    // MARK: Steps

    private func child(of start: Int, _ step: String) -> Found? {
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "{"): return member(start, step)
        case UInt8(ascii: "["): return element(start, step)
        default: return nil
        }
    }

    private func member(_ start: Int, _ name: String) -> Found? {
        var index = behindBlanks(start + 1)
        while index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
            let key = index
            let end = behindText(key)
            let value = behindBlanks(behindBlanks(end) + 1)
            if end - key >= 2, isSame(key + 1..<end - 1, name) {
                return Found(key: key, value: value)
            }
            index = behindBlanks(behindValue(value))
            if index < bytes.count, bytes[index] != UInt8(ascii: ",") { return nil }
            index = behindBlanks(index + 1)
        }
        return nil
    }

    private func element(_ start: Int, _ step: String) -> Found? {
        guard let wanted = withBytes(of: step, { parseDigits($0) }),
            step.utf8.count == 1 || !hasPrefix(step, "0")
        else { return nil }
        var index = behindBlanks(start + 1)
        var number: Int64 = 0
        while index < bytes.count, bytes[index] != UInt8(ascii: "]") {
            if number == wanted { return Found(key: index, value: index) }
            index = behindBlanks(behindValue(index))
            if index < bytes.count, bytes[index] != UInt8(ascii: ",") { return nil }
            index = behindBlanks(index + 1)
            number += 1
        }
        return nil
    }

    private func isSame(_ key: Range<Int>, _ name: String) -> Bool {
        let decoded = Buffer()
        guard decode(key, into: decoded), decoded.isComplete else { return false }
        return sameBytes(decodedText(decoded.bytes), name)
    }

    /// - Returns: false for a text with a NUL in it.
    private func decode(_ range: Range<Int>, into text: Buffer) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                text.append(bytes[index])
                index += 1
                continue
            }
            let escape = Escape(bytes, index)
            guard escape.append(to: text, bytes, index) else { return false }
            index += escape.length
        }
        return true
    }

    // MARK: Places

    private func behindBlanks(_ start: Int) -> Int {
        var index = start
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        return index
    }

    private func behindText(_ start: Int) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, bytes.count)
    }

    private func behindValue(_ start: Int) -> Int {
        var index = start
        var depth = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index = behindText(index)
                if depth == 0 { return index }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return index }
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"),
                UInt8(ascii: "\r"):
                if depth == 0 { return index }
            default: break
            }
            index += 1
        }
        return index
    }
}
