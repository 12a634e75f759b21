// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// An address from the configuration, read by the parser that will be used for the request: what is
/// checked here and what is connected to cannot differ.
struct Address {
    /// Without a slash at its end.
    let text: String
    /// http, which is for this machine's own addresses only.
    let isPlain: Bool
    /// "host" or "host:port", as it stands in messages.
    let host: String

    static let expected =
        "an https:// address without user, query or fragment"
        + " (http:// for 127.0.0.0/8, [::1] and localhost)"

    /// nil unless it is as `expected` says. What libcurl had no memory to look at is neither.
    static func parse(_ text: String) throws(Failure) -> Address? {
        cplatform_set_errno(0)
        let address = Address(text)
        if cplatform_is_exhausted() != 0 { throw .outOfMemory }
        return address
    }

    private init?(_ text: String) {
        // An empty query or fragment has no part below, but would swallow the path.
        if hasControlCharacter(text)
            || holds(text, UInt8(ascii: " ")) || holds(text, UInt8(ascii: "#"))
            || holds(text, UInt8(ascii: "?"))
        {
            return nil
        }
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        guard curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK,
            let scheme = Address.part(url, CURLUPART_SCHEME),
            let host = Address.part(url, CURLUPART_HOST)
        else { return nil }
        for forbidden in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT]
        where Address.part(url, forbidden) != nil {
            return nil
        }
        if sameBytes(scheme, "http") {
            guard Address.isLoopback(host) else { return nil }
            isPlain = true
        } else {
            guard sameBytes(scheme, "https") else { return nil }
            isPlain = false
        }
        self.text = withBytes(of: text) { bytes in
            var end = bytes.count
            while end > 0, bytes[end - 1] == UInt8(ascii: "/") { end -= 1 }
            return decodedText(UnsafeBufferPointer(rebasing: bytes[..<end]))
        }
        self.host = Address.withPort(url, host)
    }

    private init(text: String, isPlain: Bool, host: String) {
        self.text = text
        self.isPlain = isPlain
        self.host = host
    }

    /// - Parameter path: begins with a slash.
    func appending(_ path: String) -> Address {
        Address(text: text + path, isPlain: isPlain, host: host)
    }

    /// "host" or "host:port" of any address, as libcurl reads it: nothing of user, path or query.
    /// nil for what no name is as long as.
    static func host(of address: UnsafePointer<CChar>) -> String? {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        let flags = UInt32(CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME)
        guard curl_url_set(url, CURLUPART_URL, address, flags) == CURLUE_OK,
            let host = part(url, CURLUPART_HOST), (1...253).contains(host.utf8.count),
            isMade(host, of: "![]~")
        else { return nil }
        return withPort(url, host)
    }

    private static func withPort(_ url: OpaquePointer, _ host: String) -> String {
        part(url, CURLUPART_PORT).map { sentence("{}:{}", host, $0) } ?? host
    }

    /// Whether libcurl takes it for a proxy: a URL with a scheme that it has, or "" for none.
    static func isProxy(_ text: String) -> Bool {
        if text.isEmpty { return true }
        guard !hasControlCharacter(text), let url = curl_url() else { return false }
        defer { curl_url_cleanup(url) }
        guard curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME)) == CURLUE_OK,
            let scheme = part(url, CURLUPART_SCHEME)
        else { return false }
        return ["http", "https", "socks5", "socks5h"].contains { sameBytes($0, scheme) }
    }

    /// By the host as libcurl writes it, in which 0x7f.1 and 2130706433 are 127.0.0.1 already. What
    /// has a leading zero there still, such as 127.0.0.08, is a name for it, not a number.
    private static func isLoopback(_ host: String) -> Bool {
        withBytes(of: host) { bytes in
            if isHost(bytes, "localhost") || isHost(bytes, "[::1]") { return true }
            let numbers = parts(of: bytes, between: UInt8(ascii: "."))
            return numbers.count == 4 && isHost(numbers[0], "127")
                && numbers.allSatisfy { number in
                    (parseDigits(number) ?? 256) <= 255
                        && (number.first != UInt8(ascii: "0") || number.count == 1)
                }
        }
    }

    private static func isHost(_ bytes: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
        bytes.count == name.utf8CodeUnitCount
            && bytes.indices.allSatisfy { lowerCased(bytes[$0]) == name.utf8Start[$0] }
    }

    private static func part(_ url: OpaquePointer, _ part: CURLUPart) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
