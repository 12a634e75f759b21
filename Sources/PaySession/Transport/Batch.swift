// SPDX-License-Identifier: MIT
import CPlatform

/// Many sessions over one loop, on the thread that asks: `session_batch` in C.
///
/// What is held at once is bounded by `in_flight`, never by how many references there are: when it
/// is full, `add` says so. Each provider has its own queue and its own share, so a slow one does
/// not hold the others back.
final class Batch {
    private let client: Client
    private let loop: Loop
    private let options: Options
    private var lanes: [Lane] = Provider.all.map { _ in Lane() }
    private var finished = Queue<(tag: UInt64, answer: Answer)>()
    /// References that were added and not yet given back.
    private var outstanding = 0

    private struct Waiting {
        let reference: Reference
        let options: Options
        let tag: UInt64
        /// A cancellation ends what was added before it.
        let cancellations: UInt32
    }

    private struct Lane {
        var waiting = Queue<Waiting>()
        var running: [(call: Call, tag: UInt64)] = []
        /// The earliest moment for the next request.
        var nextStart = Instant(microseconds: 0)
    }

    /// Waiting references are small; this many beside those in flight keep the lanes busy.
    private static let mostWaiting = 1024

    init(_ client: Client, _ loop: Loop, _ options: Options) {
        self.client = client
        self.loop = loop
        loop.isBatch = true
        self.options = options
    }

    deinit {
        client.giveBack(loop)
    }

    /// The process that opened it has it; a forked child does not.
    var isInherited: Bool { loop.isAbandoned }

    /// false when there is no room: something must be taken out first.
    func add(_ reference: String, _ optionsText: UnsafePointer<CChar>?, _ tag: UInt64) -> Bool {
        guard outstanding < Batch.mostWaiting + options.inFlight else { return false }
        outstanding += 1
        do throws(Failure) {
            let reference = try Reference(parsing: reference)
            do throws(Failure) {
                let options = try Options(optionsText, for: .get)
                lanes[reference.provider.index].waiting.append(
                    Waiting(
                        reference: reference, options: options, tag: tag,
                        cancellations: client.cancellationCount))
            } catch {
                finished.append(
                    (
                        tag,
                        Answer(error, provider: reference.provider.name, reference: reference.text)
                    ))
            }
        } catch {
            finished.append((tag, Answer(error)))
        }
        startWaiting()
        return true
    }

    enum Next {
        case answer(UInt64, Answer)
        case nothingYet, nothingMore
    }

    /// The next answer, in the order in which they came.
    func next(until limit: Instant?) -> Next {
        while true {
            startWaiting()
            if let (tag, answer) = finished.popFirst() {
                outstanding -= 1
                startWaiting()
                return .answer(tag, answer)
            }
            if outstanding == 0 {
                // Takes in what woke the descriptor, or it would stay readable.
                loop.step(until: .now)
                setTimer()
                return .nothingMore
            }
            var wake = limit ?? .now.adding(milliseconds: 60_000)
            if let start = nextStart, start < wake { wake = start }
            loop.step(until: wake)
            collect()
            if finished.isEmpty, let limit, limit <= .now {
                setTimer()
                return .nothingYet
            }
        }
    }

    /// Readable when `next` would give or do something without waiting; -1 when descriptors have
    /// run out.
    func descriptor() -> Int32 {
        let descriptor = loop.descriptor()
        setTimer()
        return descriptor
    }

    private func startWaiting() {
        let now = Instant.now
        for index in lanes.indices {
            while let next = lanes[index].waiting.first,
                next.cancellations != client.cancellationCount
            {
                _ = lanes[index].waiting.popFirst()
                finish(next, .aborted)
            }
            while let next = lanes[index].waiting.first,
                lanes[index].running.count < options.inFlight, finished.count < options.inFlight,
                lanes[index].nextStart <= now
            {
                _ = lanes[index].waiting.popFirst()
                do throws(Failure) {
                    let call = Call(
                        client, try client.account(for: next.reference), next.reference,
                        next.options, cancellations: next.cancellations)
                    pay(1, index, now)
                    lanes[index].running.append((call, next.tag))
                    loop.add(call)
                } catch {
                    finish(next, error)
                }
            }
        }
        collect()
        setTimer()
    }

    private func finish(_ waiting: Waiting, _ failure: Failure) {
        finished.append(
            (
                waiting.tag,
                Answer(
                    failure, provider: waiting.reference.provider.name,
                    reference: waiting.reference.text)
            ))
    }

    private func collect() {
        for index in lanes.indices {
            var place = 0
            while place < lanes[index].running.count {
                let (call, tag) = lanes[index].running[place]
                if let answer = call.answer {
                    lanes[index].running.remove(at: place)
                    pay(Int64(call.attempts) - 1, index, .now)
                    finished.append((tag, answer))
                } else {
                    place += 1
                }
            }
        }
    }

    /// Each request moves the moment of the next one; retries are paid for when they are known.
    private func pay(_ requests: Int64, _ lane: Int, _ now: Instant) {
        guard let rate = options.requestsPerSecond, requests > 0 else { return }
        let from = max(lanes[lane].nextStart, now)
        lanes[lane].nextStart = Instant(
            microseconds: from.microseconds + requests * 1_000_000 / rate)
    }

    /// When a lane may start its next request, where only the rate holds it back.
    private var nextStart: Instant? {
        var earliest: Instant?
        for lane in lanes
        where !lane.waiting.isEmpty && lane.running.count < options.inFlight
            && finished.count < options.inFlight
        {
            earliest = earliest.map { min($0, lane.nextStart) } ?? lane.nextStart
        }
        return earliest
    }

    private func setTimer() {
        loop.setTimer(finished.isEmpty ? nextStart : Instant(microseconds: 1))
    }
}
