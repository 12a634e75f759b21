// SPDX-License-Identifier: MIT
import Synchronization

/// What a call came to: `session_answer` in C. The JSON is written once, here.
final class Answer: @unchecked Sendable {  // nothing changes after init
    let outcome: Outcome
    let status: Status
    let paid: Paid
    let decision: Decision
    /// Nothing more will happen to the session, and nothing to its payment where that was read.
    let isFinal: Bool
    /// A later attempt may bring an answer.
    let isRetryable: Bool
    /// When, from when it was told; zero where nobody said.
    let retryAfter: Span
    /// The whole answer, ending with a NUL byte that is not counted in `jsonLength`.
    let json: Buffer
    var jsonLength: Int { json.count - 1 }
    /// Texts that were taken from it, which live as long as it does: a list of `Piece`s. Answers
    /// that are made once are many threads' at the same time.
    private let pieces = Atomic<UnsafeRawPointer?>(nil)

    /// A session that was read.
    convenience init(
        _ judgement: Judgement, from provider: Provider, reference: String?, exchange: Exchange?,
        addition: Addition? = nil
    ) {
        let finding = judgement.finding
        self.init(
            .ok, status: judgement.session.status, paid: judgement.verdict.paid,
            decision: judgement.verdict.decision,
            isFinal: judgement.session.status.isFinal && finding?.proof.state != .pending,
            provider: provider.name, reference: reference, exchange: exchange,
            room: 2048 + 2 * judgement.document.trimmed.count
                + (finding?.document?.trimmed.count ?? 0),
            session: { writer in
                reading(judgement) { writer.session(judgement.session, judgement.verdict) }
            },
            error: { $0.null() },
            raw: { $0.verbatim(judgement.document.trimmed) },
            more: { writer in
                guard let addition else { return }
                writer.addition(addition) { writer in
                    guard let finding else { return writer.null() }
                    reading(judgement) { writer.proof(finding) }
                }
            })
    }

    /// No answer was learnt.
    convenience init(
        _ failure: Failure, provider: String? = nil, reference: String? = nil,
        exchange: Exchange? = nil, addition: Addition? = nil
    ) {
        self.init(
            failure.outcome, decision: Verdict.decision(on: failure),
            isRetryable: failure.isRetryable,
            retryAfter: failure.retryAfter, provider: provider,
            reference: reference, exchange: exchange, error: { $0.failure(failure) },
            more: { writer in
                if let addition { writer.addition(addition) { $0.null() } }
            })
    }

    /// The one key more that some answers have.
    enum Addition {
        case proof
        case approval(Approval)
    }

    /// Nothing to tell but that it worked, and perhaps a report.
    convenience init(report: ((inout Writer) -> Void)? = nil) {
        self.init(
            .ok,
            more: { writer in
                guard let report else { return }
                writer.key("report")
                report(&writer)
            })
    }

    init(
        _ outcome: Outcome, status: Status = .unknown, paid: Paid = .unknown,
        decision: Decision = .hold, isFinal: Bool = false, isRetryable: Bool = false,
        retryAfter: Span = .zero,
        provider: String? = nil,
        reference: String? = nil, exchange: Exchange? = nil, room: Int = 1024,
        session: (inout Writer) -> Void = { $0.null() },
        error: (inout Writer) -> Void = { $0.null() },
        raw: (inout Writer) -> Void = { $0.null() },
        more: (inout Writer) -> Void = { _ in },
        isLasting: Bool = false
    ) {
        let buffer = Buffer(isFromReserve: isLasting)
        buffer.reserve(room)
        var writer = Writer(buffer)
        writer.object { writer in
            writer.field("result", word: outcome.word)
            writer.field("provider", provider)
            writer.field("reference", reference)
            writer.field("decision", word: decision.word)
            writer.key("session")
            session(&writer)
            writer.key("error")
            error(&writer)
            writer.key("exchange")
            if let exchange { writer.exchange(exchange) } else { writer.null() }
            writer.key("raw")
            raw(&writer)
            more(&writer)
        }
        buffer.append(0)
        if buffer.isComplete || isLasting {
            self.outcome = outcome
            self.status = status
            self.paid = paid
            self.decision = decision
            self.isFinal = isFinal
            self.isRetryable = isRetryable
            self.retryAfter = retryAfter
            json = buffer
        } else {
            self.outcome = .outOfMemory
            self.status = .unknown
            self.paid = .unknown
            self.decision = .hold
            self.isFinal = false
            self.isRetryable = false
            self.retryAfter = .zero
            json = Answer.outOfMemory.json
        }
    }

    deinit { dropPieces() }

    /// Never freed.
    static let outOfMemory = Answer(lasting: .outOfMemory)

