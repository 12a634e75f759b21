// SPDX-License-Identifier: MIT
import CPlatform

/// A word of SHA-2: of 32 bits in SHA-256, of 64 in SHA-512. Where the two differ, FIPS 180-4 says
/// it here: in how often a block is stirred, and in how far words are turned (4.1.2 and 4.1.3).
protocol SHA2Word: FixedWidthInteger, UnsignedInteger {
    static var rounds: Int { get }
    /// Σ0, Σ1, σ0 and σ1 of the standard.
    static func upperSigma0(_ word: Self) -> Self
    static func upperSigma1(_ word: Self) -> Self
    static func lowerSigma0(_ word: Self) -> Self
    static func lowerSigma1(_ word: Self) -> Self
}

extension UInt32: SHA2Word {
    static var rounds: Int { 64 }
    static func upperSigma0(_ word: UInt32) -> UInt32 {
        turned(word, 2) ^ turned(word, 13) ^ turned(word, 22)
    }
    static func upperSigma1(_ word: UInt32) -> UInt32 {
        turned(word, 6) ^ turned(word, 11) ^ turned(word, 25)
    }
    static func lowerSigma0(_ word: UInt32) -> UInt32 {
        turned(word, 7) ^ turned(word, 18) ^ word &>> 3
    }
    static func lowerSigma1(_ word: UInt32) -> UInt32 {
        turned(word, 17) ^ turned(word, 19) ^ word &>> 10
    }
}

extension UInt64: SHA2Word {
    static var rounds: Int { 80 }
    static func upperSigma0(_ word: UInt64) -> UInt64 {
        turned(word, 28) ^ turned(word, 34) ^ turned(word, 39)
    }
    static func upperSigma1(_ word: UInt64) -> UInt64 {
        turned(word, 14) ^ turned(word, 18) ^ turned(word, 41)
    }
    static func lowerSigma0(_ word: UInt64) -> UInt64 {
        turned(word, 1) ^ turned(word, 8) ^ word &>> 7
    }
    static func lowerSigma1(_ word: UInt64) -> UInt64 {
        turned(word, 19) ^ turned(word, 61) ^ word &>> 6
    }
}

/// ROTR of the standard: to the right, and in again at the left.
private func turned<Word: SHA2Word>(_ word: Word, _ count: Word) -> Word {
    word &>> count | word &<< (Word(truncatingIfNeeded: Word.bitWidth) &- count)
}

typealias SHA256 = SHA2<UInt32>
typealias SHA512 = SHA2<UInt64>

/// SHA-256 and SHA-512 (FIPS 180-4, https://doi.org/10.6028/NIST.FIPS.180-4). Ours, for the library
/// needs nothing but libcurl, jansson and the C library, and an OpenSSL of its own choice would
/// bind it to that one's version.
///
/// What is hashed may be a key: all that is made on the way is wiped, registers and the places on
/// the stack where the compiler puts them aside.
enum SHA2<Word: SHA2Word> {
    static var digestLength: Int { 8 * MemoryLayout<Word>.size }
    static var blockLength: Int { 16 * MemoryLayout<Word>.size }

    /// - Parameters:
    ///   - parts: hashed as if each stood behind the one before.
    ///   - digest: `digestLength` bytes.
    static func hash(
        _ parts: [UnsafeBufferPointer<UInt8>], into digest: UnsafeMutablePointer<UInt8>
    ) {
        withWiped(Word.self, 8 + Word.rounds) { words in
            withWiped(UInt8.self, blockLength) { block in
                hash(parts, state: words, schedule: words + 8, block: block)
                for place in 0..<digestLength {
                    let (word, byte) = place.quotientAndRemainder(dividingBy: size)
                    let shift = Word(truncatingIfNeeded: 8 * (size - 1 - byte))
                    digest[place] = UInt8(truncatingIfNeeded: words[word] &>> shift)
                }
            }
        }
    }

    private static var size: Int { MemoryLayout<Word>.size }

    private static func hash(
        _ parts: [UnsafeBufferPointer<UInt8>], state: UnsafeMutablePointer<Word>,
        schedule: UnsafeMutablePointer<Word>, block: UnsafeMutablePointer<UInt8>
    ) {
        for place in 0..<8 { state[place] = upperBits(initialState[place]) }
        var filled = 0
        var length: UInt64 = 0
        func add(_ byte: UInt8) {
            block[filled] = byte
            filled += 1
            if filled == blockLength {
                stir(block, into: state, schedule)
                filled = 0
            }
        }
        for part in parts {
            for byte in part { add(byte) }
            length &+= UInt64(part.count)
        }
        // A bit that is set, zeros, and the length in bits, as two words that end the last block
        // (5.1). What is in memory never needs more than 64 bits for it.
        add(0x80)
        while filled != blockLength - 2 * size { add(0) }
        while filled != blockLength - 8 { add(0) }
        let bits = length &<< 3
        for shift: UInt64 in [56, 48, 40, 32, 24, 16, 8, 0] {
            add(UInt8(truncatingIfNeeded: bits &>> shift))
        }
    }

