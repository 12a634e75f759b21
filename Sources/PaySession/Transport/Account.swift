// SPDX-License-Identifier: MIT

/// One provider with one merchant's credentials.
final class Account {
    enum Authorization {
        /// A whole header line, the same for every request.
        case fixed(Secret)
        /// The header line for the token endpoint, and where that is, unless it stands under
        /// `base`.
        case clientCredentials(Secret, Provider.TokenRequest, Address?)
    }

    let provider: Provider
    let base: Address
    /// Where the proof of payment is.
    let proofBase: Address
    let authorization: Authorization
    let rules: ReadingRules
    /// The merchant's approval may be sent.
    let takesApprovals: Bool
    /// Everything that must not come back out in a message.
    let secrets: [Secret]
    let callbackKeys: CallbackKeys

    private init(
        _ provider: Provider, base: Address, proofBase: Address, authorization: Authorization,
        rules: ReadingRules, takesApprovals: Bool, secrets: [Secret], callbackKeys: CallbackKeys
    ) {
        self.provider = provider
        self.base = base
        self.proofBase = proofBase
        self.authorization = authorization
        self.rules = rules
        self.takesApprovals = takesApprovals
        self.secrets = secrets
        self.callbackKeys = callbackKeys
    }

    // Not the initializer throws: in Embedded Swift an object whose initializer does is never
    // freed.
    static func read(_ provider: Provider, _ settings: Settings) throws(Failure) -> Account {
        let environment = try environment(provider, settings)
        let values = try values(provider, settings, isRequired: environment != nil)
        let base = try base(provider, settings, environment, values)
        let proofBase = try proofBase(provider, settings, base)
        let (authorization, secrets) = try Authorization.read(
            provider, settings, environment, values)
        let rules = ReadingRules(
            trustProcessedAt: provider.hasTrustSwitch
                ? try settings.bool("trust_processed_at") ?? false : false)
        let takesApprovals =
            provider.approval != nil ? try settings.bool(ApprovalTable.setting) ?? false : false
        let callbackKeys = try CallbackKeys.read(provider, settings, values)
        try settings.refuseOthers()
        return Account(
            provider, base: base, proofBase: proofBase, authorization: authorization, rules: rules,
            takesApprovals: takesApprovals, secrets: secrets + callbackKeys.texts,
            callbackKeys: callbackKeys)
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

    /// With an address for the sessions alone, the proofs are there too.
    @inline(never)
    private static func proofBase(
        _ provider: Provider, _ settings: Settings, _ base: Address
    ) throws(Failure) -> Address {
        guard let own = provider.proof.host else { return base }
        if let given = try address(settings, own.setting) { return given }
        if settings.has("base_url") { return base }
        return try Address.parse(own.usual) ?? base
    }

    var needsToken: Bool {
        if case .clientCredentials = authorization { true } else { false }
    }

    /// What a token for this session is for; tokens are kept apart by it.
    func audience(_ reference: Reference) -> String {
        guard case .clientCredentials(_, let request, _) = authorization else { return "" }
        return request.audience(reference.identifiers)
    }

    /// nil where no token is needed.
    func tokenRequest(_ reference: Reference) -> Request? {
        guard case .clientCredentials(let header, let request, let address) = authorization else {
            return nil
        }
        let identifiers = reference.identifiers
        return Request(
            address: address ?? base.appending(filled(request.path ?? "", identifiers)),
            authorization: header,
            headers: [sentence("Content-Type: {}", request.contentType.text)],
            body: request.body(request.audience(identifiers)))
    }

    /// nil when memory has run out.
    /// - Parameters:
    ///   - link: of the resource that proves the payment; nil for the session itself.
    ///   - token: where one is needed.
    func readRequest(
        _ reference: Reference, proof link: String?, _ token: Secret?, traceparent: String?
    ) -> Request? {
        var fixed: Secret?
        if case .fixed(let header) = authorization { fixed = header }
        guard let header = fixed ?? token.flatMap({ .joining("Authorization: Bearer ", $0) })
        else { return nil }
        let identifiers = reference.identifiers
        var request = Request(
            address: link.map {
                proofBase.appending(filled(provider.proof.path, identifiers + [$0]))
            } ?? base.appending(filled(provider.path, identifiers)),
            authorization: header, headers: provider.headers)
        request.hasLastingHeaders = fixed != nil && traceparent == nil
        if let traceparent { request.headers.append("traceparent: " + traceparent) }
        return request
    }

    /// A POST without a body, for providers whose credentials never change. nil when memory has run
    /// out.
    func approvalRequest(
        _ goal: Approval.Goal, _ table: ApprovalTable, _ reference: Reference, _ link: String,
        traceparent: String?
    ) -> Request? {
        guard case .fixed(let header) = authorization else { return nil }
        let path = goal == .approved ? table.approve : table.refuse
        var request = Request(
            address: base.appending(filled(path, reference.identifiers + [link])),
            authorization: header, headers: ["Content-Type:"])  // there is none to have a type
        if let traceparent { request.headers.append("traceparent: " + traceparent) }
        request.body = ""
        request.isSentOnce = true
        return request
    }

    fileprivate static func address(_ settings: Settings, _ key: String) throws(Failure) -> Address?
    {
        guard let text = try settings.text(key, Address.expected) else { return nil }
        guard let address = try Address.parse(text) else {
            throw settings.mistake(key, Address.expected)
        }
        return address
    }
}

/// Each kind reads its own credentials, and says what of them must not come back in a message.
extension Account.Authorization {
    fileprivate static func read(
        _ provider: Provider, _ settings: Settings, _ environment: Provider.Environment?,
        _ values: [String?]
    ) throws(Failure) -> (Self, [Secret]) {
        switch provider.authorization {
        case .bearerKey: try bearer(settings, "api_key")
        case .basicKey: try basicKey(provider, settings, environment, values)
        case .clientCredentials where settings.has("token"): try token(settings)
        case .clientCredentials(let request):
            try clientCredentials(settings, request, environment)
        }
    }

