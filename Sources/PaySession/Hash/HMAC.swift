// SPDX-License-Identifier: MIT
import CPlatform

/// A message authentication code (RFC 2104) by SHA-256 or SHA-512: who knows the key made the text.
enum HMAC<Word: SHA2Word> {
    static var length: Int { SHA2<Word>.digestLength }

    /// - Parameters:
    ///   - parts: authenticated as if each stood behind the one before.
    ///   - code: `length` bytes.
    static func code(
        of parts: [UnsafeBufferPointer<UInt8>], key: UnsafeBufferPointer<UInt8>,
        into code: UnsafeMutablePointer<UInt8>
    ) {
        let blockLength = SHA2<Word>.blockLength
        withWiped(UInt8.self, blockLength + length) { block in
            let inner = block + blockLength
            if key.count > blockLength {
                SHA2<Word>.hash([key], into: block)
            } else if let start = key.baseAddress {
                memcpy(block, start, key.count)
            }
            let padded = UnsafeBufferPointer(start: block, count: blockLength)
            for place in 0..<blockLength { block[place] ^= innerPad }
            SHA2<Word>.hash([padded] + parts, into: inner)
            for place in 0..<blockLength { block[place] ^= innerPad ^ outerPad }
            SHA2<Word>.hash([padded, UnsafeBufferPointer(start: inner, count: length)], into: code)
        }
    }
}

/// ipad and opad of RFC 2104, 2.
private let innerPad: UInt8 = 0x36
private let outerPad: UInt8 = 0x5C

/// Whether two codes are the same, in a time that does not tell where they differ: whoever could
/// measure that would find a code byte by byte. Each byte of the expected one is looked at; the
/// length of either is no secret.
@inline(never)
func isSameCode(
    _ given: UnsafeBufferPointer<UInt8>, _ expected: UnsafeBufferPointer<UInt8>
) -> Bool {
    var difference: UInt8 = given.count == expected.count ? 0 : 1
    for place in 0..<expected.count {
        difference |= expected[place] ^ (place < given.count ? given[place] : 0)
    }
    return difference == 0
}
