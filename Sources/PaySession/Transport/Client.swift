// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// One configuration with its loops, connections, tokens and counts: `session_client` in C.
///
/// Everything but `cancel` is called inside the fork gate.
final class Client: @unchecked Sendable {
    let state: ClientState
    private var loops: [Loop] = []
    private var idleLoops: [Loop] = []
    private var share: ShareHandle?

    /// More calls at once than this make do without keeping their connections.
    private static let mostIdleLoops = 32
    /// One for each provider and each token endpoint, and as many again. What a batch had beside
    /// them goes with its loop: libcurl would keep it until the provider hangs up, and longer.
    private static let mostIdleConnections = 12
    private static let longestInterval = Span.seconds(10)

    /// nil when memory or descriptors have run out.
    static func open(_ configuration: Configuration) -> Client? {
        guard isLibcurlReady else { return nil }
        let file = cplatform_make_bell()
        return file < 0 ? nil : Client(ClientState(configuration, wakeFile: file))
    }

    private init(_ state: ClientState) {
        self.state = state
        Client.mutex.withLock {
            if Client.all.isEmpty { ForkGate.inChild { Client.dropAllInherited() } }
            Client.all.append(Unmanaged.passUnretained(self))
        }
    }

    deinit {
        Client.mutex.withLock {
            let own = Unmanaged.passUnretained(self).toOpaque()
            Client.all.removeAll { $0.toOpaque() == own }
        }
        idleLoops = []
        loops = []
        share = nil
        state.close()
    }

    /// Those of the process, for fork.
    private nonisolated(unsafe) static var all: [Unmanaged<Client>] = []
    private static let mutex = Mutex()

    /// Once in the process, and never undone: the library stays mapped.
    private static let isLibcurlReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    // MARK: Calls

    /// Reads one session, on this thread, to its end.
    func read(_ reference: Reference, _ options: Options) -> Answer {
        let cancellations = state.cancellationCount
        return onLoop(reference, options) { (loop) throws(Failure) in
            run(
                CallDriver(
                    state, loop, try state.account(of: reference.provider), reference,
                    options, cancellations: cancellations, at: .now), on: loop)
        }
    }

    /// Reads one session again and again, until it is final, and its payment no longer pending where
    /// the proof is wanted, or the deadline has come.
    /// - Returns: the last answer.
    func wait(_ reference: Reference, _ options: Options) -> Answer {
        read(
            reference, options,
            until: .now.adding(options.timeout ?? state.configuration.timeout),
            state.cancellationCount)
    }

    /// Reads one session again and again, until it is final or the deadline has come.
    /// - Parameters:
    ///   - cancellations: how often the client had been cancelled when the caller came.
    ///   - anyIsEnough: until it has been read.
    /// - Returns: the last answer.
    @inline(never)
    func read(
        _ reference: Reference, _ options: Options, until deadline: Instant,
        _ cancellations: UInt32, anyIsEnough: Bool = false
    ) -> Answer {
        var last: Answer?
        var interval = options.interval.microseconds
        while true {
            let answer = onLoop(reference, options) { (loop) throws(Failure) in
                let now = Instant.now
                return run(
                    CallDriver(
                        state, loop, try state.account(of: reference.provider),
                        reference,
                        options, timeout: deadline.since(now),
                        cancellations: cancellations, at: now), on: loop)
            }
            switch answer.outcome {
            case .ok where anyIsEnough || answer.isFinal: return answer
            case .ok: last = answer
            // The deadline, not the provider, ended this read: what was learnt before stands.
            case .timedOut: return last ?? answer
            default:
                guard answer.isRetryable else { return answer }
                last = answer
            }
            // Half of it by chance: a crowd of returning customers spreads out.
            let half = Span(microseconds: interval / 2)
            var pause = Span(microseconds: half.microseconds + randomSpan(upTo: half).microseconds)
            // What the provider asked for holds from one read to the next, too.
            if answer.retryAfter > .zero { pause = max(pause, answer.retryAfter) }
            let now = Instant.now
            guard pause < deadline.since(now) else { return last ?? answer }
            let until = now.adding(pause)
            let interruption = onLoop(reference, options) { (loop) throws(Failure) in
                while Instant.now < until, state.cancellationCount == cancellations, !loop.isLost,
                    !loop.isAbandoned
                {
                    loop.step(until: until)
                }
                if state.cancellationCount != cancellations { throw .aborted }
                if loop.isAbandoned { throw .forked }
                return answer
            }
            if interruption.outcome != answer.outcome { return interruption }
            interval = max(
                interval, min(interval * 3 / 2 + 1000, Client.longestInterval.microseconds))
        }
    }

