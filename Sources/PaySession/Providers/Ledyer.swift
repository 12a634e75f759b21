// SPDX-License-Identifier: MIT

/// Ledyer, "Get order session".
extension Provider {
    static let ledyer = Provider(
        name: "ledyer",
        title: "Ledyer",
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
        identityFields: [
            IdentityField(path: "id"), IdentityField(path: "orderId", prefix: "or_"),
        ],
        errors: ErrorShape(messages: ["errors"], codes: []),
        proof: ProofTable(
            "payment_status", path: "/v1/orders/{1}/paymentstatus", link: "order",
            namesItself: false, settles: .advanceInvoice, read: readPaymentStatus),
        callback: CallbackTable(read: readLedyerCallback),
        read: readLedyer)
}

/// A sister API says awaitingSignatory for pendingSca. What signState means for payment is not
/// documented: it is not looked at.
private let statuses: [(StaticString, Status)] = [
    ("open", .open),
    ("locked", .pending),
    ("pendingSca", .actionRequired),
    ("awaitingSignatory", .actionRequired),
    ("authorized", .completed),
    ("cancelled", .cancelled),
    ("expired", .expired),
]

private func readLedyer(_ document: Reader, _ rules: ReadingRules) -> Session {
    let (status, evidence) = reported(document, "state", statuses, or: .unknown)
    let session = Session(evidence: evidence)
    session.id = document.exactText("id")
    session.status = status
    session.setAmount(
        minorUnits: document.minorUnits("order.totalOrderAmount"),
        document.currency("order.currency"))
    session.taxMinor = document.minorUnits("order.totalOrderVatAmount")
    session.merchantReference = document.reference("order.reference")
    session.identifiers = [
        ("order", document.exactText("orderId")),
        ("merchant", document.exactText("merchantId")),
        ("store", document.exactText("storeId")),
        ("settlement", document.exactText("order.settlementReference")),
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
        type: document.exactText("customer.paymentMethod.type")
            ?? document.exactText("paymentMethod.type"),
        provider: document.text("customer.paymentMethod.provider")
            ?? document.text("paymentMethod.provider"),
        // The documented sample spells it invoceChannel, the plugins read invoiceChannel.
        invoiceChannel: document.text("customer.invoiceChannel.type")
            ?? document.text("customer.invoceChannel.type"))
    if status == .completed { doubtPaymentMethod(document, session) }
    session.items = document.list("order.orderLines") { line in
        Item(
            reference: line.text("reference"), name: line.text("description"),
            type: line.text("type"), quantity: line.integer("quantity"),
            unitMinor: line.minorUnits("unitPrice"), totalMinor: line.minorUnits("totalAmount"),
            taxMinor: line.minorUnits("totalVatAmount"), taxBasisPoints: line.integer("vat"))
    }
    return session
}

/// Authorized is as good as paid with these. The documentation knows invoice, card, serviceInvoice
/// and advanceInvoice; the published plugins send bankTransfer and partPayment.
private let paidWhenAuthorized: [StaticString] = [
    "invoice", "card", "serviceInvoice", "bankTransfer", "partPayment",
]

/// An advance invoice is authorized before anyone has paid, and a method that nobody knows could be
/// one under another name. What is not told holds nothing.
private func doubtPaymentMethod(_ document: Reader, _ session: Session) {
    let customer = document["customer"]
    var isAdvance = false
    var isUnknown = !customer.isSilent && !customer.isObject
    // Where the documentation has it, and where it has been seen.
    for method in [document["customer.paymentMethod"], document["paymentMethod"]]
    where !method.isSilent {
        let type = method.at("type")
        if method.isObject, type.isSilent { continue }
        guard let word = type.exactText else {
            isUnknown = true
            continue
        }
        if sameBytes(word, "advanceInvoice") {
            isAdvance = true
        } else if !paidWhenAuthorized.contains(where: { sameBytes(word, $0) }) {
            isUnknown = true
        }
    }
    // One reason is told. That it was paid in advance settles nothing of the other.
    if isAdvance {
        session.doubts.insert(.advanceInvoice)
        if isUnknown { session.doubtBehind = .paymentMethodUnknown }
    } else if isUnknown {
        session.doubts.insert(.paymentMethodUnknown)
    }
}

/// "Get payment status". It names neither order nor amount. One of its words is unknown.
private let paymentStates: [(StaticString, ProofState)] = [
    ("paymentConfirmed", .secured),
    ("orderCaptured", .captured),
    ("orderInitiated", .pending),
    ("orderPending", .pending),
    ("paymentPending", .pending),
    ("orderRefunded", .refunded),
    ("orderCancelled", .ended),
    ("unknown", .unknown),
]

private func readPaymentStatus(_ document: Reader) -> Proof {
    let (state, evidence) = reported(document, "status", paymentStates, or: .unknown)
    let proof = Proof(evidence: evidence)
    proof.state = state
    return proof
}

/// Notifications (https://docs.ledyer.com, "Order events" and "Session events"). No signature is
/// documented: hints. Sessions of the payments product, ps_..., have another endpoint, which this
/// library does not read.
private func readLedyerCallback(
    _ request: CallbackRequest, _ account: String?
) throws(Failure) -> CallbackMention {
    try request.readBody { document in
        let mention = CallbackMention()
        mention.event = document.identifier("eventType")
        mention.session = document.identifier("sessionId")
        mention.order = document.identifier("orderId")
        mention.merchantReference = checkedIdentifier(
            document.reference("reference")?.string)
        mention.merchant = document.identifier("merchantId")
        if let session = mention.session {
            if begins(session, with: "se_") { mention.reference = request.reference(session) }
        } else if let order = mention.order, begins(order, with: "or_") {
            mention.reference = request.reference(order)
        }
        return mention
    }
}
