// SPDX-License-Identifier: MIT

/// One session being read, as a value: token, request, attempts, pauses, deadline. Events go in,
/// actions come out: whoever drives it carries each action out, and tells what came of it as the
/// next event. Time and chance are given to it, so that all it can come to is tested without a
/// socket:
///
///     woken -> claim -> claimed(fetch) -> fetchToken -> sent -> wait, ended -> deliver ->
///     seen(landed) -> readSession -> sent -> wait, ended -> finish
///
/// Where the proof of payment is wanted too, and the session is completed, the proof's own leg
/// follows on the session's, under the same deadline: claim -> claimed -> readProof -> sent -> wait,
/// ended -> finish.
struct Call {
    /// What has come to pass.
    enum Event {
        /// Time, or something that others do: to be looked at.
        case woken
        /// The client was cancelled after the call began.
        case cancelled
        /// Answers `claim`.
        case claimed(TokenCache.Claim)
        /// Answers `look`, `deliver` and `fail`.
        case seen(TokenCache.Progress)
        /// Answers `fetchToken`, `readSession` and `readProof`: the request is under way, since then, in
        /// microseconds since 1970.
        case sent(at: Int64)
        /// Answers the same: the request could not be begun.
        case notSent(Failure)
        /// The request has come to its end.
        case ended(Response)
        /// Answers `stop`, with what `Response.reusedConnection` would say.
        case stopped(reusedConnection: Bool?)
        /// Nothing can be sent or stopped any more: the process was forked in the middle, say.
        case lost(Failure)
    }

    /// What is to be done about it.
    enum Action {
        /// Nothing, before `wake` or the next event.
        case wait
        /// Claim a token, once the one that was refused has been discarded.
        case claim(refused: Secret?)
        /// See what became of somebody's request for a token.
        case look(TokenCache.Flight)
        case fetchToken(TokenCache.Flight)
        /// With a token, or with credentials that never change.
        case readSession(Secret?)
        /// The same, of the resource of this name that proves the payment.
        case readProof(String, Secret?)
        case deliver(Secret, lifetime: Span?, TokenCache.Flight)
        case fail(TokenCache.Flight, Failure)
        /// Stop the request that is under way; with it goes `flight`.
        case stop
        /// `answer` is there.
        case finish
    }

    /// What holds for all calls of a client with one provider.
    struct Terms {
        let needsToken: Bool
        /// What must not come back in a message.
        let secrets: [Secret]
        let rules: ReadingRules
        let attempts: Int
        let mostAnswerBytes: Int
    }

    private enum Phase {
        case pausing(until: Instant)
        case claiming
        case awaitingToken(TokenCache.Flight)
        case fetchingToken(TokenCache.Flight)
        case readingSession
        case readingProof
    }

    /// What is asked for, in this order.
    private enum Leg {
        case session
        /// Of a session that was read.
        case proof(String, Judgement)
    }

    let reference: Reference
    let deadline: Instant
    /// Once there is one, the call is over.
    private(set) var answer: Answer?
    /// What the documents held that the provider's documentation does not say.
    private(set) var drift: Drift?
    /// How the reading of the proof ended; nil where none was asked for.
    private(set) var proofOutcome: Outcome?
    /// When to move on though nothing has happened.
    private(set) var wake: Instant
    /// The provider answered by HTTP/1, whatever its token endpoint and a proxy speak.
    private(set) var cameByHTTP1 = false
    private var exchange = Exchange()

    private let terms: Terms
    private let expected: Expectations?
    private let wish: ProofWish?
    private let addition: Answer.Addition?
    private var leg = Leg.session
    private let chance: (Span) -> Span
    private let start: Instant
    private var phase = Phase.pausing(until: .longAgo)
    private var attemptStart: Instant
    private var retries = 0
    /// A request of its own was sent in this attempt.
    private var hasSent = false
    private var isCancelled = false
    /// The token in use, and before it those that were refused: none must come back in a message.
    private var token: Secret?
    private var refusedTokens: [Secret] = []
    /// A token that is refused is renewed, once in each leg.
    private var mayRenewToken = true

    /// - Parameter chance: chooses a pause, from nothing to what it is given.
    init(
        _ reference: Reference, _ terms: Terms, _ expected: Expectations?,
        proof wish: ProofWish? = nil, addition: Answer.Addition? = nil, from start: Instant,
        until deadline: Instant,
        chance: @escaping (Span) -> Span
    ) {
        self.reference = reference
        self.terms = terms
        self.expected = expected
        self.wish = wish
        self.addition = wish == nil ? addition : .proof
        self.chance = chance
        self.start = start
        self.deadline = deadline
        attemptStart = start
        wake = start
    }

    var isOver: Bool { answer != nil }

    /// How often it asks where nothing fails: for the session, and for its proof.
    var mostLegs: Int64 { wish == nil ? 1 : 2 }