    /// For whoever calls where no call is taken, a signal handler perhaps, in which nothing can be
    /// made any more: made with the first call. Never freed.
    static let refused = Answer(
        lasting: Failure(
            .invalidArgument,
            "expected to be called neither in the middle of another call, by a signal handler, nor "
                + "in a process that was forked there, or by _Fork() or clone()"))

    /// One that is there when memory has run out: it comes from the reserve.
    private convenience init(lasting failure: Failure) {
        self.init(failure.outcome, error: { $0.failure(failure) }, isLasting: true)
    }
}

extension Answer {
    /// A text that was taken from an answer.
    private final class Piece {
        let place: Int
        let text: Buffer
        var next: UnsafeRawPointer?

        init(_ place: Int, _ text: Buffer) {
            self.place = place
            self.text = text
        }

        static func at(_ pointer: UnsafeRawPointer) -> Unmanaged<Piece> {
            Unmanaged<Piece>.fromOpaque(pointer)
        }
    }

    /// One value of the JSON, ending with a NUL byte, which lives as long as the answer.
    /// - Parameter pointer: a JSON pointer (RFC 6901).
    /// - Returns: nil for null, objects and lists, for what is not there, and when memory has run
    ///   out.
    func text(at pointer: String) -> UnsafePointer<UInt8>? {
        let content = JSONText(bytes: UnsafeBufferPointer(rebasing: json.bytes.dropLast()))
        guard let steps = JSONText.steps(pointer), let found = content.find(steps) else {
            return nil
        }
        var head = pieces.load(ordering: .acquiring)
        var place = head
        while let known = place {
            let piece = Piece.at(known).takeUnretainedValue()
            if piece.place == found.value { return piece.text.bytes.baseAddress }
            place = piece.next
        }
        guard let text = content.scalar(at: found.value) else { return nil }
        let piece = Piece(found.value, text)
        let added = UnsafeRawPointer(Unmanaged.passRetained(piece).toOpaque())
        while true {
            piece.next = head
            let (isDone, other) = pieces.compareExchange(
                expected: head, desired: added, ordering: .acquiringAndReleasing)
            if isDone { return text.bytes.baseAddress }
            head = other
        }
    }

    fileprivate func dropPieces() {
        var place = pieces.exchange(nil, ordering: .acquiringAndReleasing)
        while let known = place {
            let piece = Piece.at(known).takeRetainedValue()
            place = piece.next
        }
    }
}

/// How an answer was come by; nil where nothing was sent.
struct Exchange {
    /// The last answer's, from the endpoint of the session, of its proof, or of tokens.
    var httpStatus: Int?
    var httpVersion: StaticString?
    /// When the last request was sent, in microseconds since 1970, by this machine's clock.
    var askedAt: Int64 = 0
    var elapsed = Span.zero
    /// nil where no connection was made.
    var reusedConnection: Bool?
    var tokenRefreshed = false
    var tries: [Try] = []

    /// One attempt, to its end.
    struct Try {
        enum Step {
            case token, session, proof
            var word: StaticString {
                switch self {
                case .token: "token"
                case .session: "session"
                case .proof: "proof"
                }
            }
        }
        /// Where it ended.
        var step: Step
        var outcome: Outcome
        var httpStatus: Int?
        var elapsed: Span
        /// Waited before the next one.
        var pause: Span?
    }
}

/// Holds the documents of a judgement while texts of theirs are written.
private func reading(_ judgement: Judgement, _ body: () -> Void) {
    withExtendedLifetime(judgement) { judgement.document.read { _ in body() } }
}

extension Writer {
    mutating func failure(_ failure: Failure) {
        let retryAfter = failure.retryAfter
        object { writer in
            writer.field("message", failure.message)
            writer.field("http_status", failure.httpStatus.map { Int64($0) })
            writer.field("provider_code", failure.providerCode)
            writer.field("provider_message", failure.providerMessage)
            writer.field("retryable", failure.isRetryable)
            writer.field("retry_after_ms", retryAfter == .zero ? nil : retryAfter.milliseconds)
            writer.field("advice", word: failure.advice ?? failure.outcome.advice)
        }
    }

    fileprivate mutating func exchange(_ exchange: Exchange) {
        object { writer in
            writer.field("http_status", exchange.httpStatus.map { Int64($0) })
            writer.field("http_version", word: exchange.httpVersion)
            writer.field("attempts", Int64(exchange.tries.count))
            writer.key("asked_at")
            writer.utc(exchange.askedAt)
            writer.field("elapsed_ms", exchange.elapsed)
            writer.field("reused_connection", exchange.reusedConnection)
            writer.field("token_refreshed", exchange.tokenRefreshed)
            writer.array("tries") { for attempt in exchange.tries { $0.attempt(attempt) } }
        }
    }

