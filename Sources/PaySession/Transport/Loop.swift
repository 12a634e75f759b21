// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// Drives transfers over libcurl's multi interface, on the thread that asks and no other.
///
/// One call blocks on a loop of its own; a batch keeps one for all of its calls. Connections belong
/// to a loop, so a client keeps its loops when they are idle. Used by one thread at a time, inside
/// the fork gate, which is left only for the wait.
final class Loop {
    private let state: ClientState
    private let multi: UnsafeMutableRawPointer
    /// -1 once it was left to the parent process, or taken away by the host.
    private var epoll: Int32 { didSet { sockets.epoll = epoll } }
    private var timer: Int32 = -1
    /// What the timer is set to.
    private var timerDue = Instant.never
    private let patience: Patience
    private let sockets: Sockets
    private let share: ShareHandle?
    private var idleTransfers: [Transfer] = []
    /// Something came by HTTP/1, the words of a proxy perhaps: with a libcurl that remembers
    /// headers, each transfer is used once.
    private var hasSeenHTTP1 = false
    /// A TLS handshake failed. The trusted certificates, which libcurl keeps for a day, may have
    /// been read when memory was short, and then each handshake after it would fail: from now on
    /// they are read for each connection, and no transfer is used again that was set up otherwise.
    private var hasFailedTLS = false
    private var busyTransfers: [Transfer] = []
    /// Given up in the middle of a name lookup, with a libcurl that would wait for its end: they
    /// stay where they are until it comes, and connect to nothing then.
    private var parked: [Transfer] = []
    /// The first moment at which one of those who wait has something to do, though nothing happens.
    private var firstWake = Instant.never
    /// Names that libcurl has looked up of late, and whether it is about to do so.
    private var lookups: [String] = []
    private var lookupsUntil = Instant.longAgo
    private var beginsLookup = false
    /// How often libcurl was called to look at all of its transfers.
    private var turns = 0
    /// When libcurl wants to be called though nothing has happened.
    private var curlDue: Instant?
    /// libcurl has not begun yet with the transfer that was added last.
    private var hasNewTransfer = false
    /// The last step did not ask for events.
    private var hasSkippedWait = false
    private var hold = cplatform_sigpipe()
    private var isHolding = false
    /// Inherited over a fork: it belongs to the parent.
    private(set) var isAbandoned = false
    /// Whether HTTP/2 is asked for.
    let asksForHTTP2: Bool
    /// What wakes it: the client's, as long as that has no other.
    let bell: Int32

    /// nil when memory or descriptors have run out.
    static func make(_ state: ClientState, share: ShareHandle?, asksForHTTP2: Bool) -> Loop? {
        Leftover.clear()
        let epoll = cplatform_take(epoll_create1(Int32(EPOLL_CLOEXEC)))
        guard epoll >= 0 else { return nil }
        guard let multi = withLowNumbersTaken(beside: epoll, { curl_multi_init() }) else {
            cplatform_close(epoll)
            return nil
        }
        let loop = Loop(state, multi, epoll, share, asksForHTTP2)
        return loop.canBeWoken ? loop : nil
    }