    /// How often it has asked.
    var attempts: Int { exchange.tries.count }

    /// The request for a token that this call makes for all who want it.
    var flight: TokenCache.Flight? {
        if case .fetchingToken(let flight) = phase { flight } else { nil }
    }

    /// It is woken by what becomes of another call's request.
    var isAwaitingToken: Bool {
        if case .awaitingToken = phase { true } else { false }
    }

    mutating func handle(_ event: Event, at now: Instant) -> Action {
        guard answer == nil else { return .wait }
        switch event {
        case .woken:
            if now >= deadline { return giveUp(at: now) }
            switch phase {
            case .pausing(let until) where now >= until:
                attemptStart = now
                return authorize()
            case .awaitingToken(let flight): return .look(flight)
            default: return .wait
            }
        case .cancelled:
            isCancelled = true
            return giveUp(at: now)
        case .claimed(.use(let token)), .seen(.landed(let token)):
            self.token = token
            return read(token)
        case .claimed(.wait(let flight)):
            phase = .awaitingToken(flight)
            wake = deadline
            return .wait
        case .claimed(.fetch(let flight)):
            phase = .fetchingToken(flight)
            return .fetchToken(flight)
        case .seen(.underway):
            return .wait
        case .seen(.abandoned):
            return authorize()
        case .seen(.failed(let failure)), .notSent(let failure):
            return attemptFailed(failure, at: now)
        case .sent(let moment):
            hasSent = true
            exchange.askedAt = moment
            wake = deadline
            return .wait
        case .ended(let response):
            return ended(response, at: now)
        case .stopped(let reusedConnection):
            exchange.reusedConnection = reusedConnection
            return finish(whyGivenUp, at: now)
        case .lost(let failure):
            endTry(failure.outcome, nil, at: now)
            return finish(failure, at: now)
        }
    }

    private mutating func ended(_ response: Response, at now: Instant) -> Action {
        exchange.httpStatus = response.httpStatus
        exchange.httpVersion = response.httpVersion
        exchange.reusedConnection = response.reusedConnection
        switch phase {
        case .fetchingToken(let flight): return tokenEnded(flight, response)
        case .readingSession, .readingProof: return readingEnded(response, at: now)
        default: return .wait
        }
    }

    // MARK: Token

    private mutating func authorize(insteadOf refused: Secret? = nil) -> Action {
        guard terms.needsToken else { return read(nil) }
        phase = .claiming
        return .claim(refused: refused)
    }

    /// What it came to goes to the cache, where others wait for it, and comes back as it comes to
    /// them.
    private mutating func tokenEnded(
        _ flight: TokenCache.Flight, _ response: Response
    ) -> Action {
        exchange.tokenRefreshed = true
        phase = .awaitingToken(flight)
        do {
            let (token, lifetime) = try TokenAnswer.read(
                response, reference.provider, terms.secrets)
            return .deliver(token, lifetime: lifetime, flight)
        } catch {
            error.retryAfter = response.retryAfter
            return .fail(flight, error)
        }
    }

    // MARK: Session and proof

    private mutating func read(_ token: Secret?) -> Action {
        switch leg {
        case .session:
            phase = .readingSession
            return .readSession(token)
        case .proof(let link, _):
            phase = .readingProof
            return .readProof(link, token)
        }
    }

    private mutating func readingEnded(_ response: Response, at now: Instant) -> Action {
        cameByHTTP1 = response.cameByHTTP1
        let failure: Failure
        switch response.ending {
        case .answered(200):
            do throws(Failure) {
                return try judge(response.body, at: now)
            } catch {
                failure = error
                failure.httpStatus = 200
            }
        case .answered(404) where isAtProof:
            // It is not there: an answer, which holds the session.
            do throws(Failure) { return try proofFound(nil, at: now) } catch { failure = error }
        case .answered(let status):
            if status == 401, let token, mayRenewToken {
                // It may have been revoked, or the far end's clock runs ahead: once more, with a
                // new one.
                refusedTokens.append(token)
                mayRenewToken = false
                endTry(.unauthorized, status, at: now)
                attemptStart = now
                return authorize(insteadOf: token)
            }
            failure = ErrorBody.failure(
                Outcome(httpStatus: status), status, response, reference.provider,
                terms.secrets + refusedTokens, token: token,
                endpoint: isAtProof ? "proof endpoint" : "session endpoint")
        case .failed(let told):
            failure = told
        }
        failure.retryAfter = response.retryAfter
        if isAtProof, response.httpStatus ?? 200 == 200 {
            // What came with another status says itself where it came from.
            failure.message = sentence("proof: {}", failure.message)
        }
        return attemptFailed(failure, at: now)
    }

    private var isAtProof: Bool {
        if case .readingProof = phase { true } else { false }
    }

