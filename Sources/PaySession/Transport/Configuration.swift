// SPDX-License-Identifier: MIT
import CPlatform

/// A client's configuration, read and checked once. See CONFIGURATION in paysession.h.
struct Configuration {
    let timeoutMs: Int64
    let connectTimeoutMs: Int64
    let attempts: Int
    let maxResponseBytes: Int
    let userAgent: String
    /// May hold a password.
    let proxy: Secret?
    let noProxy: String?
    let caFile: String?
    let caPath: String?
    let clientCertificate: String?
    let clientKey: String?
    let isShared: Bool
    /// In the order of `Provider.all`.
    let accounts: [Account?]

    init(_ text: UnsafePointer<CChar>) throws(Failure) {
        let settings = try Settings.parse(
            text, named: "configuration", failing: .invalidConfig, holdsSecrets: true)
        timeoutMs = try settings.integer("timeout_ms", in: 1...600_000) ?? 10_000
        connectTimeoutMs = try settings.integer("connect_timeout_ms", in: 1...600_000) ?? 3_000
        attempts = Int(try settings.integer("attempts", in: 1...10) ?? 3)
        maxResponseBytes = Int(
            try settings.integer("max_response_bytes", in: 1...Int64(Document.longest)) ?? 4_194_304
        )
        let agent = try settings.text("user_agent", "text without control characters") {
            !$0.isEmpty && !hasControlCharacter($0)
        }
        userAgent = (agent.map { $0 + " " } ?? "") + "libpaysession/" + Library.version
        if try settings.text(
            "proxy", "an http://, https://, socks5:// or socks5h:// address, or \"\" for none",
            Address.isProxy) != nil
        {
            guard let secret = settings.bytes("proxy", { Secret($0) }) else { throw .outOfMemory }
            proxy = secret
        } else {
            proxy = nil
        }
        noProxy = try settings.text("no_proxy", "host names parted by commas") {
            !hasControlCharacter($0)
        }
        caFile = try Configuration.file(settings, "ca_file", of: .certificate)
        caPath = try Configuration.directory(settings, "ca_path")
        clientCertificate = try Configuration.file(settings, "client_certificate", of: .certificate)
        clientKey = try Configuration.file(settings, "client_key", of: .privateKey)
        if clientKey != nil, clientCertificate == nil {
            throw settings.mistake("client_certificate", "a path, since client_key is given")
        }
        isShared = try settings.bool("shared") ?? false
        var accounts: [Account?] = []
        for provider in Provider.all {
            if let section = try settings.section(provider.name) {
                accounts.append(try Account.read(provider, section))
            } else {
                accounts.append(nil)
            }
        }
        self.accounts = accounts
        try settings.refuseOthers()
    }

    /// What a PEM file (RFC 7468) holds.
    private enum PEM {
        case certificate, privateKey

        /// The end of the line before each of them, whatever kind it is of; see `File.holds`.
        var label: StaticString {
            switch self {
            case .certificate: " CERTIFICATE-----"
            case .privateKey: "TE KEY-----"  // PRIVATE
            }
        }
        var expected: String {
            switch self {
            case .certificate: "a file of certificates in PEM"
            case .privateKey: "a file with a private key in PEM"
            }
        }
    }

    /// Found out now rather than at the first payment.
    private static func file(
        _ settings: Settings, _ key: String, of content: PEM
    ) throws(Failure) -> String? {
        guard let (path, kind) = try readable(settings, key, "the path of a file") else {
            return nil
        }
        // A pipe can be read but once, and that is for libcurl.
        if kind == .other || File.holds(path, content.label, before: "END ") { return path }
        if cplatform_is_exhausted() != 0 { throw .outOfMemory }
        throw settings.mistake(key, sentence("{}; there is none in it", content.expected))
    }

    private static func directory(_ settings: Settings, _ key: String) throws(Failure) -> String? {
        guard let (path, kind) = try readable(settings, key, "the path of a directory") else {
            return nil
        }
        if kind == .directory { return path }
        throw settings.mistake(key, "the path of a directory; it is none")
    }

    private static func readable(
        _ settings: Settings, _ key: String, _ expected: String
    ) throws(Failure) -> (path: String, kind: File.Kind)? {
        guard let path = try settings.text(key, expected) else { return nil }
        cplatform_set_errno(0)
        if let kind = File.kind(path) { return (path, kind) }
        if cplatform_is_exhausted() != 0 { throw .outOfMemory }
        throw settings.mistake(key, sentence("{} that can be read", expected))
    }
}

/// One provider with one merchant's credentials.
final class Account {
    enum Authorization {
        /// A whole header line, the same for every request.
        case fixed(Secret)
        /// The header line for the token endpoint.
        case clientCredentials(Secret, Provider.TokenRequest)
    }

    let provider: Provider
    let base: Address
    /// The token endpoint; nil where there is none, or where it stands under `base`.
    private let tokenAddress: Address?
    let authorization: Authorization
    let rules: ReadingRules
    /// Everything that must not come back out in a message.
    let secrets: [Secret]

    private init(
        _ provider: Provider, base: Address, tokenAddress: Address?, authorization: Authorization,
        rules: ReadingRules, secrets: [Secret]
    ) {
        self.provider = provider
        self.base = base
        self.tokenAddress = tokenAddress
        self.authorization = authorization
        self.rules = rules
        self.secrets = secrets
    }

