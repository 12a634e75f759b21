// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct AddressTests {
    @Test(arguments: [
        ("https://api.kustom.co", "https://api.kustom.co", false),
        ("https://api.kustom.co/", "https://api.kustom.co", false),
        ("https://api.kustom.co///", "https://api.kustom.co", false),
        ("https://api.kustom.co:8443/a/b/", "https://api.kustom.co:8443/a/b", false),
        ("https://127.0.0.1", "https://127.0.0.1", false),
        ("https://[::1]:1", "https://[::1]:1", false),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]", false),
        ("http://127.0.0.1", "http://127.0.0.1", true),
        ("http://127.0.0.1:8080/x/", "http://127.0.0.1:8080/x", true),
        ("http://127.255.255.254", "http://127.255.255.254", true),
        ("http://127.1.2.3:9", "http://127.1.2.3:9", true), ("http://[::1]", "http://[::1]", true),
        ("http://[::1]:8080", "http://[::1]:8080", true),
        ("http://localhost", "http://localhost", true),
        ("http://localhost:8080/", "http://localhost:8080", true),
        ("http://LOCALHOST", "http://LOCALHOST", true),
        ("HTTP://localhost", "HTTP://localhost", true),
        // Other spellings of 127.0.0.1, which is what is connected to.
        ("http://127.1", "http://127.1", true), ("http://0x7f.1", "http://0x7f.1", true),
        ("http://2130706433", "http://2130706433", true),
        ("http://0177.0.0.1", "http://0177.0.0.1", true),
    ]) func isTaken(_ text: String, _ trimmed: String, _ isPlain: Bool) throws {
        let address = try #require(try Address.parse(text))
        #expect(address.text == trimmed)
        #expect(address.isPlain == isPlain)
        let longer = address.appending("/v1/x")
        #expect(longer.text == trimmed + "/v1/x")
        #expect(longer.isPlain == isPlain)
    }

    static let refused = [
        // Plain http leaves this machine, though it looks as if it did not.
        "http://api.kustom.co", "http://localhost.evil.com", "http://evil.com/localhost",
        "http://127.0.0.1.nip.io", "http://127.0.0.1.evil.com", "http://127.0.0.1@evil.com",
        "http://localhost@evil.com", "http://localhost:80@evil.com", "http://evil.com@127.0.0.1",
        "http://evil.com#@127.0.0.1", "http://evil.com?@127.0.0.1", "http://evil.com\\@127.0.0.1",
        "http://evil.com:80#127.0.0.1", "http://[::2]", "http://[::]", "http://[::ffff:8.8.8.8]",
        "http://0.0.0.0", "http://0", "http://128.0.0.1", "http://126.255.255.255",
        "http://10.0.0.1", "http://192.168.0.1", "http://1.0.0.127", "http://127.evil.com",
        "http://127-0-0-1.evil.com", "http://xlocalhost", "http://localhost6.evil.com",
        "http://mylocalhost", "http://localhos", "http://loc%61lhost.evil.com",
        "http://127.0.0.1%2eevil.com", "http://127.0.0.1%00.evil.com",
        "http://127.0.0.1%2f.evil.com", "http://127.0.0.1%40evil.com", "http://127.0.0.256",
        "http://127.0.0.1.1", "http://127..0.1",
        // Names, not addresses, though their parts are numbers below 256: 8 and 9 are no octal
        // digits, so that whoever answers for such a name gets the request.
        "http://127.0.0.08", "http://127.0.0.019", "http://127.09.0.1",
        // Another protocol, or none.
        "ftp://127.0.0.1", "ftp://api.kustom.co", "file:///etc/passwd", "gopher://127.0.0.1",
        "ws://localhost", "wss://api.kustom.co", "ldap://localhost", "javascript:alert(1)",
        "data:,x", "httpss://x.test", "h://x.test", "127.0.0.1", "localhost", "api.kustom.co",
        "//api.kustom.co", "/v1", "x", "",
        // Something in it that would get into the request.
        "https://user@api.kustom.co", "https://user:password@api.kustom.co",
        "https://:password@api.kustom.co", "https://api.kustom.co?x=1", "https://api.kustom.co/?x",
        "https://api.kustom.co/#x", "https://api.kustom.co#x", "https://api.kustom.co/a?b#c",
        // An empty query or fragment would swallow the path that is put after it.
        "https://api.kustom.co?", "https://api.kustom.co/?", "https://api.kustom.co#",
        "https://api.kustom.co/#", "https://api.kustom.co/a?#", "http://127.0.0.1/?",
        "http://127.0.0.1/#", "https://api.kustom.co/?/", "https://api.kustom.co/#/",
        // Line breaks, blanks, control characters.
        "https://api.kustom.co\r\nX: 1", "https://api.kustom.co\n", "\thttps://api.kustom.co",
        "https://api kustom.co", " https://api.kustom.co", "https://api.kustom.co ",
        "https://api.kustom.co/a b", "https://api.kustom.co/\u{7F}", "https://api.kustom.co/\u{85}",
        "https://api.kustom.co\0.evil.com", "http://127.0.0.1\0",
        // No host, or no port.
        "https://", "https://:443", "http://:80", "https://api.kustom.co:port",
        "https://api.kustom.co:99999", "https:", "https://[::1", "https://[zz]",
    ]

    @Test(arguments: refused) func isRefused(_ text: String) throws {
        #expect(try Address.parse(text)?.text == nil)
    }

    @Test(arguments: [
        ("", true), ("http://proxy:3128", true), ("https://proxy:3128", true),
        ("socks5h://proxy:1080", true), ("socks5://proxy", true),
        ("http://user:password@proxy:3128", true), ("HTTP://proxy", true), ("proxy:3128", false),
        ("proxy", false), ("ftp://proxy", false), ("file:///x", false), ("http://", false),
        ("socks4://proxy", false), ("http://proxy:port", false), ("http://pro xy", false),
        ("http://proxy\r\nX: 1", false), ("http://proxy\n", false), (" ", false),
    ]) func proxiesAreAddresses(_ text: String, _ isProxy: Bool) {
        #expect(Address.isProxy(text) == isProxy)
    }

    /// For messages: the host and a port that is named, of whatever libcurl takes for an address.
    @Test(
        arguments: [
            ("https://x.test/marker?marker#marker", "x.test"), ("https://x.test:8/", "x.test:8"),
            ("http://user:marker@x.test:3128", "x.test:3128"), ("http://[::1]:8", "[::1]:8"),
            ("x.test:3128", "x.test:3128"), ("x.test", "x.test"),
            ("strange://x.test:7/marker", "x.test:7"), ("", nil), ("http://", nil),
            ("http://x.test:marker", nil),
        ] as [(String, String?)])
    func hostsAreTold(_ address: String, _ host: String?) {
        #expect(Address.host(of: address) == host)
    }
}
