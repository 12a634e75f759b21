// SPDX-License-Identifier: MIT

/// What a provider says when it does not give a session.
enum ErrorBody {
    /// - Parameters:
    ///   - response: JSON in the provider's shape, or HTML from something in between, or nothing.
    ///   - secrets: the account's, which are taken out of its text.
    ///   - token: in use when the error came, which is taken out as well.
    static func failure(
        _ outcome: Outcome, _ status: Int, _ response: Response, _ provider: Provider,
        _ secrets: [Secret], token: Secret? = nil,
        endpoint: StaticString = "session endpoint"
    ) -> Failure {
        let failure = Failure(
            outcome,
            sentence("the {} of {} answered HTTP {}", endpoint.text, provider.name, String(status)),
            httpStatus: status)
        if let host = response.redirectHost {
            failure.message = sentence("{}, a redirect to {}", failure.message, host)
        }
        guard let document = try? Document.parse(response.body) else { return failure }
        var secrets = secrets
        if let token { secrets.append(token) }
        document.read { read($0, provider.errors, secrets, into: failure) }
        return failure
    }

    private static func read(
        _ root: Value, _ shape: Provider.ErrorShape, _ secrets: [Secret],
        into failure: Failure
    ) {
        for path in shape.messages + ["error_description"] {
            guard let message = joined(root.at(path)) else { continue }
            failure.providerMessage = redacted(message, secrets)
            break
        }
        for path in shape.codes + ["error"] {
            let value = root.at(path)
            guard let code = value.textOrInteger, !code.bytes.isEmpty else { continue }
            failure.providerCode = redacted(code.string, secrets)
            break
        }
        for path in shape.codeLists {
            guard let code = root.at(path).element(0).text else { continue }
            failure.providerCode = redacted(code, secrets)
        }
    }

    /// A text, or a list of texts or of objects with a `message` or `detail`.
    private static func joined(_ value: Value) -> String? {
        if let text = value.shownText { return text.bytes.isEmpty ? nil : text.string }
        var joined = ""
        for index in 0..<value.elementCount {
            let element = value.element(index)
            guard
                let text = element.shownText ?? element.at("message").shownText
                    ?? element.at("detail").shownText
            else { continue }
            joined += (joined.isEmpty ? "" : "; ") + text.string
        }
        return joined.isEmpty ? nil : joined
    }

    /// A provider that quotes the request back must not make us print a credential. Goes through
    /// the text once, and no further than what is kept of it.
    private static func redacted(_ text: String, _ secrets: [Secret]) -> String {
        var text = text
        var kept: [UInt8] = []
        text.withUTF8 { bytes in
            var index = 0
            while index < bytes.count, kept.count <= longest {
                let rest = UnsafeBufferPointer(rebasing: bytes[index...])
                if let length = lengthOfSecret(at: rest, secrets) {
                    kept += Array("[redacted]".utf8)
                    index += length
                } else {
                    kept.append(bytes[index])
                    index += 1
                }
            }
        }
        guard kept.count > longest else { return String(decoding: kept, as: UTF8.self) }
        kept.removeLast(kept.count - longest + 3)
        // Not in the middle of a letter: 10xxxxxx goes on with one.
        while let last = kept.last, last & 0xC0 == 0x80 { kept.removeLast() }
        if let last = kept.last, last >= 0xC0 { kept.removeLast() }
        return String(decoding: kept, as: UTF8.self) + "…"
    }

    /// The longest that fits: one secret may be how another begins.
    private static func lengthOfSecret(
        at bytes: UnsafeBufferPointer<UInt8>, _ secrets: [Secret]
    ) -> Int? {
        var longest: Int?
        for secret in secrets
        where secret.count >= max(shortestSecret, (longest ?? 0) + 1) && secret.count <= bytes.count
        {
            if secret.withBytes({ bytes.starts(with: $0) }) { longest = secret.count }
        }
        return longest
    }

    /// Shorter than this keeps no secret, and taking it out would tear words apart.
    private static let shortestSecret = 4
    /// In bytes, with the sign that there was more.
    private static let longest = 1024
}