    private mutating func judge(_ body: Buffer, at now: Instant) throws(Failure) -> Action {
        if isAtProof { return try proofFound(body, at: now) }
        let judgement = try Judgement.of(
            body, from: reference.provider, rules: terms.rules, wanted: reference.sessionID,
            expected: expected)
        if let wish {
            switch ProofTarget(wish, of: judgement.session, reference.provider.proof) {
            case .none, .given: break
            case .unnamed: judgement.noteUnnamedProof()
            case .named(let link):
                endTry(.ok, 200, at: now)
                leg = .proof(link, judgement)
                retries = 0
                mayRenewToken = true
                attemptStart = now
                return authorize()
            }
        }
        return try conclude(judgement, .ok, 200, at: now)
    }

    /// - Parameter body: nil where the provider knows no such resource.
    private mutating func proofFound(_ body: Buffer?, at now: Instant) throws(Failure) -> Action {
        guard case .proof(let link, let judgement) = leg else { return .wait }
        let provider = reference.provider
        guard let body else {
            judgement.add(ProofFinding(notFound: link, provider.proof))
            return try conclude(judgement, .notFound, 404, at: now)
        }
        judgement.add(
            try .of(
                body, from: provider, link: link, session: judgement.session,
                reference: reference, expected: expected, drift: judgement.drift))
        return try conclude(judgement, .ok, 200, at: now)
    }

    private mutating func conclude(
        _ judgement: Judgement, _ outcome: Outcome, _ httpStatus: Int, at now: Instant
    ) throws(Failure) -> Action {
        endTry(outcome, httpStatus, at: now)
        exchange.elapsed = now.since(start)
        let answer = Answer(
            judgement, from: reference.provider, reference: reference.text, exchange: exchange,
            addition: addition)
        guard answer.jsonLength <= terms.mostAnswerBytes else {
            _ = exchange.tries.popLast()  // it is told how it ended in the end
            hasSent = true
            throw Failure(.tooLarge, "the answer made of it is too long")
        }
        drift = judgement.drift
        if judgement.finding != nil { proofOutcome = outcome }
        return finish(answer)
    }

    // MARK: Endings

    private mutating func attemptFailed(_ failure: Failure, at now: Instant) -> Action {
        let wasOurs = hasSent
        endTry(failure.outcome, failure.httpStatus, at: now)
        if Retry.isWorthwhile(failure), retries + 1 < terms.attempts {
            let pause = Retry.pause(
                afterRetries: retries, retryAfter: failure.retryAfter, chance: chance)
            // A pause that does not fit is not begun: the answer there is now is the last one.
            if pause < deadline.since(now) {
                retries += 1
                if wasOurs { exchange.tries[exchange.tries.count - 1].pause = pause }
                wake = now.adding(pause)
                phase = .pausing(until: wake)
                return .wait
            }
        }
        return finish(failure, at: now)
    }

    /// Cancelled, or out of time.
    private mutating func giveUp(at now: Instant) -> Action {
        endTry(whyGivenUp.outcome, nil, at: now)
        switch phase {
        case .fetchingToken, .readingSession, .readingProof: return .stop
        default: return finish(whyGivenUp, at: now)
        }
    }

    private var whyGivenUp: Failure {
        if isCancelled { return .aborted }
        return Failure(.timedOut, sentence("no answer within timeout_ms, {}", doing.text))
    }

    private var doing: StaticString {
        switch phase {
        case .pausing: "between two attempts"
        case .readingSession: "waiting for the session endpoint"
        case .readingProof: "waiting for the proof endpoint"
        default: "waiting for the token endpoint"
        }
    }

    /// What a call that only waited for another's token was told is not told as a try of its own:
    /// it has sent nothing.
    private mutating func endTry(_ outcome: Outcome, _ httpStatus: Int?, at now: Instant) {
        guard hasSent else { return }
        hasSent = false
        var step = Exchange.Try.Step.token
        switch phase {
        case .readingSession: step = .session
        case .readingProof: step = .proof
        default: break
        }
        exchange.tries.append(
            Exchange.Try(
                step: step, outcome: outcome, httpStatus: httpStatus,
                elapsed: now.since(attemptStart), pause: nil))
    }

    private mutating func finish(_ failure: Failure, at now: Instant) -> Action {
        if failure.httpStatus == nil {
            exchange.httpStatus = nil
            exchange.httpVersion = nil
        }
        exchange.elapsed = now.since(start)
        if case .proof = leg { proofOutcome = failure.outcome }
        return finish(
            Answer(
                failure, provider: reference.provider.name, reference: reference.text,
                exchange: exchange.tries.isEmpty ? nil : exchange, addition: addition))
    }

    private mutating func finish(_ answer: Answer) -> Action {
        self.answer = answer
        token = nil
        refusedTokens = []
        leg = .session
        phase = .pausing(until: deadline)
        return .finish
    }
}
