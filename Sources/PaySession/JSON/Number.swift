// SPDX-License-Identifier: MIT

// Numbers as text, in and out, exactly: what does not fit is nil, nothing is rounded.

func isNumberByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
        UInt8(ascii: "."), UInt8(ascii: "E"), UInt8(ascii: "e"):
        true
    default: false
    }
}

/// RFC 8259: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
func isNumber(_ token: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    func skipDigits() -> Bool {
        let first = index
        while index < token.count, isDigit(token[index]) { index += 1 }
        return index > first
    }
    if index < token.count, token[index] == UInt8(ascii: "-") { index += 1 }
    let first = index
    guard skipDigits() else { return false }
    if token[first] == UInt8(ascii: "0"), index > first + 1 { return false }
    if index < token.count, token[index] == UInt8(ascii: ".") {
        index += 1
        guard skipDigits() else { return false }
    }
    if index < token.count, token[index] | 0x20 == UInt8(ascii: "e") {
        index += 1
        if index < token.count,
            token[index] == UInt8(ascii: "+") || token[index] == UInt8(ascii: "-")
        {
            index += 1
        }
        guard skipDigits() else { return false }
    }
    return index == token.count
}

func appendDecimal(_ number: UInt64, to buffer: Buffer) {
    guard let room = buffer.room(for: 20) else { return }
    buffer.fill(writeDecimal(number, to: room))
}

/// - Returns: how many digits it wrote, 20 at most.
func writeDecimal(_ number: UInt64, to room: UnsafeMutablePointer<UInt8>) -> Int {
    // Most are the places of a document's tokens: one digit to four.
    func write(_ digit: UInt64, _ place: Int) {
        room[place] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
    }
    if number < 10 {
        write(number, 0)
        return 1
    }
    if number < 10_000 {
        let start = number < 100 ? 0 : writeDecimal(number / 100, to: room)
        write(number / 10 % 10, start)
        write(number % 10, start + 1)
        return start + 2
    }
    var length = 1
    var rest = number / 10
    while rest > 0 {
        length += 1
        rest /= 10
    }
    rest = number
    for place in stride(from: length - 1, through: 0, by: -1) {
        room[place] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
    }
    return length
}

/// An integer as JSON writes one; nil for any other spelling, and for what does not fit.
func parseInteger(_ number: UnsafeBufferPointer<UInt8>) -> Int64? {
    let isNegative = number.first == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    if index == number.count { return nil }
    var value: Int64 = 0
    while index < number.count {
        guard isDigit(number[index]),
            let next = times10(
                value, adding: Int64(number[index] - UInt8(ascii: "0")), isNegative: isNegative)
        else { return nil }
        value = next
        index += 1
    }
    return value
}

/// -? [0-9]+ (. [0-9]+)?, no exponent, no blanks, no comma, which means either of two things.
func isPlainDecimal(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var digits = 0
    var hasPoint = false
    for (place, byte) in text.enumerated() {
        if isDigit(byte) {
            digits += 1
        } else if byte == UInt8(ascii: "."), digits > 0, !hasPoint {
            hasPoint = true
            digits = 0
        } else if byte != UInt8(ascii: "-") || place > 0 {
            return false
        }
    }
    return digits > 0
}

/// A JSON number, or a plain decimal, times ten to the `exponent`, if that is an integer that fits.
func scaledDecimal(_ number: UnsafeBufferPointer<UInt8>, by exponent: Int) -> Int64? {
    let isNegative = number.first == UInt8(ascii: "-")
    var value: Int64 = 0
    var scale = exponent
    var isFraction = false
    /// Zeros are held back until a digit follows: 1.000000000000000000000 must not overflow.
    var zeros = 0
    var index = isNegative ? 1 : 0

    func appended(_ digit: Int64) -> Int64? {
        times10(value, adding: digit, isNegative: isNegative)
    }

    while index < number.count {
        let byte = number[index]
        if byte == UInt8(ascii: ".") {
            isFraction = true
        } else if isDigit(byte) {
            if isFraction { scale -= 1 }
            if byte == UInt8(ascii: "0") {
                zeros += 1
            } else {
                if value != 0 {
                    for _ in 0..<zeros {
                        guard let next = appended(0) else { return nil }
                        value = next
                    }
                }
                zeros = 0
                guard let next = appended(Int64(byte - UInt8(ascii: "0"))) else { return nil }
                value = next
            }
        } else {  // the exponent
            index += 1
            let isDown = index < number.count && number[index] == UInt8(ascii: "-")
            if index < number.count,
                number[index] == UInt8(ascii: "+") || number[index] == UInt8(ascii: "-")
            {
                index += 1
            }
            guard let power = parseDigits(UnsafeBufferPointer(rebasing: number[index...])),
                power <= 1_000_000
            else {
                return value == 0 ? 0 : nil
            }
            scale += isDown ? -Int(power) : Int(power)
            break
        }
        index += 1
    }
    if value == 0 { return 0 }
    scale += zeros
    // value has no trailing zeros now: a negative scale leaves a fraction of a minor unit.
    guard scale >= 0, scale <= 18 else { return nil }
    for _ in 0..<scale {
        guard let next = appended(0) else { return nil }
        value = next
    }
    return value
}
