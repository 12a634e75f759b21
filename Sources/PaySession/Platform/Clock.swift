// SPDX-License-Identifier: MIT
import CPlatform

/// A length of time. What is too long to be counted is endless, and never overflows.
struct Span: Comparable {
    let microseconds: Int64

    static var zero: Span { Span(microseconds: 0) }
    static var endless: Span { Span(microseconds: Int64.max) }

    static func milliseconds(_ count: Int64) -> Span { Span(count, of: 1000) }
    static func seconds(_ count: Int64) -> Span { Span(count, of: 1_000_000) }

    init(microseconds: Int64) { self.microseconds = microseconds }

    private init(_ count: Int64, of unit: Int64) {
        let (product, isTooLong) = count.multipliedReportingOverflow(by: unit)
        microseconds = isTooLong ? count < 0 ? Int64.min : Int64.max : product
    }

    /// Rounded up: waiting that long never ends early. What is endless stays so.
    var milliseconds: Int64 {
        if self == .endless { return Int64.max }
        return microseconds <= 0 ? 0 : (microseconds &- 1) / 1000 &+ 1
    }

    static func < (one: Span, other: Span) -> Bool { one.microseconds < other.microseconds }
}

/// A moment on a clock that never jumps, in microseconds.
protocol Moment: Comparable {
    var microseconds: Int64 { get }
    init(microseconds: Int64)
}

extension Moment {
    static var never: Self { Self(microseconds: Int64.max) }
    static var longAgo: Self { Self(microseconds: 0) }

    func adding(_ span: Span) -> Self {
        let (sum, isTooLate) = microseconds.addingReportingOverflow(span.microseconds)
        return isTooLate ? .never : Self(microseconds: sum)
    }

    func since(_ earlier: Self) -> Span {
        Span(microseconds: microseconds &- earlier.microseconds)
    }

    static func < (one: Self, other: Self) -> Bool { one.microseconds < other.microseconds }
}

/// On the clock that stands still while this machine sleeps: for deadlines and pauses.
struct Instant: Moment {
    let microseconds: Int64
    static var now: Instant { Instant(microseconds: cplatform_monotonic()) }
}

/// On the clock that goes on while this machine sleeps, as the life of a token does. Not comparable
/// with an `Instant`.
struct BootInstant: Moment {
    let microseconds: Int64
    static var now: BootInstant { BootInstant(microseconds: cplatform_boottime()) }
}

/// An even choice from nothing to `limit`, for pauses only; nothing if the kernel has no random
/// bytes to give.
func randomSpan(upTo limit: Span) -> Span {
    guard limit > .zero else { return .zero }
    var bits: UInt64 = 0
    let got = withUnsafeMutableBytes(of: &bits) { getrandom($0.baseAddress, $0.count, 0) }
    return Span(microseconds: got == 8 ? Int64(bits % (UInt64(limit.microseconds) + 1)) : 0)
}
