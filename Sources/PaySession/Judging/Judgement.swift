// SPDX-License-Identifier: MIT

/// A document, read and judged: the same for a response and for what a caller hands in.
final class Judgement {
    let session: Session
    private(set) var verdict: Verdict
    /// Keeps the provider's bytes.
    let document: Document
    let drift: Drift
    /// What was found where the proof is; nil where nothing was read.
    private(set) var finding: ProofFinding?
    private let isIdentified: Bool
    private let expected: Expectations?

    private init(
        _ session: Session, _ verdict: Verdict, _ document: Document, _ drift: Drift,
        isIdentified: Bool, _ expected: Expectations?
    ) {
        self.session = session
        self.verdict = verdict
        self.document = document
        self.drift = drift
        self.isIdentified = isIdentified
        self.expected = expected
    }

    /// - Parameter wanted: the identifier that the document must carry; nil if none was named.
    static func of(
        _ bytes: Buffer, from provider: Provider, rules: ReadingRules, wanted: String?,
        expected: Expectations?
    ) throws(Failure) -> Judgement {
        let document = try provider.document(bytes)
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
            return Judgement(
                session, verdict, document, drift, isIdentified: isNamed, expected)
        }
    }

    // MARK: Proof

    /// The session is completed, and names nothing that would prove its payment.
    func noteUnnamedProof() {
        document.read { _ in
            session.doubts.insert(.proofUnnamed)
            verdict = Verdict(session, isIdentified: isIdentified, expected: expected)
        }
    }

    /// Judges once more, with the proof.
    func add(_ finding: ProofFinding) {
        self.finding = finding
        document.read { _ in
            session.doubts.formUnion(finding.doubts)
            if finding.isOfSession { settle(finding) }
            verdict = Verdict(
                session, isIdentified: isIdentified, expected: expected, finding: finding)
        }
    }

    /// What the session could not say, and its proof can.
    private func settle(_ finding: ProofFinding) {
        guard let settled = finding.table.settles else { return }
        guard var status = finding.proof.sessionStatus else {
            if finding.proof.state.isGood {
                session.doubts.remove(settled)
                if let behind = session.doubtBehind { session.doubts.insert(behind) }
            }
            return
        }
        session.doubts.remove(settled)
        switch status {
        case .declined, .failed, .cancelled, .expired:
            // Not known to be of this amount: what came to nothing may not have been this payment.
            if finding.amount != .match || !finding.doubts.isEmpty { status = .unknown }
        default: break
        }
        session.status = status
        session.evidence = Evidence(
            field: "proof.status", value: finding.proof.evidence.value, basis: .derived)
    }
}
