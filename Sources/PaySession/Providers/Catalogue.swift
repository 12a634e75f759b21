// SPDX-License-Identifier: MIT

extension Provider {
    /// `session_providers()`: what there is to know of each provider without its documents, in the
    /// order of the list. Ends with a NUL byte. Made once, never freed, and small: it must not
    /// fail.
    static let catalogue: UnsafeSendable<Buffer> = {
        let buffer = Buffer(isFromReserve: true)
        var writer = Writer(buffer)
        writer.array { writer in
            for provider in all { writer.provider(provider) }
        }
        buffer.append(0)
        return UnsafeSendable(buffer)
    }()

    /// What of its section proves who asks.
    fileprivate var credentials: [String] {
        takesToken ? ["client_id", "client_secret"] : ["api_key"]
    }

    fileprivate var otherSettings: [String] {
        (hasTrustSwitch ? ["trust_processed_at"] : [])
            + (approval == nil ? [] : [ApprovalTable.setting])
            + (callback?.scheme == nil ? [] : [CallbackKeys.setting])
            + (environments.isEmpty ? ["base_url"] : ["environment", "base_url"])
            + (takesToken ? ["auth_url"] : [])
            + (proof.host.map { [$0.setting] } ?? [])
    }

    fileprivate var takesToken: Bool {
        if case .clientCredentials = authorization { return true }
        return false
    }
}

extension Writer {
    fileprivate mutating func provider(_ provider: Provider) {
        object { writer in
            writer.field("name", provider.name)
            writer.field("title", provider.title.text)
            writer.field("reference", provider.form)
            var words: [String] = []
            for part in provider.parts { words.append(part.name) }
            writer.words("identifiers", words)
            words = []
            for environment in provider.environments { words.append(environment.name) }
            writer.words("environments", words)
            writer.words("credentials", provider.credentials)
            writer.words("alternative_credentials", provider.takesToken ? ["token"] : [])
            words = []
            for setting in provider.settings { words.append(setting.key) }
            writer.words("settings", words + provider.otherSettings)
            writer.field("proof", word: provider.proof.resource)
            writer.field("callbacks", provider.callbacks.text)
        }
    }

    @inline(never)
    private mutating func words(_ name: StaticString, _ words: [String]) {
        key(name)
        array { writer in
            for word in words { writer.string(word) }
        }
    }
}
