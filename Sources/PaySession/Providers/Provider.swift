// SPDX-License-Identifier: MIT

/// A provider as data: where it is, how it is asked, what its words mean. Nothing here does I/O.
struct Provider: Sendable {
    let name: String
    /// The parts of a reference, in order; the last one is the session's identifier.
    let parts: [IdentifierPart]
    /// The request's path under the base address; {0}, {1} stand for the parts.
    let path: String
    /// Addresses by the provider's own word for the environment; the first is the test one.
    let environments: [Environment]
    /// The API's address where there is but one for all environments.
    var soleAddress: String?
    /// Text settings beyond those that all providers have, with the check each must pass.
    var settings: [Setting] = []
    let authorization: Authorization
    /// Fields any of which may carry the identifier that was asked for.
    let identityFields: [String]
    let errors: ErrorShape
    var headers: [String] = []
    /// Whether the merchant may say `trust_processed_at`.
    var hasTrustSwitch = false
    /// From document to session: pure, and never fails. What cannot be read is nil.
    let read: @Sendable (Reader, ReadingRules) -> Session

    struct Environment: Sendable {
        let name: String
        /// {key} stands for a setting.
        let address: String
        var tokenAddress: String?
        /// Keys of this environment begin so; one that begins like another's contradicts it.
        var keyPrefix: String?
    }

    struct Setting: Sendable {
        let key: String
        let expected: String
        var isRequiredWithEnvironment = false
        let isValid: @Sendable (String) -> Bool
    }

    enum Authorization: Sendable {
        /// `Authorization: Bearer KEY` with a key that never changes.
        case bearerKey
        /// `Authorization: Basic KEY` with the raw key, or base64 of username:key.
        case basicKey
        /// OAuth 2.0 client credentials (RFC 6749, 4.4) for a bearer token.
        case clientCredentials(TokenRequest)
    }

    struct TokenRequest: Sendable {
        /// The token endpoint under the base address; nil where it has an address of its own.
        var path: String?
        let contentType: StaticString
        /// What the token is for; tokens are kept apart by it.
        let audience: @Sendable (_ identifiers: [String]) -> String
        let body: @Sendable (_ audience: String) -> String
    }

    /// Where error bodies say what went wrong, first match first.
    struct ErrorShape: Sendable {
        let messages: [String]
        let codes: [String]
        /// A list of messages is a list of codes, the first of which counts.
        var codeLists: [String] = []
    }

    static func named(_ name: String) -> Provider? {
        all.first { sameBytes($0.name, name) }
    }

    static var names: String {
        var names = ""
        for (index, provider) in all.enumerated() {
            names += (index > 0 ? ", " : "") + provider.name
        }
        return names
    }

    /// Its place in the list of all; accounts, tokens and counts are kept by it.
    var index: Int { Provider.all.firstIndex { sameBytes($0.name, name) } ?? 0 }
}

/// What the merchant says about how a document is to be read.
struct ReadingRules {
    /// Dintero: the merchant itself sets processed_at when, and only when, the money is there.
    var trustProcessedAt = false
}

/// A path with the encoded identifiers in the places of {0}, {1}, …
func filled(_ template: String, _ identifiers: [String]) -> String {
    var text = ""
    var rest = template.utf8[...]
    while let open = rest.firstIndex(of: 0x7B), let close = rest.firstIndex(of: 0x7D) {
        text += String(decoding: rest[..<open], as: UTF8.self)
        if let place = parseDigits(rest[rest.index(after: open)..<close]), place < identifiers.count
        {
            text += percentEncoded(identifiers[Int(place)])
        }
        rest = rest[rest.index(after: close)...]
    }
    return text + String(decoding: rest, as: UTF8.self)
}

/// The status field of providers that have one: exact, case-sensitive words.
func reportedStatus(_ reader: Reader, _ field: String, _ words: [(String, Status)]) -> (
    Status, Evidence
) {
    guard let word = reader[field].text else {
        _ = reader.text(field)  // notes a status that is there but no text
        return (.unknown, Evidence(field: field, value: nil, basis: .absent))
    }
    let evidence = Evidence(field: field, value: word, basis: .reported)
    for (known, status) in words where sameBytes(known, word) { return (status, evidence) }
    reader.drift.unknownStatus = word
    return (.unknown, evidence)
}
