// SPDX-License-Identifier: MIT

/// The resource that proves the payment behind a provider's sessions: where it is, what it names,
/// what its words mean.
final class ProofTable: Sendable {
    /// Its name in answers and in `session_providers()`.
    let resource: StaticString
    /// The request's path; {0}, {1}, … stand for the session's identifiers, and the one behind them
    /// for the resource's own.
    let path: String
    /// Which of `Session.identifiers` names it; nil where the caller has to.
    let link: StaticString?
    /// Where it is, if that is not where the sessions are.
    let host: Host?
    /// The document says whose it is; without, the address alone does.
    let namesItself: Bool
    /// The document tells amount and currency, which are held against the session's.
    let tellsAmount: Bool
    /// The part of a reference that the document carries as its merchant's reference.
    let referencePart: Int?
    /// The session's doubt that the proof settles: with a good state, or with any where it is the
    /// state that the session lacks.
    let settles: Hold?
    /// From document to proof: pure, and never fails. What cannot be read is nil.
    let read: @Sendable (Reader) -> Proof

    init(
        _ resource: StaticString, path: String, link: StaticString? = nil, host: Host? = nil,
        namesItself: Bool = true, tellsAmount: Bool = false, referencePart: Int? = nil,
        settles: Hold? = nil, read: @escaping @Sendable (Reader) -> Proof
    ) {
        self.resource = resource
        self.path = path
        self.link = link
        self.host = host
        self.namesItself = namesItself
        self.tellsAmount = tellsAmount
        self.referencePart = referencePart
        self.settles = settles
        self.read = read
    }

    final class Host: Sendable {
        /// The setting that names another one.
        let setting: String
        let usual: String

        init(setting: String, usual: String) {
            self.setting = setting
            self.usual = usual
        }
    }
}
