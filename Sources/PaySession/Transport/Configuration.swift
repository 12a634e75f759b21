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
    let caFile: NamedFile?
    /// Absolute: the host may change its directory.
    let caPath: String?
    let clientCertificate: NamedFile?
    let clientKey: NamedFile?
    /// nil: for batches alone.
    let http2: Bool?
    let isShared: Bool
    /// In the order of `Provider.all`.
    let accounts: [Account?]
    /// As it was given, which may be credentials.
    private let text: Secret
    /// Whether the text says everything but the content of certificates and keys: no secret by its
    /// place, no path from the working directory, no directory, no file with permissions.
    private let isSaidByText: Bool
    /// Where it was read from; nil where it was given as text.
    let file: ConfigurationFile?

    /// An answer is the document and what is made of it, which is hardly ever longer.
    var mostAnswerBytes: Int { 4 * maxResponseBytes + 65536 }

    /// - Parameter file: whose content the text is.
    init(_ text: UnsafePointer<CChar>, file: ConfigurationFile? = nil) throws(Failure) {
        guard
            let copy = Secret(
                UnsafeBufferPointer(
                    start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self),
                    count: strlen(text)))
        else { throw .outOfMemory }
        self.text = copy
        self.file = file
        let settings = try Settings.parse(
            text, named: "configuration", failing: .invalidConfig, file: file?.path,
            holdsSecrets: true)
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
        http2 = try settings.bool("http2")
        isShared = try settings.bool("shared") ?? false
        var accounts: [Account?] = []
        for provider in Provider.all {
            if let section = try settings.section(provider.name) {
                try file?.refuseOthers()
                accounts.append(try Account.read(provider, section))
            } else {
                accounts.append(nil)
            }
        }
        self.accounts = accounts
        try settings.refuseOthers()
        let files = [caFile, clientCertificate, clientKey]
        isSaidByText =
            !settings.hasSecretElsewhere && caPath == nil && file == nil
            && files.allSatisfy { $0?.isNamedByAbsolutePath ?? true }
    }

    /// Whether the text is this one's, and all that it names is as it was: what `init` would make of
    /// it, for a small part of the cost. False where only `init` can tell.
    @inline(never)
    func isStill(_ text: UnsafePointer<CChar>) -> Bool {
        let files = [caFile, clientCertificate, clientKey]
        return isSaidByText && self.text.withText { strcmp($0, text) == 0 }
            && files.allSatisfy { $0?.isUnchanged ?? true }
    }

    /// Whether the other one says the same, and names the same secrets and files with the same content.
    @inline(never)
    func isSame(as other: Configuration) -> Bool {
        text.isSame(as: other.text)
            && sameTexts(caPath, other.caPath)
            && NamedFile.areSame(caFile, other.caFile)
            && NamedFile.areSame(clientCertificate, other.clientCertificate)
            && NamedFile.areSame(clientKey, other.clientKey)
            && zip(accounts, other.accounts).allSatisfy { one, other in
                (one?.secrets ?? []).elementsEqual(other?.secrets ?? []) { $0.isSame(as: $1) }
            }
    }

    /// What a PEM file (RFC 7468) holds.
    private enum PEM {
        case certificate, privateKey

        /// The end of the line before each of them, whatever kind it is of; an END of it has to follow.
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

    /// Read now: what is trusted is what was there when the client was opened, wherever the host goes
    /// from there, and whoever can write to the file later.
    private static func file(
        _ settings: Settings, _ key: String, of content: PEM
    ) throws(Failure) -> NamedFile? {
        guard let path = try path(settings, key, "the path of a file") else { return nil }
        let bytes = Buffer(holdsSecrets: true)
        cplatform_set_errno(0)
        guard File.read(path, into: bytes, atMost: longestFile) else {
            if cplatform_is_exhausted() != 0 { throw .outOfMemory }
            throw settings.mistake(key, "the path of a file of at most 4 MiB that can be read")
        }
        guard bytes.isComplete else { throw .outOfMemory }
        guard let begun = rest(of: bytes.bytes, behind: content.label),
            rest(of: begun, behind: "END ") != nil
        else { throw settings.mistake(key, sentence("{}; there is none in it", content.expected)) }
        let isAbsolute = settings.bytes(key) { begins($0, with: "/") } ?? false
        return NamedFile(path: path, content: bytes, isNamedByAbsolutePath: isAbsolute)
    }

    private static let longestFile = 4 << 20

    private static func directory(_ settings: Settings, _ key: String) throws(Failure) -> String? {
        guard let path = try path(settings, key, "the path of a directory") else { return nil }
        cplatform_set_errno(0)
        switch File.kind(path) {
        case .directory: return path
        case nil:
            if cplatform_is_exhausted() != 0 { throw .outOfMemory }
            throw settings.mistake(key, "the path of a directory that can be read")
        default: throw settings.mistake(key, "the path of a directory; it is none")
        }
    }

    /// An absolute path.
    private static func path(
        _ settings: Settings, _ key: String, _ expected: String
    ) throws(Failure) -> String? {
        guard let path = try settings.text(key, expected) else { return nil }
        if hasPrefix(path, "/") { return path }
        cplatform_set_errno(0)
        guard let directory = getcwd(nil, 0) else {
            if cplatform_is_exhausted() != 0 { throw .outOfMemory }
            throw settings.mistake(key, "an absolute path: there is no working directory")
        }
        defer { free(directory) }
        return sentence("{}/{}", String(cString: directory), path)
    }
}

