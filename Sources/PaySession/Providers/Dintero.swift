// SPDX-License-Identifier: MIT

/// Dintero shopping, "Get Session details" of an order.
extension Provider {
    static let dintero = Provider(
        name: "dintero",
        title: "Dintero",
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
        settings: [
            Setting(key: "account_id", expected: "P or T and eight digits", isValid: isAccount)
        ],
        authorization: .clientCredentials(
            TokenRequest(
                path: "/v1/accounts/{0}/auth/token",
                contentType: "application/json",
                audience: { sentence("https://api.dintero.com/v1/accounts/{}", $0.first ?? "") },
                // The audience ends in an account that was checked: nothing in it needs escaping.
                body: {
                    sentence(
                        "{}{}\"}", "{\"grant_type\":\"client_credentials\",\"audience\":\"", $0)
                })),
        identityFields: [IdentityField(path: "id")],
        errors: ErrorShape(messages: ["error.message", "error.errors"], codes: ["error.code"]),
        // Optional and recommended by Dintero, so that its support can tell who is calling.
        headers: [
            "Dintero-System-Plugin-Name: libpaysession",
            sentence("Dintero-System-Plugin-Version: {}", Library.version),
        ],
        hasTrustSwitch: true,
        proof: ProofTable(
            "transaction", path: "/v1/transactions/{3}",
            host: ProofTable.Host(
                setting: "checkout_url", usual: "https://checkout.dintero.com"),
            tellsAmount: true, referencePart: 1, settles: .noPaymentState, read: readTransaction),
        callback: CallbackTable(scheme: .dintero, read: readDinteroCallback),
        read: readDintero)
}

/// ^[PT]\d{8}$
private func isAccount(_ text: String) -> Bool {
    text.utf8.count == 9
        && withBytes(of: text) { bytes in
            isMade(UnsafeBufferPointer(rebasing: bytes[..<1]), of: "PPTT")
                && isMade(UnsafeBufferPointer(rebasing: bytes[1...]), of: "09")
        }
}

/// The order API records what was done elsewhere and executes no payment: its documents carry no
/// status and no currency, and processed_at may have been set by whoever created the session.
private func readDintero(_ document: Reader, _ rules: ReadingRules) -> Session {
    let success = document.bool("success")
    let session = Session(
        evidence: success == false
            ? Evidence(field: "success", value: "false", basis: .reported)
            : Evidence(
                field: "processed_at", value: document["processed_at"].exactText, basis: .derived))
    session.id = document.exactText("id")
    session.setAmount(minorUnitsOfNoCurrency: document.minorUnits("amount"))
    session.identifiers = [("created_by", document.exactText("created_by"))]
    session.createdAt = document.timestamp("created_at")
    session.completedAt = document.timestamp("processed_at")
    session.items = document.list("items") { line in
        // line_id comes as a string or an integer.
        Item(
            reference: line["line_id"].number == nil
                ? line.text("line_id") : line.reference("line_id"),
            totalMinor: line.minorUnits("amount"))
    }
    if success == false {
        session.status = .failed
        return session
    }

    if success == nil, !document["success"].isAbsent, !document["success"].isNull {
        session.doubts.insert(.successUnreadable)
    }
    if !rules.trustProcessedAt { session.doubts.insert(.noPaymentState) }
    if let processedAt = session.completedAt {
        session.status = .completed
        if isImplausible(processedAt, createdAt: session.createdAt, document) {
            session.doubts.insert(.timeImplausible)
        }
    } else if document["processed_at"].isSilent {
        session.status = .pending
    } else {
        // Something was done with it, or nothing: nobody can say which.
        session.doubts.insert(.timeUnreadable)
    }
    return session
}

