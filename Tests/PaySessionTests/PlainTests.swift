// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct PlainTests {
    /// By RFC 8259: what a string may hold as it is, here without other scripts and DEL.
    static func isPlain(_ byte: UInt8) -> Bool {
        (0x20...0x7E).contains(byte) && byte != 0x22 && byte != 0x5C
    }

    /// Each byte at each place of two words and a rest, among each kind of neighbour.
    @Test func eachByteIsFoundWhereverItStands() {
        for neighbour in [0x61, 0x20, 0x7E, 0x21, 0x23, 0x5B, 0x5D] as [UInt8] {
            for byte in 0...255 as ClosedRange<UInt8> {
                for place in 0..<21 {
                    var bytes = [UInt8](repeating: neighbour, count: 21)
                    bytes[place] = byte
                    let count = bytes.withUnsafeBufferPointer { countPlain($0) }
                    #expect(count == (Self.isPlain(byte) ? 21 : place))
                }
            }
        }
    }

    /// A byte that is not plain must not hide or invent one beside it.
    @Test func theFirstOfTwoCounts() {
        let odd: [UInt8] = [0x00, 0x01, 0x1F, 0x22, 0x5C, 0x7F, 0x80, 0xFF]
        for first in odd {
            for second in odd {
                for place in 0..<8 {
                    var bytes = [UInt8](repeating: 0x61, count: 16)
                    bytes[place] = first
                    bytes[place + 1] = second
                    #expect(bytes.withUnsafeBufferPointer { countPlain($0) } == place)
                }
            }
        }
    }

    @Test func noBytesAreNoneOfThem() {
        #expect(countPlain(UnsafeBufferPointer(start: nil, count: 0)) == 0)
    }
}
