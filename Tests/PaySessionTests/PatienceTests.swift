// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import PaySession

struct PatienceTests {
    private final class Cancellations: @unchecked Sendable { var count: UInt32 = 0 }

    private let cancellations = Cancellations()
    private let patience: Patience
    private static let never = Instant(microseconds: Int64.max)

    init() { patience = Patience { [cancellations] in cancellations.count } }

    /// How many of so many records of a hundred bytes were one too many.
    private func add(_ count: Int, to records: inout Patience.Records) -> Int {
        (0..<count).reduce(0) { sum, _ in records.add(100, patience) ? sum + 1 : sum }
    }

    /// Longer than may be worked for nothing.
    private func work() {
        func used() -> Int {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return time.tv_sec * 1_000_000_000 + time.tv_nsec
        }
        let start = used()
        while used() - start < 25_000_000 {}
    }

    /// A handshake, or an answer that is slow to begin: whatever the time.
    @Test func fewAreNeverTooMany() {
        var records = Patience.Records()
        patience.begin(until: Instant(microseconds: 0), cancellations: 7)
        #expect(add(11, to: &records) == 0)
        #expect(add(1, to: &records) == 1)
        #expect(patience.hasEnded)
    }

    @Test func manyAreTooManyBehindTheDeadline() {
        var records = Patience.Records()
        let now = Instant.now.microseconds
        patience.begin(until: Instant(microseconds: now + 10_000_000), cancellations: 0)
        #expect(add(1000, to: &records) == 0)
        #expect(!patience.hasEnded)
        patience.begin(until: Instant(microseconds: now + 1_000), cancellations: 0)
        usleep(25_000)
        #expect(add(100, to: &records) == 89)
    }

    /// Other answers on the same connection are not lost because one call was a moment late.
    @Test func aMomentBehindTheDeadlineIsNotBehindIt() {
        var records = Patience.Records()
        // Nor is what came while the host was busy elsewhere, however long ago that deadline was.
        patience.begin(until: Instant(microseconds: 0), cancellations: 0)
        let start = Instant.now
        let tooMany = add(100, to: &records)
        // Where the machine has stood still for so long, there is nothing to be seen.
        if Instant.now.microseconds(since: start) < 15_000 { #expect(tooMany == 0) }
    }

    @Test func manyAreTooManyWhenTheClientIsCancelled() {
        var records = Patience.Records()
        patience.begin(until: Self.never, cancellations: 0)
        #expect(add(100, to: &records) == 0)
        cancellations.count = 1
        #expect(add(1, to: &records) == 1)
        // What is begun after the cancelling is not meant.
        patience.begin(until: Self.never, cancellations: 1)
        #expect(add(100, to: &records) == 0)
    }

    @Test func muchWorkForNothingIsTooMuchBeforeTheDeadline() {
        var records = Patience.Records()
        patience.begin(until: Self.never, cancellations: 0)
        #expect(add(4, to: &records) == 0)
        work()
        #expect(add(7, to: &records) == 0)
        #expect(add(1, to: &records) == 1)
    }

    /// Time that goes by without work is the machine's affair.
    @Test func aBusyMachineEndsNothing() {
        var records = Patience.Records()
        patience.begin(until: Self.never, cancellations: 0)
        #expect(add(4, to: &records) == 0)
        usleep(50_000)
        #expect(add(10, to: &records) == 0)
    }

    /// A large answer has as many records as it likes, and takes its time.
    @Test func whatBringsSomethingMayTakeItsTime() {
        var records = Patience.Records()
        patience.begin(until: Self.never, cancellations: 0)
        for _ in 0..<4 {
            patience.note(gain: 100)
            #expect(add(1, to: &records) == 0)
        }
        work()
        for _ in 0..<100 {
            patience.note(gain: 100)
            #expect(add(1, to: &records) == 0)
        }
    }

    /// A byte now and then is nothing.
    @Test func whatBringsHardlyAnythingBringsNothing() {
        var records = Patience.Records()
        patience.begin(until: Self.never, cancellations: 0)
        #expect(add(4, to: &records) == 0)
        work()
        patience.note(gain: 300)  // of 1,200, at the twelfth
        #expect(add(8, to: &records) == 0)
        patience.note(gain: 24)  // of 1,300
        #expect(add(1, to: &records) == 1)
    }

    /// Each record brings something, and the call is over all the same: not at once, others may be
    /// on the connection.
    @Test func gainDoesNotHelpForEverBehindTheDeadline() {
        var records = Patience.Records()
        patience.begin(until: Instant(microseconds: 0), cancellations: 0)
        patience.note(gain: 10_000)
        usleep(25_000)
        #expect(add(63, to: &records) == 0)
        #expect(add(1, to: &records) == 1)
    }

    /// A connection that was idle meanwhile is not blamed for another's records, nor for an earlier
    /// turn's.
    @Test func connectionsAndTurnsAreCountedApart() {
        var (one, other) = (Patience.Records(), Patience.Records())
        patience.begin(until: Self.never, cancellations: 7)
        #expect(add(11, to: &one) == 0)
        #expect(add(11, to: &other) == 0)
        patience.begin(until: Self.never, cancellations: 7)
        #expect(add(11, to: &one) == 0)
    }
}
