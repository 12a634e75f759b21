// SPDX-License-Identifier: MIT

/// Inbank partner API v3, e-POS "Session Details".
extension Provider {
    static let inbank = Provider(
        name: "inbank",
        title: "Inbank",
        parts: [IdentifierPart(name: "shop_uuid"), IdentifierPart(name: "pos_session_uuid")],
        path: "/partner/v3/shops/{0}/pos-sessions/{1}",
        environments: [
            Environment(name: "demo", address: "https://demo-api.inbank.{country}"),
            Environment(name: "live", address: "https://api.inbank.{country}"),
        ],
        settings: [
            Setting(
                key: "country", expected: "a country's two lower-case letters, such as \"pl\"",
                isRequiredWithEnvironment: true,
                isValid: { $0.utf8.count == 2 && isMade($0, of: "az") })
        ],
        authorization: .bearerKey,
        identityFields: [IdentityField(path: "uuid")],
        // "message": a text or a list of codes; the API gateway in front says "Message".
        errors: ErrorShape(messages: ["message", "Message"], codes: [], codeLists: ["message"]),
        proof: ProofTable(
            "contract", path: "/partner/v3/shops/{0}/contracts/{2}", link: "credit_contract",
            read: readContract),
        approval: ApprovalTable(
            approve: "/partner/v3/shops/{0}/contracts/{2}/merchant-approval",
            refuse: "/partner/v3/shops/{0}/contracts/{2}/cancel",
            link: "/session/identifiers/credit_contract"),
        // How they are signed (CallbackScheme.signedMessage), and about which session they are,
        // nobody here has seen: nothing is checked, and nothing is read.
        callback: CallbackTable { _, _ in CallbackMention() },
        read: readInbank)
}

/// The state model of the partner API. `completed`: "from the e-shop order perspective it has been
/// paid, and the goods can be shipped"; `granted` may still wait for the merchant's approval.
private let statuses: [(StaticString, Status)] = [
    ("pending", .pending),
    ("granted", .actionRequired),
    ("completed", .completed),
    ("cancelled", .cancelled),
    ("declined", .declined),
    ("expired", .expired),
]

private func readInbank(_ document: Reader, _ rules: ReadingRules) -> Session {
    let (status, evidence) = reported(document, "status", statuses, or: .unknown)
    let session = Session(evidence: evidence)
    session.id = document.exactText("uuid")
    session.status = status
    // "totalAmount (number)", example 300: major units.
    session.setAmount(
        majorUnits: document.majorUnits("totalAmount"), document.currency("currency"))
    if document["totalAmount"].decimal != nil, session.currency != nil, session.amount == nil {
        document.noteUnreadable("totalAmount")
    }
    // Documented as a string, an object when created; null is seen too.
    session.merchantReference = document.reference(
        document["purchase"].isObject ? "purchase.purchaseReference" : "purchase")
    session.identifiers = [
        ("credit_contract", document.exactText("creditContractUuid")),
        ("credit_application", document.exactText("creditApplicationUuid")),
        ("credit_purchase", document.exactText("creditPurchaseUuid")),
    ]
    session.createdAt = document.timestamp("createdAt")
    session.expiresAt = document.timestamp("validUntil")
    session.locale = document.text("locale")
    session.customer.firstName = document.text("customerDetails.firstName")
    session.customer.lastName = document.text("customerDetails.lastName")
    session.customer.email = document.text("customerDetails.email")
    return session
}

/// The contract's `status`: `activated` is financed; `signed` may still wait for the merchant. What
/// word it ends with is not documented: `terminatedAt` says it.
private let contractStates: [(StaticString, ProofState)] = [
    ("unsigned", .pending),
    ("signed", .pending),
    ("activated", .captured),
]

/// The e-POS pages have the contract as it is, the direct API's under "contract".
private func readContract(_ document: Reader) -> Proof {
    let contract = document["contract"].isObject ? document.part("contract") : document
    let (state, evidence) = reported(contract, "status", contractStates, or: .unknown)
    let proof = Proof(evidence: evidence)
    proof.id = contract.exactText("uuid")
    proof.state = state
    let terminated = contract["terminatedAt"]
    if !terminated.isSilent {
        proof.state = .ended
        proof.evidence = Evidence(
            field: "terminatedAt", value: terminated.exactText, basis: .derived)
    }
    return proof
}
