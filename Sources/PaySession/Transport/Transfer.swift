// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// Whoever has sent a request.
protocol TransferOwner: AnyObject {
    /// libcurl is through with it, and the owner stops it.
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
    private var headerBytes = 0
    /// What came first, the words of a proxy perhaps, came by HTTP/1.
    private(set) var beganByHTTP1 = false
    /// The handle has had an answer before this one.
    private var hadAnswer = false
    /// The empty line behind the headers has come.
    private var headersEnded = false
    /// Retry-After names a number of seconds beyond counting.
    private var isToWaitForever = false
    private var codings = Codings()
    /// The transfer was ended before a byte of the body was unpacked, because of its codings.
    private var hasRefusedBody = false
    /// The status line that came last is an interim answer's: another one has to follow.
    private var isInterim = false
    /// A status line has come that is good, and no interim answer's.
    private var hasStatusLine = false
    /// Why nothing in the answer can be believed.
    private var headFlaw: StaticString?
    /// Where it goes, and by what rules.
    private var address: Address?
    private var configuration: Configuration?
    /// The Date header as it came, and this machine's clock when it did, in seconds.
    private let date = Buffer()
    private var dateSeen: Int64 = 0
    /// Of the body, as the headers say; what fits no number is the largest.
    private var announcedLength: Int64?
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var overran: StaticString?
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
        guard reset() else { throw .outOfMemory }
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
            asksForHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        // A batch's requests wait for the first connection, to share it. Not without TLS, which
        // alone offers HTTP/2: libcurl 7.88 would wait for ever on a connection that broke at once.
        if !request.address.isPlain, asksForHTTP2 { set(CURLOPT_PIPEWAIT, 1) }
        ccurl_set_text(easy, CURLOPT_ACCEPT_ENCODING, "gzip")
        set(CURLOPT_USERAGENT, configuration.userAgent)
        set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))  // nothing of ours for a proxy
        if let body = request.body {
            set(CURLOPT_POST, 1)
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
        if headerBytes > 0 { hadAnswer = true }
        beganByHTTP1 = false
        for socket in opened where opened.count > 1 { socket.look() }
        opened = []
        body.removeAll()
        date.removeAll()
        headerBytes = 0
        headersEnded = false
        isToWaitForever = false
        codings = Codings()
        hasRefusedBody = false
        isInterim = false
        hasStatusLine = false
        headFlaw = nil
        announcedLength = nil
        errorText[0] = 0
        overran = nil
        changedProtocol = false
    }

    /// It has been given up, and will go on by itself.
    func connectToNothing() { ccurl_set_opensocket(easy, Sockets.openNothing) }

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
            cameByHTTP1: hasAnswerWithoutNumber)
    }

    private func ending(_ code: CURLcode) -> Response.Ending {
        if let overran { return .failed(Failure(.tooLarge, overran.text, httpStatus: httpStatus)) }
        if let headFlaw {
            return .failed(Failure(.malformed, headFlaw.text, httpStatus: toldStatus))
        }
        if changedProtocol {
            return .failed(Failure(.unreachable, "the provider changed from HTTP/2 to HTTP/1"))
        }
        guard body.isComplete else { return .failed(.outOfMemory) }
        if hasRefusedBody, let httpStatus { return refusedBody(httpStatus) }
        switch code {
        case CURLE_OK:
            guard let httpStatus, headersEnded else {
                return .failed(Failure(.unreachable, "the answer broke off in its headers"))
            }
            return .answered(httpStatus)
        case CURLE_BAD_CONTENT_ENCODING:
            guard let httpStatus else { return .failed(breakage(code).failure) }
            // It could not be undone; or libcurl refuses it before we have seen its line.
            return refusedBody(httpStatus)
        default:
            if Quirks.isHeaderTooLong(code, hasSentRequest: hasSentRequest) {
                return .failed(
                    Failure(.tooLarge, Transfer.headerOverrun.text, httpStatus: httpStatus))
            }
            if patience?.hasEnded == true, Breakage.isOfConnection(code) {
                return .failed(
                    Failure(.unreachable, "the provider sends without end what is no answer"))
            }
            return .failed(breakage(code).failure)
        }
    }

    /// What becomes of an answer whose body was not unpacked. Of a refusal the body does not matter:
    /// it is a refusal.
    private func refusedBody(_ httpStatus: Int) -> Response.Ending {
        body.removeAll()
        if httpStatus != 200 { return .answered(httpStatus) }
        return .failed(Failure(.malformed, codings.flaw, httpStatus: httpStatus))
    }

    private func breakage(_ code: CURLcode) -> Breakage {
        var connectStatus = 0
        ccurl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &connectStatus)
        return Breakage(
            code: code, text: errorText, host: address?.host ?? "the provider",
            proxy: address?.isPlain == false ? configuration.flatMap { Proxy.used(by: $0) } : nil,
            connectStatus: connectStatus, toldStatus: toldStatus, hasHeaders: headersEnded,
            hasSentRequest: hasSentRequest,
            hasClientCertificate: configuration?.clientCertificate != nil)
    }

    /// nil where there was no status line to believe.
    private var toldStatus: Int? { hasStatusLine ? httpStatus : nil }

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

    /// An answer by HTTP/1: those belong to requests by their order alone.
    /// What a proxy said first does not count.
    var hasAnswerWithoutNumber: Bool { beganByHTTP1 && !cameByHTTP2 }

    var newConnections: Int {
        var count = 0
        ccurl_get_long(easy, CURLINFO_NUM_CONNECTS, &count)
        return count
    }

    /// Both forms of the header understood by libcurl; zero where there was none.
    private var retryAfter: Span {
        if isToWaitForever { return .endless }
        var seconds: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_RETRY_AFTER, &seconds)
        return .seconds(Int64(seconds))
    }

    private var hasSentRequest: Bool {
        var microseconds: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return microseconds > 0
    }

    private static let bodyOverrun: StaticString = "the answer is longer than max_response_bytes"
    private static let headerOverrun: StaticString = "the answer's headers are longer than 64 KiB"

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
            overran = Transfer.bodyOverrun
            return 0
        }
        body.append(chunk)
        return body.isComplete ? chunk.count : 0
    }

    private func takeHeader(_ line: UnsafeBufferPointer<UInt8>) -> Int {
        patience?.note(gain: line.count)
        let isFirst = headerBytes == 0
        headerBytes += line.count
        guard headerBytes <= Transfer.mostHeaderBytes else {
            overran = Transfer.headerOverrun
            return 0
        }
        if isFirst { beganByHTTP1 = !cameByHTTP2 }
        headFlaw = flaw(of: line, mustBeStatusLine: isFirst || headersEnded && isInterim)
        if headFlaw != nil { return 0 }
        if beganByHTTP1, hadAnswer, Quirks.remembersHeaders {
            // What comes next could be a folded line. Again, with a handle of its own.
            changedProtocol = true
            return 0
        }
        look(at: line)
        if headFlaw != nil { return 0 }
        // Of what a proxy says before the request is sent, libcurl unpacks nothing.
        if headersEnded, codings.areForeign, !isInterim, hasSentRequest {
            hasRefusedBody = true
            return 0
        }
        if headersEnded, codings.content == nil, (announcedLength ?? 0) > Int64(bodyLimit) {
            overran = Transfer.bodyOverrun
            return 0
        }
        return line.count
    }

    /// Why the answer cannot be believed; nil if this line is no reason.
    private func flaw(
        of line: UnsafeBufferPointer<UInt8>, mustBeStatusLine: Bool
    ) -> StaticString? {
        // libcurl 7.74 lets it by, and whoever reads the header in C sees less of it.
        if let start = line.baseAddress, memchr(start, 0, line.count) != nil {
            return "the answer has a NUL byte in a header"
        }
        guard mustBeStatusLine || headersEnded && StatusLine.isMeant(line) else { return nil }
        hasStatusLine = false
        switch StatusLine.read(line) {
        case .http1(let status):
            isInterim = status < 200
            hasStatusLine = !isInterim
            return nil
        case .later:
            isInterim = false
            // Behind what a proxy said the provider's own answer is asked for anew.
            hasStatusLine = !beganByHTTP1 || cameByHTTP2
            return hasStatusLine
                ? nil : "the answer's status line says HTTP/2, and it came by HTTP/1"
        case nil:
            return "the answer does not begin with a status line of HTTP"
        }
    }

    /// One line of the headers, or of the trailers behind a body.
    private func look(at line: UnsafeBufferPointer<UInt8>) {
        switch line.first {
        case 0x48, 0x68:  // H
            guard StatusLine.isMeant(line) else { return }
            headersEnded = false
            codings = Codings()
            announcedLength = nil
        case 0x0D, 0x0A:
            headersEnded = true
        case 0x43, 0x63:  // C
            if let value = Transfer.value(of: "content-encoding:", in: line) {
                // Trailers come when all is unpacked.
                if !headersEnded { codings.note(content: value) }
            } else if let value = Transfer.value(of: "content-length:", in: line) {
                let length = Transfer.length(value)
                if length == nil || announcedLength ?? length != length {
                    // libcurl takes one of them, each version another.
                    headFlaw = "the answer's Content-Length is no number, or two"
                }
                announcedLength = length
            }
        case 0x44, 0x64:  // D
            guard let value = Transfer.value(of: "date:", in: line) else { return }
            date.removeAll()
            date.append(UnsafeRawBufferPointer(value))
            dateSeen = cplatform_realtime()
        case 0x52, 0x72:  // R
            // libcurl takes a number that does not fit for none.
            guard let value = Transfer.value(of: "retry-after:", in: line) else { return }
            isToWaitForever = value.count > 18 && isMade(value, of: "09")
        case 0x54, 0x74:  // T
            guard let value = Transfer.value(of: "transfer-encoding:", in: line) else { return }
            if !headersEnded { codings.note(transfer: value) }
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

    /// Content-Length: digits, which may stand there more than once (RFC 9110, 8.6). nil for anything
    /// else.
    private static func length(_ value: UnsafeBufferPointer<UInt8>) -> Int64? {
        var length: Int64?
        for part in parts(of: value, between: UInt8(ascii: ",")) {
            var digits = part
            while digits.first == UInt8(ascii: " ") {
                digits = UnsafeBufferPointer(rebasing: digits[1...])
            }
            guard !digits.isEmpty, isMade(digits, of: "09") else { return nil }
            let number = parseDigits(digits) ?? Int64.max
            if length ?? number != number { return nil }
            length = number
        }
        return length
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
