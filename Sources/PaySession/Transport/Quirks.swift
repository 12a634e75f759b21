// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// What a libcurl cannot do, or does wrong, by its version: the one that is there when the library
/// runs, never the one whose headers it was built with. One entry for each, with what is done about
/// it; gone with the last libcurl that needs it.
///
/// Three are met without asking for the version, since that costs nothing. 7.88 would wait for ever
/// on another's connection without TLS that broke at once: only requests with TLS set
/// CURLOPT_PIPEWAIT. 7.74 lets a NUL byte in a header by: `ResponseHead` looks for it. 8.14 takes
/// "HTTP/1.1 2000 OK" for 200: `StatusLine` reads it again.
enum Quirks {
    private static let version = ccurl_facts()?.pointee.version_num ?? 0

    static let hasTLS = ccurl_has_tls(ccurl_facts()) != 0

    /// "8.14.1"
    static var versionText: String {
        ccurl_facts()?.pointee.version.map { String(cString: $0) } ?? "of no version"
    }

    /// Before 7.85 the protocols that may be used are a bit mask (1 http, 2 https), which newer
    /// ones deprecate for a text.
    static func allowOnly(plain: Bool, _ easy: UnsafeMutableRawPointer) -> CURLcode {
        version >= 0x075500
            ? ccurl_set_text(
                easy, CURLoption(UInt32(CCURL_PROTOCOLS_STR)), plain ? "http" : "https")
            : ccurl_set_long(easy, CURLoption(UInt32(CCURL_PROTOCOLS)), plain ? 1 : 2)
    }

    /// A name lookup that hangs has a thread of libcurl's. From 7.87 on it can be left to that
    /// thread, which frees its own memory when it ends; without that, taking a request apart waits
    /// for it.
    static func leaveLookups(_ easy: UnsafeMutableRawPointer) -> CURLcode {
        version >= 0x075700
            ? ccurl_set_long(easy, CURLoption(UInt32(CCURL_QUICK_EXIT)), 1) : CURLE_OK
    }

    /// From 8.20 on the threads are the multi handle's, which has a switch of its own (curl pull
    /// request 20936).
    static func leaveLookups(ofAll multi: UnsafeMutableRawPointer) {
        if version >= 0x081400 {
            ccurl_multi_set_long(multi, CURLMoption(UInt32(CCURL_MULTI_QUICK_EXIT)), 1)
        }
    }

    /// Before 7.87 neither switch is there: see `Loop.stop`.
    static let waitsForLookups = version < 0x075700

    /// From 7.87 on the trusted certificates are kept for a day; to be read anew for a connection.
    static func keepNoAuthorities(_ easy: UnsafeMutableRawPointer) -> CURLcode {
        version >= 0x075700
            ? ccurl_set_long(easy, CURLoption(UInt32(CCURL_CA_CACHE_TIMEOUT)), 0) : CURLE_OK
    }

    /// From 7.83 on, when it got a memory for headers, to 8.1.0, libcurl does not forget the last
    /// header of the answer before: an HTTP/1 answer that begins with a folded line makes it write
    /// into memory that was freed, if its easy handle has had an answer before (curl issue 11101).
    static let remembersHeaders = version >= 0x075300 && version < 0x080101

    /// From 7.77 on libcurl takes the certificates to trust, and the client's own, as bytes. That
    /// is used with OpenSSL and what is made like it; with another TLS library it was not tried,
    /// and a client's certificate that was not heard would only be missed by the provider. There
    /// they stay files.
    static let takesBytes: Bool = {
        guard version >= 0x074D00, let tls = ccurl_facts()?.pointee.ssl_version else {
            return false
        }
        let name = UnsafeRawPointer(tls).assumingMemoryBound(to: UInt8.self)
        let bytes = UnsafeBufferPointer(start: name, count: strlen(tls))
        for word: StaticString in ["OpenSSL/", "LibreSSL/", "BoringSSL", "AWS-LC/", "quictls/"]
        where begins(bytes, with: word) {
            return true
        }
        return false
    }()

    /// What a far end sends that is neither headers nor body keeps libcurl 7.88 or OpenSSL reading
    /// for as long as it comes. OpenSSL can say of every TLS record that it came: see `Patience`.
    static let openSSL = ccurl_find_openssl()
    static var watchesRecords: Bool { openSSL.set_callback != nil }

    /// Before 7.83, and in a build without its headers, libcurl cannot tell whether an answer came
    /// by HTTP/2 or by HTTP/1 with a status line that says so; 7.74 also loses every answer to a
    /// POST that comes before the request was read. There HTTP/2 is not asked for.
    static let tellsHTTP2: Bool = {
        guard let easy = curl_easy_init() else { return version >= 0x075300 }
        defer { curl_easy_cleanup(easy) }
        return ccurl_came_by_http2(easy) >= 0
    }()

    /// Before 8.0, what finds every connection full opens one of its own, although another is just
    /// being opened for all (curl pull request 10456).
    static let opensWhenFull = version < 0x080000

    /// Before 8.6 a header line beyond libcurl's own bound was told as memory that has run out;
    /// from then on it has a code of its own.
    static func isHeaderTooLong(_ code: CURLcode, hasSentRequest: Bool) -> Bool {
        code.rawValue == UInt32(CCURL_TOO_LARGE) || code == CURLE_OUT_OF_MEMORY && hasSentRequest
    }
}
