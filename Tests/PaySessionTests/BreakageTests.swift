// SPDX-License-Identifier: MIT
import CCurl
import Testing

@testable import PaySession

@Suite struct BreakageTests {
    /// A proxy as a configuration names it, with hosts that are reached without it or without any.
    static func proxy(_ address: String, exceptions: String = "") throws -> Proxy? {
        Proxy.used(
            by: try Configuration("{\"proxy\": \"\(address)\", \"no_proxy\": \"\(exceptions)\"}"))
    }

    static func failure(
        _ code: CURLcode, _ text: String = "", proxy: Proxy? = nil, connectStatus: Int = 0,
        toldStatus: Int? = nil, hasHeaders: Bool = false, hasSentRequest: Bool = false,
        hasClientCertificate: Bool = false
    ) -> Failure {
        text.withCString {
            Breakage(
                code: code, text: $0, host: "x.test:8443", proxy: proxy,
                connectStatus: connectStatus, toldStatus: toldStatus, hasHeaders: hasHeaders,
                hasSentRequest: hasSentRequest,
                hasClientCertificate: hasClientCertificate
            ).failure
        }
    }

    static func words(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }

    /// What a TLS library and libcurl have codes for.
    static let tls = [
        CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
        CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE,
        CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLcode(rawValue: 98),
        CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED,
    ]

    // MARK: Proxies