/// Whether it was processed at no time that can be: before it was created, or at a time that stands
/// for none. By its offset alone nothing is before its creation: a program that writes its own
/// hours with another zone's offset is hours off, and still tells when.
private func isImplausible(
    _ processedAt: Timestamp, createdAt: Timestamp?, _ document: Reader
) -> Bool {
    let processed = processedAt.order
    if processed.isSentinel { return true }
    guard let createdAt, processed < createdAt.order,
        let processedDigits = document["processed_at"].exactText,
        let createdDigits = document["created_at"].exactText
    else { return false }
    return Timestamp.Order(processedDigits.bytes) < Timestamp.Order(createdDigits.bytes)
}

/// Checkout transactions (https://docs.dintero.com, "Transactions"): the transaction is the state
/// that the order's session lacks. UNKNOWN is one of its words.
private let transactionStates: [(StaticString, (ProofState, Status))] = [
    ("AUTHORIZED", (.secured, .completed)),
    ("PARTIALLY_CAPTURED", (.secured, .completed)),
    ("CAPTURED", (.captured, .completed)),
    ("INITIATED", (.pending, .pending)),
    ("ON_HOLD", (.pending, .pending)),
    ("DECLINED", (.ended, .declined)),
    ("FAILED", (.ended, .failed)),
    ("AUTHORIZATION_VOIDED", (.ended, .cancelled)),
    ("REFUNDED", (.refunded, .completed)),
    ("PARTIALLY_REFUNDED", (.refunded, .completed)),
    ("PARTIALLY_CAPTURED_REFUNDED", (.refunded, .completed)),
    ("UNKNOWN", (.unknown, .unknown)),
]

private func readTransaction(_ document: Reader) -> Proof {
    let ((state, status), evidence) = reported(
        document, "status", transactionStates, or: (.unknown, .unknown))
    let proof = Proof(evidence: evidence)
    proof.id = document.exactText("id")
    proof.state = state
    proof.sessionStatus = status
    proof.amount = .minorUnits(document.minorUnits("amount"), document.currency("currency"))
    proof.merchantReference = document.reference("merchant_reference")
    proof.updatedAt = document.timestamp("updated_at")
    proof.capturedMinor = sum(document, of: "CAPTURE")
    proof.refundedMinor = sum(document, of: "REFUND")
    return proof
}

/// What the transaction's successful events of that name come to; nil where one of them cannot be
/// read.
private func sum(_ document: Reader, of event: String) -> Int64? {
    let events = document["events"]
    guard events.isArray else { return nil }
    var sum: Int64 = 0
    for index in 0..<events.elementCount {
        let one = events.element(index)
        guard let name = one.at("event").exactText, let success = one.at("success").bool else {
            return nil
        }
        guard success, sameBytes(name, event) else { continue }
        guard let amount = one.at("amount").integerOrDigits, amount >= 0 else { return nil }
        let (more, isTooMuch) = sum.addingReportingOverflow(amount)
        if isTooMuch { return nil }
        sum = more
    }
    return sum
}

/// The callback_url of a session, with parameters added. It names the checkout's session and its
/// transaction, not the order's session: no reference. A transaction that comes as the body is not
/// signed, and not looked at.
private func readDinteroCallback(
    _ request: CallbackRequest, _ account: String?
) throws(Failure) -> CallbackMention {
    let mention = CallbackMention()
    guard let query = request.address?.query else { return mention }
    // Against firewalls, the address may ask for another name: ?sid_parameter_name=sid.
    let isRenamed = query["sid_parameter_name"].map { sameBytes($0, "sid") } ?? false
    let (transaction, session) = (query["transaction_id"], query[isRenamed ? "sid" : "session_id"])
    // "T12345678.4Aq": what is before the point is the account whose it is.
    for identifier in [transaction, session] {
        guard let account, let identifier else { continue }
        guard hasPrefix(identifier, account + ".") else {
            throw Failure(
                .mismatched, "dintero: the request is genuine, and about another account")
        }
    }
    mention.event = checkedIdentifier(query["event"])
    mention.transaction = checkedIdentifier(transaction)
    mention.merchantReference = checkedIdentifier(query["merchant_reference"])
    mention.checkoutSession = checkedIdentifier(session)
    return mention
}
