// SPDX-License-Identifier: MIT

/// A document, read and judged: the same for a response and for what a caller hands in.
struct Judgement {
    let session: Session
    let verdict: Verdict
    /// Keeps the provider's bytes.
    let document: Document
    let drift: Drift

    /// - Parameter wanted: the identifier that the document must carry; nil if none was named.
    init(
        _ bytes: Buffer, from provider: Provider, rules: ReadingRules, wanted: String?,
        expected: Expectations?
    ) throws(Failure) {
        do {
            document = try Document.parse(bytes)
        } catch .outOfMemory {
            throw .outOfMemory
        } catch {
            throw Failure(
                .malformed,
                "expected a session of \(provider.name) as JSON, got what is \(error.words)")
        }
        drift = Drift()
        let reader = Reader(document.root, drift: drift)

        var isNamed = false
        var isWanted = wanted == nil
        for field in provider.identityFields {
            guard let identifier = reader.text(field) else { continue }
            isNamed = true
            if let wanted, sameBytes(identifier, wanted) { isWanted = true }
        }
        if isNamed, !isWanted {
            throw Failure(.mismatched, "\(provider.name) answered about another session")
        }
        session = provider.read(reader, rules)
        verdict = Verdict(session, isIdentified: isNamed, expected: expected)
    }
}
