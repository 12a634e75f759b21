// SPDX-License-Identifier: MIT

/// One identifier of a reference.
final class IdentifierPart: Sendable {
    let name: String
    /// What the provider demands beyond the rules for all; nil, or what was expected.
    private let rule: @Sendable (String) -> StaticString?

    init(name: String, rule: @escaping @Sendable (String) -> StaticString? = { _ in nil }) {
        self.name = name
        self.rule = rule
    }

    /// What is wrong with an identifier; nil if nothing is. It becomes one path segment, so it must
    /// not be able to be more.
    func flaw(_ identifier: String) -> String? {
        let count = identifier.utf8.count
        if count == 0 { return "expected an identifier, it is empty" }
        if count > 128 { return sentence("expected at most 128 bytes, it has {}", String(count)) }
        if hasControlCharacter(identifier) {
            let blank = withBytes(of: identifier) { $0.last.flatMap(nameOfBlank) }
            return blank.map { sentence("expected no {} at its end", $0.text) }
                ?? "expected no control characters"
        }
        if sameBytes(identifier, ".") || sameBytes(identifier, "..") {
            return "expected an identifier, not a dot segment"
        }
        return rule(identifier).map { $0.text }
    }
}

func nameOfBlank(_ byte: UInt8) -> StaticString? {
    switch byte {
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): "line break"
    case UInt8(ascii: " "), UInt8(ascii: "\t"): "blank"
    default: nil
    }
}

/// RFC 3986, unreserved.
func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        true
    default: false
    }
}

/// Text as exactly one path segment.
func appendPercentEncoded(_ text: String, to encoded: inout [UInt8]) {
    withBytes(of: text) { bytes in
        for byte in bytes {
            if isUnreserved(byte) {
                encoded.append(byte)
            } else {
                encoded.append(UInt8(ascii: "%"))
                encoded.append(hexadecimalDigit(byte >> 4))
                encoded.append(hexadecimalDigit(byte & 15))
            }
        }
    }
}