    // Not the initializer throws: in Embedded Swift an object whose initializer does is never
    // freed.
    static func read(_ provider: Provider, _ settings: Settings) throws(Failure) -> Account {
        var environment: Provider.Environment?
        if !provider.environments.isEmpty {
            var names = ""
            for known in provider.environments {
                names += (names.isEmpty ? "" : " or ") + "\"\(known.name)\""
            }
            let name = try settings.text("environment", names) { name in
                provider.environments.contains { sameBytes($0.name, name) }
            }
            if let name {
                environment = provider.environments.first { sameBytes($0.name, name) }
            } else if !settings.has("base_url") {
                throw settings.mistake("environment", names + ", or base_url")
            }
        }

        var values: [(key: String, value: String)] = []
        for setting in provider.settings {
            if let value = try settings.text(setting.key, setting.expected, setting.isValid) {
                values.append((setting.key, value))
            } else if setting.isRequiredWithEnvironment, environment != nil,
                !settings.has("base_url")
            {
                throw settings.mistake(setting.key, setting.expected)
            }
        }
        let username = values.first { sameBytes($0.key, "username") }?.value

        let base: Address
        if let given = try Account.address(settings, "base_url") {
            base = given
        } else {
            var text = environment?.address ?? provider.soleAddress ?? ""
            for (key, value) in values { text = replacing("{\(key)}", in: text, by: value) }
            guard let address = try Address.parse(text) else {
                throw settings.mistake("base_url", Address.expected)
            }
            base = address
        }

        let authorization: Authorization
        let secrets: [Secret]
        let tokenAddress: Address?
        switch provider.authorization {
        case .bearerKey:
            let key = try settings.secret("api_key")
            authorization = .fixed(try Account.header(.joining("Authorization: Bearer ", key)))
            secrets = [key]
            tokenAddress = nil
        case .basicKey:
            let key = try settings.secret("api_key")
            try Account.refuseContradiction(key, environment, provider, settings)
            if let username {
                let header = try Account.header(.basic("", user: username, key))
                authorization = .fixed(
                    try Account.header(.joining("Authorization: Basic ", header)))
                secrets = [header, key]
            } else {
                authorization = .fixed(try Account.header(.joining("Authorization: Basic ", key)))
                secrets = [key]
            }
            tokenAddress = nil
        case .clientCredentials(let request):
            if settings.has("token") {
                for other in ["client_id", "client_secret", "auth_url"] where settings.has(other) {
                    throw settings.mistake(other, "nothing, since token is given")
                }
                let token = try settings.secret("token")
                authorization = .fixed(
                    try Account.header(.joining("Authorization: Bearer ", token)))
                secrets = [token]
                tokenAddress = nil
            } else {
                guard
                    let id = try settings.text(
                        "client_id", "text without colon, or a token instead",
                        {
                            !$0.isEmpty && !$0.utf8.contains(0x3A) && !hasControlCharacter($0)
                        })
                else { throw settings.mistake("client_id", "text; it is missing") }
                let secret = try settings.secret("client_secret")
                let basic = try Account.header(.basic("", user: id, secret))
                authorization = .clientCredentials(
                    try Account.header(.joining("Authorization: Basic ", basic)), request)
                secrets = [basic, secret]
                if let given = try Account.address(settings, "auth_url") {
                    tokenAddress = given
                } else if request.path != nil {
                    tokenAddress = nil
                } else if let text = environment?.tokenAddress, !settings.has("base_url") {
                    tokenAddress = try Address.parse(text)
                } else {
                    throw settings.mistake(
                        "auth_url", "the address of the token endpoint, since base_url is given")
                }
            }
        }

        let rules = ReadingRules(
            trustProcessedAt: provider.hasTrustSwitch
                ? try settings.bool("trust_processed_at") ?? false : false)
        try settings.refuseOthers()
        return Account(
            provider, base: base, tokenAddress: tokenAddress, authorization: authorization,
            rules: rules, secrets: secrets)
    }

    func sessionAddress(_ identifiers: [String]) -> Address {
        base.appending(filled(provider.path, identifiers))
    }

    func tokenAddress(_ request: Provider.TokenRequest, _ identifiers: [String]) -> Address {
        tokenAddress ?? base.appending(filled(request.path ?? "", identifiers))
    }

    private static func address(_ settings: Settings, _ key: String) throws(Failure) -> Address? {
        guard let text = try settings.text(key, Address.expected) else { return nil }
        guard let address = try Address.parse(text) else {
            throw settings.mistake(key, Address.expected)
        }
        return address
    }

    private static func header(_ secret: Secret?) throws(Failure) -> Secret {
        guard let secret else { throw .outOfMemory }
        return secret
    }

    /// Kustom's keys say which environment they are for.
    private static func refuseContradiction(
        _ key: Secret, _ environment: Provider.Environment?, _ provider: Provider,
        _ settings: Settings
    ) throws(Failure) {
        guard let environment else { return }
        for other in provider.environments where !sameBytes(other.name, environment.name) {
            guard let prefix = other.keyPrefix else { continue }
            if key.withBytes({ $0.starts(with: prefix.utf8) }) {
                throw settings.mistake(
                    "environment",
                    sentence("\"{}\", since api_key begins with {}", other.name, prefix))
            }
        }
    }
}

private func replacing(_ part: String, in text: String, by replacement: String) -> String {
    var result: [UInt8] = []
    var rest = text.utf8[...]
    while !rest.isEmpty {
        if rest.starts(with: part.utf8) {
            result += Array(replacement.utf8)
            rest = rest.dropFirst(part.utf8.count)
        } else {
            result.append(rest[rest.startIndex])
            rest = rest.dropFirst()
        }
    }
    return String(decoding: result, as: UTF8.self)
}
