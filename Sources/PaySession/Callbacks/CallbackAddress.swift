// SPDX-License-Identifier: MIT

/// The address that a provider called, in the parts that Dintero signs: as JavaScript's URL takes
/// it apart (https://url.spec.whatwg.org), in which Dintero's documentation has its sample.
struct CallbackAddress {
    /// In lower-case letters, without a port; IPv6 in its brackets.
    let host: String
    let path: String
    let query: FormParameters

    /// nil for what is no http or https address, for one with user info or a fragment, which no
    /// request carries, and for a host that is not in ASCII.
    init?(_ text: String) {
        let parsed: (String, String, FormParameters)? = withBytes(of: text) { bytes in
            var rest = bytes[...]
            for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: ":") {
                guard
                    CallbackAddress.isWord(bytes[..<place], "http")
                        || CallbackAddress.isWord(bytes[..<place], "https")
                else {
                    return nil
                }
                rest = bytes[(place + 1)...]
                break
            }
            guard rest.count < bytes.count,
                rest.starts(with: [UInt8(ascii: "/"), UInt8(ascii: "/")])
            else { return nil }
            rest = rest.dropFirst(2)
            if rest.contains(UInt8(ascii: "#")) { return nil }
            let endOfHost =
                rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
                ?? rest.endIndex
            guard let host = CallbackAddress.host(rest[..<endOfHost]) else { return nil }
            rest = rest[endOfHost...]
            let endOfPath = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
            let query = rest[endOfPath...].dropFirst()
            return (
                host, CallbackAddress.path(rest[..<endOfPath]),
                FormParameters(UnsafeBufferPointer(rebasing: query))
            )
        }
        guard let parsed else { return nil }
        (host, path, query) = parsed
    }

    private static func isWord(_ bytes: Slice<UnsafeBufferPointer<UInt8>>, _ word: StaticString)
        -> Bool
    {
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        var place = 0
        for byte in bytes {
            if lowerCased(byte) != word.utf8Start[place] { return false }
            place += 1
        }
        return true
    }

    /// - Parameter authority: the host, and perhaps a port.
    private static func host(_ authority: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        var host = authority
        if authority.first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = authority[...end]
            let address = UnsafeBufferPointer(rebasing: host.dropFirst().dropLast())
            guard !address.isEmpty, isMade(address, of: "0:afAF..") else { return nil }
        } else {
            let end = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
            host = authority[..<end]
            // Not what ends a host, nor what may not be in one: user info ends in "@".
            guard !host.isEmpty,
                isMade(UnsafeBufferPointer(rebasing: host), of: "!!$$&.09;;==AZ__``az{{}}~~")
            else { return nil }
        }
        let rest = authority[host.endIndex...]
        if !rest.isEmpty {
            guard rest.first == UInt8(ascii: ":"), rest.count <= 6,
                isMade(UnsafeBufferPointer(rebasing: rest.dropFirst()), of: "09")
            else { return nil }
        }
        let lower = Buffer()
        for byte in host { lower.append(lowerCased(byte)) }
        return decodedText(lower.bytes)
    }

    private static func path(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String {
        if bytes.isEmpty { return "/" }
        let path = Buffer()
        for byte in bytes {
            if byte == UInt8(ascii: " ") { path.append("%20") } else { path.append(byte) }
        }
        return decodedText(path.bytes)
    }
}
