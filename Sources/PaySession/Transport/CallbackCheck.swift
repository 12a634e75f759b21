// SPDX-License-Identifier: MIT
import CPlatform

extension Configuration {
    /// A request that came to the shop, checked. Opens no connection and no file, and remembers
    /// nothing.
    func callback(
        of provider: Provider, _ request: UnsafePointer<CChar>, _ body: UnsafeBufferPointer<UInt8>,
        _ options: UnsafePointer<CChar>?
    ) throws(Failure) -> Callback {
        // Sizes first: nothing of what is too long is looked at.
        let length = strnlen(request, CallbackRequest.longest + 1)
        guard length <= CallbackRequest.longest else {
            throw Failure(.tooLarge, "request: expected at most 64 KiB")
        }
        guard body.count <= maxResponseBytes else { throw Callback.bodyTooLong }
        // For the texts of the request, some of them twice, and of the body.
        guard Memory.hasRoom(16 * length + 2 * body.count) else { throw .outOfMemory }
        guard let account = accounts[provider.index] else {
            throw Failure(
                .notConfigured,
                sentence("{}: expected this section in the configuration", provider.name))
        }
        let options = try CallbackOptions(options)
        let request = try CallbackRequest.parse(request, body: body, from: provider)
        return try Callback.judged(
            request, by: provider, account.callbackKeys, receivedAt: options.receivedAt,
            toleranceSeconds: options.toleranceSeconds)
    }
}

extension Callback {
    static var bodyTooLong: Failure {
        Failure(.tooLarge, "body: expected at most max_response_bytes")
    }
}

/// The options of session_callback_verify().
struct CallbackOptions {
    /// In microseconds since 1970.
    var receivedAt: Int64
    var toleranceSeconds: Int64 = 300

    init(_ text: UnsafePointer<CChar>?) throws(Failure) {
        receivedAt = cplatform_clock(CLOCK_REALTIME)
        guard let text else { return }
        let settings = try Settings.parse(text, named: "options", failing: .invalidArgument)
        toleranceSeconds = try settings.integer("tolerance_s", in: 1...900) ?? toleranceSeconds
        if let time = try settings.text(
            "received_at", "a point in time as RFC 3339 has it, such as \"2026-01-02T03:04:05Z\"",
            { Timestamp.microseconds($0) != nil })
        {
            receivedAt = Timestamp.microseconds(time) ?? receivedAt
        }
        try settings.refuseOthers()
    }
}

extension Timestamp {
    /// Since 1970; nil for what is no timestamp. What is finer than a microsecond is left off.
    static func microseconds(_ text: String) -> Int64? {
        withBytes(of: text) { Timestamp(DocumentText($0, isPlain: false))?.microseconds }
    }

    private var microseconds: Int64 {
        withUTC { bytes in
            // 2026-01-02T03:04:05.678Z
            func number(_ places: Range<Int>) -> Int64 {
                parseDigits(UnsafeBufferPointer(rebasing: bytes[places])) ?? 0
            }
            // As `write` counts: years begin with March, and 400 of them have 146,097 days.
            let month = number(5..<7)
            let year = number(0..<4) + (month > 2 ? 400 : 399)
            let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + number(8..<10) - 1
            let yearOfEra = year % 400
            let days =
                year / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100
                + dayOfYear - 719_468 - 146_097
            let seconds =
                days * 86_400 + number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19)
            var microseconds = seconds * 1_000_000
            var weight: Int64 = 100_000
            for byte in bytes.dropFirst(20) where isDigit(byte) && weight > 0 {
                microseconds += Int64(byte - UInt8(ascii: "0")) * weight
                weight /= 10
            }
            return microseconds
        }
    }
}
