// SPDX-License-Identifier: MIT
import CPlatform

/// One session being read: token, request, attempts, pauses, deadline. A state machine that never
/// waits: a Loop moves it on whenever something has happened.
final class Call {
    /// Once there is one, the call is over.
    private(set) var answer: Answer?
    /// When to move on though nothing has happened.
    private(set) var wake: Instant
    let reference: Reference
    /// The batch's own number for it.
    let tag: UInt64

    private let client: Client
    /// How often it has asked.
    var attempts: Int { exchange.tries.count }

    private let account: Account
    private let options: Options
    private let start = Instant.now
    let deadline: Instant
    private let cancellations: UInt32
    private var exchange = Exchange()
    private var attemptStart: Instant
    private var retries = 0
    /// In this attempt.
    private var hasSent = false
    private var phase = Phase.pausing(until: Instant(microseconds: 0))
    /// The token in use, and before it the one that was refused: neither must come back in a
    /// message.
    private var token: Secret?
    private var refusedToken: Secret?
    private var hasRenewedToken = false
    /// The provider answered by HTTP/1, whatever its token endpoint and a proxy speak.
    private(set) var cameByHTTP1 = false

    private enum Phase {
        case pausing(until: Instant)
        case awaitingToken(TokenCache.Flight)
        case fetchingToken(Transfer, TokenCache.Flight)
        case readingSession(Transfer)
    }

    /// - Parameters:
    ///   - timeoutMs: for all of it; the options' or the client's own if nil.
    ///   - cancellations: how often the client had been cancelled when the caller came.
    init(
        _ client: Client, _ account: Account, _ reference: Reference, _ options: Options,
        timeoutMs: Int64? = nil, tag: UInt64 = 0, cancellations: UInt32
    ) {
        self.client = client
        self.tag = tag
        self.account = account
        self.reference = reference
        self.options = options
        self.cancellations = cancellations
        attemptStart = start
        deadline = start.adding(
            milliseconds: timeoutMs ?? options.timeoutMs ?? client.configuration.timeoutMs)
        wake = deadline
    }

    func advance(on loop: Loop, at now: Instant) {
        guard answer == nil else { return }
        if client.cancellationCount != cancellations {
            return giveUp(.aborted, on: loop)
        }
        if now >= deadline {
            return giveUp(
                Failure(
                    .timedOut, sentence("no answer within timeout_ms, {}", Call.doing(phase).text)),
                on: loop)
        }
        switch phase {
        case .pausing(let until):
            guard now >= until else { return }
            attemptStart = now
            authorize(on: loop)
        case .awaitingToken(let flight):
            switch client.withLock({ client.tokens.progress(of: flight) }) {
            case .underway: break
            case .landed(let token): readSession(with: token, on: loop)
            case .failed(let failure, let retryAfter):
                attemptFailed(failure, step: .token, retryAfter: retryAfter, on: loop)
            case .abandoned: authorize(on: loop)
            }
        case .fetchingToken, .readingSession:
            break
        }
    }

    func transferEnded(_ transfer: Transfer, _ response: Transfer.Response, on loop: Loop) {
        exchange.httpStatus = transfer.httpStatus
        exchange.httpVersion = transfer.httpVersion
        exchange.reusedConnection = transfer.reusedConnection
        if case .readingSession = phase { cameByHTTP1 = transfer.hasAnswerWithoutNumber }
        // The clocks do not run apart so fast that each answer had to be looked at.
        if transfer.newConnections > 0 || !client.knowsClock(of: reference.provider),
            let skew = transfer.clockSkew
        {
            client.note(clockSkew: skew, of: reference.provider)
        }
        loop.stop(transfer, hasEnded: true)

        switch phase {
        case .fetchingToken(_, let flight): tokenEnded(flight, response, on: loop)
        case .readingSession: sessionEnded(response, on: loop)
        case .pausing, .awaitingToken: break
        }
    }

    // MARK: Token

