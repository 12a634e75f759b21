// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// Why a transfer ended without an answer, in words that name the thing: libcurl has one code for
/// many causes, and its own text quotes addresses with what may be in them.
struct Breakage {
    let code: CURLcode
    /// libcurl's own, which is looked at and never shown.
    let text: UnsafePointer<CChar>
    /// The far end, as "host" or "host:port".
    let host: String
    let proxy: Proxy?
    /// What a proxy answered to CONNECT; 0 for nothing.
    let connectStatus: Int
    /// Of a status line that can be believed.
    let toldStatus: Int?
    /// What is wrong is behind the headers.
    let hasHeaders: Bool
    let hasSentRequest: Bool
    let hasClientCertificate: Bool

    var failure: Failure {
        if connectStatus != 0, connectStatus / 100 != 2 {
            let failure = Failure(
                .unreachable,
                sentence("{} answered HTTP {} to CONNECT", proxyName, String(connectStatus)))
            // It will say the same until somebody changes its rules or the credentials.
            // 401 is what some say for 407.
            if [401, 403, 407].contains(connectStatus) { failure.isRetryable = false }
            return failure
        }
        if hasClientCertificate, holds(text, oneOf: "unable to set private key") {
            return Failure(.tlsFailed, "the key does not fit the client certificate")
        }
        if let refusal = clientCertificateRefusal {
            return Failure(.tlsFailed, sentence(refusal, tlsPeer))
        }
        switch code {
        case CURLE_OUT_OF_MEMORY:
            return .outOfMemory
        case CURLE_OPERATION_TIMEDOUT:
            return unreachable("no connection to {} within connect_timeout_ms", nextHop)
        case CURLE_COULDNT_RESOLVE_HOST:
            return unreachable("the name of {} could not be resolved", host)
        case CURLE_COULDNT_RESOLVE_PROXY:
            return unreachable("the name of {} could not be resolved", proxyName)
        case CURLE_COULDNT_CONNECT:
            return unreachable("{} could not be connected to", nextHop)
        case CURLE_SSL_CONNECT_ERROR where hasBrokenOff:
            return unreachable("the connection to {} broke off in the TLS handshake", tlsPeer)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLcode(UInt32(CCURL_SSL_CLIENTCERT)), CURLE_SSL_ENGINE_INITFAILED,
            CURLE_USE_SSL_FAILED:
            return Failure(.tlsFailed, sentence(tlsWords, tlsPeer, Breakage.words(code)))
        case CURLE_WEIRD_SERVER_REPLY where isNoHTTP, CURLE_UNSUPPORTED_PROTOCOL where isNoHTTP,
            // A NUL byte in a trailer.
            CURLE_BAD_FUNCTION_ARGUMENT where hasSentRequest:
            return Failure(
                .malformed, sentence("the answer of {} is not valid HTTP", host),
                httpStatus: toldStatus)
        default:
            return unreachable("{} ({})", Breakage.words(code), host)
        }
    }

    /// No status line came, or a NUL byte in a header or a trailer, or a length that is none, and
    /// libcurl saw it before we did.
    private var isNoHTTP: Bool {
        hasSentRequest
            && (toldStatus == nil || hasHeaders
                || holds(text, oneOf: "Nul byte|NUL byte|Content-Length"))
    }

    private func unreachable(
        _ template: StaticString, _ first: String, _ second: String = ""
    ) -> Failure {
        Failure(.unreachable, sentence(template, first, second))
    }

    /// libcurl's own words for the code: they name no address and quote nothing.
    static func words(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }

