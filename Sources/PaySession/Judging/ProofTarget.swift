// SPDX-License-Identifier: MIT

/// What the caller says about the proof of payment: that it is wanted, and which it is where the
/// session does not name it.
enum ProofWish {
    case ofSession
    /// Dintero: the transaction's identifier, from the callback or the return address.
    case transaction(String)
    /// The resource's own document, which the caller has.
    case document(Buffer)
}

/// Which resource is to be read for a session.
enum ProofTarget {
    /// The session is not completed: there is nothing to prove.
    case none
    /// The session names none.
    case unnamed
    case named(String)
    /// The caller has it, by whatever name.
    case given(Buffer)

    init(_ wish: ProofWish, of session: Session, _ table: ProofTable) {
        guard session.status == .completed else {
            self = .none
            return
        }
        let name = table.link.flatMap { session.identifier($0) }
        switch wish {
        case .transaction(let identifier): self = .named(identifier)
        case .document(let bytes):
            self = name == nil && table.link != nil ? .unnamed : .given(bytes)
        case .ofSession: self = name.map { .named($0) } ?? .unnamed
        }
    }
}

extension Session {
    /// One that can be asked for: nil for what is no identifier.
    func identifier(_ name: StaticString) -> String? {
        for one in identifiers where sameBytes(one.name.text, name.text) {
            guard let text = one.value?.string, IdentifierPart(name: "link").flaw(text) == nil
            else { return nil }
            return text
        }
        return nil
    }
}
