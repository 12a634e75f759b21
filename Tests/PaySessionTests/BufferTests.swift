// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct BufferTests {
    @Test func beginsEmpty() {
        let buffer = Buffer()
        #expect(buffer.count == 0)
        #expect(buffer.isComplete)
        #expect(Array(buffer.bytes) == [])
        buffer.removeLast()
        buffer.removeAll()
        buffer.append("")
        buffer.append(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(buffer.count == 0)
        #expect(buffer.isComplete)
    }

    /// Past the first 256 bytes and several doublings, whichever way they come.
    @Test(arguments: [1, 7, 255, 256, 257, 1000]) func keepsEveryByteInOrder(_ step: Int) {
        let one = Buffer()
        let many = Buffer(holdsSecrets: true)
        var expected: [UInt8] = []
        var next: UInt8 = 0
        while expected.count < 5000 {
            var chunk: [UInt8] = []
            for _ in 0..<step {
                chunk.append(next)
                next = next &* 31 &+ 7
            }
            expected += chunk
            for byte in chunk { one.append(byte) }
            chunk.withUnsafeBytes { many.append($0) }
        }
        #expect(Array(one.bytes) == expected)
        #expect(Array(many.bytes) == expected)
        #expect(one.count == expected.count)
    }

    @Test func takesTextAsUTF8() {
        let buffer = Buffer()
        buffer.append("a\0")
        buffer.append("\u{20AC}")
        #expect(Array(buffer.bytes) == [0x61, 0x00, 0xE2, 0x82, 0xAC])
        buffer.removeLast()
        #expect(Array(buffer.bytes) == [0x61, 0x00, 0xE2, 0x82])
    }

    @Test func copies() {
        var source: [UInt8] = [1, 2, 3]
        let buffer = source.withUnsafeBytes { Buffer(copying: $0) }
        source = [9, 9, 9]
        #expect(Array(buffer.bytes) == [1, 2, 3])
    }

    @Test func reservingKeepsTheContent() {
        let buffer = Buffer("abc")
        buffer.reserve(100_000)
        #expect(buffer.text == "abc")
        buffer.reserve(1)
        buffer.append("d")
        #expect(buffer.text == "abcd")
    }

    /// More than any memory holds: noted, not a trap.
    @Test(arguments: [Int.max, Int.max - 1, 1 << 62, 1 << 61]) func notesThatMemoryRanOut(
        _ wanted: Int
    ) {
        let buffer = Buffer("abc")
        buffer.reserve(wanted)
        #expect(!buffer.isComplete)
        #expect(buffer.text == "abc")
        buffer.append(0x64)
        buffer.append("def")
        buffer.reserve(10)
        #expect(!buffer.isComplete)
        #expect(buffer.text == "abc")
        buffer.removeAll()
        #expect(buffer.isComplete)
        buffer.append("x")
        #expect(buffer.text == "x")
    }

    @Test func isReadyAgainAfterRemoveAll() {
        let buffer = Buffer("abc")
        buffer.removeAll()
        #expect(buffer.count == 0)
        buffer.append("de")
        #expect(buffer.text == "de")
    }

    /// The memory still belongs to the buffer, so that it may be looked at.
    @Test func removeAllWipesSecrets() throws {
        let buffer = Buffer(holdsSecrets: true)
        buffer.append("hunter2hunter2")
        let count = buffer.count
        buffer.removeAll()
        let memory = try #require(buffer.bytes.baseAddress)
        #expect(UnsafeBufferPointer(start: memory, count: count).allSatisfy { $0 == 0 })
    }
}
