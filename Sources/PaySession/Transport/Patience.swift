// SPDX-License-Identifier: MIT

/// How long libcurl may go on with one connection while it asks nobody.
///
/// Headers and bodies come to us as they come. What is neither never ends where it comes quickly
/// enough: frames of HTTP/2 without data keep libcurl (7.88, hardly 8.14) reading, tickets of TLS
/// keep OpenSSL. Deadline, cancel and fork would wait for as long as the far end likes. So of every
/// TLS connection it is counted what comes in and what of it reaches us, from one look at the gate
/// to the next, and one that brings too little is cut.
///
/// Counted, not timed: a slow machine, or one under valgrind, cuts nothing that a quick one would
/// not.
final class Patience {
    /// How often libcurl was let loose.
    fileprivate private(set) var turns = 0
    /// What it has given us since, in bytes.
    private var gain = 0
    private var transfers = 0
    private var deadline = Instant.never
    private var cancellations: UInt32 = 0
    private let cancellationCount: () -> UInt32
    /// A connection was cut; until the transfers that it carried have been seen to.
    var hasEnded = false

    /// Of what comes over the wire, one part in so many has to be ours. An answer is most of what
    /// carries it, and more when it was compressed.
    private static let leastGain = 4
    /// What may come for nothing: a handshake, and frames that keep a connection in order.
    private static let spareBytes = 262_144
    /// With HTTP/2, libcurl keeps so much for each of the other transfers, and twice that on its
    /// way, before it gives us any of it; a connection has no more transfers than that.
    private static let spareBytesOfTransfer = 65_536
    private static let mostTransfers = 100
    /// When it is late, less may; but not nothing: others' answers may be on the connection.
    private static let spareBytesWhenLate = 65_536
    private static let grace = Span.milliseconds(20)
    /// Messages of TLS itself: a handshake has ten or so, two to four of them tickets. A record has
    /// room for thousands, and each is work.
    private static let mostMessages = 64

    init(cancellationCount: @escaping () -> UInt32) { self.cancellationCount = cancellationCount }

    /// libcurl is about to be let loose.
    /// - Parameters:
    ///   - transfers: how many are under way.
    ///   - deadline: the earliest of those who wait. Where it has passed before, because the host
    ///     was busy elsewhere, what has come meanwhile is not late.
    func begin(transfers: Int, until deadline: Instant, cancellations: UInt32) {
        self.transfers = transfers
        self.deadline = max(deadline, .now)
        self.cancellations = cancellations
        turns += 1
        gain = 0
    }

    /// Headers or a body have come.
    func note(gain count: Int) { gain += count }

    private var isLate: Bool {
        .now >= deadline.adding(Patience.grace)
            || cancellationCount() != cancellations
    }

    private func isTooMuch(_ bytes: Int) -> Bool {
        let spare = bytes - Patience.leastGain * gain
        if spare <= Patience.spareBytesWhenLate { return false }
        let most =
            Patience.spareBytes
            + Patience.spareBytesOfTransfer * min(transfers, Patience.mostTransfers)
        return spare > most || isLate
    }

    /// What came over one connection in one turn.
    struct Count {
        private var turn = 0
        private var bytes = 0
        private var messages = 0

        /// A record has come.
        /// - Returns: whether it was one too many.
        mutating func add(record length: Int, _ patience: Patience) -> Bool {
            begin(patience)
            bytes += length
            guard patience.isTooMuch(bytes) else { return false }
            patience.hasEnded = true
            return true
        }

        /// A message of TLS itself has come.
        /// - Returns: whether it was one too many.
        mutating func addMessage(_ patience: Patience) -> Bool {
            begin(patience)
            messages += 1
            guard messages > Patience.mostMessages else { return false }
            patience.hasEnded = true
            return true
        }

        private mutating func begin(_ patience: Patience) {
            if turn != patience.turns { (turn, bytes, messages) = (patience.turns, 0, 0) }
        }
    }
}