/// A file that the configuration names, as it was when the client was opened.
struct NamedFile {
    /// Absolute, for a TLS library that takes no bytes.
    let path: String
    let content: Buffer
    /// And not from the working directory of that moment.
    let isNamedByAbsolutePath: Bool

    var isUnchanged: Bool { File.isRegular(path, holding: content.bytes) }

    @inline(never)
    static func areSame(_ one: NamedFile?, _ other: NamedFile?) -> Bool {
        guard let one, let other else { return one == nil && other == nil }
        return sameBytes(one.path, other.path)
            && one.content.bytes.elementsEqual(other.content.bytes)
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
    let callbackKeys: CallbackKeys

    private init(
        _ provider: Provider, base: Address, tokenAddress: Address?, authorization: Authorization,
        rules: ReadingRules, secrets: [Secret], callbackKeys: CallbackKeys
    ) {
        self.provider = provider
        self.base = base
        self.tokenAddress = tokenAddress
        self.authorization = authorization
        self.rules = rules
        self.secrets = secrets
        self.callbackKeys = callbackKeys
    }

    // Not the initializer throws: in Embedded Swift an object whose initializer does is never
    // freed.
    static func read(_ provider: Provider, _ settings: Settings) throws(Failure) -> Account {
        let environment = try environment(provider, settings)
        let values = try values(provider, settings, isRequired: environment != nil)
        let base = try base(provider, settings, environment, values)
        let (authorization, secrets) =
            switch provider.authorization {
            case .bearerKey: try bearer(settings, "api_key")
            case .basicKey: try basicKey(provider, settings, environment, values)
            case .clientCredentials(let request):
                settings.has("token")
                    ? try token(settings) : try clientCredentials(settings, request)
            }
        var tokenAddress: Address?
        if case .clientCredentials(_, let request) = authorization {
            tokenAddress = try Account.tokenAddress(settings, request, environment)
        }
        let rules = ReadingRules(
            trustProcessedAt: provider.hasTrustSwitch
                ? try settings.bool("trust_processed_at") ?? false : false)
        let callbackKeys = try CallbackKeys.read(provider, settings, values)
        try settings.refuseOthers()
        return Account(
            provider, base: base, tokenAddress: tokenAddress, authorization: authorization,
            rules: rules, secrets: secrets + callbackKeys.texts, callbackKeys: callbackKeys)
    }

    @inline(never)
    private static func environment(
        _ provider: Provider, _ settings: Settings
    ) throws(Failure) -> Provider.Environment? {
        if provider.environments.isEmpty { return nil }
        var names = ""
        for known in provider.environments {
            names = sentence(names.isEmpty ? "{}\"{}\"" : "{} or \"{}\"", names, known.name)
        }
        var found: Provider.Environment?
        let name = try settings.text("environment", names) { name in
            found = provider.environments.first { sameBytes($0.name, name) }
            return found != nil
        }
        if name == nil, !settings.has("base_url") {
            throw settings.mistake("environment", sentence("{}, or base_url", names))
        }
        return found
    }

    /// What was said for each of the provider's own settings, in their order.
    @inline(never)
    private static func values(
        _ provider: Provider, _ settings: Settings, isRequired: Bool
    ) throws(Failure) -> [String?] {
        var values: [String?] = []
        for setting in provider.settings {
            let value = try settings.text(setting.key, setting.expected, setting.isValid)
            if value == nil, setting.isRequiredWithEnvironment, isRequired,
                !settings.has("base_url")
            {
                throw settings.mistake(setting.key, setting.expected)
            }
            values.append(value)
        }
        return values
    }

    @inline(never)
    private static func base(
        _ provider: Provider, _ settings: Settings, _ environment: Provider.Environment?,
        _ values: [String?]
    ) throws(Failure) -> Address {
        if let given = try address(settings, "base_url") { return given }
        var text = environment?.address ?? provider.soleAddress ?? ""
        for (setting, value) in zip(provider.settings, values) {
            if let value { text = replacing(setting.key, in: text, by: value) }
        }
        guard let address = try Address.parse(text) else {
            throw settings.mistake("base_url", Address.expected)
        }
        return address
    }

    @inline(never)
    private static func bearer(
        _ settings: Settings, _ name: String
    ) throws(Failure) -> (Authorization, [Secret]) {
        let key = try settings.secret(name)
        return (.fixed(try held(.joining("Authorization: Bearer ", key))), [key])
    }

    @inline(never)
    private static func basicKey(
        _ provider: Provider, _ settings: Settings, _ environment: Provider.Environment?,
        _ values: [String?]
    ) throws(Failure) -> (Authorization, [Secret]) {
        let key = try settings.secret("api_key")
        try refuseContradiction(key, environment, provider, settings)
        for (setting, value) in zip(provider.settings, values) {
            guard sameBytes(setting.key, "username"), let username = value else { continue }
            let pair = try held(.basic("", user: username, key))
            return (.fixed(try held(.joining("Authorization: Basic ", pair))), [pair, key])
        }
        return (.fixed(try held(.joining("Authorization: Basic ", key))), [key])
    }

    @inline(never)
    private static func token(
        _ settings: Settings
    ) throws(Failure) -> (Authorization, [Secret]) {
        for other in ["client_id", "client_secret", "auth_url"] where settings.has(other) {
            throw settings.mistake(other, "nothing, since token is given")
        }
        return try bearer(settings, "token")
    }

    @inline(never)
    private static func clientCredentials(
        _ settings: Settings, _ request: Provider.TokenRequest
    ) throws(Failure) -> (Authorization, [Secret]) {
        let id = try settings.text(
            "client_id", "text without colon, or a token instead", isUserName)
        guard let id else { throw settings.mistake("client_id", "text; it is missing") }
        let secret = try settings.secret("client_secret")
        let pair = try held(.basic("", user: id, secret))
        return (
            .clientCredentials(try held(.joining("Authorization: Basic ", pair)), request),
            [pair, secret]
        )
    }

    @inline(never)
    private static func tokenAddress(
        _ settings: Settings, _ request: Provider.TokenRequest,
        _ environment: Provider.Environment?
    ) throws(Failure) -> Address? {
        if let given = try address(settings, "auth_url") { return given }
        if request.path != nil { return nil }
        guard let text = environment?.tokenAddress, !settings.has("base_url") else {
            throw settings.mistake(
                "auth_url", "the address of the token endpoint, since base_url is given")
        }
        return try Address.parse(text)
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

    private static func held(_ secret: Secret?) throws(Failure) -> Secret {
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
            if key.withBytes({ begins($0, with: prefix) }) {
                throw settings.mistake(
                    "environment",
                    sentence("\"{}\", since api_key begins with {}", other.name, prefix))
            }
        }
    }
}

/// What HTTP Basic can carry in front of its colon (RFC 7617).
func isUserName(_ text: String) -> Bool {
    !text.isEmpty && !holds(text, UInt8(ascii: ":")) && !hasControlCharacter(text)
}

/// The text with a value in each place of {key}.
private func replacing(_ key: String, in text: String, by value: String) -> String {
    let part = sentence("{}{}{}", "{", key, "}")
    let result = Buffer()
    withBytes(of: text) { bytes in
        var index = 0
        while index < bytes.count {
            if begins(UnsafeBufferPointer(rebasing: bytes[index...]), with: part) {
                result.append(value)
                index += part.utf8.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
    }
    return String(decoding: result.bytes, as: UTF8.self)
}
