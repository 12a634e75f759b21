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
    /// An eventfd in the epoll set of every loop.
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
        let file = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
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
        close(wakeDescriptor)
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
            let pause = interval * 500 + randomNumber(upTo: interval * 500)
            let until = Instant(microseconds: Instant.now.microseconds + pause)
            guard until < deadline else { return last ?? answer }
            let interruption = onLoop(reference) { (loop) throws(Failure) in
                while Instant.now < until, cancellationCount == cancellations {
                    loop.step(until: until)
                }
                if cancellationCount != cancellations { throw .aborted }
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
        loop.add(call)
        while true {
            if let answer = call.answer { return answer }
            loop.step(until: call.wake)
        }
    }

    private func onLoop(
        _ reference: Reference, _ body: (Loop) throws(Failure) -> Answer
    ) -> Answer {
        do throws(Failure) {
            guard let loop = takeLoop() else { throw .outOfMemory }
            defer { giveBack(loop) }
            return try body(loop)
        } catch {
            return Answer(error, provider: reference.provider.name, reference: reference.text)
        }
    }

    func withLock<R>(_ body: () -> R) -> R { mutex.withLock(body) }

    func takeLoop() -> Loop? {
        // The last used has the freshest connections.
        while let idle = mutex.withLock({ idleLoops.popLast() }) {
            if idle.isQuiet { return idle }
            mutex.withLock { loops.removeAll { $0 === idle } }
        }
        if wakeDescriptor < 0 {
            // A forked child had no descriptor left when it began.
            let file = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
            if file < 0 { return nil }
            if !wakeFile.compareExchange(expected: -1, desired: file, ordering: .relaxed).exchanged
            {
                close(file)
            }
        }
        let known = mutex.withLock { share }
        let fresh = known ?? ShareHandle.make()
        let shared = mutex.withLock {
            if share == nil { share = fresh }  // or another thread was quicker
            return share
        }
        guard let loop = Loop.make(self, share: shared) else { return nil }
        mutex.withLock { loops.append(loop) }
        return loop
    }

    func giveBack(_ loop: Loop) {
        if loop.isAbandoned { return }
        loop.rest()
        let spare: Loop? = mutex.withLock {
            if idleLoops.count < Client.mostIdleLoops,
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

    /// Async-signal-safe: atomics, write, and errno put back.
    func cancel() {
        cancellations.add(1, ordering: .sequentiallyConsistent)
        wakeLoops()
    }

    var cancellationCount: UInt32 { cancellations.load(ordering: .sequentiallyConsistent) }
    var wakeDescriptor: Int32 { wakeFile.load(ordering: .relaxed) }

    func wakeLoops() {
        let number = cplatform_errno()
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, 8)
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
        close(wakeDescriptor)
        wakeFile.store(
            eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)), ordering: .relaxed)
    }
}
