// SPDX-License-Identifier: MIT

// What the library signs with, in a program of its own, for it exports none of it. Compiled
// together with Sources/PaySession/Hash by test_hash.py.
//
//   hashes codes         from stdin: the length of a key and of a text, 4 bytes each, the lowest
//   first,
//                        then both; to stdout: the codes by SHA-256 and SHA-512, one behind the
//                        other
//   hashes millions      SHA-256 and SHA-512 of a million times "a" (an example of FIPS 180-4), in
//   bytes hashes times RUNS    nanoseconds to compare a code that is wrong in its first byte, and
//   in its last

import CPlatform
import Glibc

@main struct Program {
    static func main() {
        switch CommandLine.arguments.dropFirst().first {
        case "codes": while code() {}
        case "millions": million()
        case "times": times(Int(CommandLine.arguments.last ?? "") ?? 1)
        default: exit(2)
        }
        fflush(stdout)
    }

    static func code() -> Bool {
        var lengths: [UInt32] = [0, 0]
        guard fread(&lengths, 4, 2, stdin) == 2 else { return false }
        var key = [UInt8](repeating: 0, count: Int(lengths[0]))
        var text = [UInt8](repeating: 0, count: Int(lengths[1]))
        guard fread(&key, 1, key.count, stdin) == key.count,
            fread(&text, 1, text.count, stdin) == text.count
        else { return false }
        var codes = [UInt8](repeating: 0, count: 96)
        key.withUnsafeBufferPointer { key in
            text.withUnsafeBufferPointer { text in
                codes.withUnsafeMutableBufferPointer { codes in
                    guard let start = codes.baseAddress else { return }
                    HMAC<UInt32>.code(of: [text], key: key, into: start)
                    HMAC<UInt64>.code(of: [text], key: key, into: start + 32)
                }
            }
        }
        fwrite(codes, 1, codes.count, stdout)
        return true
    }

    static func million() {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        var digests = [UInt8](repeating: 0, count: 96)
        text.withUnsafeBufferPointer { text in
            digests.withUnsafeMutableBufferPointer { digests in
                guard let start = digests.baseAddress else { return }
                SHA256.hash([text], into: start)
                SHA512.hash([text], into: start + 32)
            }
        }
        fwrite(digests, 1, digests.count, stdout)
    }

    /// In turns, so that what else this machine does falls upon both.
    static func times(_ runs: Int) {
        let right = [UInt8](repeating: 0x5A, count: 64)
        let wrong = [0, 63].map { place in
            right.indices.map { $0 == place ? 0xA5 : right[$0] }
        }
        var spent: [UInt64] = [0, 0]
        var seen = 0
        let pieces = max(runs / 1000, 1)
        for piece in 0..<2 * pieces {
            let start = nanoseconds()
            wrong[piece % 2].withUnsafeBufferPointer { wrong in
                right.withUnsafeBufferPointer { right in
                    for _ in 0..<1000 where isSameCode(wrong, right) { seen += 1 }
                }
            }
            spent[piece % 2] += nanoseconds() - start
        }
        print(spent[0], spent[1], seen)
    }

    static func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
