// SPDX-License-Identifier: MIT

/// One session of one provider, by the identifiers that its address is made of.
struct Reference {
    let provider: Provider
    let identifiers: [String]

    /// The identifier that the answer must carry: the last one.
    var sessionID: String { identifiers.last ?? "" }

    /// From identifiers as they are.
    init(_ provider: Provider, _ identifiers: [String]) throws(Failure) {
        guard identifiers.count == provider.parts.count else {
            throw Failure(
                .invalidArgument,
                sentence("a reference of {} has the form {}", provider.name, provider.form))
        }
        for (part, identifier) in zip(provider.parts, identifiers) {
            if let flaw = part.flaw(identifier) {
                throw Failure(.invalidArgument, sentence("{}: {}", part.name, flaw))
            }
        }
        self.provider = provider
        self.identifiers = identifiers
    }

    /// From `provider:part/part`, each part percent-encoded.
    init(parsing text: String) throws(Failure) {
        let copy = Buffer()
        copy.append(text)
        guard copy.isComplete else { throw .outOfMemory }
        let bytes = copy.bytes
        // Most often a line of a file, given with its end.
        if let last = bytes.last, let blank = nameOfBlank(last) {
            throw Failure(
                .invalidArgument, sentence("reference: expected no {} at its end", blank.text))
        }
        guard let colon = place(of: UInt8(ascii: ":"), in: bytes) else {
            throw Failure(.invalidArgument, "reference: expected PROVIDER:..., there is no colon")
        }
        let name = decodedText(UnsafeBufferPointer(rebasing: bytes[..<colon]))
        guard let provider = Provider.named(name) else {
            throw Failure(
                .invalidArgument,
                sentence("reference: expected one of {} before the colon", Provider.names))
        }
        var identifiers: [String] = []
        var rest = bytes[(colon + 1)...].makeIterator()
        var isLast = false
        while !isLast {
            guard let decoded = percentDecoded(&rest, &isLast) else {
                throw Failure(
                    .invalidArgument,
                    sentence(
                        "reference: expected percent-encoded UTF-8 in part {}",
                        String(identifiers.count + 1)))
            }
            identifiers.append(decoded)
        }
        try self.init(provider, identifiers)
    }

    /// The one spelling that this library gives out.
    var text: String {
        var text = Array(provider.name.utf8)
        for (index, identifier) in identifiers.enumerated() {
            text.append(index > 0 ? UInt8(ascii: "/") : UInt8(ascii: ":"))
            appendPercentEncoded(identifier, to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The same bytes, or the same UUID in other letter case (RFC 9562, 4: read without regard to it).
@inline(never)
func isSameIdentifier(_ told: DocumentText, _ wanted: String) -> Bool {
    if sameBytes(told, wanted) { return true }
    return withBytes(of: wanted) { wanted in
        let told = told.bytes
        guard told.count == 36, wanted.count == 36 else { return false }
        // 8-4-4-4-12 hexadecimal digits.
        for place in 0..<36 {
            let isHyphen = place == 8 || place == 13 || place == 18 || place == 23
            let isRight =
                isHyphen
                ? told[place] == UInt8(ascii: "-") : hexadecimalValue(told[place]) != nil
            if !isRight || lowerCased(told[place]) != lowerCased(wanted[place]) { return false }
        }
        return true
    }
}

/// RFC 3986: what else may stand for itself in a path segment: sub-delims, ":" and "@".
private func isSegmentDelimiter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&")...UInt8(ascii: ","),
        UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "="), UInt8(ascii: "@"):
        true
    default: false
    }
}

/// One part of a reference, up to the slash or the end.
private func percentDecoded(
    _ bytes: inout Slice<UnsafeBufferPointer<UInt8>>.Iterator, _ isLast: inout Bool
) -> String? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(48)
    while true {
        guard let byte = bytes.next() else {
            isLast = true
            break
        }
        if byte == UInt8(ascii: "/") { break }
        if byte == UInt8(ascii: "%") {
            guard let high = bytes.next().flatMap(hexadecimalValue),
                let low = bytes.next().flatMap(hexadecimalValue)
            else { return nil }
            decoded.append(high << 4 | low)
        } else {
            guard isUnreserved(byte) || isSegmentDelimiter(byte) else { return nil }
            decoded.append(byte)
        }
    }
    return String(validating: decoded, as: UTF8.self)
}