    private func authorize(on loop: Loop) {
        switch account.authorization {
        case .fixed(let header):
            request(header, on: loop)
        case .clientCredentials(let header, let tokenRequest):
            let audience = tokenRequest.audience(reference.identifiers)
            let claim = client.withLock {
                client.tokens.claim(
                    provider: reference.provider.index, audience: audience, at: .nowAsleepToo,
                    as: TokenCache.Leader(
                        loop: ObjectIdentifier(loop), isBatch: loop.isBatch, deadline: deadline))
            }
            switch claim {
            case .use(let token):
                readSession(with: token, on: loop)
            case .wait(let flight):
                phase = .awaitingToken(flight)
                wake = deadline
            case .fetch(let flight):
                let request = Transfer.Request(
                    address: account.tokenAddress(tokenRequest, reference.identifiers),
                    authorization: header,
                    headers: [sentence("Content-Type: {}", tokenRequest.contentType.text)],
                    body: tokenRequest.body(audience),
                    connectTimeoutMs: client.configuration.connectTimeoutMs)
                do {
                    phase = .fetchingToken(try loop.start(request, for: self), flight)
                } catch {
                    client.withLock { client.tokens.abandon(flight) }
                    client.wakeLoops()
                    return attemptFailed(error, step: .token, retryAfter: 0, on: loop)
                }
                noteSent()
                wake = deadline
            }
        }
    }

    private func tokenEnded(
        _ flight: TokenCache.Flight, _ response: Transfer.Response, on loop: Loop
    ) {
        exchange.tokenRefreshed = true
        do {
            let (token, lifetime) = try TokenAnswer.read(response, account)
            client.withLock {
                client.tokens.deliver(token, for: flight, lifetime: lifetime, at: .nowAsleepToo)
            }
            client.wakeLoops()
            readSession(with: token, on: loop)
        } catch {
            client.withLock {
                client.tokens.fail(flight, error, retryAfter: response.retryAfter)
            }
            client.wakeLoops()
            attemptFailed(error, step: .token, retryAfter: response.retryAfter, on: loop)
        }
    }

    private func readSession(with token: Secret, on loop: Loop) {
        self.token = token
        guard let header = Secret.joining("Authorization: Bearer ", token) else {
            return attemptFailed(.outOfMemory, step: .session, retryAfter: 0, on: loop)
        }
        request(header, on: loop)
    }

    // MARK: Session

    private func request(_ header: Secret, on loop: Loop) {
        var request = Transfer.Request(
            address: account.sessionAddress(reference.identifiers), authorization: header,
            headers: reference.provider.headers,
            connectTimeoutMs: client.configuration.connectTimeoutMs)
        if case .fixed = account.authorization, options.traceparent == nil {
            request.hasLastingHeaders = true
        }
        if let traceparent = options.traceparent {
            request.headers.append("traceparent: " + traceparent)
        }
        do {
            phase = .readingSession(try loop.start(request, for: self))
        } catch {
            return attemptFailed(error, step: .session, retryAfter: 0, on: loop)
        }
        noteSent()
        wake = deadline
    }

    private func sessionEnded(_ response: Transfer.Response, on loop: Loop) {
        let failure: Failure
        switch response.ending {
        case .answered(200):
            do throws(Failure) {
                let judgement = try Judgement.of(
                    response.body, from: reference.provider, rules: account.rules,
                    wanted: reference.sessionID, expected: options.expected)
                let now = Instant.now
                endTry(.session, .ok, 200, at: now)
                let answer = Answer(
                    judgement, from: reference.provider, reference: reference.text,
                    exchange: timed(at: now))
                guard answer.jsonLength <= client.configuration.mostAnswerBytes else {
                    _ = exchange.tries.popLast()  // it is told how it ended in the end
                    throw Failure(.tooLarge, "the answer made of it is too long")
                }
                client.count(judgement.drift, of: reference.provider)
                return finish(answer, on: loop, at: now)
            } catch {
                var told = error
                told.httpStatus = 200
                failure = told
            }
        case .answered(let status):
            if status == 401, let token, !hasRenewedToken {
                // It may have been revoked, or the far end's clock runs ahead: once more with a new
                // one.
                hasRenewedToken = true
                refusedToken = token
                client.withLock { client.tokens.discard(token) }
                endTry(.session, .unauthorized, status)
                hasSent = false
                attemptStart = .now
                return authorize(on: loop)
            }
            failure = ErrorBody.failure(
                Outcome(httpStatus: status), status, response, account,
                tokens: [token, refusedToken])
        case .failed(let told):
            failure = told
        }
        attemptFailed(failure, step: .session, retryAfter: response.retryAfter, on: loop)
    }