    /// Contract, version 0.2: a proxy's refusal names the proxy and its status; 407 and 403 are not
    /// tried again; nor is 401, which some proxies say to credentials that they do not know.
    @Test(arguments: [
        (407, false), (403, false), (100, true), (199, true), (300, true), (302, true),
        (400, true), (401, false), (402, true), (404, true), (405, true), (408, true), (429, true),
        (500, true), (502, true), (503, true), (504, true), (599, true),
    ]) func aProxysRefusalIsNamed(_ status: Int, _ isRetryable: Bool) throws {
        let proxy = try BreakageTests.proxy("http://user:marker@proxy.test:3128")
        for code in [CURLE_COULDNT_CONNECT, CURLE_RECV_ERROR, CURLE_OPERATION_TIMEDOUT] {
            for text in ["CONNECT tunnel failed, response marker", "certificate required marker"] {
                let failure = BreakageTests.failure(
                    code, text, proxy: proxy, connectStatus: status)
                #expect(failure.outcome == .unreachable)
                #expect(
                    failure.message
                        == "the proxy proxy.test:3128 answered HTTP \(status) to CONNECT")
                #expect(failure.isRetryable == isRetryable)
                #expect(failure.httpStatus == nil)
            }
        }
    }

    /// A tunnel that stands is no reason.
    @Test(arguments: [200, 201, 204, 299]) func anOpenTunnelIsNoRefusal(_ status: Int) throws {
        let failure = BreakageTests.failure(
            CURLE_RECV_ERROR, proxy: try BreakageTests.proxy("http://proxy.test:3128"),
            connectStatus: status)
        #expect(failure.outcome == .unreachable)
        #expect(failure.isRetryable)
        #expect(failure.message == "\(BreakageTests.words(CURLE_RECV_ERROR)) (x.test:8443)")
    }

    /// Whoever is connected to first could not be, unless hosts are reached without the proxy.
    @Test func theNextHopIsNamed() throws {
        let proxy = try BreakageTests.proxy("http://user:marker@proxy.test:3128")
        let some = try BreakageTests.proxy("http://proxy.test:3128", exceptions: "localhost,.test")
        for (code, rest) in [
            (CURLE_COULDNT_CONNECT, " could not be connected to"),
            (CURLE_OPERATION_TIMEDOUT, " within connect_timeout_ms"),
        ] {
            let start = code == CURLE_OPERATION_TIMEDOUT ? "no connection to " : ""
            for (proxy, name) in [
                (nil, "x.test:8443"), (proxy, "the proxy proxy.test:3128"),
                (some, "x.test:8443, or the proxy proxy.test:3128,"),
            ] {
                let failure = BreakageTests.failure(code, "marker", proxy: proxy)
                #expect(failure.outcome == .unreachable)
                #expect(failure.message == start + name + rest)
                #expect(failure.isRetryable)
            }
        }
    }

    @Test func theNameThatIsUnknownIsNamed() throws {
        for proxy in [
            try BreakageTests.proxy("socks5h://u:marker@proxy.test:1080"),
            try BreakageTests.proxy("socks5h://proxy.test:1080", exceptions: "*"),
        ] {
            let host = BreakageTests.failure(CURLE_COULDNT_RESOLVE_HOST, "marker", proxy: proxy)
            #expect(host.message == "the name of x.test:8443 could not be resolved")
            let other = BreakageTests.failure(CURLE_COULDNT_RESOLVE_PROXY, "marker", proxy: proxy)
            #expect(other.message == "the name of the proxy proxy.test:1080 could not be resolved")
            #expect(host.outcome == .unreachable && other.outcome == .unreachable)
            #expect(host.isRetryable && other.isRetryable)
        }
        #expect(
            BreakageTests.failure(CURLE_COULDNT_RESOLVE_HOST).message
                == "the name of x.test:8443 could not be resolved")
    }

    /// Without user and password, and with the port if one is named.
    @Test(
        arguments: [
            ("http://proxy.test:3128", "proxy.test:3128", false), ("http://p", "p", false),
            ("https://proxy.test:3129", "proxy.test:3129", true), ("https://p", "p", true),
            ("http://user:marker@proxy.test", "proxy.test", false),
            ("https://marker@proxy.test:1", "proxy.test:1", true),
            ("socks5://proxy.test:1080", "proxy.test:1080", false),
            ("socks5h://u:marker@[::1]:1080", "[::1]:1080", false),
            ("http://127.0.0.1:8/marker?marker#marker", "127.0.0.1:8", false), ("", nil, false),
        ] as [(String, String?, Bool)])
    func aProxyIsToldWithoutItsSecrets(_ address: String, _ name: String?, _ isTLS: Bool) throws {
        for (exceptions, has) in [("", false), ("a", true), ("*", true)] {
            let proxy = try BreakageTests.proxy(address, exceptions: exceptions)
            #expect(proxy?.name == name)
            #expect(proxy == nil || proxy?.isTLS == isTLS)
            #expect(proxy == nil || proxy?.hasExceptions == has)
        }
    }

    // MARK: TLS

    struct Wording: CustomTestStringConvertible {
        let text: String
        let told: String
        init(_ text: String, _ told: String) { (self.text, self.told) = (text, told) }
        var testDescription: String { text }
    }

    static let notYet =
        "the certificate of x.test:8443 is not yet valid; check this machine's clock"
    static let expired = "the certificate of x.test:8443 has expired; check this machine's clock"
    static let otherName = "the certificate of x.test:8443 is for another name"
    static let selfSigned =
        "the certificate of x.test:8443 is signed by itself or by an issuer that is not trusted"
    static let issuer = "the issuer of the certificate of x.test:8443 is not trusted"
    static let version = "x.test:8443 speaks no TLS version from 1.2 on"
    static let noTLS = "x.test:8443 does not speak TLS"

    /// Contract, version 0.2: which it was, whichever TLS library says it.
    static let wordings: [Wording] = [
        // OpenSSL, of 1.1.1 and of 3.
        Wording("SSL certificate problem: certificate is not yet valid", notYet),
        Wording("SSL certificate problem: certificate has expired", expired),
        Wording(
            "SSL: no alternative certificate subject name matches target host name 'x.test'",
            otherName),
        Wording(
            "SSL: certificate subject name 'marker' does not match target host name 'x.test'",
            otherName),
        Wording("SSL certificate problem: self signed certificate", selfSigned),
        Wording("SSL certificate problem: self-signed certificate", selfSigned),
        Wording(
            "SSL certificate problem: self-signed certificate in certificate chain", selfSigned),
        Wording(
            "SSL certificate problem: self signed certificate in certificate chain", selfSigned),
        Wording("SSL certificate problem: unable to get local issuer certificate", issuer),
        Wording("SSL certificate problem: unable to get issuer certificate", issuer),
        Wording("SSL certificate problem: unable to verify the first certificate", issuer),
        Wording("error:0A00042E:SSL routines::tlsv1 alert protocol version", version),
        Wording(
            "error:1409442E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version", version),
        Wording("error:0A000102:SSL routines::unsupported protocol", version),
        Wording("error:0A00010B:SSL routines::wrong version number", noTLS),
        Wording("error:1408F10B:SSL routines:ssl3_get_record:wrong version number", noTLS),
        Wording("error:0A0000C6:SSL routines::packet length too long", noTLS),
        Wording("error:0A00009C:SSL routines::http request", noTLS),
        // GnuTLS.
        Wording("server certificate not activated yet.", notYet),
        Wording("server certificate expiration date has passed.", expired),
        Wording("server cert expiration date verify failed", expired),
        Wording(
            "SSL: certificate subject name (marker) does not match target host name 'x.test'",
            otherName),
        // mbedTLS.
        Wording("Cert verify failed: BADCERT_FUTURE", notYet),
        Wording("Cert verify failed: BADCERT_EXPIRED", expired),
        Wording("Cert verify failed: BADCERT_CN_MISMATCH", otherName),
        Wording("Cert verify failed: BADCERT_NOT_TRUSTED", issuer),
        // Two at once: what the clock may mend comes first.
        Wording("BADCERT_EXPIRED BADCERT_CN_MISMATCH BADCERT_NOT_TRUSTED", expired),
        Wording("BADCERT_CN_MISMATCH BADCERT_NOT_TRUSTED", otherName),
    ]

    @Test(arguments: wordings) func tlsFailuresSayWhich(_ wording: Wording) {
        for code in BreakageTests.tls {
            let failure = BreakageTests.failure(code, wording.text)
            #expect(failure.outcome == .tlsFailed)
            #expect(failure.message == wording.told)
            #expect(!failure.isRetryable)
            #expect(failure.httpStatus == nil)
        }
    }

    /// What has no words of ours is told by libcurl's words for the code.
    @Test(arguments: [
        "", "marker", "server certificate verification marker", "SSL - A fatal alert message",
        "An unexpected TLS packet was received.", "certificate", "expired",
        "CERTIFICATE HAS EXPIRED",
    ]) func otherTLSFailuresHaveLibcurlsWords(_ text: String) {
        for code in BreakageTests.tls {
            let failure = BreakageTests.failure(code, text)
            #expect(failure.outcome == .tlsFailed)
            #expect(
                failure.message == "TLS with x.test:8443 failed: \(BreakageTests.words(code))")
            #expect(!failure.isRetryable)
        }
    }

    /// TLS words in a failure that is none of TLS are nothing.
    @Test func wordsCountWithTheirCode() {
        for code in [CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING] {
            let failure = BreakageTests.failure(code, "certificate has expired")
            #expect(failure.outcome == .unreachable)
            #expect(failure.message == "\(BreakageTests.words(code)) (x.test:8443)")
        }
    }

    /// With an https:// proxy the first handshake is with the proxy.
    @Test func theTLSPeerIsNamed() throws {
        let proxy = try BreakageTests.proxy("https://u:marker@proxy.test:3129")
        let plain = try BreakageTests.proxy("http://proxy.test:3128")
        for (proxy, status, name) in [
            (proxy, 0, "the proxy proxy.test:3129"), (proxy, 200, "x.test:8443"),
            (plain, 0, "x.test:8443"), (plain, 200, "x.test:8443"), (nil, 0, "x.test:8443"),
        ] {
            for (text, told) in [
                ("certificate has expired", "the certificate of \(name) has expired;"),
                ("BADCERT_CN_MISMATCH", "the certificate of \(name) is for another name"),
                ("marker", "TLS with \(name) failed: "),
            ] {
                let failure = BreakageTests.failure(
                    CURLE_PEER_FAILED_VERIFICATION, text, proxy: proxy, connectStatus: status)
                #expect(failure.outcome == .tlsFailed)
                #expect(failure.message.hasPrefix(told))
            }
            let brokenOff = BreakageTests.failure(
                CURLE_SSL_CONNECT_ERROR, "Connection reset by peer", proxy: proxy,
                connectStatus: status)
            #expect(
                brokenOff.message == "the connection to \(name) broke off in the TLS handshake")
        }
    }

    /// A handshake that ended with the connection: time may mend it.
    @Test(arguments: [
        "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to marker:443 ",
        "OpenSSL SSL_connect: Connection reset by peer in connection to marker:443 ",
        "Recv failure: Connection reset by peer", "OpenSSL SSL_connect: Broken pipe",
        "error:0A000126:SSL routines::unexpected eof while reading",
    ]) func aHandshakeThatBrokeOffIsNoDisagreement(_ text: String) {
        let failure = BreakageTests.failure(CURLE_SSL_CONNECT_ERROR, text)
        #expect(failure.outcome == .unreachable)
        #expect(
            failure.message == "the connection to x.test:8443 broke off in the TLS handshake")
        #expect(failure.isRetryable)
        // With a code that says what it was, it was that.
        for code in BreakageTests.tls where code != CURLE_SSL_CONNECT_ERROR {
            #expect(BreakageTests.failure(code, text).outcome == .tlsFailed)
        }
    }

    /// TLS 1.3 tells it behind the handshake, with whatever code libcurl has for a broken read.
    @Test(arguments: [
        "OpenSSL SSL_read: error:0A00045C:SSL routines::tlsv13 alert certificate required, errno 0",
        "GnuTLS recv error (-112): Certificate is required.",
    ]) func aClientCertificateIsWanted(_ text: String) {
        for code in [CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_SSL_CONNECT_ERROR] {
            for hasOne in [false, true] {
                let failure = BreakageTests.failure(
                    code, text, hasSentRequest: true, hasClientCertificate: hasOne)
                #expect(failure.outcome == .tlsFailed)
                #expect(failure.message == "x.test:8443 wants a client certificate")
                #expect(!failure.isRetryable)
            }
        }
    }

    @Test(arguments: [
        "error:0A000418:SSL routines::tlsv1 alert unknown ca",
        "error:0A000412:SSL routines::sslv3 alert bad certificate",
        "error:0A000414:SSL routines::sslv3 alert certificate revoked",
        "error:0A000415:SSL routines::sslv3 alert certificate expired",
        "error:0A000416:SSL routines::sslv3 alert certificate unknown",
    ]) func aClientCertificateIsNotTaken(_ text: String) {
        for code in [CURLE_RECV_ERROR, CURLE_SSL_CONNECT_ERROR] {
            let refused = BreakageTests.failure(code, text, hasClientCertificate: true)
            #expect(refused.outcome == .tlsFailed)
            #expect(refused.message == "x.test:8443 does not take the client certificate")
            #expect(!refused.isRetryable)
            // Without one, nobody can have refused it.
            let other = BreakageTests.failure(code, text)
            #expect(!other.message.contains("client certificate"))
            #expect(other.outcome == (code == CURLE_RECV_ERROR ? .unreachable : .tlsFailed))
        }
    }

    /// TLS 1.2 has but one word for every refusal.
    @Test func aHandshakeMayBeRefusedForWantOfACertificate() {
        let text = "error:0A000410:SSL routines::sslv3 alert handshake failure"
        let without = BreakageTests.failure(CURLE_SSL_CONNECT_ERROR, text)
        #expect(without.outcome == .tlsFailed)
        #expect(
            without.message
                == "x.test:8443 refused the TLS handshake, as one does that wants a client"
                + " certificate")
        let with = BreakageTests.failure(
            CURLE_SSL_CONNECT_ERROR, text, hasClientCertificate: true)
        #expect(with.outcome == .tlsFailed)
        #expect(
            with.message
                == "TLS with x.test:8443 failed: \(BreakageTests.words(CURLE_SSL_CONNECT_ERROR))")
    }

    // MARK: The rest

    /// What came was no HTTP; before the request was sent, nothing can have come.
    @Test func aWeirdReplyIsNoAnswer() {
        for code in [CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL] {
            let sent = BreakageTests.failure(code, "Received HTTP/0.9 marker", hasSentRequest: true)
            #expect(sent.outcome == .malformed)
            #expect(sent.message == "the answer of x.test:8443 is not valid HTTP")
            #expect(!sent.isRetryable)
            #expect(sent.httpStatus == nil)
            let unsent = BreakageTests.failure(code, "marker")
            #expect(unsent.outcome == .unreachable)
            #expect(unsent.message == "\(BreakageTests.words(code)) (x.test:8443)")
            #expect(unsent.isRetryable)
            // Behind a good status line something else is wrong, and may pass; a NUL byte does not.
            let later = BreakageTests.failure(
                code, "Header without colon marker", toldStatus: 200, hasSentRequest: true)
            #expect(later.outcome == .unreachable)
            let trailer = BreakageTests.failure(
                code, "marker", toldStatus: 200, hasHeaders: true, hasSentRequest: true)
            #expect(trailer.outcome == .malformed)
            for text in [
                "Nul byte in header", "NUL byte in header", "Invalid Content-Length: value",
            ] {
                let nul = BreakageTests.failure(
                    code, text, toldStatus: 200, hasSentRequest: true)
                #expect(nul.outcome == .malformed)
                #expect(nul.httpStatus == 200)
            }
        }
    }

    /// libcurl 8.23 has one code for a key that does not fit its certificate and for a NUL byte in
    /// a trailer.
    @Test func aBadArgumentIsTheKeyOrTheTrailer() {
        for isSent in [false, true] {
            let key = BreakageTests.failure(
                CURLE_BAD_FUNCTION_ARGUMENT, "unable to set private key file: 'marker' type PEM",
                hasSentRequest: isSent, hasClientCertificate: true)
            #expect(key.outcome == .tlsFailed)
            #expect(key.message == "the key does not fit the client certificate")
        }
        let trailer = BreakageTests.failure(
            CURLE_BAD_FUNCTION_ARGUMENT, "marker", toldStatus: 200, hasSentRequest: true)
        #expect(trailer.outcome == .malformed)
        #expect(trailer.httpStatus == 200)
    }

    @Test func memoryThatRanOutIsThat() {
        for hasSent in [false, true] {
            let failure = BreakageTests.failure(
                CURLE_OUT_OF_MEMORY, "marker", hasSentRequest: hasSent)
            #expect(failure.outcome == .outOfMemory)
            #expect(!failure.isRetryable)
        }
    }

    /// Every code of libcurl's, known to us or not: what is not one of the others is a connection
    /// that broke, and none of them shows the text.
    @Test func everyCodeHasItsOutcome() throws {
        let proxy = try BreakageTests.proxy("https://u:marker@proxy.test:3129")
        for number in UInt32(1)...120 {
            let code = CURLcode(rawValue: number)
            for (proxy, hasSent) in [(nil, false), (nil, true), (proxy, false), (proxy, true)] {
                let failure = BreakageTests.failure(
                    code, "marker at https://user:marker@x.test/marker", proxy: proxy,
                    hasSentRequest: hasSent)
                let outcome: Outcome =
                    switch code {
                    case CURLE_OUT_OF_MEMORY: .outOfMemory
                    case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL,
                        CURLE_BAD_FUNCTION_ARGUMENT:
                        hasSent ? .malformed : .unreachable
                    default: BreakageTests.tls.contains(code) ? .tlsFailed : .unreachable
                    }
                #expect(failure.outcome == outcome, "\(number)")
                #expect(!failure.message.contains("marker"), "\(number)")
                #expect(!failure.message.isEmpty)
                #expect(failure.isRetryable == (outcome == .unreachable))
            }
        }
    }

    /// libcurl's text names addresses and quotes what came: it is looked at, never shown.
    @Test func theTextIsNeverShown() throws {
        let proxies = [nil, try BreakageTests.proxy("https://u:marker@proxy.test:3129")]
        let texts =
            BreakageTests.wordings.map(\.text) + [
                "SSL_ERROR_SYSCALL", "certificate required", "alert unknown ca",
                "alert handshake failure", "Unrecognized content encoding type",
            ]
        for number in UInt32(1)...100 {
            for text in texts {
                for (proxy, hasOne) in [(proxies[0], false), (proxies[1], true)] {
                    let failure = BreakageTests.failure(
                        CURLcode(rawValue: number), "marker: \(text) marker", proxy: proxy,
                        hasSentRequest: hasOne, hasClientCertificate: hasOne)
                    #expect(!failure.message.contains("marker"), "\(number) \(text)")
                }
            }
        }
    }
}
