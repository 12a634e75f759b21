// SPDX-License-Identifier: MIT

/// Dintero shopping, "Get Session details" of an order.
extension Provider {
    static let dintero = Provider(
        name: "dintero",
        parts: [
            IdentifierPart(
                name: "account_id",
                rule: { isAccount($0) ? nil : "expected P or T and eight digits" }),
            IdentifierPart(name: "order_id"),
            IdentifierPart(name: "session_id"),
        ],
        path: "/v1/accounts/{0}/shopping/orders/{1}/sessions/{2}",
        environments: [],
        // P accounts are production, T accounts are test, on the same host.
        soleAddress: "https://api.dintero.com",
        authorization: .clientCredentials(
            TokenRequest(
                path: "/v1/accounts/{0}/auth/token",
                contentType: "application/json",
                audience: { "https://api.dintero.com/v1/accounts/\($0.first ?? "")" },
                // The audience ends in an account that was checked: nothing in it needs escaping.
                body: { "{\"grant_type\":\"client_credentials\",\"audience\":\"\($0)\"}" })),
        identityFields: ["id"],
        errors: ErrorShape(messages: ["error.message", "error.errors"], codes: ["error.code"]),
        // Optional and recommended by Dintero, so that its support can tell who is calling.
        headers: [
            "Dintero-System-Plugin-Name: libpaysession",
            "Dintero-System-Plugin-Version: \(Library.version)",
        ],
        hasTrustSwitch: true,
        read: readDintero)
}

/// ^[PT]\d{8}$
private func isAccount(_ text: String) -> Bool {
    let bytes = text.utf8
    guard bytes.count == 9, let first = bytes.first else { return false }
    return (first == 0x50 || first == 0x54) && bytes.dropFirst().allSatisfy(isDigit)
}

/// The order API records what was done elsewhere and executes no payment: its documents carry no
/// status and no currency, and processed_at may have been set by whoever created the session.
private func readDintero(_ document: Reader, _ rules: ReadingRules) -> Session {
    let session: Session
    if document.bool("success") == false {
        session = Session(evidence: Evidence(field: "success", value: "false", basis: .reported))
        session.status = .failed
    } else {
        let processedAt = document.timestamp("processed_at")
        session = Session(
            evidence: Evidence(
                field: "processed_at", value: document["processed_at"].text, basis: .derived))
        session.status = processedAt == nil ? .pending : .completed
        session.reservation = rules.trustProcessedAt ? nil : .noPaymentState
    }
    session.id = document.text("id")
    session.amount = document.integer("amount").map { Amount(minor: $0, currency: nil) }
    session.identifiers = [("created_by", document.text("created_by"))]
    session.createdAt = document.timestamp("created_at")
    session.completedAt = document.timestamp("processed_at")
    session.items = document.list("items") { line in
        // line_id comes as a string or an integer.
        let reference = line["line_id"].integer.map { String($0) } ?? line.text("line_id")
        return Item(reference: reference, totalMinor: line.integer("amount"))
    }
    return session
}
