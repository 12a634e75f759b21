// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct KeyNumbersTests {
    /// A key that is a letter must not end itself, nor begin an escape.
    @Test func eachNumberHasALetterOfItsOwn() {
        var letters: Set<UInt8> = []
        for number in 0..<KeyNumbers.most {
            let letter = KeyNumbers.letter(number)
            #expect((0x20...0x7E).contains(letter) && letter != 0x22 && letter != 0x5C)
            #expect(KeyNumbers.number(letter: letter) == number)
            letters.insert(letter)
        }
        #expect(letters.count == KeyNumbers.most)
    }

    /// Keys of every length up to 20 bytes that differ in one byte: some of them have one hash.
    @Test func keysAreToldApartByEachByte() throws {
        for length in 1...20 {
            let words =
                [String(repeating: "k", count: length)]
                + (0..<length).map { place in
                    String((0..<length).map { $0 == place ? "x" : "k" } as [Character])
                }
            let source = Array(words.joined().utf8)
            try source.withUnsafeBufferPointer { source in
                let keys = try #require(KeyNumbers.allocate(for: source))
                defer { keys.deallocate() }
                for word in words { withBytes(of: word) { #expect(keys.number(of: $0) == nil) } }
                for _ in 0..<2 {
                    for (number, word) in words.enumerated() {
                        #expect(keys.number(offset: number * length, length: length) == number)
                        withBytes(of: word) { #expect(keys.number(of: $0) == number) }
                        #expect(keys.key(number).map { Array($0) } == Array(word.utf8))
                    }
                }
                #expect(keys.key(words.count) == nil && keys.key(-1) == nil)
            }
        }
    }

    @Test func thereIsAnEndOfNumbers() throws {
        let source = Array((0...KeyNumbers.most).map { String(100 + $0) }.joined().utf8)
        try source.withUnsafeBufferPointer { source in
            let keys = try #require(KeyNumbers.allocate(for: source))
            defer { keys.deallocate() }
            for number in 0..<KeyNumbers.most {
                #expect(keys.number(offset: number * 3, length: 3) == number)
            }
            #expect(keys.number(offset: KeyNumbers.most * 3, length: 3) == nil)
            #expect(keys.number(offset: 0, length: 3) == 0)
        }
    }

    @Test func eachLevelHasASetOfItsOwn() throws {
        let keys = try #require(KeyNumbers.allocate(for: UnsafeBufferPointer(start: nil, count: 0)))
        defer { keys.deallocate() }
        for level in 0..<KeyNumbers.levels { keys.begin(level: level) }
        for level in 0..<KeyNumbers.levels {
            for number in [0, 63, 64, KeyNumbers.most - 1] {
                #expect(!keys.add(number, level: level))
                #expect(keys.add(number, level: level))
            }
        }
        keys.begin(level: 3)
        #expect(!keys.add(64, level: 3) && keys.add(64, level: 4))
        // Beyond them nothing is known, and nothing is written.
        for level in [-1, KeyNumbers.levels, Int.max, Int.min] {
            keys.begin(level: level)
            #expect(keys.add(1, level: level))
        }
    }
}