    @inline(never)
    private static func bearer(
        _ settings: Settings, _ name: String
    ) throws(Failure) -> (Self, [Secret]) {
        let key = try settings.secret(name)
        return (.fixed(try held(.joining("Authorization: Bearer ", key))), [key])
    }

    @inline(never)
    private static func basicKey(
        _ provider: Provider, _ settings: Settings, _ environment: Provider.Environment?,
        _ values: [String?]
    ) throws(Failure) -> (Self, [Secret]) {
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
    ) throws(Failure) -> (Self, [Secret]) {
        for other in ["client_id", "client_secret", "auth_url"] where settings.has(other) {
            throw settings.mistake(other, "nothing, since token is given")
        }
        return try bearer(settings, "token")
    }

    @inline(never)
    private static func clientCredentials(
        _ settings: Settings, _ request: Provider.TokenRequest,
        _ environment: Provider.Environment?
    ) throws(Failure) -> (Self, [Secret]) {
        let id = try settings.text(
            "client_id", "text without colon, or a token instead", isUserName)
        guard let id else { throw settings.mistake("client_id", "text; it is missing") }
        let secret = try settings.secret("client_secret")
        let pair = try held(.basic("", user: id, secret))
        let header = try held(.joining("Authorization: Basic ", pair))
        let address = try tokenAddress(settings, request, environment)
        return (.clientCredentials(header, request, address), [pair, secret])
    }

    @inline(never)
    private static func tokenAddress(
        _ settings: Settings, _ request: Provider.TokenRequest,
        _ environment: Provider.Environment?
    ) throws(Failure) -> Address? {
        if let given = try Account.address(settings, "auth_url") { return given }
        if request.path != nil { return nil }
        guard let text = environment?.tokenAddress, !settings.has("base_url") else {
            throw settings.mistake(
                "auth_url", "the address of the token endpoint, since base_url is given")
        }
        return try Address.parse(text)
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

    private static func held(_ secret: Secret?) throws(Failure) -> Secret {
        guard let secret else { throw .outOfMemory }
        return secret
    }
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
    return decodedText(result.bytes)
}
