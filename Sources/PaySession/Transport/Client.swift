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
    /// What a forked child inherited: never used again, never taken apart.
    private var inherited: [Loop] = []

    /// More calls at once than this make do without keeping their connections.
    private static let mostIdleLoops = 32

    /// nil when memory or descriptors have run out.
    init?(_ configuration: Configuration) {
        guard Client.isLibcurlReady else { return nil }
        let file = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard file >= 0 else { return nil }
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
        guard let call = Call(self, reference, options) else {
            return Answer(
                Failure(
                    .notConfigured,
                    "\(reference.provider.name): expected this section in the configuration"),
                provider: reference.provider.name, reference: reference.text)
        }
        var hold = cplatform_sigpipe()
        cplatform_sigpipe_hold(&hold)
        defer { cplatform_sigpipe_release(&hold) }
        guard let loop = takeLoop() else {
            return Answer(
                .outOfMemory, provider: reference.provider.name, reference: reference.text)
        }
        defer { giveBack(loop) }
        loop.add(call)
        while true {
            if let answer = call.answer { return answer }
            loop.step(until: call.wake)
        }
    }

    func withLock<R>(_ body: () -> R) -> R { mutex.withLock(body) }

    func takeLoop() -> Loop? {
        mutex.withLock {
            if let loop = idleLoops.popLast() { return loop }  // the last used has the freshest connections
            if share == nil { share = ShareHandle() }
            guard let loop = Loop(self, share: share) else { return nil }
            loops.append(loop)
            return loop
        }
    }

    func giveBack(_ loop: Loop) {
        if loop.isAbandoned { return }
        let spare: Loop? = mutex.withLock {
            if idleLoops.count < Client.mostIdleLoops {
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

    func count(newConnections: Int) {
        mutex.withLock { report.countConnections(newConnections) }
    }

    func reportAnswer() -> Answer {
        mutex.withLock {
            let (report, tokens) = (report, tokens)
            return Answer(report: { report.write(to: &$0, tokens: tokens) })
        }
    }

    // MARK: Fork

    /// In a forked child, whose only thread this is: drops what belongs to the parent, keeps the tokens.
    func dropInherited() {
        for loop in loops {
            loop.abandon()
            inherited.append(loop)
        }
        loops = []
        idleLoops = []
        if let share { _ = Unmanaged.passRetained(share) }  // in use by the loops that stay as they are
        share = nil
        tokens.forgetFlights()
        close(wakeDescriptor)
        wakeFile.store(
            eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)), ordering: .relaxed)
    }
}
