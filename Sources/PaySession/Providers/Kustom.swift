// SPDX-License-Identifier: MIT

/// Kustom In-Person Payments API 1.0.0, "Get session".
extension Provider {
    static let kustom = Provider(
        name: "kustom",
        title: "Kustom",
        parts: [IdentifierPart(name: "session_id")],
        path: "/ipp/v1/sessions/{0}",
        environments: [
            Environment(
                name: "playground", address: "https://api.playground.kustom.co",
                keyPrefix: "kco_test_"),
            Environment(name: "live", address: "https://api.kustom.co", keyPrefix: "kco_live_"),
        ],
        settings: [
            Setting(
                key: "username", expected: "a user name without colon or control characters",
                isValid: isUserName)
        ],
        authorization: .basicKey,
        identityFields: [IdentityField(path: "session_id")],
        // Problem details, and what the sister APIs say; bodies can be empty.
        errors: ErrorShape(
            messages: ["detail", "title", "error_messages", "errors"], codes: ["error_code"]),
        proof: "order",
        callback: CallbackTable(scheme: .standardWebhooks, read: readKustomCallback),
        read: readKustom)
}

/// A declined tap leaves a session ACTIVE: the clerk tries again.
private let statuses: [(String, Status)] = [
    ("CREATED", .open),
    ("ACTIVE", .pending),
    ("FINALIZED", .completed),
    ("CANCELLED", .cancelled),
    ("EXPIRED", .expired),
    ("FAILED", .failed),
]

private func readKustom(_ document: Reader, _ rules: ReadingRules) -> Session {
    let (status, evidence) = reportedStatus(document, "status", statuses)
    let session = Session(evidence: evidence)
    session.id = document.exactText("session_id")
    session.status = status
    session.setAmount(
        minorUnits: document.minorUnits("order_amount"), document.currency("purchase_currency"))
    session.taxMinor = document.minorUnits("order_tax_amount")
    session.merchantReference = document.reference("merchant_reference1")
    session.identifiers = [
        ("order", document.exactText("order_id")),
        ("device", document.exactText("device_id")),
        ("merchant_reference_2", document.reference("merchant_reference2")),
    ]
    session.createdAt = document.timestamp("created_at")
    session.updatedAt = document.timestamp("updated_at")
    session.startedAt = document.timestamp("purchase_started_at")
    session.completedAt = document.timestamp("purchase_completed_at")
    session.expiresAt = document.timestamp("expires_at")
    // The documented example's sums do not add up: no arithmetic is enforced.
    session.items = document.list("order_items") { line in
        Item(
            reference: line.text("reference"), name: line.text("name"), type: line.text("type"),
            quantity: line.integer("quantity"), unitMinor: line.minorUnits("unit_price"),
            totalMinor: line.minorUnits("total_amount"),
            taxMinor: line.minorUnits("total_tax_amount"), taxBasisPoints: line.integer("tax_rate"),
            discountMinor: line.minorUnits("total_discount_amount"))
    }
    return session
}

/// One endpoint receives all events of an account (https://docs.kustom.co, "Webhooks", "In-Person
/// Payments: Callbacks"): ipp.session.finalized and others of sessions, and order.*, capture.*,
/// refund.*, dispute.*, which name no session.
private func readKustomCallback(
    _ request: CallbackRequest, _ account: String?
) throws(Failure) -> CallbackMention {
    try request.readBody { document in
        let mention = CallbackMention()
        mention.event = document.identifier("type")
        mention.session = document.identifier("data.session_id")
        mention.order = document.identifier("data.order_id")
        mention.merchant = document.identifier("merchant_id")
        if let event = mention.event, begins(event, with: "ipp.") {
            mention.reference = request.reference(mention.session)
        }
        return mention
    }
}
