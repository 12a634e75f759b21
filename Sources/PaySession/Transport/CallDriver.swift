// SPDX-License-Identifier: MIT
import CPlatform

/// Reads one session: carries out what its `Call` says, by a loop, with the tokens and counts of
/// the client. It decides nothing, and is moved on by whoever drives the loop.
final class CallDriver: TransferOwner {
    private(set) var call: Call
    /// The batch's own number for it.
    let tag: UInt64

    private let state: ClientState
    private unowned(unsafe) let loop: Loop
    private let account: Account
    private let traceparent: String?
    private let batch: ObjectIdentifier?
    private let cancellations: UInt32
    private let start: Instant
    /// The request that is under way.
    private var transfer: Transfer?

    /// - Parameters:
    ///   - loop: there for as long as the call has no answer.
    ///   - timeout: for all of it; the options' or the client's own if nil.
    ///   - batch: that it is of.
    ///   - cancellations: how often the client had been cancelled when the caller came.
    init(
        _ state: ClientState, _ loop: Loop, _ account: Account, _ reference: Reference,
        _ options: Options, timeout: Span? = nil, batch: ObjectIdentifier? = nil, tag: UInt64 = 0,
        cancellations: UInt32, at now: Instant
    ) {
        self.account = account
        start = now
        call = Call(
            reference,
            Call.Terms(
                needsToken: account.needsToken, secrets: account.secrets, rules: account.rules,
                attempts: state.configuration.attempts,
                mostAnswerBytes: state.configuration.mostAnswerBytes),
            options.expected, proof: options.proof, addition: options.addition, from: now,
            until: now.adding(timeout ?? options.timeout ?? state.configuration.timeout),
            chance: randomSpan)
        self.state = state
        self.loop = loop
        self.tag = tag
        self.batch = batch
        self.cancellations = cancellations
        traceparent = options.traceparent
    }

    /// Does what can be done now, without waiting.
    func advance(at now: Instant) {
        if state.cancellationCount != cancellations {
            handle(.cancelled, at: now)
        } else if now >= call.wake || call.isAwaitingToken {
            handle(.woken, at: now)
        }
    }

    func transferEnded(_ response: Response) {
        // The clocks do not run apart so fast that each answer had to be looked at.
        let provider = call.reference.provider
        if let transfer, transfer.newConnections > 0 || !state.knowsClock(of: provider),
            let skew = transfer.clockSkew
        {
            state.note(clockSkew: skew, of: provider)
        }
        stopTransfer(hasEnded: true)
        handle(.ended(response), at: .now)
    }

    /// Ends the call without libcurl, which must not be let near its transfer any more.
    func end(_ failure: Failure) {
        transfer = nil
        if !loop.isAbandoned { abandonFlight() }
        handle(.lost(failure), at: .now)
    }

    /// Leaves without an answer: whoever wanted it is gone.
    func leave() {
        stopTransfer()
        abandonFlight()
    }

    private func handle(_ event: Call.Event, at now: Instant) {
        var action = call.handle(event, at: now)
        func answer(_ event: Call.Event) { action = call.handle(event, at: now) }
        while true {
            switch action {
            case .wait:
                return
            case .claim(let refused):
                answer(.claimed(claim(insteadOf: refused, at: now)))
            case .look(let flight):
                answer(.seen(state.withLock { state.tokens.progress(of: flight) }))
            case .fetchToken(let flight):
                let event = begin(account.tokenRequest(call.reference))
                if case .notSent = event { abandon(flight) }
                answer(event)
            case .readSession(let token):
                answer(read(nil, token))
            case .readProof(let link, let token):
                answer(read(link, token))
            case .deliver(let token, let lifetime, let flight):
                state.withLock {
                    state.tokens.deliver(token, for: flight, lifetime: lifetime, at: .now)
                }
                state.wakeLoops()
                answer(.seen(.landed(token)))
            case .fail(let flight, let failure):
                state.withLock { state.tokens.fail(flight, failure) }
                state.wakeLoops()
                answer(.seen(.failed(failure)))
            case .stop:
                let reusedConnection = transfer?.reusedConnection
                leave()
                answer(.stopped(reusedConnection: reusedConnection))
            case .finish:
                return finish(at: now)
            }
        }
    }

    private func finish(at now: Instant) {
        let provider = call.reference.provider
        if let drift = call.drift { state.count(drift, of: provider) }
        guard let answer = call.answer else { return }
        state.count(
            answer.outcome, proof: call.proofOutcome, of: provider, elapsed: now.since(start))
    }

    // MARK: Token

    private func claim(insteadOf refused: Secret?, at now: Instant) -> TokenCache.Claim {
        let reference = call.reference
        let audience = account.audience(reference)
        return state.withLock {
            if let refused { state.tokens.discard(refused) }
            return state.tokens.claim(
                provider: reference.provider.index, audience: audience, at: .now, now,
                as: TokenCache.Leader(batch: batch, deadline: call.deadline))
        }
    }

    private func abandonFlight() {
        if let flight = call.flight { abandon(flight) }
    }

    private func abandon(_ flight: TokenCache.Flight) {
        state.withLock { state.tokens.abandon(flight) }
        state.wakeLoops()
    }

    // MARK: Requests

    private func read(_ link: String?, _ token: Secret?) -> Call.Event {
        begin(
            account.readRequest(
                call.reference, proof: link, token, traceparent: traceparent))
    }

    private func begin(_ request: Request?) -> Call.Event {
        guard let request else { return .notSent(.outOfMemory) }
        do throws(Failure) {
            transfer = try loop.start(request, for: self)
        } catch {
            return .notSent(error)
        }
        return .sent(at: cplatform_clock(CLOCK_REALTIME))
    }

    private func stopTransfer(hasEnded: Bool = false) {
        guard let transfer else { return }
        self.transfer = nil
        loop.stop(transfer, hasEnded: hasEnded)
    }
}
