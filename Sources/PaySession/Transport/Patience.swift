// SPDX-License-Identifier: MIT
import CPlatform

/// How long libcurl may go on with one connection while it asks nobody.
///
/// Headers and bodies come to us as they come. What is neither never ends where it comes quickly
/// enough: frames of HTTP/2 without data keep libcurl (7.88, hardly 8.14) reading, tickets of TLS keep
/// OpenSSL. Deadline, cancel and fork would wait for as long as the far end likes. So every TLS
/// record that comes in is asked about here. Where they bring next to nothing, and that is hard
/// work, or it has become late meanwhile, the connection is cut.
final class Patience {
    /// How often libcurl was let loose.
    fileprivate private(set) var turns = 0
    /// What it has given us since, in bytes.
    fileprivate private(set) var gain = 0
    private var deadline = Int64.max
    private var cancellations: UInt32 = 0
    private var cancellationCount: () -> UInt32
    /// A connection was cut; until the transfers that it carried have been seen to.
    var hasEnded = false

    /// Records that may bring nothing, however late it is: a handshake that comes at once has up to
    /// ten or so, two tickets included, and on a slow machine it is work.
    private static let fewRecords = 12
    /// Records after which a connection is cut that brings something, when it is late: it can carry
    /// others' answers, which are not lost because one call is a moment late.
    private static let manyRecords = 64
    private static let graceMicroseconds: Int64 = 20_000
    /// Of what comes over the wire, one part in so many has to be ours. An answer is most of what
    /// carries it, and more when it was compressed.
    private static let leastGain = 4
    /// The work that may be done for less, from the fourth record on: by the processor's time, for a
    /// busy machine is nobody's fault. Not from the first, since to ask for it is a system call.
    private static let workMicroseconds: Int64 = 20_000
    private static let firstRecord = 4

    init(cancellationCount: @escaping () -> UInt32) { self.cancellationCount = cancellationCount }

    /// libcurl is about to be let loose.
    /// - Parameter deadline: the earliest of those who wait. Where it has passed before, because the
    ///   host was busy elsewhere, what has come meanwhile is not late.
    func begin(until deadline: Instant, cancellations: UInt32) {
        self.deadline = max(deadline.microseconds, Instant.now.microseconds)
        self.cancellations = cancellations
        turns += 1
        gain = 0
    }

    /// Its client goes before the connections.
    func forgetClient() { cancellationCount = { [cancellations] in cancellations } }

    /// Headers or a body have come.
    func note(gain count: Int) { gain += count }

    private var isLate: Bool {
        Instant.now.microseconds - Patience.graceMicroseconds >= deadline
            || cancellationCount() != cancellations
    }

    /// What came over one connection in one turn.
    struct Records {
        private var turn = 0
        private var count = 0
        private var bytes = 0
        private var workSince: Int64 = 0

        /// One more has come.
        /// - Returns: whether it was one too many.
        mutating func add(_ length: Int, _ patience: Patience) -> Bool {
            if turn != patience.turns { (turn, count, bytes) = (patience.turns, 0, 0) }
            count += 1
            bytes += length
            if count == Patience.firstRecord { workSince = cplatform_thread_time() }
            guard count >= Patience.fewRecords else { return false }
            let isIdle = patience.gain < bytes / Patience.leastGain
            let isOver =
                isIdle
                ? patience.isLate || hasWorkedEnough
                : count >= Patience.manyRecords && patience.isLate
            if isOver { patience.hasEnded = true }
            return isOver
        }

        private var hasWorkedEnough: Bool {
            cplatform_thread_time() - workSince >= Patience.workMicroseconds
        }
    }
}
