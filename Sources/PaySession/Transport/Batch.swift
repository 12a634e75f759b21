// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// Many sessions over one loop, on the thread that asks: `session_batch` in C.
///
/// What is held at once is bounded by `in_flight`, never by how many references there are: when it
/// is full, `add` says so. Each provider has its own queue, its own share and its own room, so a
/// slow one does not hold the others back.
final class Batch {
    private let client: Client
    private var loop: Loop
    private let options: Options
    private let lanes: [Lane]
    /// Of references that name no provider.
    private let strays = Lane()
    private var finished = Queue<Finished>()
    private var running: [CallDriver] = []
    /// Some of `running` have ended.
    private var haveEnded = false

    private final class Waiting {
        let reference: Reference
        let options: Options
        let tag: UInt64
        /// A cancellation ends what was added before it.
        let cancellations: UInt32

        init(_ reference: Reference, _ options: Options, _ tag: UInt64, _ cancellations: UInt32) {
            self.reference = reference
            self.options = options
            self.tag = tag
            self.cancellations = cancellations
        }
    }

    private struct Finished {
        let tag: UInt64
        let answer: Answer
        let lane: Lane
    }

    /// One provider's.
    private final class Lane {
        /// References that were added and not yet given back.
        var outstanding = 0
        var waiting = Queue<Waiting>()
        var running = 0
        /// Not for long by HTTP/1, where each needs a connection anyway.
        var fitsOneConnection: Bool
        /// The earliest moment for the next request.
        var nextStart = Instant.longAgo

        init(fitsOneConnection: Bool = false) { self.fitsOneConnection = fitsOneConnection }
    }

    private static let waitsWhenFull = !Quirks.opensWhenFull
    /// What libcurl sends at once over a connection, unless the provider wants less.
    private static let mostStreams = 100

    /// Waiting references are small; this many beside those in flight keep a lane busy.
    private static let mostWaiting = 1024

    init(_ client: Client, _ loop: Loop, _ options: Options) {
        self.client = client
        self.loop = loop
        self.options = options
        lanes = client.state.configuration.accounts.map { account in
            Lane(
                fitsOneConnection: !Batch.waitsWhenFull && loop.asksForHTTP2
                    && account?.base.isPlain == false)
        }
    }

    deinit {
        if loop.isAbandoned { return }
        withSigpipeHeld { for driver in running { driver.leave() } }
        client.giveBack(loop)
    }

    /// The process that opened it has it; a forked child does not.
    var isInherited: Bool { loop.isAbandoned }

    /// false when there is no room for another of its provider: something must be taken out first.
    func add(_ reference: String, _ optionsText: UnsafePointer<CChar>?, _ tag: UInt64) -> Bool {
        replaceLostLoop()
        do throws(Failure) {
            let reference = try Reference(parsing: reference)
            let lane = lanes[reference.provider.index]
            guard takeRoom(in: lane) else { return false }
            do throws(Failure) {
                let options = try Options(optionsText, for: .session(reference, .get))
                lane.waiting.append(
                    Waiting(reference, options, tag, client.state.cancellationCount))
            } catch {
                let answer = Answer(
                    error, provider: reference.provider.name, reference: reference.text)
                finished.append(Finished(tag: tag, answer: answer, lane: lane))
            }
        } catch {
            guard takeRoom(in: strays) else { return false }
            finished.append(Finished(tag: tag, answer: Answer(error), lane: strays))
        }
        startWaiting()
        setTimer()
        return true
    }

    private func takeRoom(in lane: Lane) -> Bool {
        guard lane.outstanding < Batch.mostWaiting + options.inFlight else { return false }
        lane.outstanding += 1
        return true
    }

    private var isEmpty: Bool {
        strays.outstanding == 0 && lanes.allSatisfy { $0.outstanding == 0 }
    }

    enum Next {
        case answer(UInt64, Answer)
        case nothingYet, nothingMore
    }

    /// The next answer, in the order in which they came.
    func next(until limit: Instant?) -> Next {
        // What has come already is given out without asking the kernel for anything.
        let next =
            finished.isEmpty
            ? loop.holdingSigpipe { found(until: limit) } : found(until: limit)
        // At the very end: whatever came, came to the parent, who has it too.
        if case .answer(let tag, _) = next, ForkGate.isBroken {
            return .answer(tag, Answer(.forked))
        }
        return next
    }

    private func found(until limit: Instant?) -> Next {
        while true {
            replaceLostLoop()
            if finished.isEmpty { startWaiting() }
            if let next = finished.popFirst() {
                next.lane.outstanding -= 1
                startWaiting()
                setTimer()
                return .answer(next.tag, next.answer)
            }
            if isEmpty {
                // Takes in what woke the descriptor, or it would stay readable.
                loop.step(until: .now)
                setTimer()
                return .nothingMore
            }
            step(until: limit ?? .now.adding(.seconds(60)))
            if finished.isEmpty, let limit, limit <= .now {
                setTimer()
                return .nothingYet
            }
        }
    }

