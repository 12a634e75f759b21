// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// One request and its answer: a libcurl easy handle, used again for the next request.
final class Transfer {
    struct Request {
        let address: Address
        /// The secret header line.
        let authorization: Secret
        var headers: [String] = []
        /// Makes it a POST.
        var body: String?
        let connectTimeoutMs: Int64
        /// Whatever is asked with this authorization has the same headers, and the authorization
        /// lives as long as the client: they may stay for the next request.
        var hasLastingHeaders = false
        /// What comes back is wiped before its memory is.
        var hasSecretAnswer: Bool { body != nil }
    }

    /// What came of it, as far as libcurl can tell.
    enum Ending {
        /// An answer with this HTTP status; the body is in `body`.
        case answered(Int)
        case failed(Failure)
    }

    let easy: UnsafeMutableRawPointer
    /// Whose it is while it is under way.
    var call: Call?
    private(set) var body = Buffer()
    private var bodyLimit = 0
    private var headerBytes = 0
    /// What came first, the words of a proxy perhaps, came by HTTP/1.
    private(set) var beganByHTTP1 = false
    /// The handle has had an answer before this one.
    private var hadAnswer = false
    /// The empty line behind the headers has come.
    private var headersEnded = false
    /// Retry-After names a number of seconds beyond counting.
    private var isToWaitForever = false
    /// The length that is announced is not the one that counts.
    private var isEncoded = false
    /// The Date header as it came, and this machine's clock when it did, in seconds.
    private let date = Buffer()
    private var dateSeen: Int64 = 0
    /// Of the body, as the headers say; what fits no number is the largest.
    private var announcedLength: Int64 = 0
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var overran: StaticString?
    private var changedProtocol = false
    static let remembersHeaders = ccurl_remembers_headers() != 0
    private var headerList: UnsafeMutablePointer<curl_slist>?
    /// Whose headers `headerList` may keep between requests.
    private var lastingHeadersOf: Secret?
    /// What the handle is set up for, but for URL and headers: a GET without TLS (true) or with it.
    private var preparedFor: Bool?
    /// Resetting an easy handle leaves it attached; it must not outlive what it is attached to.
    private var share: ShareHandle?

    /// More than any provider sends; libcurl's own bound depends on its version.
    private static let mostHeaderBytes = 65536

    /// nil when memory has run out.
    static func make() -> Transfer? {
        guard let easy = curl_easy_init() else { return nil }
        return Transfer(easy)
    }

    private init(_ easy: UnsafeMutableRawPointer) {
        self.easy = easy
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
    }

    deinit {
        freeHeaders()
        curl_easy_cleanup(easy)
        errorText.deallocate()
    }

    /// Whether it was set up for such a request before, and now is for this one.
    func prepareAgain(_ request: Request) -> Bool {
        preparedFor == request.address.isPlain && request.body == nil
            && ccurl_set_text(easy, CURLOPT_URL, request.address.text) == CURLE_OK
            && setHeaders(request)
    }

