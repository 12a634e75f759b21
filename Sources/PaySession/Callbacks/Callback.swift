// SPDX-License-Identifier: MIT

/// What a request that came to the shop turned out to be, and which session it wants looked at.
///
/// It has no status and no verdict, on purpose: a callback says *look*, a read says *what is*. So
/// nothing that is made of it can say "paid".
final class Callback {
    enum Authenticity {
        /// The provider's own, and fresh.
        case genuine
        case refused
        /// There is nothing to check it by.
        case unsigned

        var word: StaticString {
            switch self {
            case .genuine: "genuine"
            case .refused: "refused"
            case .unsigned: "unsigned"
            }
        }
    }

    private(set) var authenticity: Authenticity
    /// Why it is refused; nil where it is not.
    private(set) var reason: CallbackFlaw?
    /// What it was checked by; nil where nothing was.
    let scheme: CallbackScheme?
    /// Which of the configured secrets matched, from 1.
    private(set) var secret: Int?
    /// One text for one delivery.
    private(set) var id: String?
    /// In seconds since 1970; known once a code has matched.
    private(set) var sentAt: Int64?
    private(set) var ageMs: Int64?
    /// nil where it is refused: what was forged must not reach code that might use it.
    private(set) var mention: CallbackMention?

    private init(_ authenticity: Authenticity, _ scheme: CallbackScheme? = nil) {
        self.authenticity = authenticity
        self.scheme = scheme
    }

    private static func refused(_ flaw: CallbackFlaw, _ scheme: CallbackScheme) -> Callback {
        let callback = Callback(.refused, scheme)
        callback.reason = flaw
        return callback
    }
}

extension Callback {
    /// Whether a request is the provider's, and what it names.
    /// - Parameters:
    ///   - keys: none means that there is nothing to check it by. Where there is one, a signature
    ///     is demanded: nobody can talk the check away by leaving the signature out.
    ///   - receivedAt: in microseconds since 1970.
    static func judged(
        _ request: CallbackRequest, by provider: Provider, _ keys: CallbackKeys,
        receivedAt: Int64, toleranceSeconds: Int64
    ) throws(Failure) -> Callback {
        guard let table = provider.callback else { return Callback(.unsigned) }
        guard let scheme = table.scheme, !keys.secrets.isEmpty else {
            let callback = Callback(.unsigned)
            callback.mention = try table.read(request, nil)
            callback.id = table.scheme?.deliveryID(request)
            return callback
        }
        let signature: CallbackSignature
        do throws(CallbackFlaw) {
            signature = try scheme.signature(request, keys.account ?? "")
        } catch {
            return refused(error, scheme)
        }
        guard signature.isComplete else { throw .outOfMemory }
        guard let (secret, code) = try signature.match(keys.secrets) else {
            return refused(.signatureMismatch, scheme)
        }
        // Time after the code: what is too old or too new is genuine.
        let ageMs = (receivedAt - signature.seconds * 1_000_000) / 1000
        let callback: Callback
        if ageMs > toleranceSeconds * 1000 {
            callback = refused(.tooOld, scheme)
        } else if ageMs < -toleranceSeconds * 1000 {
            callback = refused(.tooNew, scheme)
        } else {
            callback = Callback(.genuine, scheme)
            callback.mention = try table.read(request, keys.account)
            callback.id = signature.id ?? code
        }
        callback.secret = secret + 1
        callback.sentAt = signature.seconds
        callback.ageMs = ageMs
        return callback
    }
}

// MARK: The answer

extension Answer {
    /// A callback that was judged, whatever came of it.
    convenience init(_ callback: Callback, from provider: Provider) {
        var failure: Failure?
        switch callback.authenticity {
        case .genuine: break
        case .refused:
            failure = Failure(
                .notGenuine,
                sentence("{}: {}", provider.name, callback.reason?.sentence.text ?? ""))
        case .unsigned:
            failure = Failure(
                .unsigned,
                sentence(
                    provider.callback?.scheme == nil
                        ? "{}: there is no signature to check"
                        : "{}: no callback_secret is configured",
                    provider.name))
        }
        self.init(
            failure?.outcome ?? .ok, provider: provider.name,
            reference: callback.mention?.reference,
            error: { if let failure { $0.failure(failure) } else { $0.null() } },
            more: { writer in
                writer.key("callback")
                writer.callback(callback)
            })
    }

    /// It could not be judged.
    convenience init(callbackFailure failure: Failure, provider: String?) {
        self.init(
            failure.outcome, provider: provider, error: { $0.failure(failure) },
            more: { writer in
                writer.key("callback")
                writer.null()
            })
    }
}

extension Writer {
    fileprivate mutating func callback(_ callback: Callback) {
        object { writer in
            writer.field("authenticity", word: callback.authenticity.word)
            writer.field("reason", word: callback.reason?.word)
            writer.field("scheme", word: callback.scheme?.name)
            writer.array("covers") {
                if callback.authenticity == .genuine, let part = callback.scheme?.covers {
                    $0.string(part)
                }
            }
            writer.field("secret", callback.secret.map { Int64($0) })
            writer.field("id", callback.id)
            writer.key("sent_at")
            if let seconds = callback.sentAt {
                writer.utc(seconds: seconds)
            } else {
                writer.null()
            }
            writer.field("age_ms", callback.ageMs)
            let mention = callback.mention
            writer.field("event", mention?.event)
            writer.object("identifiers") {
                $0.field("session", mention?.session)
                $0.field("order", mention?.order)
                $0.field("transaction", mention?.transaction)
                $0.field("merchant_reference", mention?.merchantReference)
                $0.field("merchant", mention?.merchant)
                $0.field("checkout_session", mention?.checkoutSession)
            }
        }
    }

    /// Seconds since 1970, without a fraction: that is all that a signature tells.
    private mutating func utc(seconds: Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Timestamp.length) { room in
            guard let start = room.baseAddress else { return }
            Timestamp.write(seconds * 1_000_000, to: start)
            // 2026-01-02T03:04:05.000Z
            string(decodedText(UnsafeBufferPointer(rebasing: room[..<19])) + "Z")
        }
    }
}
