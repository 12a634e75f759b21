// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct ClockTests {
    @Test func goesOn() {
        let first = Instant.now
        #expect(first <= Instant.now)
        #expect(BootInstant.now <= BootInstant.now)
        #expect(first > .longAgo && first < .never)
    }

    @Test(
        arguments: [
            (0, 1, 1000), (5, 0, 5), (1000, -1, 0), (1, .max, .max),
            (0, .max / 1000, .max / 1000 * 1000), (.max, 1, .max), (.max - 1000, 1, .max),
            (.max - 999, 1, .max),
        ] as [(Int64, Int64, Int64)])
    func addingNeverOverflows(_ start: Int64, _ milliseconds: Int64, _ end: Int64) {
        let start = Instant(microseconds: start)
        #expect(start.adding(.milliseconds(milliseconds)).microseconds == end)
    }

    /// Rounded up, or a wait would end early and be begun again.
    @Test(
        arguments: [
            (0, 0), (-1, 0), (-5000, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (1_000_000, 1000),
            (1_000_001, 1001),
        ] as [(Int64, Int64)])
    func millisecondsAreRoundedUp(_ microseconds: Int64, _ milliseconds: Int64) {
        let start = Instant(microseconds: 7_000_000)
        let end = Instant(microseconds: 7_000_000 + microseconds)
        #expect(end.since(start).milliseconds == milliseconds)
        #expect(end.since(start).microseconds == microseconds)
    }

    /// What is too long to be counted is endless, in any unit.
    @Test func whatIsTooLongIsEndless() {
        #expect(Span.seconds(.max) == .endless)
        #expect(Span.milliseconds(.max / 1000 + 1) == .endless)
        #expect(Span.milliseconds(.max / 1000) < .endless)
        #expect(Span.endless.milliseconds == .max)
        #expect(Span.seconds(.min) < .zero)
        #expect(Span.seconds(2) == .milliseconds(2000))
    }

    @Test(arguments: [0, -1, .min] as [Int64]) func nothingToChooseFrom(_ limit: Int64) {
        #expect(randomSpan(upTo: Span(microseconds: limit)) == .zero)
    }

    @Test(arguments: [1, 2, 10, .max] as [Int64]) func choosesWithinItsLimit(_ limit: Int64) {
        var seen: Set<Int64> = []
        for _ in 0..<500 {
            let number = randomSpan(upTo: Span(microseconds: limit)).microseconds
            #expect((0...limit).contains(number))
            seen.insert(number)
        }
        // 500 draws miss one of eleven values once in 10^20 runs.
        #expect(seen.count >= Int(min(limit, 10)) + 1)
    }
}