    private func step(until limit: Instant) {
        let failure = loop.step(until: min(limit, nextStart ?? .never), firstWake: firstWake) {
            now in
            for driver in running { advance(driver, at: now) }
        }
        if let failure {
            for driver in running { driver.end(failure) }
            haveEnded = true
        }
        collect()
    }

    private func advance(_ driver: CallDriver, at now: Instant) {
        driver.advance(at: now)
        if driver.call.isOver { haveEnded = true }
    }

    /// When the first of the calls has something to do, though nothing happens.
    private var firstWake: Instant {
        var first = Instant.never
        for driver in running where driver.call.wake < first { first = driver.call.wake }
        return first
    }

    /// Readable when `next` would give or do something without waiting; -1 when descriptors have
    /// run out.
    func descriptor() -> Int32 {
        let descriptor = loop.descriptor()
        setTimer()
        return descriptor
    }

    /// The host has closed what the loop waited with. The calls under way have come to an end by
    /// that; those that wait have a new one, or come to their end too where there is none to be
    /// had. Another loop, too, where nothing is under way and something has come: it answers no
    /// request.
    private func replaceLostLoop() {
        guard loop.isLost || running.isEmpty && !loop.isQuiet, !loop.isAbandoned else { return }
        collect()
        guard let fresh = client.takeLoop(prefersHTTP2: options.prefersHTTP2) else {
            for lane in lanes {
                while let next = lane.waiting.popFirst() { finish(next, .outOfMemory, in: lane) }
            }
            return
        }
        client.giveBack(loop)
        loop = fresh
    }

    private func startWaiting() {
        for lane in lanes where !lane.waiting.isEmpty { startWaiting(in: lane) }
        collect()
    }

    private func startWaiting(in lane: Lane) {
        while let next = lane.waiting.first, next.cancellations != client.state.cancellationCount {
            _ = lane.waiting.popFirst()
            finish(next, .aborted, in: lane)
        }
        guard hasRoom(lane) else { return }
        let now = Instant.now
        while hasRoom(lane), lane.nextStart <= now, let next = lane.waiting.popFirst() {
            do throws(Failure) {
                let driver = CallDriver(
                    client.state, loop,
                    try client.state.account(of: next.reference.provider),
                    next.reference,
                    next.options, batch: ObjectIdentifier(self), tag: next.tag,
                    cancellations: next.cancellations, at: now)
                pay(driver.call.mostLegs, lane)
                lane.running += 1
                running.append(driver)
                advance(driver, at: now)
            } catch {
                finish(next, error, in: lane)
            }
        }
    }

    /// Answers that nobody takes out hold everyone up: they are the larger part of the memory.
    private func hasRoom(_ lane: Lane) -> Bool {
        lane.running < options.inFlight && finished.count < options.inFlight
            && !(lane.fitsOneConnection && lane.running >= Batch.mostStreams)
    }

    private func finish(_ waiting: Waiting, _ failure: Failure, in lane: Lane) {
        let answer = Answer(
            failure, provider: waiting.reference.provider.name, reference: waiting.reference.text,
            addition: waiting.options.addition)
        finished.append(Finished(tag: waiting.tag, answer: answer, lane: lane))
    }

    private func collect() {
        guard haveEnded else { return }
        haveEnded = false
        for driver in running {
            guard let answer = driver.call.answer else { continue }
            let lane = lanes[driver.call.reference.provider.index]
            lane.running -= 1
            if driver.call.cameByHTTP1 { lane.fitsOneConnection = false }
            pay(max(Int64(driver.call.attempts), 1) - driver.call.mostLegs, lane)
            finished.append(Finished(tag: driver.tag, answer: answer, lane: lane))
        }
        running.removeAll { $0.call.isOver }
    }

    /// Each request moves the moment of the next one. A proof is paid for beforehand, and given
    /// back where there was none to read; retries are paid for when they are known.
    private func pay(_ requests: Int64, _ lane: Lane) {
        guard let rate = options.requestsPerSecond, requests != 0 else { return }
        let from = requests > 0 ? max(lane.nextStart, .now) : lane.nextStart
        lane.nextStart = from.adding(Span(microseconds: requests * 1_000_000 / rate))
    }

    /// When a lane may start its next request, where only the rate holds it back.
    private var nextStart: Instant? {
        var earliest: Instant?
        for lane in lanes where !lane.waiting.isEmpty && hasRoom(lane) {
            earliest = earliest.map { min($0, lane.nextStart) } ?? lane.nextStart
        }
        return earliest
    }

    private func setTimer() {
        loop.setTimer(finished.isEmpty ? min(firstWake, nextStart ?? .never) : .longAgo)
    }
}
