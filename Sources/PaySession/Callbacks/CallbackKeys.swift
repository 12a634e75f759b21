// SPDX-License-Identifier: MIT

/// What the configuration has to check callbacks of one provider by.
struct CallbackKeys {
    /// As codes are made with them; one to four, so that a new one can be taken up before the old
    /// one goes. None: callbacks are hints.
    var secrets: [Secret] = []
    /// As they stand in the configuration, where those differ.
    var texts: [Secret] = []
    /// Whose callbacks they are, where that is signed.
    var account: String?

    static let setting = "callback_secret"

    /// - Parameters:
    ///   - values: what was said for each of the provider's own settings, in their order.
    static func read(
        _ provider: Provider, _ settings: Settings, _ values: [String?]
    ) throws(Failure) -> CallbackKeys {
        var keys = CallbackKeys()
        guard let scheme = provider.callback?.scheme else { return keys }
        for (known, value) in zip(provider.settings, values)
        where sameBytes(known.key, "account_id") {
            keys.account = value
        }
        guard settings.has(setting) else { return keys }
        keys.texts = try settings.secrets(setting)
        if scheme.signsAddress, keys.account == nil {
            throw settings.mistake(
                "account_id", "P or T and eight digits, since callback_secret is given")
        }
        guard scheme === CallbackScheme.standardWebhooks else {
            keys.secrets = keys.texts
            return keys
        }
        for text in keys.texts {
            if text.withBytes({ begins($0, with: "whpk_") || begins($0, with: "whsk_") }) {
                throw settings.mistake(
                    setting,
                    "the secret that begins with whsec_; Ed25519, to which whpk_ and whsk_ "
                        + "belong, is not supported")
            }
            guard let key = text.withBytes({ webhookKey($0) }) else {
                throw settings.mistake(
                    setting, "whsec_ and base64 of at least 16 bytes, as the portal shows it")
            }
            guard key.isComplete, let secret = Secret(key.bytes) else { throw .outOfMemory }
            keys.secrets.append(secret)
        }
        return keys
    }
}