    private func run(_ driver: CallDriver, on loop: Loop) -> Answer {
        loop.holdingSigpipe {
            driver.advance(at: driver.call.wake)
            while true {
                if let answer = driver.call.answer { return answer }
                let wake = driver.call.wake
                if let failure = loop.step(until: wake, firstWake: wake, { driver.advance(at: $0) })
                {
                    driver.end(failure)
                }
            }
        }
    }

    /// Sends one request, once, and waits for its answer.
    /// - Returns: nil when the deadline has come before, or a cancellation.
    func send(
        _ request: Request, until deadline: Instant, _ cancellations: UInt32
    ) throws(Failure) -> Response? {
        guard let loop = takeLoop() else { throw .outOfMemory }
        defer { giveBack(loop) }
        let owner = ResponseOwner()
        let transfer = try loop.start(request, for: owner)
        loop.holdingSigpipe {
            while owner.response == nil, state.cancellationCount == cancellations, .now < deadline,
                !loop.isLost, !loop.isAbandoned
            {
                loop.step(until: deadline)
            }
            if !loop.isAbandoned { loop.stop(transfer, hasEnded: owner.response != nil) }
        }
        if ForkGate.isBroken { throw .forked }
        return owner.response
    }

    private func onLoop(
        _ reference: Reference, _ options: Options, _ body: (Loop) throws(Failure) -> Answer
    ) -> Answer {
        do throws(Failure) {
            guard let loop = takeLoop() else { throw .outOfMemory }
            let answer: Answer
            do {
                defer { giveBack(loop) }
                answer = try body(loop)
            }
            // Whatever came, came to the parent, who has it too.
            if ForkGate.isBroken { throw .forked }
            return answer
        } catch {
            return Answer(
                error, provider: reference.provider.name, reference: reference.text,
                addition: options.addition)
        }
    }

    /// - Parameter prefersHTTP2: unless the configuration says otherwise. Single calls do without:
    ///   what a provider sends by HTTP/1 can be bounded.
    func takeLoop(prefersHTTP2: Bool = false) -> Loop? {
        guard hasBell() else { return nil }
        let asksForHTTP2 = Quirks.tellsHTTP2 && state.configuration.http2 ?? prefersHTTP2
        // The last used has the freshest connections.
        while let idle = state.withLock({
            idleLoops.lastIndex { $0.asksForHTTP2 == asksForHTTP2 }.map { idleLoops.remove(at: $0) }
        }) {
            if idle.isQuiet { return idle }
            state.withLock { loops.removeAll { $0 === idle } }
        }
        let known = state.withLock { share }
        let fresh = known ?? ShareHandle.make()
        let shared = state.withLock {
            if share == nil { share = fresh }  // or another thread was quicker
            return share
        }
        guard let loop = Loop.make(state, share: shared, asksForHTTP2: asksForHTTP2) else {
            return nil
        }
        state.withLock { loops.append(loop) }
        return loop
    }

    private func hasBell() -> Bool {
        switch state.renewBell() {
        case .kept: return true
        case .missing: return false
        case .renewed:
            // They would not hear the new one.
            let deaf = state.withLock {
                let deaf = idleLoops
                idleLoops = []
                loops.removeAll { loop in deaf.contains { $0 === loop } }
                return deaf
            }
            _ = deaf  // closes their connections, outside the lock
            return true
        }
    }

    func giveBack(_ loop: Loop) {
        if loop.isAbandoned { return }
        loop.rest()
        let spare: Loop? = state.withLock {
            if !loop.isLost, loop.bell == state.bell, idleLoops.count < Client.mostIdleLoops,
                loop.connectionCount <= Client.mostIdleConnections
            {
                idleLoops.append(loop)
                return nil
            }
            loops.removeAll { $0 === loop }
            return loop
        }
        _ = spare  // closes its connections, outside the lock
    }

    // MARK: Fork

    private static func dropAllInherited() {
        Leftover.dropInherited()
        for client in all { client.takeUnretainedValue().dropInherited() }
    }

    /// In a forked child, whose only thread this is: drops what belongs to the parent, keeps the
    /// tokens.
    func dropInherited() {
        for loop in loops where !loop.abandon() {
            _ = Unmanaged.passRetained(loop)  // never taken apart
        }
        loops = []
        idleLoops = []
        share = nil  // the loops keep theirs
        state.dropInherited()
    }
}

/// Keeps the answer to a request.
private final class ResponseOwner: TransferOwner {
    private(set) var response: Response?

    func transferEnded(_ response: Response) { self.response = response }
}
