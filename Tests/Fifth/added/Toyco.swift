// SPDX-License-Identifier: MIT

/// Toyco, which there is not.
extension Provider {
    static let toyco = Provider(
        name: "toyco",
        title: "Toyco",
        parts: [IdentifierPart(name: "toy_id")],
        path: "/toy/v2/sessions/{0}",
        environments: [
            Environment(name: "sandpit", address: "https://api.sandpit.toyco.example"),
            Environment(name: "live", address: "https://api.toyco.example"),
        ],
        authorization: .bearerKey,
        identityFields: [IdentityField(path: "toy")],
        errors: ErrorShape(messages: ["sorry"], codes: []),
        proof: ProofTable("order", path: "/toy/v2/orders/{1}", link: "shelf", read: readOrder),
        read: readToyco)
}

private let statuses: [(StaticString, Status)] = [
    ("wrapped", .open),
    ("posted", .pending),
    ("played", .completed),
    ("returned", .cancelled),
    ("broken", .failed),
]

private func readToyco(_ document: Reader, _ rules: ReadingRules) -> Session {
    let (status, evidence) = reported(
        document, "phase", statuses, or: .unknown)
    let session = Session(evidence: evidence)
    session.id = document.exactText("toy")
    session.status = status
    session.setAmount(minorUnits: document.minorUnits("coins"), document.currency("coin"))
    session.merchantReference = document.reference("label")
    session.identifiers = [("shelf", document.exactText("shelf"))]
    session.createdAt = document.timestamp("made")
    return session
}

private let orderStates: [(StaticString, ProofState)] = [("paid", .captured)]

private func readOrder(_ document: Reader) -> Proof {
    let (state, evidence) = reported(document, "order", orderStates, or: .unknown)
    let proof = Proof(evidence: evidence)
    proof.id = document.exactText("shelf")
    proof.state = state
    return proof
}