    /// false when memory has run out.
    func prepare(
        _ request: Request, _ configuration: Configuration, sockets: Sockets, share: ShareHandle?,
        cachesAuthorities: Bool
    ) -> Bool {
        guard reset() else { return false }
        if request.hasSecretAnswer { body = Buffer(holdsSecrets: true) }
        let context = Unmanaged.passUnretained(self).toOpaque()
        bodyLimit = configuration.maxResponseBytes

        var isSet = true
        func set(_ code: CURLcode) { if code != CURLE_OK { isSet = false } }
        func set(_ option: CURLoption, _ value: Int) { set(ccurl_set_long(easy, option, value)) }
        func set(_ option: CURLoption, _ text: String) { set(ccurl_set_text(easy, option, text)) }

        set(CURLOPT_URL, request.address.text)
        set(CURLOPT_PATH_AS_IS, 1)
        set(ccurl_set_protocols(easy, request.address.isPlain ? 1 : 0))
        set(CURLOPT_FOLLOWLOCATION, 0)  // a redirect would carry the key to another host
        // A libcurl without HTTP/2 or without zlib does without.
        ccurl_set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        // A batch's requests wait for the first connection, to share it. Not without TLS, which
        // alone offers HTTP/2: libcurl 7.88 would wait for ever on a connection that broke at once.
        if !request.address.isPlain { set(CURLOPT_PIPEWAIT, 1) }
        ccurl_set_text(easy, CURLOPT_ACCEPT_ENCODING, "gzip")
        set(CURLOPT_USERAGENT, configuration.userAgent)
        set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))  // nothing of ours for a proxy
        if let body = request.body {
            set(CURLOPT_POST, 1)
            set(CURLOPT_COPYPOSTFIELDS, body)
        }

        set(CURLOPT_NOSIGNAL, 1)
        set(ccurl_set_quick_exit(easy))
        if !cachesAuthorities { set(ccurl_set_no_ca_cache(easy)) }
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(request.connectTimeoutMs))
        if request.address.isPlain { set(CURLOPT_NOPROXY, "*") }

        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if configuration.caFile != nil || configuration.caPath != nil {
            // Instead of the machine's, not beside them, for the provider and for an https://
            // proxy.
            for option in [CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO] {
                set(ccurl_set_text(easy, option, configuration.caFile))
            }
            for option in [CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH] {
                set(ccurl_set_text(easy, option, configuration.caPath))
            }
        }
        if let certificate = configuration.clientCertificate {
            set(CURLOPT_SSLCERT, certificate)
            set(CURLOPT_SSLKEY, configuration.clientKey ?? certificate)
        }
        if !request.address.isPlain {
            if let proxy = configuration.proxy {
                set(proxy.withText { ccurl_set_text(easy, CURLOPT_PROXY, $0) })
            }
            if let hosts = configuration.noProxy { set(CURLOPT_NOPROXY, hosts) }
        }

        set(ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        set(ccurl_set_pointer(easy, CURLOPT_PRIVATE, context))
        set(ccurl_set_sink(easy, CURLOPT_WRITEFUNCTION, Transfer.takeBody))
        set(ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context))
        set(ccurl_set_sink(easy, CURLOPT_HEADERFUNCTION, Transfer.takeHeader))
        set(ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context))
        let socketContext = Unmanaged.passUnretained(sockets).toOpaque()
        let open = request.address.isPlain ? Sockets.openToLoopback : Sockets.openFunction
        set(ccurl_set_opensocket(easy, open))
        set(ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, socketContext))
        set(ccurl_set_closesocket(easy, Sockets.closeFunction))
        set(ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, socketContext))
        if let share { set(ccurl_set_pointer(easy, CURLOPT_SHARE, share.handle)) }
        self.share = share
        guard isSet, setHeaders(request) else { return false }
        preparedFor = request.body == nil ? request.address.isPlain : nil
        return true
    }

    private func setHeaders(_ request: Request) -> Bool {
        if let lastingHeadersOf, lastingHeadersOf === request.authorization { return true }
        freeHeaders()
        guard request.headers.allSatisfy({ $0.withCString { addHeader($0) } }),
            addHeader(cString("Accept: application/json")),
            request.authorization.withText({ addHeader($0) }),
            ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headerList) == CURLE_OK
        else { return false }
        if request.hasLastingHeaders { lastingHeadersOf = request.authorization }
        return true
    }

    /// After a request: forgets its answer and its secrets, and keeps what the next one will need.
    func rest() {
        if preparedFor == nil {
            reset()
            return
        }
        if lastingHeadersOf == nil { freeHeaders() }
        forgetAnswer()
    }

    /// Forgets the last request, its secrets and its answer.
    /// - Returns: false when memory has run out: libcurl does not say so, and leaves a handle that
    ///   never works again, unless it is reset when there is some.
    @discardableResult
    private func reset() -> Bool {
        preparedFor = nil
        cplatform_set_errno(0)
        curl_easy_reset(easy)
        let isWhole = cplatform_is_exhausted() == 0
        ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)  // also while it is taken apart
        freeHeaders()
        forgetAnswer()
        return isWhole
    }

    private func forgetAnswer() {
        if headerBytes > 0 { hadAnswer = true }
        beganByHTTP1 = false
        body.removeAll()
        date.removeAll()
        headerBytes = 0
        headersEnded = false
        isToWaitForever = false
        isEncoded = false
        announcedLength = 0
        errorText[0] = 0
        overran = nil
        changedProtocol = false
    }

    /// Not after a POST: libcurl keeps the 64 KiB that it was sent from.
    var mayBeUsedAgain: Bool { preparedFor != nil }

    /// How far the far end's clock is ahead of this machine's, in seconds; nil if it did not say.
    var clockSkew: Int64? {
        guard date.count > 0 else { return nil }
        date.append(0)
        guard date.isComplete else { return nil }
        let told = date.bytes.withMemoryRebound(to: CChar.self) { text in
            text.baseAddress.map { curl_getdate($0, nil) } ?? -1
        }
        return told < 0 ? nil : Int64(told) - dateSeen
    }

    func takeAwayBody() -> Buffer {
        let taken = body
        body = Buffer()
        return taken
    }

    func ending(_ code: CURLcode) -> Ending {
        if let overran { return .failed(Failure(.tooLarge, "\(overran)", httpStatus: httpStatus)) }
        if changedProtocol {
            return .failed(Failure(.unreachable, "the provider changed from HTTP/2 to HTTP/1"))
        }
        guard body.isComplete else { return .failed(.outOfMemory) }
        switch code {
        case CURLE_OK:
            guard let httpStatus, headersEnded else {
                return .failed(Failure(.unreachable, "the answer broke off in its headers"))
            }
            return .answered(httpStatus)
        case CURLE_BAD_CONTENT_ENCODING:
            // What is in the body of a refusal does not matter: it is a refusal.
            guard let httpStatus, httpStatus == 200 else {
                body.removeAll()
                return httpStatus.map { .answered($0) }
                    ?? .failed(Failure(.unreachable, Transfer.words(code)))
            }
            return .failed(
                Failure(.malformed, "the answer cannot be decompressed", httpStatus: httpStatus))
        case CURLE_OUT_OF_MEMORY where hasSentRequest:
            // What libcurl says to a header line beyond its own bound, before we see it.
            return .failed(Failure(.tooLarge, "\(Transfer.headerOverrun)", httpStatus: httpStatus))
        case CURLE_OUT_OF_MEMORY:
            return .failed(.outOfMemory)
        case CURLE_OPERATION_TIMEDOUT:
            return .failed(Failure(.unreachable, "no connection within connect_timeout_ms"))
        case CURLE_SSL_CONNECT_ERROR where hasBrokenOff:
            return .failed(Failure(.unreachable, "the connection broke off in the TLS handshake"))
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_USE_SSL_FAILED:
            return .failed(Failure(.tlsFailed, Transfer.words(code)))
        default:
            return .failed(Failure(.unreachable, Transfer.words(code)))
        }
    }

    /// nil where no answer began.
    var httpStatus: Int? {
        var status = 0
        ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return status == 0 ? nil : status
    }

    var httpVersion: StaticString? {
        var version = 0
        ccurl_get_long(easy, CURLINFO_HTTP_VERSION, &version)
        switch version {
        case CURL_HTTP_VERSION_1_0: return "1.0"
        case CURL_HTTP_VERSION_1_1: return "1.1"
        case CURL_HTTP_VERSION_2_0: return "2"
        case CURL_HTTP_VERSION_3: return "3"
        default: return nil
        }
    }

    /// In truth, if libcurl can tell it from what the status line says.
    private var cameByHTTP2: Bool {
        let told = ccurl_came_by_http2(easy)
        guard told < 0 else { return told == 1 }
        var version = 0
        ccurl_get_long(easy, CURLINFO_HTTP_VERSION, &version)
        return version == CURL_HTTP_VERSION_2_0
    }

    /// An answer by HTTP/1: those belong to requests by their order alone.
    /// What a proxy said first does not count.
    var hasAnswerWithoutNumber: Bool { beganByHTTP1 && !cameByHTTP2 }

    var newConnections: Int {
        var count = 0
        ccurl_get_long(easy, CURLINFO_NUM_CONNECTS, &count)
        return count
    }

    /// In seconds, both forms of the header understood by libcurl; 0 where there was none.
    var retryAfter: Int64 {
        if isToWaitForever { return Int64.max }
        var seconds: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_RETRY_AFTER, &seconds)
        return Int64(seconds)
    }

    private var hasSentRequest: Bool {
        var microseconds: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return microseconds > 0
    }

    /// A handshake that ended with the connection, not with a disagreement. libcurl has one code
    /// for both; the TLS library's words tell them apart, and where they do not, it was a
    /// disagreement.
    private var hasBrokenOff: Bool {
        let text = String(cString: errorText)
        return ["SSL_ERROR_SYSCALL", "reset by peer", "Broken pipe", "unexpected eof"].contains {
            contains(text, $0)
        }
    }

    /// libcurl's own words for the code: they name no address and quote nothing.
    private static func words(_ code: CURLcode) -> String {
        String(cString: curl_easy_strerror(code))
    }

    private static let bodyOverrun: StaticString = "the answer is longer than max_response_bytes"
    private static let headerOverrun: StaticString = "the answer's headers are longer than 64 KiB"

    private static let takeBody: ccurl_sink = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return Unmanaged<Transfer>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.take(chunk) }
    }

    private static let takeHeader: ccurl_sink = { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let start = UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self)
        let line = UnsafeBufferPointer(start: start, count: size * count)
        return Unmanaged<Transfer>.fromOpaque(context)._withUnsafeGuaranteedRef {
            $0.takeHeader(line)
        }
    }

    /// - Returns: how much of it was taken; less than all ends the transfer.
    private func take(_ chunk: UnsafeRawBufferPointer) -> Int {
        guard chunk.count <= bodyLimit - body.count else {
            overran = Transfer.bodyOverrun
            return 0
        }
        body.append(chunk)
        return body.isComplete ? chunk.count : 0
    }

    private func takeHeader(_ line: UnsafeBufferPointer<UInt8>) -> Int {
        let isFirst = headerBytes == 0
        headerBytes += line.count
        guard headerBytes <= Transfer.mostHeaderBytes else {
            overran = Transfer.headerOverrun
            return 0
        }
        if isFirst { beganByHTTP1 = !cameByHTTP2 }
        if beganByHTTP1, hadAnswer, Transfer.remembersHeaders {
            // What comes next could be a folded line. Again, with a handle of its own.
            changedProtocol = true
            return 0
        }
        look(at: line)
        if headersEnded, !isEncoded, announcedLength > Int64(bodyLimit) {
            overran = Transfer.bodyOverrun
            return 0
        }
        return line.count
    }

    /// One line of the headers, or of the trailers behind a body.
    private func look(at line: UnsafeBufferPointer<UInt8>) {
        switch line.first {
        case 0x48, 0x68:  // H
            guard Transfer.value(of: "http/", in: line) != nil else { return }
            headersEnded = false
            isEncoded = false
            announcedLength = 0
        case 0x0D, 0x0A:
            headersEnded = true
        case 0x43, 0x63:  // C
            if Transfer.value(of: "content-encoding:", in: line) != nil {
                isEncoded = true
            } else if let value = Transfer.value(of: "content-length:", in: line) {
                announcedLength = parseDigits(value) ?? (value.allSatisfy(isDigit) ? Int64.max : 0)
            }
        case 0x44, 0x64:  // D
            guard let value = Transfer.value(of: "date:", in: line) else { return }
            date.removeAll()
            date.append(UnsafeRawBufferPointer(value))
            dateSeen = cplatform_realtime()
        case 0x52, 0x72:  // R
            // libcurl takes a number that does not fit for none.
            guard let value = Transfer.value(of: "retry-after:", in: line) else { return }
            isToWaitForever = value.count > 18 && value.allSatisfy(isDigit)
        default: break
        }
    }

    /// - Parameter name: in lower case.
    private static func value(
        of name: StaticString, in line: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8>? {
        guard line.count >= name.utf8CodeUnitCount else { return nil }
        for index in 0..<name.utf8CodeUnitCount {
            let (byte, wanted) = (line[index], name.utf8Start[index])
            guard byte == wanted || wanted >= 0x61 && byte | 0x20 == wanted else { return nil }
        }
        var first = name.utf8CodeUnitCount
        var end = line.count
        while first < end, line[first] <= 0x20 { first += 1 }
        while end > first, line[end - 1] <= 0x20 { end -= 1 }
        return UnsafeBufferPointer(rebasing: line[first..<end])
    }

    private func addHeader(_ line: UnsafePointer<CChar>) -> Bool {
        guard let list = curl_slist_append(headerList, line) else { return false }
        headerList = list
        return true
    }

    private func freeHeaders() {
        var entry = headerList
        while let current = entry {
            if let text = current.pointee.data { explicit_bzero(text, strlen(text)) }
            entry = current.pointee.next
        }
        ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, nil)
        curl_slist_free_all(headerList)
        headerList = nil
        lastingHeadersOf = nil
    }
}
