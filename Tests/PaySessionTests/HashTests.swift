// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

/// SHA-2 and HMAC against what is published. Tests/Callbacks/test_hash.py asks Python of 100,000
/// others, of the same sources as they are optimized.
@Suite struct HashTests {
    struct Row: Sendable {
        let text: String
        let sha256, sha512: String
        init(_ text: String, _ sha256: String, _ sha512: String) {
            self.text = text
            self.sha256 = sha256
            self.sha512 = sha512
        }
    }

    /// NIST, "Cryptographic Standards and Guidelines: Example Values", of FIPS 180-4.
    @Test(arguments: [
        Row(
            "",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"),
        Row(
            "abc",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
        Row(
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            "204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c335"
                + "96fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445"),
        Row(
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
            "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
                + "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"),
    ]) func hashesTheExamplesOfFIPS180(_ row: Row) {
        #expect(hash(UInt32.self, [Array(row.text.utf8)]) == row.sha256)
        #expect(hash(UInt64.self, [Array(row.text.utf8)]) == row.sha512)
    }

    struct Code: Sendable {
        let key, text: [UInt8]
        let sha256, sha512: String
        init(key: [UInt8], text: [UInt8], _ sha256: String, _ sha512: String) {
            self.key = key
            self.text = text
            self.sha256 = sha256
            self.sha512 = sha512
        }
    }

    /// RFC 4231, 4.2 to 4.8 without 4.6, whose codes are cut.
    @Test(arguments: [
        Code(
            key: [UInt8](repeating: 0x0B, count: 20), text: Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                + "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"),
        Code(
            key: Array("Jefe".utf8), text: Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"),
        Code(
            key: [UInt8](repeating: 0xAA, count: 20), text: [UInt8](repeating: 0xDD, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
                + "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"),
        Code(
            key: Array(1...25), text: [UInt8](repeating: 0xCD, count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
                + "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"),
        Code(
            key: [UInt8](repeating: 0xAA, count: 131),
            text: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                + "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"),
        Code(
            key: [UInt8](repeating: 0xAA, count: 131),
            text: Array(
                ("This is a test using a larger than block-size key and a larger than "
                    + "block-size data. The key needs to be hashed before being used by the "
                    + "HMAC algorithm.").utf8),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944"
                + "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"),
    ]) func authenticatesTheExamplesOfRFC4231(_ code: Code) {
        #expect(authenticate(UInt32.self, [code.text], code.key) == code.sha256)
        #expect(authenticate(UInt64.self, [code.text], code.key) == code.sha512)
    }

    /// RFC 4231, 4.6: the first 128 bits.
    @Test func authenticatesTheExampleThatIsCut() {
        let key = [UInt8](repeating: 0x0C, count: 20)
        let text = Array("Test With Truncation".utf8)
        #expect(
            authenticate(UInt32.self, [text], key).hasPrefix("a3b6167473100ee06e0c796c2955552b"))
        #expect(
            authenticate(UInt64.self, [text], key).hasPrefix("415fad6271580a531d4179bc891d87a6"))
    }

    /// Wherever a text ends in a block: all lengths from 0 to 300, hashed together; by hashlib.
    @Test func hashesEachLength() {
        let texts = (0...300).map { length in (0..<length).map { UInt8($0 % 251) } }
        #expect(
            hash(UInt32.self, texts.map { bytes(of: hash(UInt32.self, [$0])) })
                == "b90e35153500e9a471591550ee25a954527c6b4448afff95f7949a2ca93300ce")
        #expect(
            hash(UInt64.self, texts.map { bytes(of: hash(UInt64.self, [$0])) })
                == "da20b3b598f77f25e2e2d1941e345bfe16543f32378fbc8447fbb64f038964ce"
                + "a0808c9d450e5e83ac095f5656c102b2ff15a8e0501c7553a7afe1e0256b5e09")
    }

    /// Keys shorter and longer than a block. By Python's hmac.
    @Test func authenticatesWithEachLength() {
        let texts = (0...300).map { length in (0..<length).map { UInt8($0 % 251) } }
        #expect(
            hash(
                UInt32.self,
                texts.map { bytes(of: authenticate(UInt32.self, [$0.reversed()], $0)) })
                == "b3478670685d7aa54c4baa4184e9102def67a4fe8d59ed26ff6525f80ef2755d")
        #expect(
            hash(
                UInt64.self,
                texts.map { bytes(of: authenticate(UInt64.self, [$0.reversed()], $0)) })
                == "69ca9d59d255e51f866cc6533ec9bd0c1e2085168d5d28c605bb97bdea10be97"
                + "50e1bdcaab0358097b36af4eb7c1ff28f6c38caea5b55f253f41b2691f155bae")
    }

    /// However it is cut: a text is the same in one part and in many.
    @Test func partsAreOneText() {
        let text = (0..<300).map { UInt8($0 % 256) }
        let key = Array("key".utf8)
        for cut in [0, 1, 63, 64, 65, 127, 128, 129, 300] {
            let parts = [Array(text[..<cut]), [], Array(text[cut...])]
            #expect(hash(UInt32.self, parts) == hash(UInt32.self, [text]))
            #expect(hash(UInt64.self, parts) == hash(UInt64.self, [text]))
            #expect(
                authenticate(UInt64.self, parts, key) == authenticate(UInt64.self, [text], key))
        }
    }

    @Test(
        arguments: [
            ([], [], true), ([1], [1], true), ([1, 2, 3], [1, 2, 3], true),
            ([1, 2, 3], [1, 2, 4], false),
            ([0, 2, 3], [1, 2, 3], false), ([1, 2], [1, 2, 3], false), ([1, 2, 3], [1, 2], false),
            ([], [0], false), ([0], [], false), ([1, 2, 0], [1, 2], false),
            ([1, 2], [1, 2, 0], false),
        ] as [([UInt8], [UInt8], Bool)]) func codesAreTheSameByteForByte(
            _ one: [UInt8], _ other: [UInt8], _ isSame: Bool
        )
    {
        one.withUnsafeBufferPointer { one in
            other.withUnsafeBufferPointer { #expect(isSameCode(one, $0) == isSame) }
        }
    }

    /// 255 ^ 1 is not 0, and neither is what remains of them in one bit.
    @Test func eachBitCounts() {
        let right = [UInt8](repeating: 0x5A, count: 32)
        for bit in 0..<256 {
            var wrong = right
            wrong[bit / 8] ^= 1 << UInt8(bit % 8)
            wrong.withUnsafeBufferPointer { wrong in
                right.withUnsafeBufferPointer { #expect(!isSameCode(wrong, $0)) }
            }
        }
    }

    private func hash<Word: SHA2Word>(_ word: Word.Type, _ parts: [[UInt8]]) -> String {
        var digest = [UInt8](repeating: 0, count: SHA2<Word>.digestLength)
        within(parts) { SHA2<Word>.hash($0, into: &digest) }
        return hexadecimal(digest)
    }

    private func authenticate<Word: SHA2Word>(
        _ word: Word.Type, _ parts: [[UInt8]], _ key: [UInt8]
    ) -> String {
        var code = [UInt8](repeating: 0, count: HMAC<Word>.length)
        key.withUnsafeBufferPointer { key in
            within(parts) { HMAC<Word>.code(of: $0, key: key, into: &code) }
        }
        return hexadecimal(code)
    }

    private func within(_ parts: [[UInt8]], _ body: ([UnsafeBufferPointer<UInt8>]) -> Void) {
        let buffers = parts.map { Buffer($0) }
        body(buffers.map(\.bytes))
        withExtendedLifetime(buffers) {}
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private func bytes(of text: String) -> [UInt8] {
        let digits = Array(text.utf8).map { hexadecimalValue($0) ?? 0 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
