// SPDX-License-Identifier: MIT
import CPlatform

/// The head of a response, as it comes line by line: whether what follows can be believed, and is
/// to be read. Interim answers (RFC 9110, 15.2) and the words of a proxy may come before the
/// provider's own, and trailers behind its body.
struct ResponseHead {
    /// So far, in bytes.
    private(set) var length = 0
    /// More than any provider sends has come; libcurl's own bound depends on its version.
    private(set) var isTooLong = false
    /// What came first, the words of a proxy perhaps, came by HTTP/1.
    private(set) var beganByHTTP1 = false
    /// A status line has come that is good, and no interim answer's.
    private(set) var hasStatusLine = false
    /// The status line that came last is an interim answer's: another one has to follow.
    private(set) var isInterim = false
    /// The empty line has come.
    private(set) var hasEnded = false
    /// Why nothing in the answer can be believed.
    private(set) var flaw: StaticString?
    private(set) var codings = Codings()
    /// Retry-After names a number of seconds beyond counting.
    private(set) var isToWaitForever = false
    /// The Date header as it came.
    let date: Buffer
    /// Of the body, as Content-Length says; what fits no number is the largest.
    private var announcedLength: Int64?

    static let mostBytes = 65536

    /// - Parameter date: takes in the Date header.
    init(date: Buffer) {
        date.removeAll()
        self.date = date
    }

    /// The body that follows is packed in a way that is not undone.
    var announcesForeignBody: Bool { hasEnded && !isInterim && codings.areForeign }

    /// The body that follows is longer than that, as it is.
    func announcesBody(longerThan limit: Int) -> Bool {
        hasEnded && codings.content == nil && announcedLength ?? 0 > Int64(limit)
    }

    /// Takes in a line, with the line break at its end.
    /// - Parameter cameByHTTP2: in truth, whatever the status line says.
    /// - Returns: whether to go on: it is not too long, and has no flaw.
    mutating func take(
        _ line: UnsafeBufferPointer<UInt8>, cameByHTTP2: @autoclosure () -> Bool
    ) -> Bool {
        let isFirst = length == 0
        length += line.count
        isTooLong = length > ResponseHead.mostBytes
        if isTooLong { return false }
        if isFirst { beganByHTTP1 = !cameByHTTP2() }
        flaw = flaw(
            of: line, mustBeStatusLine: isFirst || hasEnded && isInterim, cameByHTTP2())
        if flaw == nil { look(at: line) }
        return flaw == nil
    }

    /// Why the answer cannot be believed; nil if this line is no reason.
    private mutating func flaw(
        of line: UnsafeBufferPointer<UInt8>, mustBeStatusLine: Bool,
        _ cameByHTTP2: @autoclosure () -> Bool
    ) -> StaticString? {
        // Whoever reads the header in C would see less of it.
        if let start = line.baseAddress, memchr(start, 0, line.count) != nil {
            return "the answer has a NUL byte in a header"
        }
        guard mustBeStatusLine || hasEnded && StatusLine.isMeant(line) else { return nil }
        hasStatusLine = false
        switch StatusLine.read(line) {
        case .http1(let status):
            isInterim = status < 200
            hasStatusLine = !isInterim
            return nil
        case .later:
            isInterim = false
            // Behind what a proxy said the provider's own answer is asked for anew.
            hasStatusLine = !beganByHTTP1 || cameByHTTP2()
            return hasStatusLine
                ? nil : "the answer's status line says HTTP/2, and it came by HTTP/1"
        case nil:
            return "the answer does not begin with a status line of HTTP"
        }
    }

    /// One line of the headers, or of the trailers behind a body.
    private mutating func look(at line: UnsafeBufferPointer<UInt8>) {
        switch line.first {
        case UInt8(ascii: "H"), UInt8(ascii: "h"):
            guard StatusLine.isMeant(line) else { return }
            hasEnded = false
            codings = Codings()
            announcedLength = nil
        case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
            hasEnded = true
        case UInt8(ascii: "C"), UInt8(ascii: "c"):
            if let value = ResponseHead.value(of: "content-encoding:", in: line) {
                // Trailers come when all is unpacked.
                if !hasEnded { codings.note(content: value) }
            } else if let value = ResponseHead.value(of: "content-length:", in: line) {
                let length = ResponseHead.length(value)
                if length == nil || announcedLength ?? length != length {
                    // libcurl takes one of them, each version another.
                    flaw = "the answer's Content-Length is no number, or two"
                }
                announcedLength = length
            }
        case UInt8(ascii: "D"), UInt8(ascii: "d"):
            guard let value = ResponseHead.value(of: "date:", in: line) else { return }
            date.removeAll()
            date.append(UnsafeRawBufferPointer(value))
        case UInt8(ascii: "R"), UInt8(ascii: "r"):
            // libcurl takes a number that does not fit for none.
            guard let value = ResponseHead.value(of: "retry-after:", in: line) else { return }
            isToWaitForever = value.count > 18 && isMade(value, of: "09")
        case UInt8(ascii: "T"), UInt8(ascii: "t"):
            guard let value = ResponseHead.value(of: "transfer-encoding:", in: line) else { return }
            if !hasEnded { codings.note(transfer: value) }
        default: break
        }
    }

    /// - Parameter name: in lower case.
    private static func value(
        of name: StaticString, in line: UnsafeBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8>? {
        guard line.count >= name.utf8CodeUnitCount else { return nil }
        for index in 0..<name.utf8CodeUnitCount {
            let (byte, wanted) = (line[index], name.utf8Start[index])
            guard byte == wanted || wanted >= UInt8(ascii: "a") && byte | 0x20 == wanted else {
                return nil
            }
        }
        var first = name.utf8CodeUnitCount
        var end = line.count
        while first < end, line[first] <= 0x20 { first += 1 }
        while end > first, line[end - 1] <= 0x20 { end -= 1 }
        return UnsafeBufferPointer(rebasing: line[first..<end])
    }

    /// Content-Length: digits, which may stand there more than once (RFC 9110, 8.6). nil for
    /// anything else.
    private static func length(_ value: UnsafeBufferPointer<UInt8>) -> Int64? {
        var length: Int64?
        for part in parts(of: value, between: UInt8(ascii: ",")) {
            var digits = part
            while digits.first == UInt8(ascii: " ") {
                digits = UnsafeBufferPointer(rebasing: digits[1...])
            }
            guard !digits.isEmpty, isMade(digits, of: "09") else { return nil }
            let number = parseDigits(digits) ?? Int64.max
            if length ?? number != number { return nil }
            length = number
        }
        return length
    }
}
