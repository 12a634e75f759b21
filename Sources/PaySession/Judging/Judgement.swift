// SPDX-License-Identifier: MIT

/// A document, read and judged: the same for a response and for what a caller hands in.
final class Judgement {
    let session: Session
    let verdict: Verdict
    /// Keeps the provider's bytes.
    let document: Document
    let drift: Drift

    private init(_ session: Session, _ verdict: Verdict, _ document: Document, _ drift: Drift) {
        self.session = session
        self.verdict = verdict
        self.document = document
        self.drift = drift
    }

    /// - Parameter wanted: the identifier that the document must carry; nil if none was named.
    static func of(
        _ bytes: Buffer, from provider: Provider, rules: ReadingRules, wanted: String?,
        expected: Expectations?
    ) throws(Failure) -> Judgement {
        let document: Document
        do {
            document = try Document.parse(bytes)
        } catch .outOfMemory {
            throw .outOfMemory
        } catch {
            let failure = Failure(
                error == .tooMany ? .tooLarge : .malformed,
                sentence("{}: the answer is {}", provider.name, error.words.text))
            failure.isRetryable = error.mayPass
            throw failure
        }
        return try document.read { root throws(Failure) in
            let drift = Drift()
            let reader = Reader(root, drift: drift)
            var isNamed = false
            var isWanted = wanted == nil
            for field in provider.identityFields {
                guard let identifier = reader.exactText(field.path) else { continue }
                isNamed = true
                if let wanted, begins(wanted, with: field.prefix),
                    isSameIdentifier(identifier, wanted)
                {
                    isWanted = true
                }
            }
            if isNamed, !isWanted {
                throw Failure(
                    .mismatched, sentence("{} answered about another session", provider.name))
            }
            let session = provider.read(reader, rules)
            guard session.items?.count ?? 0 <= Item.most else {
                throw Failure(.tooLarge, "the session has more than 10,000 items")
            }
            let verdict = Verdict(session, isIdentified: isNamed, expected: expected)
            return Judgement(session, verdict, document, drift)
        }
    }
}
