// SPDX-License-Identifier: MIT

/// What a provider says when it does not give a session.
enum ErrorBody {
    /// - Parameters:
    ///   - body: JSON in the provider's shape, or HTML from something in between, or nothing.
    ///   - tokens: in use when the error came; taken out of its text, as are the account's secrets.
    static func failure(
        _ outcome: Outcome, _ status: Int, _ body: Buffer, _ account: Account,
        tokens: [Secret?] = [],
        endpoint: StaticString = "session endpoint"
    ) -> Failure {
        let provider = account.provider
        var failure = Failure(
            outcome, "the \(endpoint) of \(provider.name) answered HTTP \(status)",
            httpStatus: status)
        guard let document = try? Document.parse(body) else { return failure }
        let shape = provider.errors
        var secrets = account.secrets
        for case let token? in tokens { secrets.append(token) }

        for path in shape.messages + ["error_description"] {
            guard let message = joined(document.root.at(path)) else { continue }
            failure.providerMessage = shortened(redacted(message, secrets))
            break
        }
        for path in shape.codes + ["error"] {
            let value = document.root.at(path)
            guard let code = value.text ?? value.integer.map({ String($0) }), !code.isEmpty
            else { continue }
            failure.providerCode = shortened(redacted(code, secrets))
            break
        }
        for path in shape.codeLists {
            guard let code = document.root.at(path).element(0).text else { continue }
            failure.providerCode = shortened(redacted(code, secrets))
        }
        return failure
    }

    /// A text, or a list of texts or of objects with a `message` or `detail`.
    private static func joined(_ value: Value) -> String? {
        if let text = value.text { return text.isEmpty ? nil : text }
        var joined = ""
        for index in 0..<value.elementCount {
            let element = value.element(index)
            guard let text = element.text ?? element.at("message").text ?? element.at("detail").text
            else { continue }
            joined += (joined.isEmpty ? "" : "; ") + text
        }
        return joined.isEmpty ? nil : joined
    }

    /// A provider that quotes the request back must not make us print a credential.
    private static func redacted(_ text: String, _ secrets: [Secret]) -> String {
        var bytes = Array(text.utf8)
        for secret in secrets where secret.count >= shortestSecret {
            secret.withBytes { needle in
                var index = 0
                while index + needle.count <= bytes.count {
                    if bytes[index..<index + needle.count].elementsEqual(needle) {
                        bytes.replaceSubrange(
                            index..<index + needle.count, with: Array("[redacted]".utf8))
                        index += 10
                    } else {
                        index += 1
                    }
                }
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Shorter than this keeps no secret, and taking it out would tear words apart.
    private static let shortestSecret = 8
    private static let longest = 1024

    private static func shortened(_ text: String) -> String {
        guard text.utf8.count > longest else { return text }
        var short = ""
        for scalar in text.unicodeScalars {
            if short.utf8.count + 4 > longest { break }
            short.unicodeScalars.append(scalar)
        }
        return short + "…"
    }
}
