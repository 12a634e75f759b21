// SPDX-License-Identifier: MIT
import CPlatform

/// The first line of an answer, which says whether anything in it can be believed. libcurl reads it
/// more leniently, and each version in its own way.
enum StatusLine {
    /// What the line claims to have come by.
    enum Version {
        /// Well formed: HTTP/1.0 or HTTP/1.1, a blank, three digits from 100 to 599, and then a
        /// blank or the end (RFC 9112, 4).
        case http1(status: Int)
        /// libcurl writes this line itself for HTTP/2 and later; whether it did, it must say.
        case later
    }

    /// nil for what is no status line.
    static func read(_ line: UnsafeBufferPointer<UInt8>) -> Version? {
        if begins(line, with: "HTTP/2 ") || begins(line, with: "HTTP/3 ") {
            return .later
        }
        guard line.count >= 12,
            begins(line, with: "HTTP/1.0 ") || begins(line, with: "HTTP/1.1 ")
        else { return nil }
        let rest = UnsafeBufferPointer(rebasing: line[12...])
        let isEnd =
            rest.isEmpty || rest.count == 1 && begins(rest, with: "\n")
            || rest.count == 2 && begins(rest, with: "\r\n")
        guard isEnd || begins(rest, with: " "),
            isDigit(line[9]), isDigit(line[10]), isDigit(line[11])
        else { return nil }
        let status = line[9..<12].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return (100...599).contains(status) ? .http1(status: status) : nil
    }

    /// Whether the line is meant for a status line, and is no header: none has a slash in its name.
    static func isMeant(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = line.baseAddress, line.count >= 5 else { return false }
        return strncasecmp(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), "http/", 5)
            == 0
    }
}
