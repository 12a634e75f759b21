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
        proof: ProofTable(
            "order", path: "/ordermanagement/v1/orders/{1}", link: "order", tellsAmount: true,
            read: readOrder),
        callback: CallbackTable(scheme: .standardWebhooks, read: readKustomCallback),
        read: readKustom)
}

/// A declined tap leaves a session ACTIVE: the clerk tries again.
private let statuses: [(StaticString, Status)] = [
    ("CREATED", .open),
    ("ACTIVE", .pending),
    ("FINALIZED", .completed),
    ("CANCELLED", .cancelled),
    ("EXPIRED", .expired),
    ("FAILED", .failed),
]

private func readKustom(_ document: Reader, _ rules: ReadingRules) -> Session {
    let (status, evidence) = reported(document, "status", statuses, or: .unknown)
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

/// Order Management API 1.0.0: authorized is reserved, and captured is charged; closed is refunded.
private let orderStates: [(StaticString, ProofState)] = [
    ("AUTHORIZED", .secured),
    ("PART_CAPTURED", .secured),
    ("CAPTURED", .captured),
    ("CANCELLED", .ended),
    ("EXPIRED", .ended),
    ("CLOSED", .refunded),
]

private func readOrder(_ document: Reader) -> Proof {
    let (state, evidence) = reported(document, "status", orderStates, or: .unknown)
    let proof = Proof(evidence: evidence)
    proof.id = document.exactText("order_id")
    proof.state = state
    let total = document.minorUnits("order_amount")
    proof.amount = .minorUnits(total, document.currency("purchase_currency"))
    proof.capturedMinor = sum(document, "captured_amount", proof)
    proof.refundedMinor = sum(document, "refunded_amount", proof)
    let remaining = sum(document, "remaining_authorized_amount", proof)
    if proof.capturedMinor != nil || remaining != nil, let total {
        let (reached, isTooMuch) = (proof.capturedMinor ?? 0).addingReportingOverflow(
            remaining ?? 0)
        proof.fallsShort = !isTooMuch && reached < total
    }
    if let refunded = proof.refundedMinor, refunded > 0, state.isGood {
        proof.state = .refunded
        proof.evidence = Evidence(
            field: "refunded_amount",
            value: document["refunded_amount"].textOrInteger, basis: .derived)
    }
    readFraudStatus(document, proof)
    return proof
}

/// Not told is none; below zero is nothing that could be.
private func sum(_ document: Reader, _ path: StaticString, _ proof: Proof) -> Int64? {
    let found = document[path]
    if found.isAbsent || found.isNull { return nil }
    if let sum = document.minorUnits(path), sum >= 0 { return sum }
    proof.hasUnreadableSum = true
    return nil
}

/// ACCEPTED, PENDING, REJECTED; the published plugins know STOPPED too, and act on ACCEPTED alone.
private func readFraudStatus(_ document: Reader, _ proof: Proof) {
    let found = document["fraud_status"]
    if found.isAbsent || found.isNull { return }
    guard let word = document.exactText("fraud_status") else {
        proof.isFraudSuspected = true
        return
    }
    if sameBytes(word, "ACCEPTED") { return }
    guard sameBytes(word, "PENDING") else {
        proof.isFraudSuspected = true
        if !sameBytes(word, "REJECTED"), !sameBytes(word, "STOPPED") {
            document.drift.unknownStatus = word.string
        }
        return
    }
    if proof.state.isGood {
        proof.state = .pending
        proof.evidence = Evidence(field: "fraud_status", value: word, basis: .reported)
    }
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