    private mutating func attempt(_ attempt: Exchange.Try) {
        object { writer in
            writer.field("step", word: attempt.step.word)
            writer.field("result", word: attempt.outcome.word)
            writer.field("http_status", attempt.httpStatus.map { Int64($0) })
            writer.field("elapsed_ms", attempt.elapsed)
            writer.field("pause_ms", attempt.pause)
        }
    }

    fileprivate mutating func session(_ session: Session, _ verdict: Verdict) {
        let (customer, method) = (session.customer, session.paymentMethod)
        object { writer in
            writer.field("id", session.id)
            writer.field("status", word: session.status.word)
            writer.field("paid", word: verdict.paid.word)
            writer.field("final", session.status.isFinal)
            writer.key("evidence")
            writer.evidence(session.evidence)
            writer.array("holds") { for hold in verdict.holds { $0.string(hold.word) } }
            writer.key("expectations")
            writer.expectations(verdict)
            writer.key("amount")
            writer.amount(session.amount)
            writer.field("tax_minor", session.taxMinor)
            writer.field("merchant_reference", session.merchantReference)
            writer.object("identifiers") {
                for one in session.identifiers { $0.field(one.name, one.value) }
            }
            writer.field("created_at", session.createdAt)
            writer.field("updated_at", session.updatedAt)
            writer.field("started_at", session.startedAt)
            writer.field("completed_at", session.completedAt)
            writer.field("expires_at", session.expiresAt)
            writer.field("locale", session.locale)
            writer.field("country", session.country)
            writer.object("customer") {
                $0.field("first_name", customer.firstName)
                $0.field("last_name", customer.lastName)
                $0.field("email", customer.email)
                $0.field("phone", customer.phone)
                $0.field("company", customer.company)
            }
            writer.object("payment_method") {
                $0.field("type", method.type)
                $0.field("provider", method.provider)
                $0.field("invoice_channel", method.invoiceChannel)
            }
            writer.key("items")
            guard let items = session.items else { return writer.null() }
            writer.array { for item in items { $0.item(item) } }
        }
    }

    /// - Parameter proof: writes it.
    fileprivate mutating func addition(
        _ addition: Answer.Addition, proof: (inout Writer) -> Void
    ) {
        switch addition {
        case .proof:
            key("proof")
            proof(&self)
        case .approval(let approval):
            object("approval") {
                $0.field("wanted", word: approval.goal.word)
                $0.field("sent", approval.isSent)
                $0.field("http_status", approval.httpStatus.map { Int64($0) })
            }
        }
    }

    fileprivate mutating func proof(_ finding: ProofFinding) {
        let proof = finding.proof
        object { writer in
            writer.field("resource", word: finding.table.resource)
            writer.field("id", finding.id)
            writer.field("state", word: proof.state.word)
            writer.key("evidence")
            writer.evidence(proof.evidence)
            writer.object("checks") {
                $0.field("identity", word: finding.identity?.word)
                $0.field("amount", word: finding.amount?.word)
                $0.field("currency", word: finding.currency?.word)
                $0.field("reference", word: finding.reference?.word)
            }
            writer.key("amount")
            writer.amount(proof.amount)
            writer.field("captured_minor", proof.capturedMinor)
            writer.field("refunded_minor", proof.refundedMinor)
            writer.field("updated_at", proof.updatedAt)
            writer.key("raw")
            guard let document = finding.document else { return writer.null() }
            writer.verbatim(document.trimmed)
        }
    }

    private mutating func evidence(_ evidence: Evidence) {
        object { writer in
            writer.field("field", word: evidence.field)
            writer.field("value", evidence.value)
            writer.field("basis", word: evidence.basis.word)
        }
    }

    private mutating func field(_ name: StaticString, _ timestamp: Timestamp?) {
        key(name)
        guard let timestamp else { return null() }
        timestamp.withUTC { string(DocumentText($0, isPlain: true)) }
    }

    private mutating func expectations(_ verdict: Verdict) {
        guard verdict.amount != nil || verdict.currency != nil || verdict.reference != nil else {
            return null()
        }
        object { writer in
            writer.field("amount", word: verdict.amount?.word)
            writer.field("currency", word: verdict.currency?.word)
            writer.field("reference", word: verdict.reference?.word)
        }
    }

    private mutating func amount(_ amount: Amount?) {
        guard let amount else { return null() }
        object { writer in
            writer.field("minor", amount.minor)
            writer.field("currency", amount.currency?.code)
            writer.field("decimal", amount.decimal)
        }
    }

    private mutating func item(_ item: Item) {
        object { writer in
            writer.field("reference", item.reference)
            writer.field("name", item.name)
            writer.field("type", item.type)
            writer.field("quantity", item.quantity)
            writer.field("unit_minor", item.unitMinor)
            writer.field("total_minor", item.totalMinor)
            writer.field("tax_minor", item.taxMinor)
            writer.field("tax_basis_points", item.taxBasisPoints)
            writer.field("discount_minor", item.discountMinor)
        }
    }
}
