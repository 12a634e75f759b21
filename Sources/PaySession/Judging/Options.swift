// SPDX-License-Identifier: MIT

/// The options of one call. Each function takes its own keys; any other is an error that names it.
struct Options {
    var timeout: Span?
    var expected: Expectations?
    var traceparent: String?
    var interval = Span.milliseconds(500)
    var inFlight = 32
    var requestsPerSecond: Int64?
    /// Where the configuration does not say.
    var prefersHTTP2 = true
    var id: String?
    var rules = ReadingRules()
    /// nil: the session alone.
    var proof: ProofWish?
    /// What has been done for the merchant; nil where nothing is.
    var approval: Approval?
    /// What the answer has one key more for.
    var addition: Answer.Addition? { proof == nil ? approval.map { .approval($0) } : .proof }

    /// What is wanted of one session.
    enum Question { case get, wait, approve, refuse }

    enum Use {
        case session(Reference, Question), batch, normalize(Provider)
    }

    /// - Parameter text: nil means all defaults.
    init(_ text: UnsafePointer<CChar>?, for use: Use) throws(Failure) {
        guard let text else {
            if case .session(_, .approve) = use { throw Options.nothingExpected }
            return
        }
        let settings = try Settings.parse(text, named: "options", failing: .invalidArgument)
        switch use {
        case .session(let reference, let question):
            timeout = try settings.milliseconds("timeout_ms", upTo: 600_000)
            expected = try Options.expectations(try settings.section("expect"))
            traceparent = try settings.text(
                "traceparent", "a W3C traceparent", Options.isTraceparent)
            if question != .get {
                interval = try settings.milliseconds("interval_ms", upTo: 60_000) ?? interval
            }
            switch question {
            case .get, .wait: proof = try Options.proof(settings, reference)
            case .approve where expected?.amountMinor == nil || expected?.currency == nil:
                throw Options.nothingExpected
            case .approve, .refuse: expected?.holdsWaiting = true
            }
        case .batch:
            inFlight = Int(try settings.integer("in_flight", in: 1...1024) ?? 32)
            requestsPerSecond = try settings.integer("requests_per_second", in: 1...100_000)
            prefersHTTP2 = try settings.bool("http2") ?? true
        case .normalize(let provider):
            expected = try Options.expectations(try settings.section("expect"))
            id = try settings.text("id", "an identifier of 1 to 128 bytes") {
                IdentifierPart(name: "id").flaw($0) == nil
            }
            if let section = try settings.section("proof") {
                guard let document = try section.verbatimObject("document") else {
                    throw section.mistake("document", "the JSON object of the resource")
                }
                try section.refuseOthers()
                proof = .document(document)
            }
            if provider.hasTrustSwitch {
                rules.trustProcessedAt = try settings.bool("trust_processed_at") ?? false
            }
        }
        try settings.refuseOthers()
    }

    private static var nothingExpected: Failure {
        Failure(
            .invalidArgument,
            "expect: expected the amount and the currency of the order")
    }

    /// true, or the identifier where the provider's sessions name no such resource.
    private static func proof(
        _ settings: Settings, _ reference: Reference
    ) throws(Failure) -> ProofWish? {
        let resource = reference.provider.proof.resource.text
        guard reference.provider.proof.link == nil, settings.hasObject("proof"),
            let section = try settings.section("proof")
        else { return try settings.bool("proof") == true ? .ofSession : nil }
        guard
            let identifier = try section.text(
                resource, "an identifier of 1 to 128 bytes",
                { IdentifierPart(name: "link").flaw($0) == nil })
        else { throw section.mistake(resource, "the identifier; it is missing") }
        try section.refuseOthers()
        // "T12345678.4Aq": what is before the point is the account whose it is.
        guard let account = reference.identifiers.first, hasPrefix(identifier, account + ".")
        else {
            throw Failure(
                .mismatched,
                sentence("options.proof.{}: it is another account's than the session", resource))
        }
        return .transaction(identifier)
    }

    private static func expectations(_ settings: Settings?) throws(Failure) -> Expectations? {
        guard let settings else { return nil }
        var expected = Expectations()
        expected.amountMinor = try settings.integer(
            "amount", in: 0...Int64.max, expecting: "a whole number in minor units, 0 or more")
        if let code = try settings.text(
            "currency", "a currency code of ISO 4217, such as \"EUR\"",
            {
                Currency($0) != nil
            })
        {
            expected.currency = Currency(code)
        }
        expected.reference = try settings.text("reference", "text that is not empty") {
            !$0.isEmpty
        }
        try settings.refuseOthers()
        return expected
    }

    /// W3C Trace Context, version 00: 00-TRACE(32 hex)-PARENT(16 hex)-FLAGS(2 hex), lower case,
    /// neither identifier all zero.
    private static func isTraceparent(_ text: String) -> Bool {
        withBytes(of: text) { bytes in
            let groups = parts(of: bytes, between: UInt8(ascii: "-"))
            return groups.count == 4 && groups[0].count == 2 && groups[1].count == 32
                && groups[2].count == 16 && groups[3].count == 2
                && groups.allSatisfy { isMade($0, of: "09af") }
                && isMade(groups[0], of: "00")
                && !isMade(groups[1], of: "00") && !isMade(groups[2], of: "00")
        }
    }
}
