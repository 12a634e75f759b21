// SPDX-License-Identifier: MIT
import CPlatform
import Synchronization

/// What the calls and the loops of one client have in common: its configuration, tokens and counts,
/// and what wakes and cancels them.
final class ClientState: @unchecked Sendable {
    let configuration: Configuration
    var tokens = TokenCache()
    private var report = Report()
    private let mutex = Mutex()
    private let cancellations = Atomic<UInt32>(0)
    /// A timer in the epoll set of every loop: see cplatform_make_bell().
    private let wakeFile: Atomic<Int32>

    init(_ configuration: Configuration, wakeFile file: Int32) {
        self.configuration = configuration
        wakeFile = Atomic(file)
    }

    /// Its client is gone; loops may still be.
    func close() { cplatform_close_timer(bell) }

    func account(of provider: Provider) throws(Failure) -> Account {
        if let account = configuration.accounts[provider.index] { return account }
        throw Failure(
            .notConfigured,
            sentence("{}: expected this section in the configuration", provider.name))
    }

    func withLock<R>(_ body: () -> R) -> R { mutex.withLock(body) }

    // MARK: Cancelling and waking

    /// Async-signal-safe: atomics, timerfd_settime, and errno put back.
    func cancel() {
        cancellations.add(1, ordering: .sequentiallyConsistent)
        wakeLoops()
    }

    var cancellationCount: UInt32 { cancellations.load(ordering: .sequentiallyConsistent) }
    var bell: Int32 { wakeFile.load(ordering: .relaxed) }

    func wakeLoops() {
        let number = cplatform_errno()
        _ = cplatform_ring(bell)
        cplatform_set_errno(number)
    }

    enum BellState { case kept, renewed, missing }

    /// Makes a new one where a forked child had no descriptor left when it began, and where the
    /// host has closed it.
    func renewBell() -> BellState {
        let known = bell
        if cplatform_is_timer(known) != 0 { return .kept }
        cplatform_forget(known)
        let file = cplatform_make_bell()
        if file < 0 { return .missing }
        if wakeFile.compareExchange(expected: known, desired: file, ordering: .relaxed).exchanged {
            return .renewed
        }
        cplatform_close(file)
        return .kept
    }

    // MARK: Counting

    func count(_ outcome: Outcome, proof: Outcome?, of provider: Provider, elapsed: Span) {
        withLock { report.count(outcome, proof: proof, provider.index, elapsed) }
    }

    func count(_ drift: Drift, of provider: Provider) {
        if drift.unreadable.isEmpty, drift.unknownStatus == nil { return }
        withLock { report.count(drift, provider.index) }
    }

    func knowsClock(of provider: Provider) -> Bool {
        withLock { report.knowsClock(provider.index) }
    }

    func note(clockSkew seconds: Int64, of provider: Provider) {
        withLock { report.note(clockSkew: seconds, provider.index) }
    }

    func count(newConnections: Int) {
        withLock { report.countConnections(newConnections) }
    }

    func reportAnswer() -> Answer {
        withLock {
            let (report, tokens) = (report, tokens)
            return Answer(report: { [configuration] in
                report.write(to: &$0, tokens: tokens, configuration: configuration)
            })
        }
    }

    // MARK: Fork

    /// In a forked child: the tokens stay, and nobody is asking for one.
    func dropInherited() {
        tokens.forgetFlights()
        cplatform_close_timer(bell)
        wakeFile.store(cplatform_make_bell(), ordering: .relaxed)
    }
}
