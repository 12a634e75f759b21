// SPDX-License-Identifier: MIT
import CCurl
import Testing

@testable import PaySession

@Suite struct QuirksTests {
    /// Newer libcurl has a code for it; older ones say that memory has run out, which before a
    /// request was sent is what it says.
    @Test(arguments: [
        (CURLcode(rawValue: 100), true, true), (CURLcode(rawValue: 100), false, true),
        (CURLE_OUT_OF_MEMORY, true, true), (CURLE_OUT_OF_MEMORY, false, false),
        (CURLE_OK, true, false), (CURLE_WRITE_ERROR, true, false),
        (CURLE_WEIRD_SERVER_REPLY, true, false), (CURLE_RECV_ERROR, true, false),
        (CURLcode(rawValue: 99), true, false), (CURLcode(rawValue: 101), true, false),
    ]) func aHeaderThatIsTooLongIsKnown(_ code: CURLcode, _ hasSent: Bool, _ isTooLong: Bool) {
        #expect(Quirks.isHeaderTooLong(code, hasSentRequest: hasSent) == isTooLong)
    }

    /// What is loaded, not what it was built with: digits and points.
    @Test func theVersionIsLibcurlsOwn() {
        let text = Quirks.versionText
        #expect(curl_version().map { String(cString: $0).hasPrefix("libcurl/" + text) } == true)
        #expect(text.utf8.allSatisfy { isDigit($0) || $0 == 0x2E || $0 == 0x2D || $0 >= 0x41 })
        #expect(Quirks.hasTLS)
    }
}