    private func noteSent() {
        hasSent = true
        exchange.askedAt = cplatform_clock(CLOCK_REALTIME)
    }

    // MARK: Endings

    private func attemptFailed(
        _ failure: Failure, step: Exchange.Try.Step, retryAfter: Int64, on loop: Loop
    ) {
        let wasOurs = hasSent
        var failure = failure
        failure.retryAfter = retryAfter
        endTry(step, failure.outcome, failure.httpStatus)
        hasSent = false
        if Retry.isWorthwhile(failure), retries + 1 < client.configuration.attempts {
            let pause = Retry.pause(afterRetries: retries, retryAfter: retryAfter)
            let now = Instant.now
            // A pause that does not fit is not begun: the answer there is now is the last one.
            if pause < deadline.microseconds(since: now) {
                retries += 1
                if wasOurs { exchange.tries[exchange.tries.count - 1].pause = pause }
                let until = Instant(microseconds: now.microseconds + pause)
                phase = .pausing(until: until)
                wake = until
                return
            }
        }
        finish(failure, on: loop)
    }

    /// Ends the call without libcurl, which must not be let near its transfer any more.
    func end(_ failure: Failure, on loop: Loop) {
        guard answer == nil else { return }
        endTry(failure)
        if case .fetchingToken(_, let flight) = phase, !loop.isAbandoned {
            client.withLock { client.tokens.abandon(flight) }
            client.wakeLoops()
        }
        finish(failure, on: loop)
    }

    /// Ends the call from outside the exchange: cancelled, or out of time.
    private func giveUp(_ failure: Failure, on loop: Loop) {
        endTry(failure)
        drop(on: loop)
        finish(failure, on: loop)
    }

    /// Leaves without an answer: whoever wanted it is gone.
    func drop(on loop: Loop) {
        switch phase {
        case .fetchingToken(let transfer, let flight):
            exchange.reusedConnection = transfer.reusedConnection
            loop.stop(transfer)
            client.withLock { client.tokens.abandon(flight) }
            client.wakeLoops()
        case .readingSession(let transfer):
            exchange.reusedConnection = transfer.reusedConnection
            loop.stop(transfer)
        case .pausing, .awaitingToken:
            break
        }
        phase = .pausing(until: deadline)
    }

    /// The try that is under way, if one is, has come to no answer.
    private func endTry(_ failure: Failure) {
        switch phase {
        case .pausing: break
        case .awaitingToken, .fetchingToken: endTry(.token, failure.outcome, nil)
        case .readingSession: endTry(.session, failure.outcome, nil)
        }
    }

    /// What a call that only waited for another's token was told is not told as a try of its own:
    /// it has sent nothing.
    private func endTry(
        _ step: Exchange.Try.Step, _ outcome: Outcome, _ httpStatus: Int?, at now: Instant = .now
    ) {
        guard hasSent else { return }
        exchange.tries.append(
            Exchange.Try(
                step: step, outcome: outcome, httpStatus: httpStatus,
                elapsed: now.microseconds(since: attemptStart), pause: nil))
    }

    private func finish(_ failure: Failure, on loop: Loop) {
        let now = Instant.now
        if failure.httpStatus == nil {
            exchange.httpStatus = nil
            exchange.httpVersion = nil
        }
        finish(
            Answer(
                failure, provider: reference.provider.name, reference: reference.text,
                exchange: exchange.tries.isEmpty ? nil : timed(at: now)), on: loop, at: now)
    }

    private func finish(_ answer: Answer, on loop: Loop, at now: Instant) {
        self.answer = answer
        loop.callEnded()
        token = nil
        refusedToken = nil
        phase = .pausing(until: deadline)
        client.count(
            answer.outcome, of: reference.provider, elapsed: now.microseconds(since: start))
    }

    private func timed(at now: Instant) -> Exchange {
        exchange.elapsed = now.microseconds(since: start)
        return exchange
    }

    private static func doing(_ phase: Phase) -> StaticString {
        switch phase {
        case .pausing: "between two attempts"
        case .awaitingToken, .fetchingToken: "waiting for the token endpoint"
        case .readingSession: "waiting for the session endpoint"
        }
    }
}
