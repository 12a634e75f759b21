// SPDX-License-Identifier: MIT

/// How callbacks are signed. Each has a file of its own that finds the signature in a request; what
/// is common to all stands here.
final class CallbackScheme: Sendable {
    let name: StaticString
    /// What of the request a signature vouches for, and what alone is read; nil where nothing is.
    let covers: StaticString?
    /// The request's address has to be one whose parts can be told, and the account known.
    let signsAddress: Bool
    /// Found exactly once and parsed strictly; nothing is checked yet.
    let signature:
        @Sendable (_ request: CallbackRequest, _ account: String) throws(CallbackFlaw) ->
            CallbackSignature

    init(
        _ name: StaticString, covers: StaticString?, signsAddress: Bool = false,
        signature:
            @escaping @Sendable (CallbackRequest, String) throws(CallbackFlaw) -> CallbackSignature
    ) {
        self.name = name
        self.covers = covers
        self.signsAddress = signsAddress
        self.signature = signature
    }

    static let standardWebhooks = CallbackScheme("standard_webhooks", covers: "body") {
        (request, _) throws(CallbackFlaw) in try standardWebhooksSignature(request)
    }
    static let dintero = CallbackScheme(
        "dintero_signature", covers: "query", signsAddress: true, signature: dinteroSignature)
    /// Of no provider: see SignedMessage.swift.
    static let signedMessage = CallbackScheme("signed_message", covers: nil) {
        (request, _) throws(CallbackFlaw) in try messageSignature(request)
    }

    /// The provider's own name for this delivery, where no signature vouches for it.
    func deliveryID(_ request: CallbackRequest) -> String? {
        self === CallbackScheme.standardWebhooks ? unsignedDeliveryID(request) : nil
    }
}

/// The signature of a request: what was signed, when, and the codes that are said to be made of it.
final class CallbackSignature {
    /// Which code, and how it is written.
    struct Code {
        let length: Int
        /// Compared as it is written, for a lax reader of base64 takes several texts for the same
        /// code.
        let isBase64: Bool
        let make:
            @Sendable (
                _ parts: [UnsafeBufferPointer<UInt8>], _ key: UnsafeBufferPointer<UInt8>,
                _ code: UnsafeMutablePointer<UInt8>
            ) -> Void

        static var base64OfSHA256: Code {
            Code(length: HMAC<UInt32>.length, isBase64: true, make: sha256.make)
        }
        static var sha256: Code {
            Code(length: HMAC<UInt32>.length, isBase64: false) { parts, key, code in
                HMAC<UInt32>.code(of: parts, key: key, into: code)
            }
        }
        static var sha512: Code {
            Code(length: HMAC<UInt64>.length, isBase64: false) { parts, key, code in
                HMAC<UInt64>.code(of: parts, key: key, into: code)
            }
        }
    }

    let code: Code
    /// What was signed, but for the body.
    let text: Buffer
    /// What follows it; borrowed from the request.
    let body: UnsafeBufferPointer<UInt8>
    let candidates: [[UInt8]]
    /// Since 1970.
    let seconds: Int64
    /// The provider's own name for this delivery, where it is signed too.
    let id: String?

    init(
        _ code: Code, of text: Buffer,
        body: UnsafeBufferPointer<UInt8> = UnsafeBufferPointer(start: nil, count: 0),
        candidates: [[UInt8]], seconds: Int64, id: String? = nil
    ) {
        self.code = code
        self.text = text
        self.body = body
        self.candidates = candidates
        self.seconds = seconds
        self.id = id
    }

    var isComplete: Bool { text.isComplete }

    /// The first secret that made one of the codes, and that code in lower-case hexadecimal digits;
    /// nil if none did. Each secret is tried with each code, whatever has matched: the time it
    /// takes does not tell which.
    func match(_ secrets: [Secret]) throws(Failure) -> (Int, String)? {
        let expected = Buffer(holdsSecrets: true)
        let hexadecimal = Buffer(holdsSecrets: true)
        var found: (Int, String)?
        for (number, secret) in secrets.enumerated() {
            expected.removeAll()
            withWiped(UInt8.self, code.length) { made in
                secret.withBytes { code.make([text.bytes, body], $0, made) }
                let bytes = UnsafeBufferPointer(start: made, count: code.length)
                if code.isBase64 {
                    appendBase64(bytes, to: expected)
                } else {
                    expected.append(UnsafeRawBufferPointer(bytes))
                }
                hexadecimal.removeAll()
                for byte in bytes {
                    hexadecimal.append(lowerCased(hexadecimalDigit(byte >> 4)))
                    hexadecimal.append(lowerCased(hexadecimalDigit(byte & 15)))
                }
            }
            guard expected.isComplete, hexadecimal.isComplete else { throw .outOfMemory }
            for candidate in candidates {
                let isSame = candidate.withUnsafeBufferPointer { isSameCode($0, expected.bytes) }
                if isSame, found == nil {
                    found = (number, decodedText(hexadecimal.bytes))
                }
            }
        }
        return found
    }
}

/// Seconds since 1970 as a provider writes them: 1 to 11 digits, and nothing else. Neither a sign,
/// a blank, a leading zero nor "1e9", which other programs read as other numbers.
func signedSeconds(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard text.count <= 11, text.count == 1 || text.first != UInt8(ascii: "0") else { return nil }
    return parseDigits(text)
}

/// A code in hexadecimal digits of either case; nil unless it has exactly that length.
func decodedHexadecimal(_ text: UnsafeBufferPointer<UInt8>, _ length: Int) -> [UInt8]? {
    guard text.count == 2 * length else { return nil }
    var bytes: [UInt8] = []
    for place in 0..<length {
        guard let high = hexadecimalValue(text[2 * place]),
            let low = hexadecimalValue(text[2 * place + 1])
        else { return nil }
        bytes.append(high << 4 | low)
    }
    return bytes
}
