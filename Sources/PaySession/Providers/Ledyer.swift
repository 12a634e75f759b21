// SPDX-License-Identifier: MIT

/// Ledyer, "Get order session".
extension Provider {
    static let ledyer = Provider(
        name: "ledyer",
        parts: [IdentifierPart(name: "session_id")],
        path: "/v1/sessions/{0}",
        environments: [
            Environment(
                name: "sandbox", address: "https://api.sandbox.ledyer.com",
                tokenAddress: "https://auth.sandbox.ledyer.com/oauth/token"),
            Environment(
                name: "live", address: "https://api.live.ledyer.com",
                tokenAddress: "https://auth.live.ledyer.com/oauth/token"),
        ],
        authorization: .clientCredentials(
            TokenRequest(
                contentType: "application/x-www-form-urlencoded",
                audience: { _ in "" },
                body: { _ in "grant_type=client_credentials" })),
        // The published plugins name a session by its order, or_...
        identityFields: ["id", "orderId"],
        errors: ErrorShape(messages: ["errors"], codes: []),
        read: readLedyer)
}

/// A sister API says awaitingSignatory for pendingSca. What signState means for payment is not
/// documented: it is not looked at.
private let statuses: [(String, Status)] = [
    ("open", .open),
    ("locked", .pending),
    ("pendingSca", .actionRequired),
    ("awaitingSignatory", .actionRequired),
    ("authorized", .completed),
    ("cancelled", .cancelled),
    ("expired", .expired),
]

private func readLedyer(_ document: Reader, _ rules: ReadingRules) -> Session {
    let (status, evidence) = reportedStatus(document, "state", statuses)
    let session = Session(evidence: evidence)
    session.id = document.text("id")
    session.status = status
    session.currency = document.currency("order.currency")
    session.amount = .minorUnits(document.integer("order.totalOrderAmount"), session.currency)
    session.taxMinor = document.integer("order.totalOrderVatAmount")
    session.merchantReference = document.text("order.reference")
    session.identifiers = [
        ("order", document.text("orderId")),
        ("merchant", document.text("merchantId")),
        ("store", document.text("storeId")),
        ("settlement", document.text("order.settlementReference")),
    ]
    session.createdAt = document.timestamp("createdAt")
    session.updatedAt = document.timestamp("updatedAt")
    session.expiresAt = document.timestamp("expiresAt")
    session.locale = document.text("order.locale")
    session.country = document.text("order.country")
    session.customer = Customer(
        firstName: document.text("customer.firstName"),
        lastName: document.text("customer.lastName"),
        email: document.text("customer.email"), phone: document.text("customer.phone"),
        company: document.text("customer.billingAddress.companyName"))
    session.paymentMethod = PaymentMethod(
        type: document.text("customer.paymentMethod.type"),
        provider: document.text("customer.paymentMethod.provider"),
        // The documented sample spells it invoceChannel, the plugins read invoiceChannel.
        invoiceChannel: document.text("customer.invoiceChannel.type")
            ?? document.text("customer.invoceChannel.type"))
    // Authorized before anyone has paid.
    if let type = session.paymentMethod.type, sameBytes(type, "advanceInvoice"),
        status == .completed
    {
        session.reservation = .advanceInvoice
    }
    session.items = document.list("order.orderLines") { line in
        Item(
            reference: line.text("reference"), name: line.text("description"),
            type: line.text("type"), quantity: line.integer("quantity"),
            unitMinor: line.integer("unitPrice"), totalMinor: line.integer("totalAmount"),
            taxMinor: line.integer("totalVatAmount"), taxBasisPoints: line.integer("vat"))
    }
    return session
}
