// SPDX-License-Identifier: MIT
import CPlatform

/// A client's configuration, read and checked once. See CONFIGURATION in paysession.h.
struct Configuration {
    let timeout: Span
    let connectTimeout: Span
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
        timeout = try settings.milliseconds("timeout_ms", upTo: 600_000) ?? .seconds(10)
        connectTimeout =
            try settings.milliseconds("connect_timeout_ms", upTo: 600_000) ?? .seconds(3)
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

    /// Whether the text is this one's, and all that it names is as it was: what `init` would make
    /// of it, for a small part of the cost. False where only `init` can tell.
    @inline(never)
    func isStill(_ text: UnsafePointer<CChar>) -> Bool {
        let files = [caFile, clientCertificate, clientKey]
        return isSaidByText && self.text.withText { strcmp($0, text) == 0 }
            && files.allSatisfy { $0?.isUnchanged ?? true }
    }

    /// Whether the other one says the same, and names the same secrets and files with the same
    /// content.
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

        /// The end of the line before each of them, whatever kind it is of; an END of it has to
        /// follow.
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

    /// Read now: what is trusted is what was there when the client was opened, wherever the host
    /// goes from there, and whoever can write to the file later.
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
