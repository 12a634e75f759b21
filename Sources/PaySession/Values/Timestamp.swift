// SPDX-License-Identifier: MIT

/// A point in time, as text in and text out: nothing is computed but the shift to UTC.
struct Timestamp {
    /// As the document has it, which is in UTC already and in the one spelling that is given out:
    /// the most frequent case.
    private let written: DocumentText
    private let shifted: String?

    /// RFC 3339 in UTC with Z, fraction digits kept (0 to 9). nil for what cannot be read for
    /// certain: no offset, an impossible date, more digits, anything before or after. Inbank sends
    /// numeric offsets, Kustom nine digits, Ledyer six. A second 60, a leap second, stays one.
    init?(_ text: DocumentText) {
        written = text
        switch Timestamp.read(text.bytes) {
        case .asWritten: shifted = nil
        case .shifted(let utc): shifted = utc
        case nil: return nil
        }
    }

    func withUTC<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        if let shifted { return withBytes(of: shifted, body) }
        return body(written.bytes)
    }

    var order: Order { withUTC { Order($0) } }

    /// Of "2024-01-15T10:30:00.123Z".
    static let length = 24

    /// Microseconds since 1970, in UTC, down to milliseconds. Not by gmtime_r(3), which takes a
    /// lock that a fork of the host can leave locked.
    static func write(_ microseconds: Int64, to room: UnsafeMutablePointer<UInt8>) {
        // From 1970 to 9999, so that each number has its digits.
        let milliseconds = min(max(microseconds / 1000, 0), 253_402_300_799_999)
        let (day, second) = (milliseconds / 86_400_000, milliseconds / 1000 % 86_400)
        // The Gregorian calendar begins again every 400 years, which have 146,097 days; a year that
        // begins with March has its leap day at the end (Hinnant, "chrono-compatible date
        // algorithms", civil_from_days).
        let days = day + 719_468
        let dayOfEra = days % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + days / 146_097 * 400 + (month <= 2 ? 1 : 0)

        var place = 0
        func put(_ number: Int64, _ digits: Int, _ end: UInt8) {
            var rest = number
            for index in stride(from: place + digits - 1, through: place, by: -1) {
                room[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            room[place + digits] = end
            place += digits + 1
        }
        put(year, 4, UInt8(ascii: "-"))
        put(month, 2, UInt8(ascii: "-"))
        put(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1, 2, UInt8(ascii: "T"))
        put(second / 3600, 2, UInt8(ascii: ":"))
        put(second / 60 % 60, 2, UInt8(ascii: ":"))
        put(second % 60, 2, UInt8(ascii: "."))
        put(milliseconds % 1000, 3, UInt8(ascii: "Z"))
    }

    /// A moment as a number that can be compared, to the nanosecond: the digits of date and time,
    /// and those of the fraction.
    struct Order: Comparable {
        private var seconds: Int64 = 0
        private var nanoseconds: Int64 = 0

        /// - Parameter bytes: begin with date and time as a `Timestamp` does. What is behind a
        ///   fraction does not count.
        init(_ bytes: UnsafeBufferPointer<UInt8>) {
            var isFraction = false
            var weight: Int64 = 100_000_000
            for (place, byte) in bytes.enumerated() {
                if byte == UInt8(ascii: ".") {
                    isFraction = true
                } else if isDigit(byte) {
                    let digit = Int64(byte - UInt8(ascii: "0"))
                    if isFraction {
                        nanoseconds += digit * weight
                        weight /= 10
                    } else {
                        seconds = seconds &* 10 &+ digit
                    }
                } else if place >= 19 {
                    return
                }
            }
        }

        static func < (one: Order, other: Order) -> Bool {
            one.seconds == other.seconds
                ? one.nanoseconds < other.nanoseconds : one.seconds < other.seconds
        }

        /// Before 2015, or from 2100 on: what programs write that have no time to tell (0001-01-01,
        /// the epoch, 9999-12-31). No session of these providers is as old.
        var isSentinel: Bool { !(2015_00_00_00_00_00..<2100_00_00_00_00_00).contains(seconds) }
    }

    private enum Reading {
        case asWritten
        case shifted(String)
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Reading? {
        // 2024-01-15T10:30:00
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == 0x20,
            let year = number(bytes, 0, 4), let month = number(bytes, 5, 2),
            let day = number(bytes, 8, 2), let hour = number(bytes, 11, 2),
            let minute = number(bytes, 14, 2), let second = number(bytes, 17, 2),
            (1...12).contains(month), day >= 1, day <= daysIn(month, year),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }

        var index = 19
        var fraction = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            while index < bytes.count, isDigit(bytes[index]) { index += 1 }
            fraction = index - 20
            guard fraction >= 1, fraction <= 9 else { return nil }
        }

        guard let offset = offset(bytes, index) else { return nil }
        if bytes[index] == UInt8(ascii: "Z"), bytes[10] == 0x54 { return .asWritten }
        var minutes = hour * 60 + minute - offset
        var (year2, month2, day2) = (year, month, day)
        if minutes < 0 {
            minutes += 1440
            (year2, month2, day2) = dayBefore(year, month, day)
        } else if minutes >= 1440 {
            minutes -= 1440
            (year2, month2, day2) = dayAfter(year, month, day)
        }
        guard (0...9999).contains(year2) else { return nil }

        let fractionText =
            fraction == 0
            ? "" : "." + decodedText(UnsafeBufferPointer(rebasing: bytes[20..<20 + fraction]))
        let utc =
            padded(year2, 4) + "-" + padded(month2, 2) + "-" + padded(day2, 2) + "T"
            + padded(minutes / 60, 2) + ":" + padded(minutes % 60, 2) + ":" + padded(second, 2)
            + fractionText + "Z"
        return .shifted(utc)
    }

    /// Minutes east of UTC: Z, +02:00, +0200, +02.
    private static func offset(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
        guard index < bytes.count else { return nil }
        let sign = bytes[index]
        let length = bytes.count - index
        if sign | 0x20 == UInt8(ascii: "z") { return length == 1 ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            length == 3 || length == 5 || length == 6 && bytes[index + 3] == UInt8(ascii: ":"),
            let hours = number(bytes, index + 1, 2),
            let minutes = length == 3 ? 0 : number(bytes, bytes.count - 2, 2),
            hours <= 23, minutes <= 59
        else { return nil }
        let offset = hours * 60 + minutes
        return sign == UInt8(ascii: "-") ? -offset : offset
    }

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int)
        -> Int?
    {
        var value = 0
        for index in start..<start + count {
            guard isDigit(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return value
    }

    private static func daysIn(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    private static func dayBefore(_ year: Int, _ month: Int, _ day: Int) -> (Int, Int, Int) {
        if day > 1 { return (year, month, day - 1) }
        if month > 1 { return (year, month - 1, daysIn(month - 1, year)) }
        return (year - 1, 12, 31)
    }

    private static func dayAfter(_ year: Int, _ month: Int, _ day: Int) -> (Int, Int, Int) {
        if day < daysIn(month, year) { return (year, month, day + 1) }
        if month < 12 { return (year, month + 1, 1) }
        return (year + 1, 1, 1)
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        var text = String(value)
        while text.utf8.count < width { text = "0" + text }
        return text
    }
}

extension Writer {
    /// Microseconds since 1970 as a point in time.
    mutating func utc(_ microseconds: Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Timestamp.length) { room in
            guard let start = room.baseAddress else { return }
            Timestamp.write(microseconds, to: start)
            string(DocumentText(UnsafeBufferPointer(room), isPlain: true))
        }
    }
}
