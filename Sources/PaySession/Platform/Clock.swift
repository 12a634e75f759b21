// SPDX-License-Identifier: MIT
import CPlatform

/// A moment on a clock that never jumps, in microseconds.
struct Instant: Comparable {
    let microseconds: Int64

    /// For deadlines and pauses.
    static var now: Instant { Instant(microseconds: cplatform_monotonic()) }

    /// For the life of a token, which goes on while this machine sleeps. Not comparable with `now`.
    static var nowAsleepToo: Instant { Instant(microseconds: cplatform_boottime()) }

    func adding(milliseconds: Int64) -> Instant {
        let (micros, tooBig) = milliseconds.multipliedReportingOverflow(by: 1000)
        let (sum, overflow) = microseconds.addingReportingOverflow(micros)
        return Instant(microseconds: tooBig || overflow ? Int64.max : sum)
    }

    func microseconds(since earlier: Instant) -> Int64 { microseconds &- earlier.microseconds }

    /// Rounded up: waiting that long never ends early.
    func milliseconds(since earlier: Instant) -> Int64 {
        let difference = microseconds(since: earlier)
        return difference <= 0 ? 0 : (difference &- 1) / 1000 &+ 1
    }

    static func < (one: Instant, other: Instant) -> Bool { one.microseconds < other.microseconds }
}

/// An even choice from 0...limit, for pauses only; 0 if the kernel has no random bytes to give.
func randomNumber(upTo limit: Int64) -> Int64 {
    guard limit > 0 else { return 0 }
    var bits: UInt64 = 0
    let got = withUnsafeMutableBytes(of: &bits) { getrandom($0.baseAddress, $0.count, 0) }
    return got == 8 ? Int64(bits % (UInt64(limit) + 1)) : 0
}