    /// What libcurl makes meanwhile has no lower numbers than ours.
    private static func withLowNumbersTaken<R>(beside file: Int32, _ body: () -> R) -> R {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: Int(CPLATFORM_LOWEST)) { low in
            let count = cplatform_occupy(file, low.baseAddress)
            defer { cplatform_vacate(low.baseAddress, count) }
            return body()
        }
    }

    private var canBeWoken = false

    private init(
        _ state: ClientState, _ multi: UnsafeMutableRawPointer, _ epoll: Int32,
        _ share: ShareHandle?,
        _ asksForHTTP2: Bool
    ) {
        self.asksForHTTP2 = asksForHTTP2
        bell = state.bell
        patience = Patience { state.cancellationCount }
        sockets = Sockets(patience, epoll: epoll)
        self.state = state
        self.multi = multi
        self.epoll = epoll
        self.share = share
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_multi_set_socket(multi, Loop.watchSocket, context)
        ccurl_multi_set_timer(multi, Loop.setTimer, context)
        Quirks.leaveLookups(ofAll: multi)
        // Edge-triggered: each ring wakes each loop once, and nobody has to take it in.
        canBeWoken = cplatform_watch(epoll, bell, cplatform_edge_triggered(), 1) == 0
    }

    deinit {
        withSigpipeHeld {
            for transfer in busyTransfers {
                curl_multi_remove_handle(multi, transfer.easy)
                transfer.owner = nil
            }
            busyTransfers = []
            idleTransfers = []
            if parked.isEmpty {
                Leftover.takeApart(multi)
            } else {
                sockets.epoll = -1
                Leftover.keep(multi, parked, sockets)
            }
        }
        if timer >= 0 { cplatform_close_timer(timer) }
        if epoll >= 0 { cplatform_close_epoll(epoll) }
    }

    /// Nothing has come in on an idle connection that could be taken for the next answer: late
    /// bytes of the one before. HTTP/2 says which request its bytes belong to, and talks when idle.
    var isQuiet: Bool { !hasSeenAnswerByHTTP1 || !sockets.haveInput }
    private var hasSeenAnswerByHTTP1 = false

    var connectionCount: Int { sockets.count }

    // MARK: Waiting

    /// Nothing is under way.
    var isIdle: Bool { busyTransfers.isEmpty }

    /// Waits until something happens, at most until `limit`, and does what can be done then.
    /// - Parameters:
    ///   - firstWake: see there.
    ///   - advance: moves those on whose transfers these are.
    /// - Returns: why none of them can go on; nil while they can.
    @discardableResult
    func step(
        until limit: Instant, firstWake: Instant = .never, _ advance: (Instant) -> Void = { _ in }
    ) -> Failure? {
        self.firstWake = firstWake
        var wake = min(limit, firstWake)
        if let curlDue, curlDue < wake { wake = curlDue }

        return withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
            let count = wait(events, until: wake)
            if isLost(count) {
                return isAbandoned
                    ? .forked
                    : Failure(.unreachable, "the process closed a descriptor of this library's")
            }
            holdingSigpipe {
                for index in 0..<Int(max(count, 0)) { react(to: &events[index]) }
                let now = Instant.now
                if let curlDue, curlDue <= now {
                    self.curlDue = nil
                    act(CURL_SOCKET_TIMEOUT, 0)
                }
                collect()
                advance(now)
            }
            return nil
        }
    }

    /// Waits for events, outside the fork gate. Does not ask for any where a transfer was added: what
    /// that begins with needs none. But never twice in a row, whatever comes and fails at once.
    /// - Returns: how many there are; -1 with errno.
    private func wait(
        _ events: UnsafeMutableBufferPointer<epoll_event>, until wake: Instant
    ) -> Int32 {
        let now = Instant.now
        if hasNewTransfer, !hasSkippedWait, let curlDue, curlDue <= now {
            hasNewTransfer = false
            hasSkippedWait = true
            return 0
        }
        hasNewTransfer = false
        hasSkippedWait = false
        let milliseconds = Int32(clamping: wake.since(now).milliseconds)
        sockets.tellChanges()
        if isHolding { cplatform_sigpipe_take(&hold) }
        return ForkGate.outside {
            // A signal's handler, and what it may fork, finds the mask that the caller has.
            isHolding
                ? epoll_pwait(epoll, events.baseAddress, 64, milliseconds, &hold.before)
                : epoll_wait(epoll, events.baseAddress, 64, milliseconds)
        }
    }

    /// Holds SIGPIPE back over several steps, not over their waits: it is cheaper than for each
    /// step.
    func holdingSigpipe<R>(_ body: () -> R) -> R {
        if isHolding { return body() }
        cplatform_sigpipe_hold(&hold)
        isHolding = true
        defer {
            isHolding = false
            cplatform_sigpipe_release(&hold)
        }
        return body()
    }

    /// Whether there is nothing to go on with: a signal handler has forked, and this is the child;
    /// or the host has closed the epoll set, whose number may be another file's by now.
    private func isLost(_ count: Int32) -> Bool {
        if ForkGate.isBroken { isAbandoned = true }
        if isAbandoned { return true }
        guard count < 0, cplatform_errno() == EBADF || cplatform_errno() == EINVAL else {
            return false
        }
        cplatform_forget(epoll)
        epoll = -1
        return true
    }

    /// It will never be of use again.
    var isLost: Bool { epoll < 0 }

    private func react(to event: inout epoll_event) {
        let fd = cplatform_event_fd(&event)
        if fd == bell || fd == timer || !sockets.isWanted(fd) { return }
        var mask: Int32 = 0
        if event.events & EPOLLIN.rawValue != 0 { mask |= CURL_CSELECT_IN }
        if event.events & EPOLLOUT.rawValue != 0 { mask |= CURL_CSELECT_OUT }
        if event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { mask |= CURL_CSELECT_ERR }
        act(fd, mask)
    }

    /// Keeps what one call will need. Nothing is under way any more.
    func rest() {
        if timer >= 0 { cplatform_close_timer(timer) }  // it would keep the epoll set awake
        timer = -1
        timerDue = .never
        // An answer that was there at once: nobody has seen yet whether the epoll set still is.
        if hasSkippedWait {
            hasSkippedWait = false
            var event = epoll_event()
            _ = isLost(epoll_wait(epoll, &event, 1, 0))
        }
        // A handle that ended while others were on its connection has libcurl's buffers: 20 KiB
        // and more, for as long as it is there.
        while idleTransfers.count > 1 { idleTransfers.removeLast() }
    }

    // MARK: For a caller who waits elsewhere

    /// Becomes readable when `step` would make progress: the epoll set, with a timer in it.
    func descriptor() -> Int32 {
        if timer < 0 {
            timer = cplatform_take(
                timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK)))
            if timer >= 0, cplatform_watch(epoll, timer, EPOLLIN.rawValue, 1) != 0 {
                cplatform_close(timer)
                timer = -1
            }
        }
        return timer < 0 ? -1 : epoll
    }

    /// Sets the timer, if there is one, to the next thing to do.
    /// - Parameter due: what the caller has to do itself.
    func setTimer(_ due: @autoclosure () -> Instant) {
        guard timer >= 0 else { return }
        sockets.tellChanges()
        let next = min(due(), curlDue ?? .never)
        guard next != timerDue else { return }
        timerDue = next
        cplatform_set_timer(timer, next == .never ? 0 : max(next.microseconds, 1))
    }

    // MARK: Transfers

    /// Sends a request, of whose end its owner is told.
    func start(
        _ request: Request, for owner: any TransferOwner
    ) throws(Failure) -> Transfer {
        guard let transfer = idleTransfers.popLast() ?? Transfer.make() else {
            throw .outOfMemory
        }
        if !transfer.prepareAgain(request) {
            try transfer.prepare(
                request, state.configuration, sockets: sockets, patience: patience, share: share,
                cachesAuthorities: !hasFailedTLS, asksForHTTP2: asksForHTTP2)
        }
        guard curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else { throw .outOfMemory }
        noteLookup(of: request.address.host)
        transfer.owner = owner
        transfer.turn = turns
        hasNewTransfer = true
        busyTransfers.append(transfer)
        return transfer
    }

    /// libcurl knows names for a minute, unless told otherwise.
    private func noteLookup(of host: String) {
        let now = Instant.now
        if lookupsUntil <= now { (lookups, lookupsUntil) = ([], now.adding(.seconds(60))) }
        if lookups.contains(where: { sameBytes($0, host) }) { return }
        lookups.append(host)
        beginsLookup = true
    }

    /// Ends a transfer, in whatever state it is.
    /// - Parameter hasEnded: libcurl is through with it.
    func stop(_ transfer: Transfer, hasEnded: Bool = false) {
        if let place = busyTransfers.firstIndex(where: { $0 === transfer }) {
            busyTransfers.swapAt(place, busyTransfers.count - 1)
            busyTransfers.removeLast()
        }
        transfer.owner = nil
        state.count(newConnections: transfer.newConnections)
        // Nothing is looked up before libcurl has begun with it.
        if Quirks.waitsForLookups, !hasEnded, transfer.turn < turns, transfer.knowsNoAddress {
            transfer.connectToNothing()
            parked.append(transfer)
            return
        }
        curl_multi_remove_handle(multi, transfer.easy)
        if transfer.head.beganByHTTP1 { hasSeenHTTP1 = true }
        if transfer.cameByHTTP1 { hasSeenAnswerByHTTP1 = true }
        let mayBeUsedAgain = transfer.mayBeUsedAgain
        transfer.rest()
        if hasFailedTLS || hasSeenHTTP1 && Quirks.remembersHeaders {
            idleTransfers = []
        } else if mayBeUsedAgain {
            idleTransfers.append(transfer)
        }
    }

    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            let code = ccurl_message_code(message)
            var context: UnsafeMutablePointer<CChar>?
            ccurl_get_pointer(message.pointee.easy_handle, CURLINFO_PRIVATE, &context)
            guard let context else { continue }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            guard let owner = transfer.owner else {
                if let place = parked.firstIndex(where: { $0 === transfer }) {
                    curl_multi_remove_handle(multi, transfer.easy)
                    parked.remove(at: place)
                }
                continue
            }
            let response = transfer.response(code)
            if case .failed(let failure) = response.ending, failure.outcome == .tlsFailed {
                hasFailedTLS = true
            }
            owner.transferEnded(response)
        }
        patience.hasEnded = false
    }

    private func act(_ socket: curl_socket_t, _ mask: Int32) {
        patience.begin(
            transfers: busyTransfers.count, until: firstWake,
            cancellations: state.cancellationCount)
        // Only then it begins with what was added.
        if socket == CURL_SOCKET_TIMEOUT { turns += 1 }
        var running: Int32 = 0
        // A name's lookup has descriptors, which stay for as long as its thread does; and the
        // thread has the signal mask of the moment in which it is made.
        if socket == CURL_SOCKET_TIMEOUT, beginsLookup {
            beginsLookup = false
            withSigpipeHeld {
                Loop.withLowNumbersTaken(beside: epoll) {
                    _ = curl_multi_socket_action(multi, socket, mask, &running)
                }
            }
        } else {
            curl_multi_socket_action(multi, socket, mask, &running)
        }
    }

    // MARK: What libcurl asks for

    private static let watchSocket: curl_socket_callback = { _, socket, what, context, _ in
        guard let context else { return 0 }
        let loop = Unmanaged<Loop>.fromOpaque(context).takeUnretainedValue()
        switch what {
        case CURL_POLL_REMOVE: loop.sockets.watch(socket, 0)
        case CURL_POLL_IN: loop.sockets.watch(socket, EPOLLIN.rawValue)
        case CURL_POLL_OUT: loop.sockets.watch(socket, EPOLLOUT.rawValue)
        default: loop.sockets.watch(socket, EPOLLIN.rawValue | EPOLLOUT.rawValue)
        }
        return 0
    }

    private static let setTimer: curl_multi_timer_callback = { _, milliseconds, context in
        guard let context else { return 0 }
        let loop = Unmanaged<Loop>.fromOpaque(context).takeUnretainedValue()
        loop.curlDue =
            milliseconds < 0 ? nil : .now.adding(.milliseconds(Int64(milliseconds)))
        return 0
    }

    // MARK: Fork

    /// In a forked child: gives up what is the parent's. The kernel's epoll set stays as it is
    /// there.
    /// - Returns: whether libcurl may now take its handles apart. Not if a request was under way: a
    ///   name lookup has a thread and a lock of libcurl's, and the thread did not come along.
    func abandon() -> Bool {
        isAbandoned = true
        let isDisconnected = sockets.disconnect()
        if timer >= 0 { cplatform_close_timer(timer) }
        if epoll >= 0 { cplatform_close_epoll(epoll) }
        timer = -1
        epoll = -1
        return isDisconnected && isIdle && parked.isEmpty
    }
}
