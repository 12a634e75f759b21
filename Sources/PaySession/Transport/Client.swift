// SPDX-License-Identifier: MIT
import CCurl
import CPlatform
import Synchronization

/// One configuration with its loops, connections, tokens and counts: `session_client` in C.
///
/// Everything but `cancel` is called inside the fork gate.
final class Client: @unchecked Sendable {
    let configuration: Configuration
    var tokens = TokenCache()
    private var report = Report()
    private let mutex = Mutex()
    private let cancellations = Atomic<UInt32>(0)
    /// A timer in the epoll set of every loop: see cplatform_make_bell().
    private let wakeFile: Atomic<Int32>
    private var loops: [Loop] = []
    private var idleLoops: [Loop] = []
    private var share: ShareHandle?

    /// More calls at once than this make do without keeping their connections.
    private static let mostIdleLoops = 32
    /// One for each provider and each token endpoint, and as many again. What a batch had beside them
    /// goes with its loop: libcurl would keep it until the provider hangs up, and longer.
    private static let mostIdleConnections = 12
    private static let longestIntervalMs: Int64 = 10_000

    /// nil when memory or descriptors have run out.
    static func open(_ configuration: Configuration) -> Client? {
        guard isLibcurlReady else { return nil }
        let file = cplatform_make_bell()
        return file < 0 ? nil : Client(configuration, wakeFile: file)
    }

    private init(_ configuration: Configuration, wakeFile file: Int32) {
        self.configuration = configuration
        wakeFile = Atomic(file)
        ClientList.add(self)
    }

    deinit {
        ClientList.remove(self)
        idleLoops = []
        loops = []
        share = nil
        cplatform_close_timer(wakeDescriptor)
    }

    /// Once in the process, and never undone: the library stays mapped.
    private static let isLibcurlReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    // MARK: Calls

    /// Reads one session, on this thread, to its end.
    func read(_ reference: Reference, _ options: Options) -> Answer {
        onLoop(reference) { (loop) throws(Failure) in
            run(
                Call(
                    self, try account(for: reference), reference, options,
                    cancellations: cancellationCount), on: loop)
        }
    }

    /// Reads one session again and again, until it is final or the deadline has come.
    /// - Returns: the last answer.
    func wait(_ reference: Reference, _ options: Options) -> Answer {
        let timeoutMs = options.timeoutMs ?? configuration.timeoutMs
        let deadline = Instant.now.adding(milliseconds: timeoutMs)
        let cancellations = cancellationCount
        var last: Answer?
        var interval = options.intervalMs
        while true {
            let answer = onLoop(reference) { (loop) throws(Failure) in
                let left = deadline.milliseconds(since: .now)
                let call = Call(
                    self, try account(for: reference), reference, options, timeoutMs: left,
                    cancellations: cancellations)
                return run(call, on: loop)
            }
            switch answer.outcome {
            case .ok where answer.status.isFinal: return answer
            case .ok: last = answer
            // The deadline, not the provider, ended this read: what was learnt before stands.
            case .timedOut: return last ?? answer
            default:
                guard answer.isRetryable else { return answer }
                last = answer
            }
            // Half of it by chance: a crowd of returning customers spreads out.
            var pause = interval * 500 + randomNumber(upTo: interval * 500)
            // What the provider asked for holds from one read to the next, too.
            if answer.retryAfter > 0 {
                pause = max(pause, Retry.pause(afterRetries: 0, retryAfter: answer.retryAfter))
            }
            let now = Instant.now
            guard pause < deadline.microseconds(since: now) else { return last ?? answer }
            let until = Instant(microseconds: now.microseconds + pause)
            let interruption = onLoop(reference) { (loop) throws(Failure) in
                while Instant.now < until, cancellationCount == cancellations, !loop.isLost,
                    !loop.isAbandoned
                {
                    loop.step(until: until)
                }
                if cancellationCount != cancellations { throw .aborted }
                if loop.isAbandoned { throw .forked }
                return answer
            }
            if interruption.outcome != answer.outcome { return interruption }
            interval = max(interval, min(interval * 3 / 2 + 1, Client.longestIntervalMs))
        }
    }

    func account(for reference: Reference) throws(Failure) -> Account {
        if let account = configuration.accounts[reference.provider.index] { return account }
        throw Failure(
            .notConfigured,
            sentence("{}: expected this section in the configuration", reference.provider.name))
    }

    private func run(_ call: Call, on loop: Loop) -> Answer {
        loop.holdingSigpipe {
            loop.add(call)
            while true {
                if let answer = call.answer { return answer }
                loop.step(until: call.wake)
            }
        }
    }