    /// One block (6.2.2 and 6.4.2).
    private static func stir(
        _ block: UnsafeMutablePointer<UInt8>, into state: UnsafeMutablePointer<Word>,
        _ schedule: UnsafeMutablePointer<Word>
    ) {
        for place in 0..<16 {
            var word: Word = 0
            for byte in 0..<size {
                word = word &<< 8 | Word(truncatingIfNeeded: block[size * place + byte])
            }
            schedule[place] = word
        }
        for place in 16..<Word.rounds {
            schedule[place] =
                Word.lowerSigma1(schedule[place - 2]) &+ schedule[place - 7]
                &+ Word.lowerSigma0(schedule[place - 15]) &+ schedule[place - 16]
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for round in 0..<Word.rounds {
            let choice = e & f ^ ~e & g
            let majority = a & b ^ a & c ^ b & c
            let first =
                h &+ Word.upperSigma1(e) &+ choice &+ upperBits(roundConstants[round])
                &+ schedule[round]
            let second = Word.upperSigma0(a) &+ majority
            (h, g, f, e) = (g, f, e, d &+ first)
            (d, c, b, a) = (c, b, a, first &+ second)
        }
        state[0] &+= a
        state[1] &+= b
        state[2] &+= c
        state[3] &+= d
        state[4] &+= e
        state[5] &+= f
        state[6] &+= g
        state[7] &+= h
    }

    /// SHA-256's constants are the upper halves of SHA-512's, for both are the first bits of the
    /// same fractions (4.2 and 5.3).
    private static func upperBits(_ constant: UInt64) -> Word {
        Word(truncatingIfNeeded: constant &>> UInt64(64 - Word.bitWidth))
    }
}

/// Memory for `body` that is wiped behind it.
func withWiped<Element: FixedWidthInteger>(
    _ type: Element.Type, _ count: Int, _ body: (UnsafeMutablePointer<Element>) -> Void
) {
    withUnsafeTemporaryAllocation(of: type, capacity: count) { memory in
        guard let start = memory.baseAddress else { return }
        memory.initialize(repeating: 0)
        body(start)
        explicit_bzero(start, count * MemoryLayout<Element>.size)
    }
}

/// The first 64 bits of the fractions of the square roots of the first 8 primes (5.3.5).
private let initialState: [UInt64] = [
    0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1, 0x9B05_688C_2B3E_6C1F, 0x1F83_D9AB_FB41_BD6B, 0x5BE0_CD19_137E_2179,
]

/// The first 64 bits of the fractions of the cube roots of the first 80 primes (4.2.3).
private let roundConstants: [UInt64] = [
    0x428A_2F98_D728_AE22, 0x7137_4491_23EF_65CD, 0xB5C0_FBCF_EC4D_3B2F, 0xE9B5_DBA5_8189_DBBC,
    0x3956_C25B_F348_B538, 0x59F1_11F1_B605_D019, 0x923F_82A4_AF19_4F9B, 0xAB1C_5ED5_DA6D_8118,
    0xD807_AA98_A303_0242, 0x1283_5B01_4570_6FBE, 0x2431_85BE_4EE4_B28C, 0x550C_7DC3_D5FF_B4E2,
    0x72BE_5D74_F27B_896F, 0x80DE_B1FE_3B16_96B1, 0x9BDC_06A7_25C7_1235, 0xC19B_F174_CF69_2694,
    0xE49B_69C1_9EF1_4AD2, 0xEFBE_4786_384F_25E3, 0x0FC1_9DC6_8B8C_D5B5, 0x240C_A1CC_77AC_9C65,
    0x2DE9_2C6F_592B_0275, 0x4A74_84AA_6EA6_E483, 0x5CB0_A9DC_BD41_FBD4, 0x76F9_88DA_8311_53B5,
    0x983E_5152_EE66_DFAB, 0xA831_C66D_2DB4_3210, 0xB003_27C8_98FB_213F, 0xBF59_7FC7_BEEF_0EE4,
    0xC6E0_0BF3_3DA8_8FC2, 0xD5A7_9147_930A_A725, 0x06CA_6351_E003_826F, 0x1429_2967_0A0E_6E70,
    0x27B7_0A85_46D2_2FFC, 0x2E1B_2138_5C26_C926, 0x4D2C_6DFC_5AC4_2AED, 0x5338_0D13_9D95_B3DF,
    0x650A_7354_8BAF_63DE, 0x766A_0ABB_3C77_B2A8, 0x81C2_C92E_47ED_AEE6, 0x9272_2C85_1482_353B,
    0xA2BF_E8A1_4CF1_0364, 0xA81A_664B_BC42_3001, 0xC24B_8B70_D0F8_9791, 0xC76C_51A3_0654_BE30,
    0xD192_E819_D6EF_5218, 0xD699_0624_5565_A910, 0xF40E_3585_5771_202A, 0x106A_A070_32BB_D1B8,
    0x19A4_C116_B8D2_D0C8, 0x1E37_6C08_5141_AB53, 0x2748_774C_DF8E_EB99, 0x34B0_BCB5_E19B_48A8,
    0x391C_0CB3_C5C9_5A63, 0x4ED8_AA4A_E341_8ACB, 0x5B9C_CA4F_7763_E373, 0x682E_6FF3_D6B2_B8A3,
    0x748F_82EE_5DEF_B2FC, 0x78A5_636F_4317_2F60, 0x84C8_7814_A1F0_AB72, 0x8CC7_0208_1A64_39EC,
    0x90BE_FFFA_2363_1E28, 0xA450_6CEB_DE82_BDE9, 0xBEF9_A3F7_B2C6_7915, 0xC671_78F2_E372_532B,
    0xCA27_3ECE_EA26_619C, 0xD186_B8C7_21C0_C207, 0xEADA_7DD6_CDE0_EB1E, 0xF57D_4F7F_EE6E_D178,
    0x06F0_67AA_7217_6FBA, 0x0A63_7DC5_A2C8_98A6, 0x113F_9804_BEF9_0DAE, 0x1B71_0B35_131C_471B,
    0x28DB_77F5_2304_7D84, 0x32CA_AB7B_40C7_2493, 0x3C9E_BE0A_15C9_BEBC, 0x431D_67C4_9C10_0D4C,
    0x4CC5_D4BE_CB3E_42B6, 0x597F_299C_FC65_7E2A, 0x5FCB_6FAB_3AD6_FAEC, 0x6C44_198C_4A47_5817,
]
