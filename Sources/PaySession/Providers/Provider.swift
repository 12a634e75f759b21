// SPDX-License-Identifier: MIT

/// A provider as data: where it is, how it is asked, what its words mean. Nothing here does I/O.
/// Each is there once: two are the same if they are the same object.
final class Provider: Sendable {
    let name: String
    /// As people write it.
    let title: StaticString
    /// The parts of a reference, in order; the last one is the session's identifier.
    let parts: [IdentifierPart]
    /// The request's path under the base address; {0}, {1} stand for the parts.
    let path: String
    /// Addresses by the provider's own word for the environment; the first is the test one.
    let environments: [Environment]
    /// The API's address where there is but one for all environments.
    let soleAddress: String?
    /// Text settings beyond those that all providers have, with the check each must pass.
    let settings: [Setting]
    let authorization: Authorization
    /// Fields any of which may carry the identifier that was asked for.
    let identityFields: [IdentityField]
    let errors: ErrorShape
    let headers: [String]
    /// Whether the merchant may say `trust_processed_at`.
    let hasTrustSwitch: Bool
    /// What of the provider's tells what became of the payment behind a session.
    let proof: ProofTable
    /// How the merchant approves; nil where that is not known.
    let approval: ApprovalTable?
    /// What it sends to a shop; nil where nothing is known of that.
    let callback: CallbackTable?
    /// From document to session: pure, and never fails. What cannot be read is nil.
    let read: @Sendable (Reader, ReadingRules) -> Session

    init(
        name: String, title: StaticString, parts: [IdentifierPart], path: String,
        environments: [Environment], soleAddress: String? = nil, settings: [Setting] = [],
        authorization: Authorization, identityFields: [IdentityField], errors: ErrorShape,
        headers: [String] = [], hasTrustSwitch: Bool = false, proof: ProofTable,
        approval: ApprovalTable? = nil, callback: CallbackTable? = nil,
        read: @escaping @Sendable (Reader, ReadingRules) -> Session
    ) {
        self.name = name
        self.title = title
        self.parts = parts
        self.path = path
        self.environments = environments
        self.soleAddress = soleAddress
        self.settings = settings
        self.authorization = authorization
        self.identityFields = identityFields
        self.errors = errors
        self.headers = headers
        self.hasTrustSwitch = hasTrustSwitch
        self.proof = proof
        self.approval = approval
        self.callback = callback
        self.read = read
    }

    struct IdentityField: Sendable {
        let path: StaticString
        /// It vouches only for identifiers that begin so: another session's order must not pass for
        /// a session of the same name.
        var prefix: StaticString = ""
    }

    // Classes, for to copy a structure of several texts takes more code than to hold an object.

    final class Environment: Sendable {
        let name: String
        /// {key} stands for a setting.
        let address: String
        let tokenAddress: String?
        /// Keys of this environment begin so; one that begins like another's contradicts it.
        let keyPrefix: String?

        init(name: String, address: String, tokenAddress: String? = nil, keyPrefix: String? = nil) {
            self.name = name
            self.address = address
            self.tokenAddress = tokenAddress
            self.keyPrefix = keyPrefix
        }
    }

    final class Setting: Sendable {
        let key: String
        let expected: String
        let isRequiredWithEnvironment: Bool
        let isValid: @Sendable (String) -> Bool

        init(
            key: String, expected: String, isRequiredWithEnvironment: Bool = false,
            isValid: @escaping @Sendable (String) -> Bool
        ) {
            self.key = key
            self.expected = expected
            self.isRequiredWithEnvironment = isRequiredWithEnvironment
            self.isValid = isValid
        }
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
        let messages: [StaticString]
        let codes: [StaticString]
        /// A list of messages is a list of codes, the first of which counts.
        var codeLists: [StaticString] = []
    }

    static func named(_ name: String) -> Provider? { all.first { sameBytes($0.name, name) } }

    static var names: String {
        var names = ""
        for (index, provider) in all.enumerated() {
            names += (index > 0 ? ", " : "") + provider.name
        }
        return names
    }

    /// How its references look, "inbank:SHOP_UUID/POS_SESSION_UUID".
    var form: String {
        let form = Buffer()
        form.append(name)
        for (index, part) in parts.enumerated() {
            form.append(UInt8(ascii: index > 0 ? "/" : ":"))
            withBytes(of: part.name) { for byte in $0 { form.append(upperCased(byte)) } }
        }
        return decodedText(form.bytes)
    }

    /// Its place in the list of all; accounts, tokens and counts are kept by it.
    var index: Int { Provider.all.firstIndex { $0 === self } ?? 0 }
}

/// What the merchant says about how a document is to be read.
struct ReadingRules {
    /// Dintero: the merchant itself sets processed_at when, and only when, the money is there.
    var trustProcessedAt = false
}

/// What HTTP Basic can carry in front of its colon (RFC 7617).
func isUserName(_ text: String) -> Bool {
    !text.isEmpty && !holds(text, UInt8(ascii: ":")) && !hasControlCharacter(text)
}

/// A path with the encoded identifiers in the places of {0}, {1}, …
func filled(_ template: String, _ identifiers: [String]) -> String {
    var path: [UInt8] = []
    path.reserveCapacity(template.utf8.count + 48 * identifiers.count)
    var place: Int?
    withBytes(of: template) { bytes in
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "{"): place = 0
            case UInt8(ascii: "}"):
                if let number = place, number < identifiers.count {
                    appendPercentEncoded(identifiers[number], to: &path)
                }
                place = nil
            default:
                if place == nil {
                    path.append(byte)
                } else {
                    place = Int(byte &- UInt8(ascii: "0"))
                }
            }
        }
    }
    return String(decoding: path, as: UTF8.self)
}

/// A field that has one of a few words: exact, and case-sensitive.
/// - Returns: `unknown` for any other, which is noted.
func reported<Meaning>(
    _ reader: Reader, _ field: StaticString, _ words: [(StaticString, Meaning)], or unknown: Meaning
) -> (Meaning, Evidence) {
    guard let word = reader[field].exactText else {
        _ = reader.exactText(field)  // notes one that is there but no text
        return (unknown, Evidence(field: field, value: nil, basis: .absent))
    }
    let evidence = Evidence(field: field, value: word, basis: .reported)
    for (known, meaning) in words where sameBytes(word, known) { return (meaning, evidence) }
    reader.drift.unknownStatus = word.string
    return (unknown, evidence)
}