    /// What a connection that was cut can come to.
    static func isOfConnection(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_SSL_CONNECT_ERROR,
            CURLE_HTTP2, CURLE_HTTP2_STREAM:
            true
        default: false
        }
    }

    // MARK: Whom it is about

    private var proxyName: String { proxy.map { sentence("the proxy {}", $0.name) } ?? "the proxy" }

    /// Who is connected to first.
    private var nextHop: String {
        guard let proxy, connectStatus == 0 else { return host }
        return proxy.hasExceptions ? sentence("{}, or {},", host, proxyName) : proxyName
    }

    /// With an https:// proxy there are two who may fail.
    private var tlsPeer: String {
        if let proxy, proxy.isTLS, connectStatus == 0 { return proxyName }
        return host
    }

    // MARK: TLS

    /// A handshake that ended with the connection, not with a disagreement. libcurl has one code
    /// for both; the TLS library's words tell them apart, and where they do not, it was a
    /// disagreement.
    private var hasBrokenOff: Bool {
        holds(
            text,
            oneOf: """
                SSL_ERROR_SYSCALL|reset by peer|Broken pipe|unexpected eof|non-properly terminated|\
                indicated an EOF
                """)
    }

    /// TLS 1.3 tells it when the handshake is over, and libcurl as a read that failed; TLS 1.2 has
    /// no word of its own for it.
    private var clientCertificateRefusal: StaticString? {
        if holds(text, oneOf: "certificate required|Certificate is required") {
            return "{} wants a client certificate"
        }
        if hasClientCertificate {
            return holds(text, oneOf: "alert unknown ca|alert bad certificate|alert certificate")
                ? "{} does not take the client certificate" : nil
        }
        return holds(text, oneOf: "alert handshake failure")
            ? "{} refused the TLS handshake, as one does that wants a client certificate" : nil
    }

    /// In the words of OpenSSL, GnuTLS and mbedTLS, first match first.
    private var tlsWords: StaticString {
        if holds(text, oneOf: "not yet valid|not activated|BADCERT_FUTURE") {
            return "the certificate of {} is not yet valid; check this machine's clock"
        }
        if holds(text, oneOf: "has expired|expiration|BADCERT_EXPIRED") {
            return "the certificate of {} has expired; check this machine's clock"
        }
        if holds(text, oneOf: "subject name|does not match|CN_MISMATCH") {
            return "the certificate of {} is for another name"
        }
        if holds(text, oneOf: "self-signed|self signed") {
            return "the certificate of {} is signed by itself or by an issuer that is not trusted"
        }
        if holds(text, oneOf: "issuer certificate|first certificate|Issuer unknown|NOT_TRUSTED") {
            return "the issuer of the certificate of {} is not trusted"
        }
        if holds(text, oneOf: "protocol version|unsupported protocol|unsupported version") {
            return "{} speaks no TLS version from 1.2 on"
        }
        if holds(text, oneOf: "wrong version number|packet length too long|http request") {
            return "{} does not speak TLS"
        }
        return "TLS with {} failed: {}"
    }
}

/// What stands between this machine and a provider, as it may be told: without user and password.
struct Proxy {
    /// "host:port"
    let name: String
    let isTLS: Bool
    /// Some hosts are reached directly, this one perhaps.
    let hasExceptions: Bool

    /// What libcurl uses for https: the configuration's, else the environment's (libcurl-env(3)).
    static func used(by configuration: Configuration) -> Proxy? {
        var hasExceptions = false
        if let exceptions = configuration.noProxy {
            hasExceptions = !exceptions.isEmpty
        } else if let exceptions = getenv("no_proxy") ?? getenv("NO_PROXY") {
            hasExceptions = exceptions.pointee != 0
        }
        if let proxy = configuration.proxy {
            return proxy.withText { Proxy($0, hasExceptions) }
        }
        let address =
            getenv("https_proxy") ?? getenv("HTTPS_PROXY") ?? getenv("all_proxy")
            ?? getenv("ALL_PROXY")
        return address.flatMap { Proxy($0, hasExceptions) }
    }

    private init?(_ address: UnsafePointer<CChar>, _ hasExceptions: Bool) {
        guard address.pointee != 0 else { return nil }
        name = Address.host(of: address) ?? "that is configured"
        isTLS = strncmp(address, "https:", 6) == 0
        self.hasExceptions = hasExceptions
    }
}
