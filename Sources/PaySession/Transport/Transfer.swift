// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// Whoever has sent a request, and wants to know what came of it.
protocol TransferOwner: AnyObject {
    /// libcurl is through with the request. The owner gives its transfer back by `Loop.stop`.
    func transferEnded(_ response: Response)
}

/// One request and its answer: a libcurl easy handle, used again for the next request.
final class Transfer {
    let easy: UnsafeMutableRawPointer
    /// Whose it is while it is under way.
    var owner: (any TransferOwner)?
    /// When it was given to libcurl, counted in how often that had looked at all of its transfers.
    var turn = 0
    private(set) var body = Buffer()
    private var bodyLimit = 0
    /// The handle has not been used yet: there is nothing to reset.
    private var isNew = true
    /// The handle has had an answer before this one.
    private var hadAnswer = false
    /// The transfer was ended before a byte of the body was unpacked, because of its codings.
    private var hasRefusedBody = false
    /// Where it goes, and by what rules.
    private var address: Address?
    private var configuration: Configuration?
    private(set) var head = ResponseHead(date: Buffer())
    /// This machine's clock when the head had ended, in seconds since 1970; 0 before that.
    private var headSeen: Int64 = 0
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// The body is longer than it may be.
    private var overran = false
    /// An answer by HTTP/1 came to a handle that may not be used for it again: see `takeHeader`.
    private var changedProtocol = false
    private var headerList: UnsafeMutablePointer<curl_slist>?
    /// Whose headers `headerList` may keep between requests.
    private var lastingHeadersOf: Secret?
    /// What the handle is set up for, but for URL and headers: a GET without TLS (true) or with it.
    private var preparedFor: Bool?
    private var sockets: Sockets?
    private var patience: Patience?
    /// Those that were opened for it, one for each address that was tried.
    private var opened: [Socket] = []
    /// Resetting an easy handle leaves it attached; it must not outlive what it is attached to.
    private var share: ShareHandle?

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
        guard preparedFor == request.address.isPlain, request.body == nil,
            ccurl_set_text(easy, CURLOPT_URL, request.address.text) == CURLE_OK,
            setHeaders(request)
        else { return false }
        address = request.address
        return true
    }

    func prepare(
        _ request: Request, _ configuration: Configuration, sockets: Sockets,
        patience: Patience, share: ShareHandle?,
        cachesAuthorities: Bool, asksForHTTP2: Bool
    ) throws(Failure) {
        if !isNew, !reset() { throw .outOfMemory }
        isNew = false
        if !request.address.isPlain, !Quirks.hasTLS {
            throw Failure(.tlsFailed, sentence("libcurl {} has no TLS", Quirks.versionText))
        }
        if request.hasSecretAnswer { body = Buffer(holdsSecrets: true) }
        let context = Unmanaged.passUnretained(self).toOpaque()
        bodyLimit = configuration.maxResponseBytes

        var refusal = CURLE_OK
        func set(_ code: CURLcode) { if refusal == CURLE_OK { refusal = code } }
        func set(_ option: CURLoption, _ value: Int) { set(ccurl_set_long(easy, option, value)) }
        func set(_ option: CURLoption, _ text: String) { set(ccurl_set_text(easy, option, text)) }
        func set(_ file: NamedFile, _ content: Int, _ path: CURLoption) {
            if Quirks.takesBytes {
                // Not copied: the configuration stays as long as this.
                let bytes = file.content.bytes
                set(
                    ccurl_set_bytes(
                        easy, CURLoption(UInt32(content)), bytes.baseAddress, bytes.count))
            } else {
                set(path, file.path)
            }
        }

        set(CURLOPT_URL, request.address.text)
        set(CURLOPT_PATH_AS_IS, 1)
        set(Quirks.allowOnly(plain: request.address.isPlain, easy))
        set(CURLOPT_FOLLOWLOCATION, 0)  // a redirect would carry the key to another host
        // A libcurl without HTTP/2 or without zlib does without.
        ccurl_set_long(
            easy, CURLOPT_HTTP_VERSION,
            asksForHTTP2 && !request.isSentOnce ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        // A batch's requests wait for the first connection, to share it. Not without TLS, which
        // alone offers HTTP/2: see Quirks.
        if !request.address.isPlain, asksForHTTP2, !request.isSentOnce { set(CURLOPT_PIPEWAIT, 1) }
        ccurl_set_text(easy, CURLOPT_ACCEPT_ENCODING, "gzip")
        set(CURLOPT_USERAGENT, configuration.userAgent)
        set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))  // nothing of ours for a proxy
        if let body = request.body {
            set(CURLOPT_POST, 1)
            if request.isSentOnce { set(CURLOPT_FRESH_CONNECT, 1) }
            set(CURLOPT_COPYPOSTFIELDS, body)
        }

        set(CURLOPT_NOSIGNAL, 1)
        set(Quirks.leaveLookups(easy))
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(configuration.connectTimeout.milliseconds))
        if request.address.isPlain {
            set(CURLOPT_NOPROXY, "*")
        } else {
            if !cachesAuthorities { set(Quirks.keepNoAuthorities(easy)) }
            set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
            set(CURLOPT_SSL_VERIFYPEER, 1)
            set(CURLOPT_SSL_VERIFYHOST, 2)
            set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
            if configuration.caFile != nil || configuration.caPath != nil {
                // Instead of the machine's, not beside them, for the provider and for an https://
                // proxy.
                for option in [CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO] {
                    set(ccurl_set_text(easy, option, nil))
                }
                if let file = configuration.caFile {
                    set(file, CCURL_CAINFO_BLOB, CURLOPT_CAINFO)
                    set(file, CCURL_PROXY_CAINFO_BLOB, CURLOPT_PROXY_CAINFO)
                }
                for option in [CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH] {
                    let code = ccurl_set_text(easy, option, configuration.caPath)
                    // A TLS library that knows no directories has none to be forgotten.
                    if configuration.caPath != nil || code == CURLE_OUT_OF_MEMORY { set(code) }
                }
            }
            if let certificate = configuration.clientCertificate {
                set(certificate, CCURL_SSLCERT_BLOB, CURLOPT_SSLCERT)
                set(configuration.clientKey ?? certificate, CCURL_SSLKEY_BLOB, CURLOPT_SSLKEY)
            }
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
        set(ccurl_set_opensocket(easy, Transfer.openSocket))
        set(ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context))
        set(ccurl_set_closesocket(easy, Sockets.closeFunction))
        let socketContext = Unmanaged.passUnretained(sockets).toOpaque()
        set(ccurl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, socketContext))
        if !request.address.isPlain, Quirks.watchesRecords {
            set(ccurl_set_tls_callback(easy, Transfer.beginTLS))
            set(ccurl_set_pointer(easy, CURLOPT_SSL_CTX_DATA, context))
        }
        self.sockets = sockets
        self.patience = patience
        if let share { set(ccurl_set_pointer(easy, CURLOPT_SHARE, share.handle)) }
        self.share = share
        guard refusal == CURLE_OK || refusal == CURLE_OUT_OF_MEMORY else {
            let failure = Failure(
                .unreachable,
                sentence(
                    "libcurl {} refuses what is needed: {}", Quirks.versionText,
                    Breakage.words(refusal)))
            failure.isRetryable = false
            throw failure
        }
        guard refusal == CURLE_OK, setHeaders(request) else { throw .outOfMemory }
        address = request.address
        self.configuration = configuration
        preparedFor = request.body == nil ? request.address.isPlain : nil
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
        if head.length > 0 {
            hadAnswer = true
            head = ResponseHead(date: head.date)
        }
        headSeen = 0
        for socket in opened where opened.count > 1 { socket.look() }
        opened = []
        body.removeAll()
        hasRefusedBody = false
        errorText[0] = 0
        overran = false
        changedProtocol = false
    }

    /// It has been given up, and will go on by itself.
    func connectToNothing() { ccurl_set_opensocket(easy, Sockets.openNothing) }

    /// Not after a POST: libcurl keeps the 64 KiB that it was sent from.
    var mayBeUsedAgain: Bool { preparedFor != nil }

    /// How far the far end's clock is ahead of this machine's, in seconds; nil if it did not say.
    var clockSkew: Int64? {
        let date = head.date
        guard date.count > 0 else { return nil }
        date.append(0)
        guard date.isComplete else { return nil }
        let told = date.bytes.withMemoryRebound(to: CChar.self) { text in
            text.baseAddress.map { curl_getdate($0, nil) } ?? -1
        }
        return told < 0 ? nil : Int64(told) - headSeen
    }

    /// What came of it. Takes the body away.
    func response(_ code: CURLcode) -> Response {
        let ending = ending(code)
        let taken = body
        body = Buffer()
        var redirectHost: String?
        if case .answered(300...399) = ending { redirectHost = self.redirectHost }
        return Response(
            ending: ending, body: taken, retryAfter: retryAfter, redirectHost: redirectHost,
            httpStatus: httpStatus, httpVersion: httpVersion, reusedConnection: reusedConnection,
            cameByHTTP1: cameByHTTP1)
    }

    private func ending(_ code: CURLcode) -> Response.Ending {
        if overran {
            let words = "the answer is longer than max_response_bytes"
            return .failed(Failure(.tooLarge, words, httpStatus: httpStatus))
        }
        if head.isTooLong { return headIsTooLong }
        if let flaw = head.flaw {
            return .failed(Failure(.malformed, flaw.text, httpStatus: toldStatus))
        }
        if changedProtocol {
            return .failed(Failure(.unreachable, "the provider changed from HTTP/2 to HTTP/1"))
        }
        guard body.isComplete else { return .failed(.outOfMemory) }
        if hasRefusedBody, let httpStatus { return refusedBody(httpStatus) }
        switch code {
        case CURLE_OK:
            guard let httpStatus, head.hasEnded else {
                return .failed(Failure(.unreachable, "the answer broke off in its headers"))
            }
            return .answered(httpStatus)
        case CURLE_BAD_CONTENT_ENCODING:
            guard let httpStatus else { return .failed(breakage(code).failure) }
            // It could not be undone; or libcurl refuses it before we have seen its line.
            return refusedBody(httpStatus)
        default:
            if Quirks.isHeaderTooLong(code, hasSentRequest: hasSentRequest) {
                return headIsTooLong
            }
            if patience?.hasEnded == true, Breakage.isOfConnection(code) {
                return .failed(
                    Failure(.unreachable, "the provider sends without end what is no answer"))
            }
            return .failed(breakage(code).failure)
        }
    }

    private var headIsTooLong: Response.Ending {
        let words = "the answer's headers are longer than 64 KiB"
        return .failed(Failure(.tooLarge, words, httpStatus: httpStatus))
    }

    /// What becomes of an answer whose body was not unpacked. Of a refusal the body does not
    /// matter: it is a refusal.
    private func refusedBody(_ httpStatus: Int) -> Response.Ending {
        body.removeAll()
        if httpStatus != 200 { return .answered(httpStatus) }
        return .failed(Failure(.malformed, head.codings.flaw, httpStatus: httpStatus))
    }

    private func breakage(_ code: CURLcode) -> Breakage {
        var connectStatus = 0
        ccurl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &connectStatus)
        return Breakage(
            code: code, text: errorText, host: address?.host ?? "the provider",
            proxy: address?.isPlain == false ? configuration.flatMap { Proxy.used(by: $0) } : nil,
            connectStatus: connectStatus, toldStatus: toldStatus, hasHeaders: head.hasEnded,
            hasSentRequest: hasSentRequest,
            hasClientCertificate: configuration?.clientCertificate != nil)
    }

    /// nil where there was no status line to believe.
    private var toldStatus: Int? { head.hasStatusLine ? httpStatus : nil }

    private var redirectHost: String? {
        var target: UnsafeMutablePointer<CChar>?
        ccurl_get_pointer(easy, CURLINFO_REDIRECT_URL, &target)
        return target.flatMap { Address.host(of: $0) }
    }

    /// Whether it went over a connection that was there before; nil where it has none.
    var reusedConnection: Bool? {
        if newConnections > 0 { return false }
        var address: UnsafeMutablePointer<CChar>?
        ccurl_get_pointer(easy, CURLINFO_PRIMARY_IP, &address)
        guard let address, address.pointee != 0 else { return nil }
        return true
    }

    /// libcurl has not got so far as to know where to connect to.
    var knowsNoAddress: Bool {
        var microseconds: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_NAMELOOKUP_TIME_T, &microseconds)
        return microseconds == 0
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

    /// In truth, whatever the status line says.
    private var cameByHTTP2: Bool { ccurl_came_by_http2(easy) == 1 }

    /// An answer by HTTP/1, whatever a proxy spoke before it. On a connection of HTTP/1 nothing but
    /// their order says which request an answer belongs to; HTTP/2 numbers both.
    var cameByHTTP1: Bool { head.beganByHTTP1 && !cameByHTTP2 }

    var newConnections: Int {
        var count = 0
        ccurl_get_long(easy, CURLINFO_NUM_CONNECTS, &count)
        return count
    }

    /// Both forms of the header understood by libcurl; zero where there was none.
    private var retryAfter: Span {
        if head.isToWaitForever { return .endless }
        var seconds: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_RETRY_AFTER, &seconds)
        return .seconds(Int64(seconds))
    }

    private var hasSentRequest: Bool {
        var microseconds: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return microseconds > 0
    }

    /// To this machine only where there is no TLS, whatever a resolver says that localhost is.
    private static let openSocket: curl_opensocket_callback = { context, purpose, address in
        guard let context, let address else { return CURL_SOCKET_BAD }
        return Unmanaged<Transfer>.fromOpaque(context)._withUnsafeGuaranteedRef { transfer in
            if transfer.address?.isPlain ?? true, !Sockets.isLoopback(&address.pointee.addr) {
                return CURL_SOCKET_BAD
            }
            guard let socket = transfer.sockets?.open(address.pointee) else {
                return CURL_SOCKET_BAD
            }
            transfer.opened.append(socket)
            return socket.descriptor
        }
    }

    /// A TLS connection begins, over the one of its sockets that is left.
    private static let beginTLS: curl_ssl_ctx_callback = { _, tls, context in
        guard let tls, let context else { return CURLE_OK }
        Unmanaged<Transfer>.fromOpaque(context)._withUnsafeGuaranteedRef { transfer in
            guard let socket = transfer.opened.last(where: { $0.isOurs }) else { return }
            ccurl_watch_records(
                Quirks.openSSL, tls, Socket.messageCame,
                Unmanaged.passUnretained(socket).toOpaque())
        }
        return CURLE_OK
    }

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
        patience?.note(gain: chunk.count)
        guard chunk.count <= bodyLimit - body.count else {
            overran = true
            return 0
        }
        body.append(chunk)
        return body.isComplete ? chunk.count : 0
    }

    private func takeHeader(_ line: UnsafeBufferPointer<UInt8>) -> Int {
        patience?.note(gain: line.count)
        guard head.take(line, cameByHTTP2: cameByHTTP2) else { return 0 }
        if !head.hasEnded {
            headSeen = 0
        } else if headSeen == 0 {
            headSeen = cplatform_realtime()
        }
        if head.beganByHTTP1, hadAnswer, Quirks.remembersHeaders {
            // A folded line could be next, which libcurl would add to a header that it has freed.
            // The same is asked again, by a handle that had no answer yet.
            changedProtocol = true
            return 0
        }
        // Of what a proxy says before the request is sent, libcurl unpacks nothing.
        if head.announcesForeignBody, hasSentRequest {
            hasRefusedBody = true
            return 0
        }
        if head.announcesBody(longerThan: bodyLimit) {
            overran = true
            return 0
        }
        return line.count
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
