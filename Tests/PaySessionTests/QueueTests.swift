// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct QueueTests {
    @Test func beginsEmpty() {
        var queue = Queue<Int>()
        #expect(queue.isEmpty && queue.count == 0 && queue.first == nil)
        #expect(queue.popFirst() == nil)
        #expect(queue.popFirst() == nil)
        queue.append(1)
        #expect(!queue.isEmpty && queue.count == 1 && queue.first == 1)
        #expect(queue.popFirst() == 1)
        #expect(queue.isEmpty && queue.first == nil)
    }

    /// First in, first out, however putting in and taking out alternate: past the 256 elements
    /// after which room is given back, and back to nothing.
    @Test(arguments: [(1, 1), (2, 1), (3, 2), (100, 99), (255, 1), (256, 256), (1000, 300), (1, 5)])
    func givesInTheOrderOfTaking(_ put: Int, _ take: Int) {
        var queue = Queue<Int>()
        var (next, expected) = (0, 0)
        func takeOut(_ count: Int) {
            for _ in 0..<count {
                #expect(queue.first == (expected < next ? expected : nil))
                let got = queue.popFirst()
                guard expected < next else {
                    #expect(got == nil)
                    continue
                }
                #expect(got == expected)
                expected += 1
                #expect(queue.count == next - expected)
            }
        }
        for _ in 0..<20 {
            for _ in 0..<put {
                queue.append(next)
                next += 1
            }
            #expect(queue.count == next - expected)
            takeOut(take)
        }
        takeOut(queue.count)
        #expect(queue.isEmpty && expected == next)
    }

    /// What was taken out is let go at once, not when the room is given back.
    @Test func keepsNothingThatWasTaken() {
        final class Thing {}
        var queue = Queue<Thing>()
        weak var first: Thing?
        do {
            let thing = Thing()
            first = thing
            queue.append(thing)
            queue.append(Thing())
        }
        #expect(first != nil)
        _ = queue.popFirst()
        #expect(first == nil)
        #expect(queue.count == 1)
    }
}
