// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import PaySession

struct PatienceTests {
    private final class Cancellations: @unchecked Sendable { var count: UInt32 = 0 }

    private let cancellations = Cancellations()
    private let patience: Patience
    private var count = Patience.Count()
    private static let never = Instant.never

    init() { patience = Patience { [cancellations] in cancellations.count } }

    private func begin(transfers: Int = 1, until deadline: Instant = never) {
        patience.begin(
            transfers: transfers, until: deadline, cancellations: cancellations.count)
    }

    /// Records of a kilobyte.
    /// - Returns: how many of them were one too many.
    private mutating func add(kilobytes: Int) -> Int {
        (0..<kilobytes).reduce(0) { sum, _ in count.add(record: 1024, patience) ? sum + 1 : sum }
    }

    /// A handshake, or an answer that is slow to begin: whatever the time.
    @Test mutating func littleIsNeverTooMuch() {
        begin(until: .longAgo)
        cancellations.count = 1
        usleep(25_000)
        #expect(add(kilobytes: 64) == 0)
        #expect(!patience.hasEnded)
        #expect(add(kilobytes: 1) == 1)
        #expect(patience.hasEnded)
    }

    /// 256 KB, and 64 KB more for the one transfer; how long it took is the machine's affair.
    @Test mutating func muchForNothingIsTooMuchBeforeTheDeadline() {
        begin()
        #expect(add(kilobytes: 320) == 0)
        #expect(!patience.hasEnded)
        #expect(add(kilobytes: 2) == 2)
        #expect(patience.hasEnded)
    }

    /// libcurl keeps some of each answer before it gives us any.
    @Test(arguments: [(32, 256 + 32 * 64), (100, 256 + 6400), (1000, 256 + 6400)])
    mutating func manyTransfersMayBeKeptFromUs(_ transfers: Int, kilobytes: Int) {
        begin(transfers: transfers)
        #expect(add(kilobytes: kilobytes) == 0)
        #expect(add(kilobytes: 1) == 1)
    }

    @Test mutating func muchIsTooMuchBehindTheDeadline() {
        begin(until: Instant.now.adding(.milliseconds(1)))
        usleep(25_000)
        #expect(add(kilobytes: 100) == 36)
    }

    /// Nor is what came while the host was busy elsewhere, however long ago that deadline was.
    @Test mutating func aMomentBehindTheDeadlineIsNotBehindIt() {
        begin(until: .longAgo)
        let start = Instant.now
        let tooMany = add(kilobytes: 100)
        // Where the machine has stood still for so long, there is nothing to be seen.
        if Instant.now.since(start) < .milliseconds(15) { #expect(tooMany == 0) }
    }

    @Test mutating func muchIsTooMuchWhenTheClientIsCancelled() {
        begin()
        #expect(add(kilobytes: 100) == 0)
        cancellations.count = 1
        #expect(add(kilobytes: 1) == 1)
        // What is begun after the cancelling is not meant.
        begin()
        #expect(add(kilobytes: 100) == 0)
    }

    /// A large answer has as many records as it likes.
    @Test mutating func whatBringsSomethingMayGoOn() {
        begin()
        for _ in 0..<4000 {
            patience.note(gain: 256)
            #expect(add(kilobytes: 1) == 0)
        }
    }

    /// A byte now and then is nothing: 255 of each 1,024 leave 4 bytes of a record unpaid, so that
    /// the 320 KB that may come for nothing are used up by 81,920 of them.
    @Test mutating func whatBringsHardlyAnythingBringsNothing() {
        begin()
        var tooMany = 0
        for _ in 0..<81_920 {
            patience.note(gain: 255)
            tooMany += add(kilobytes: 1)
        }
        #expect(tooMany == 0)
        patience.note(gain: 255)
        #expect(add(kilobytes: 1) == 1)
    }

    /// Whatever came with it: each is work.
    @Test mutating func messagesOfTLSAreCounted() {
        begin()
        patience.note(gain: 1_000_000)
        let tooMany = (0..<66).map { _ in count.addMessage(patience) }
        #expect(tooMany == Array(repeating: false, count: 64) + [true, true])
        #expect(patience.hasEnded)
    }

    /// A connection that was idle meanwhile is not blamed for another's records, nor for an earlier
    /// turn's.
    @Test mutating func connectionsAndTurnsAreCountedApart() {
        var other = Patience.Count()
        begin()
        #expect(add(kilobytes: 320) == 0)
        let isFlood = other.add(record: 1024, patience)
        #expect(!isFlood)
        for _ in 0..<64 { _ = count.addMessage(patience) }
        let areTooMany = other.addMessage(patience)
        #expect(!areTooMany)
        begin()
        #expect(add(kilobytes: 320) == 0)
        let areStillTooMany = count.addMessage(patience)
        #expect(!areStillTooMany)
    }
}
