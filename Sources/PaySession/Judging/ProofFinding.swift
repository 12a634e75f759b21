// SPDX-License-Identifier: MIT

/// The proof of a session's payment, held against the session and against what was asked for.
final class ProofFinding {
    let table: ProofTable
    /// Of the resource; as it was asked for where it was.
    let id: String?
    let proof: Proof
    /// Keeps the provider's bytes; nil where it knows no such resource.
    let document: Document?
    /// That its document carries the identifier that was asked for; nil where it cannot, and where
    /// none was.
    private(set) var identity: Match?
    /// Of the session's amount, of the currency, and of the order; nil where nothing is compared.
    private(set) var amount: Match?
    private(set) var currency: Match?
    private(set) var reference: Match?
    /// Why it does not prove the payment of this session, its state aside.
    private(set) var doubts = Holds()

    /// The resource is not there.
    init(notFound link: String, _ table: ProofTable) {
        self.table = table
        id = link
        proof = Proof(evidence: Evidence(field: "status", value: nil, basis: .absent))
        document = nil
        doubts.insert(.proofNotFound)
    }

    private init(_ table: ProofTable, id: String?, _ proof: Proof, _ document: Document) {
        self.table = table
        self.id = id
        self.proof = proof
        self.document = document
    }

    /// - Parameters:
    ///   - link: the identifier that was asked for; nil where the caller had the document.
    ///   - reference: of the session; nil where the caller had its document.
    ///   - drift: takes what the document held that nobody knows.
    static func of(
        _ bytes: Buffer, from provider: Provider, link: String?, session: Session,
        reference: Reference?, expected: Expectations?, drift: Drift
    ) throws(Failure) -> ProofFinding {
        let table = provider.proof
        let document = try provider.document(bytes)
        return try document.read { root throws(Failure) in
            let proof = table.read(Reader(root, drift: drift, prefix: "proof."))
            // Of a document that the caller has, the session says which it has to be.
            let wanted = link ?? table.link.flatMap { session.identifier($0) }
            if let told = proof.id, let wanted, !isSameIdentifier(told, wanted) {
                throw Failure(
                    .mismatched,
                    sentence("{} answered about another {}", provider.name, table.resource.text))
            }
            let finding = ProofFinding(
                table, id: wanted ?? proof.id?.string, proof, document)
            finding.check(
                session, wanted: wanted,
                order: table.referencePart.flatMap { reference?.identifiers[$0] }, expected)
            return finding
        }
    }

    private func check(
        _ session: Session, wanted: String?, order: String?, _ expected: Expectations?
    ) {
        if table.namesItself {
            if proof.id == nil {
                identity = .notProvided
                doubts.insert(.unidentified)
            } else if wanted != nil {
                identity = .match
            }
        }
        if table.tellsAmount { checkAmount(session, expected) }
        if table.referencePart != nil { checkReference(order: order, expected) }
        if proof.isFraudSuspected { doubts.insert(.proofFraud) }
    }

    private func checkAmount(_ session: Session, _ expected: Expectations?) {
        guard let told = proof.amount, !proof.hasUnreadableSum else {
            amount = .notProvided
            currency = .notProvided
            doubts.insert(.proofAmountUnreadable)
            return
        }
        if let paid = session.amount {
            amount = Match(told.minor == paid.minor && !proof.fallsShort)
        } else {
            amount = .notProvided  // the session is held for it
        }
        if amount == .mismatch { doubts.insert(.proofAmountMismatch) }
        // Dintero's sessions have no currency: it is the one expected that must be confirmed.
        if let wanted = session.currency ?? (proof.sessionStatus == nil ? nil : expected?.currency)
        {
            currency = Match(told.currency.map { sameBytes($0.code, wanted.code) })
        }
        if currency == .mismatch { doubts.insert(.proofCurrencyMismatch) }
    }

    /// Both the transaction and the order come through the customer's browser: who paid for a cheap
    /// order could bring its transaction for a dear one.
    private func checkReference(order: String?, _ expected: Expectations?) {
        reference = Match(
            proof.merchantReference.map { told in
                order.map { sameBytes(told, $0) } ?? false
                    || expected?.reference.map { sameBytes(told, $0) } ?? false
            })
        if reference != .match { doubts.insert(.proofReferenceMismatch) }
    }

    /// It is known whose it is: what it says can be used.
    var isOfSession: Bool {
        (reference == nil || reference == .match) && identity != .notProvided && document != nil
    }

    /// Whether it confirms the shop's own reference; nil where it says nothing of that.
    func confirms(_ wanted: String) -> Bool? {
        guard isOfSession, let told = proof.merchantReference else { return nil }
        // The order's number in that place says nothing about the shop's.
        return sameBytes(told, wanted) ? true : nil
    }

    /// The currency that it confirms where the provider's sessions have none.
    var confirmedCurrency: Currency? {
        isOfSession && proof.sessionStatus != nil ? proof.amount?.currency : nil
    }

    /// What the state of the resource adds to the reasons to hold a completed session.
    var holdOfState: Hold? {
        guard document != nil else { return nil }
        switch proof.state {
        case .secured, .captured: return nil
        case .pending: return .proofPending
        case .refunded: return .proofRefunded
        case .ended: return .proofEnded
        case .unknown: return .proofUnknown
        }
    }
}
