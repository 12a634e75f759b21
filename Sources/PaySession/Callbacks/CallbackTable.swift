// SPDX-License-Identifier: MIT

/// What a callback names. Hints for the shop's look-up in its own records; never what to ship.
final class CallbackMention {
    /// The provider's own word.
    var event: String?
    /// The session to read.
    var reference: String?
    var session: String?
    var order: String?
    var transaction: String?
    var merchantReference: String?
    var merchant: String?
    /// Dintero's, which is not the session that a reference names.
    var checkoutSession: String?
}

extension Provider {
    /// What a provider sends to a shop: how it is signed, and how to read what it names. Pure.
    final class CallbackTable: Sendable {
        /// nil where the provider documents no signature, and where nobody here has seen one.
        let scheme: CallbackScheme?
        /// - Parameter account: whose it has to be; nil where nobody vouches for what it says.
        let read:
            @Sendable (_ request: CallbackRequest, _ account: String?) throws(Failure) ->
                CallbackMention

        init(
            scheme: CallbackScheme? = nil,
            read:
                @escaping @Sendable (CallbackRequest, String?) throws(Failure) -> CallbackMention
        ) {
            self.scheme = scheme
            self.read = read
        }
    }

    /// "signed" where a secret can be configured that callbacks are checked by.
    var callbacks: StaticString { callback?.scheme == nil ? "unsigned" : "signed" }
}
