// SPDX-License-Identifier: MIT

/// A request that came to the shop, as its program tells it.
final class CallbackRequest {
    /// In the letters in which it came: methods are told apart by them (RFC 9110, 9.1).
    let method: String
    /// The whole address, as the provider called it.
    let url: String
    private let headers: [NamedText]
    /// Borrowed from the caller of the call.
    let body: UnsafeBufferPointer<UInt8>
    /// In its parts, where the provider signs those.
    let address: CallbackAddress?
    private let provider: Provider

    static let longest = 65536
    static let mostHeaders = 100
    /// Of an address. Each is an object while it is looked at, and a stranger chooses how many
    /// there are.
    static let mostParameters = 1000

    /// - Parameter text: {"method", "url", "headers"}, of at most `longest` bytes.
    static func parse(
        _ text: UnsafePointer<CChar>, body: UnsafeBufferPointer<UInt8>, from provider: Provider
    ) throws(Failure) -> CallbackRequest {
        let settings = try Settings.parse(text, named: "request", failing: .invalidArgument)
        guard
            let method = try settings.text(
                "method", "the method of the request, such as \"POST\"",
                { !$0.isEmpty && isMade($0, of: "!!#'**++-.09AZ^z||~~") })
        else { throw Failure(.invalidArgument, "method: expected the request's, it is missing") }
        guard
            let url = try settings.text(
                "url", "the address that the provider called, without control characters",
                { !$0.isEmpty && !hasControlCharacter($0) })
        else {
            throw Failure(
                .invalidArgument,
                "url: expected the address that the provider called, it is missing")
        }
        var address: CallbackAddress?
        if provider.callback?.scheme?.signsAddress == true {
            guard count(of: UInt8(ascii: "&"), in: url) < mostParameters else {
                throw Failure(.tooLarge, "url: expected at most 1000 parameters")
            }
            address = CallbackAddress(url)
            guard address != nil else {
                throw settings.mistake(
                    "url",
                    "an address as it was called: http:// or https://, a host in ASCII (xn-- for "
                        + "others), no user info, no fragment")
            }
        }
        let headers = try settings.namedTexts("headers", atMost: mostHeaders)
        try settings.refuseOthers()
        guard headers.count <= mostHeaders else {
            throw Failure(.tooLarge, "headers: expected at most 100 of them")
        }
        return CallbackRequest(method, url, address, headers, body, provider)
    }

    private init(
        _ method: String, _ url: String, _ address: CallbackAddress?,
        _ headers: [NamedText], _ body: UnsafeBufferPointer<UInt8>, _ provider: Provider
    ) {
        self.method = method
        self.url = url
        self.address = address
        self.headers = headers
        self.body = body
        self.provider = provider
    }

    /// A header that may be there once; nil where it is not there.
    /// - Parameter name: in lower-case letters; the request's may be in any (RFC 9110, 5.1).
    func header(_ name: StaticString) throws(CallbackFlaw) -> String? {
        var found: String?
        for header in headers where isName(header.name, name) {
            if found != nil { throw .repeated }
            found = header.text
        }
        return found
    }

    private func isName(_ given: String, _ name: StaticString) -> Bool {
        withBytes(of: given) { bytes in
            guard bytes.count == name.utf8CodeUnitCount else { return false }
            for place in 0..<bytes.count where lowerCased(bytes[place]) != name.utf8Start[place] {
                return false
            }
            return true
        }
    }

    /// Reads the body as a JSON object: after the check of a signature, never before.
    func readBody<R>(_ read: (Reader) -> R) throws(Failure) -> R {
        let document: Document
        do {
            document = try Document.parse(Buffer(copying: UnsafeRawBufferPointer(body)))
        } catch .outOfMemory {
            throw .outOfMemory
        } catch {
            throw Failure(
                error == .tooMany ? .tooLarge : .malformed,
                sentence("{}: the callback is {}", provider.name, error.words.text))
        }
        return document.read { read(Reader($0, drift: Drift())) }
    }

    /// The reference of a session that a callback names; nil where it is none.
    func reference(_ identifier: String?) -> String? {
        guard let identifier,
            let reference = try? Reference(provider, [identifier])
        else { return nil }
        return reference.text
    }
}

extension Reader {
    /// An identifier that may be given out: it becomes a segment of a path, and nothing else.
    func identifier(_ path: StaticString) -> String? { checkedIdentifier(exactText(path)?.string) }
}

/// What holds for identifiers in references holds for those that a callback names.
func checkedIdentifier(_ text: String?) -> String? {
    guard let text, IdentifierPart(name: "").flaw(text) == nil else { return nil }
    return text
}