    private func onLoop(
        _ reference: Reference, _ body: (Loop) throws(Failure) -> Answer
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
            return Answer(error, provider: reference.provider.name, reference: reference.text)
        }
    }

    func withLock<R>(_ body: () -> R) -> R { mutex.withLock(body) }

    /// - Parameter prefersHTTP2: unless the configuration says otherwise. Single calls do without: what
    ///   a provider sends by HTTP/1 can be bounded.
    func takeLoop(prefersHTTP2: Bool = false) -> Loop? {
        guard hasBell() else { return nil }
        let asksForHTTP2 = Quirks.tellsHTTP2 && configuration.http2 ?? prefersHTTP2
        // The last used has the freshest connections.
        while let idle = mutex.withLock({
            idleLoops.lastIndex { $0.asksForHTTP2 == asksForHTTP2 }.map { idleLoops.remove(at: $0) }
        }) {
            if idle.isQuiet { return idle }
            mutex.withLock { loops.removeAll { $0 === idle } }
        }
        let known = mutex.withLock { share }
        let fresh = known ?? ShareHandle.make()
        let shared = mutex.withLock {
            if share == nil { share = fresh }  // or another thread was quicker
            return share
        }
        guard let loop = Loop.make(self, share: shared, asksForHTTP2: asksForHTTP2) else {
            return nil
        }
        mutex.withLock { loops.append(loop) }
        return loop
    }

    /// Makes a new one where a forked child had no descriptor left when it began, and where the
    /// host has closed it.
    private func hasBell() -> Bool {
        let known = wakeDescriptor
        if cplatform_is_timer(known) != 0 { return true }
        cplatform_forget(known)
        let file = cplatform_make_bell()
        if file < 0 { return false }
        if wakeFile.compareExchange(expected: known, desired: file, ordering: .relaxed).exchanged {
            // They would not hear the new one.
            let deaf = mutex.withLock {
                let deaf = idleLoops
                idleLoops = []
                loops.removeAll { loop in deaf.contains { $0 === loop } }
                return deaf
            }
            _ = deaf  // closes their connections, outside the lock
        } else {
            cplatform_close(file)
        }
        return true
    }

    func giveBack(_ loop: Loop) {
        if loop.isAbandoned { return }
        loop.rest()
        let spare: Loop? = mutex.withLock {
            if !loop.isLost, loop.bell == wakeDescriptor, idleLoops.count < Client.mostIdleLoops,
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

    // MARK: Cancelling and waking

    /// Async-signal-safe: atomics, timerfd_settime, and errno put back.
    func cancel() {
        cancellations.add(1, ordering: .sequentiallyConsistent)
        wakeLoops()
    }

    var cancellationCount: UInt32 { cancellations.load(ordering: .sequentiallyConsistent) }
    var wakeDescriptor: Int32 { wakeFile.load(ordering: .relaxed) }

    func wakeLoops() {
        let number = cplatform_errno()
        _ = cplatform_ring(wakeDescriptor)
        cplatform_set_errno(number)
    }

    // MARK: Counting

    func count(_ outcome: Outcome, of provider: Provider, elapsed: Int64) {
        mutex.withLock { report.count(outcome, provider.index, elapsed) }
    }

    func count(_ drift: Drift, of provider: Provider) {
        if drift.unreadable.isEmpty, drift.unknownStatus == nil { return }
        mutex.withLock { report.count(drift, provider.index) }
    }

    func knowsClock(of provider: Provider) -> Bool {
        mutex.withLock { report.knowsClock(provider.index) }
    }

    func note(clockSkew seconds: Int64, of provider: Provider) {
        mutex.withLock { report.note(clockSkew: seconds, provider.index) }
    }

    func count(newConnections: Int) {
        mutex.withLock { report.countConnections(newConnections) }
    }

    func reportAnswer() -> Answer {
        mutex.withLock {
            let (report, tokens) = (report, tokens)
            return Answer(report: { [configuration] in
                report.write(to: &$0, tokens: tokens, configuration: configuration)
            })
        }
    }

    // MARK: Fork

    /// In a forked child, whose only thread this is: drops what belongs to the parent, keeps the
    /// tokens.
    func dropInherited() {
        for loop in loops where !loop.abandon() {
            _ = Unmanaged.passRetained(loop)  // never taken apart
        }
        loops = []
        idleLoops = []
        share = nil  // the loops keep theirs
        tokens.forgetFlights()
        cplatform_close_timer(wakeDescriptor)
        wakeFile.store(cplatform_make_bell(), ordering: .relaxed)
    }
}
