// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct StatusLineTests {
    /// The status by HTTP/1, 0 for what libcurl writes for later versions; nil for no status line.
    static func read(_ line: [UInt8]) -> Int? {
        switch line.withUnsafeBufferPointer({ StatusLine.read($0) }) {
        case .http1(let status): status
        case .later: 0
        case nil: nil
        }
    }

    static func read(_ line: String) -> Int? { read(Array(line.utf8)) }

    static func isMeant(_ line: String) -> Bool {
        Array(line.utf8).withUnsafeBufferPointer { StatusLine.isMeant($0) }
    }

    /// Contract, version 0.2: HTTP/1.0 or HTTP/1.1, a blank, exactly three digits 100 to 599, then
    /// a blank or the end of the line.
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", 200), ("HTTP/1.0 200 OK\r\n", 200), ("HTTP/1.1 200 OK\n", 200),
        ("HTTP/1.1 200\r\n", 200), ("HTTP/1.1 200\n", 200), ("HTTP/1.1 200", 200),
        ("HTTP/1.1 200 \r\n", 200), ("HTTP/1.1 200 ", 200), ("HTTP/1.1 404 Not Found\r\n", 404),
        ("HTTP/1.1 200  two blanks\r\n", 200), ("HTTP/1.1 503 201 400\r\n", 503),
        ("HTTP/1.1 200 caf\u{E9}\r\n", 200), ("HTTP/1.1 100 Continue\r\n", 100),
        ("HTTP/1.0 599 \r\n", 599), ("HTTP/1.1 599\r\n", 599), ("HTTP/1.1 500 HTTP/9.9\r\n", 500),
    ]) func isReadByHTTP1(_ line: String, _ status: Int) {
        #expect(StatusLineTests.read(line) == status)
    }

    @Test func eachStatusHasThreeDigitsFrom100To599() {
        for status in 0...9999 {
            for version in ["HTTP/1.0", "HTTP/1.1"] {
                #expect(
                    StatusLineTests.read("\(version) \(status) OK\r\n")
                        == ((100...599).contains(status) ? status : nil))
            }
        }
        for status in ["000", "001", "099", "0200", "0404", "00", "600", "700", "999"] {
            #expect(StatusLineTests.read("HTTP/1.1 \(status) OK\r\n") == nil, "\(status)")
        }
    }

    @Test(arguments: [
        // Nothing, or less than a line has.
        "", "\r\n", "H", "HTTP", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 2", "HTTP/1.1 20",
        "HTTP/1.1 20\r\n", "HTTP/1.1 \r\n", "HTTP/1.1\r\n", "HTTP/1.1  \r\n",
        // Other digits than three.
        "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 2 0 OK\r\n", "HTTP/1.1 -20 OK\r\n",
        "HTTP/1.1 +20 OK\r\n", "HTTP/1.1 2e2 OK\r\n", "HTTP/1.1 20O OK\r\n", "HTTP/1.1 0x1 OK\r\n",
        "HTTP/1.1 2.0 OK\r\n", "HTTP/1.1 \u{FF12}00 OK\r\n", "HTTP/1.1 OK\r\n",
        // Not exactly one blank before, or something else than a blank behind.
        "HTTP/1.1  200 OK\r\n", "HTTP/1.1\t200 OK\r\n", "HTTP/1.1 \t200 OK\r\n",
        "HTTP/1.1200 OK\r\n", "HTTP/1.1 200\tOK\r\n", "HTTP/1.1 200OK\r\n", "HTTP/1.1 200:\r\n",
        "HTTP/1.1 200\0\r\n", "HTTP/1.1 200\u{B}\r\n", "HTTP/1.1 200\u{A0}\r\n",
        // Other versions and spellings.
        "HTTP/0.9 200 OK\r\n", "HTTP/1.2 200 OK\r\n", "HTTP/1.9 200 OK\r\n", "HTTP/2.0 200 OK\r\n",
        "HTTP/3.0 200 OK\r\n", "HTTP/7.3 200 OK\r\n", "HTTP/1 200 OK\r\n", "HTTP/1.10 200\r\n",
        "HTTP/1.01 200\r\n", "HTTP/01.1 200\r\n", "HTTP/11 200 OK\r\n", "HTTP/.1 200 OK\r\n",
        "http/1.1 200 OK\r\n", "Http/1.1 200 OK\r\n", "HTTP 1.1 200 OK\r\n", "HTTPS/1.1 200 OK\r\n",
        "HTTP/ 1.1 200 OK\r\n", "HTTP /1.1 200 OK\r\n", "HTTP\\1.1 200 OK\r\n",
        "HTTP//1.1 200 OK\r\n", "HTTP/1,1 200 OK\r\n", "HTTP/2\r\n", "HTTP/2", "HTTP/2\t200 \r\n",
        "HTTP/4 200 \r\n", "HTTP/22 200 \r\n", "http/2 200 \r\n",
        // Something before it, or something else.
        " HTTP/1.1 200 OK\r\n", "\r\nHTTP/1.1 200 OK\r\n", "\u{FEFF}HTTP/1.1 200 OK\r\n",
        "ICY 200 OK\r\n", "SIP/2.0 200 OK\r\n", "RTSP/1.0 200 OK\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
        "220 mail.test ESMTP\r\n", "<html>\r\n", "{\"status\": \"completed\"}\r\n",
        "Content-Type: text/plain\r\n", "200 OK\r\n",
    ]) func isNoStatusLine(_ line: String) {
        #expect(StatusLineTests.read(line) == nil)
    }

    /// libcurl writes the line itself; whether it did is not the line's to say.
    @Test(arguments: ["HTTP/2 200 \r\n", "HTTP/3 200 \r\n", "HTTP/2 ", "HTTP/3 ", "HTTP/2 x\r\n"])
    func laterVersionsAreTold(_ line: String) {
        #expect(StatusLineTests.read(line) == 0)
    }

    /// Each byte in each place of a good line: only digits in the digits' places may change, and
    /// what is behind the blank. (A line break in its middle is no line of libcurl's.)
    @Test func eachByteCounts() {
        let good = Array("HTTP/1.1 234 x\r\n".utf8)
        for place in good.indices {
            for byte in UInt8.min...UInt8.max
            where byte != good[place] && byte != 0x0A && byte != 0x0D {
                var line = good
                line[place] = byte
                let digit = byte >= 0x30 && byte <= 0x39 ? Int(byte - 0x30) : nil
                let status: Int? =
                    switch place {
                    case 7: byte == UInt8(ascii: "0") ? 234 : nil
                    case 9: digit.flatMap { (1...5).contains($0) ? $0 * 100 + 34 : nil }
                    case 10: digit.map { 204 + $0 * 10 }
                    case 11: digit.map { 230 + $0 }
                    case 13...: 234
                    default: nil
                    }
                #expect(StatusLineTests.read(line) == status, "\(place) \(byte)")
            }
        }
    }

    /// Whatever begins so is checked, in whatever letter case, and no header does.
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", true), ("http/1.1 200 OK\r\n", true), ("HtTp/", true),
        ("HTTP/", true), ("HTTP/2 200 \r\n", true), ("HTTP/garbage", true), ("HTTP/\0", true),
        ("HTTP", false), ("HTTP\0", false), ("", false), ("HTTP 1.1\r\n", false),
        ("HTTP-Version: 1.1\r\n", false), ("HTTP: /\r\n", false), (" HTTP/1.1\r\n", false),
        ("HTTQ/1.1\r\n", false), ("Host: HTTP/1.1\r\n", false), ("\r\n", false),
        ("HTTP2-Settings: x\r\n", false), ("\u{FF28}TTP/1.1", false),
    ]) func isMeantForOne(_ line: String, _ isMeant: Bool) {
        #expect(StatusLineTests.isMeant(line) == isMeant)
    }

    @Test func noLineIsNone() {
        let nothing = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        #expect(!StatusLine.isMeant(nothing))
        if case .some = StatusLine.read(nothing) { Issue.record("a status line of no bytes") }
    }

    /// Nothing behind the end of the line is looked at.
    @Test func onlyTheLineIsRead() {
        let bytes = Array("HTTP/1.1 200 OK".utf8)
        for count in bytes.indices {
            let part = Array(bytes[..<count])
            #expect(StatusLineTests.read(part) == (count >= 12 ? 200 : nil), "\(count)")
            #expect(part.withUnsafeBufferPointer { StatusLine.isMeant($0) } == (count >= 5))
        }
        let longer = Array("HTTP/1.1 2000".utf8)
        longer.withUnsafeBufferPointer { line in
            if case .http1(let status) = StatusLine.read(
                UnsafeBufferPointer(rebasing: line[..<12]))
            {
                #expect(status == 200)
            } else {
                Issue.record("no status line")
            }
        }
    }
}
