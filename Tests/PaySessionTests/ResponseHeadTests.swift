// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

/// Bytes as libcurl hands them over, a line at a time.
@Suite struct ResponseHeadTests {
    /// A head after some lines, each of which ends with CR LF; and whether it would read on.
    static func head(
        _ lines: [String], byHTTP2: Bool = false
    ) -> (head: ResponseHead, goesOn: Bool) {
        var head = ResponseHead(date: Buffer())
        var goesOn = true
        for line in lines where goesOn {
            goesOn = Array((line + "\r\n").utf8).withUnsafeBufferPointer {
                head.take($0, cameByHTTP2: byHTTP2)
            }
        }
        return (head, goesOn)
    }

    static let ok = "HTTP/1.1 200 OK"

    @Test func aHeadIsRead() {
        let (head, goesOn) = Self.head([
            Self.ok, "Date: Sun, 06 Nov 1994 08:49:37 GMT", "Content-Length: 2", "",
        ])
        #expect(goesOn && head.hasEnded && head.hasStatusLine && !head.isInterim)
        #expect(head.beganByHTTP1 && head.flaw == nil && !head.isTooLong)
        #expect(head.date.text == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(head.length == 17 + 37 + 19 + 2)
        #expect(!head.announcesBody(longerThan: 2) && head.announcesBody(longerThan: 1))
        #expect(!Self.head([Self.ok, "Content-Length: 2"]).head.hasEnded)
    }

    /// The buffer is used again, and what it held is gone.
    @Test func aNewHeadHasNoDate() {
        let first = Self.head([Self.ok, "Date: x", ""]).head
        #expect(ResponseHead(date: first.date).date.count == 0)
    }

    @Test(arguments: [
        "SSH-2.0-OpenSSH", "", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/0.9 200 OK", "Date: x",
    ]) func whatIsNoStatusLineIsAFlaw(_ line: String) {
        let (head, goesOn) = Self.head([line])
        #expect(!goesOn && !head.hasStatusLine)
        #expect(head.flaw?.text == "the answer does not begin with a status line of HTTP")
    }

    @Test func aNULIsAFlaw() {
        let (head, goesOn) = Self.head([Self.ok, "Content-Type: a\0b"])
        #expect(!goesOn && head.flaw?.text == "the answer has a NUL byte in a header")
        // The status line before it was good.
        #expect(head.hasStatusLine)
    }

    /// RFC 9110, 15.2: an interim answer is followed by another one.
    @Test func anotherAnswerFollowsAnInterimOne() {
        let (head, _) = Self.head(["HTTP/1.1 103 Early Hints", "Link: x", ""])
        #expect(head.isInterim && head.hasEnded && !head.hasStatusLine)
        let (whole, goesOn) = Self.head([
            "HTTP/1.1 103 Early Hints", "Content-Length: 7", "", Self.ok, "Content-Length: 2", "",
        ])
        #expect(goesOn && !whole.isInterim && whole.hasStatusLine && whole.hasEnded)
        #expect(!whole.announcesBody(longerThan: 2))
        #expect(!Self.head(["HTTP/1.1 100 Continue", "", "Date: x"]).goesOn)
    }

    /// libcurl writes HTTP/2's status line itself; from a server that speaks HTTP/1 it is a lie.
    @Test func aStatusLineOfHTTP2CameByHTTP2() {
        #expect(Self.head(["HTTP/2 200 ", ""], byHTTP2: true).goesOn)
        let (head, goesOn) = Self.head(["HTTP/2 200 "])
        #expect(!goesOn && !head.hasStatusLine)
        #expect(
            head.flaw?.text == "the answer's status line says HTTP/2, and it came by HTTP/1")
        #expect(!Self.head(["HTTP/2 200 ", ""], byHTTP2: true).head.beganByHTTP1)
    }

    /// Behind what a proxy said to CONNECT, by HTTP/1, the provider's own head comes by HTTP/2.
    @Test func aProxysWordsMayComeFirst() {
        var head = Self.head(["HTTP/1.1 200 Connection established", ""]).head
        let line = Array("HTTP/2 200 \r\n".utf8)
        #expect(line.withUnsafeBufferPointer { head.take($0, cameByHTTP2: true) })
        #expect(head.beganByHTTP1 && head.hasStatusLine && !head.hasEnded)
    }

    @Test(arguments: ["x", "", "-1", "1, 2", "0x10", "1 2"])
    func aLengthIsANumber(_ value: String) {
        let (head, goesOn) = Self.head([Self.ok, "Content-Length: \(value)"])
        #expect(!goesOn)
        #expect(head.flaw?.text == "the answer's Content-Length is no number, or two")
    }

    @Test func twoLengthsAreOneOrAFlaw() {
        #expect(Self.head([Self.ok, "Content-Length: 5", "content-length: 5"]).goesOn)
        #expect(Self.head([Self.ok, "Content-Length: 5, 5"]).goesOn)
        #expect(!Self.head([Self.ok, "Content-Length: 5", "Content-Length: 6"]).goesOn)
    }

    @Test func aLengthBeyondCountingIsTheLargest() {
        let (head, goesOn) = Self.head([Self.ok, "Content-Length: 99999999999999999999", ""])
        #expect(goesOn && head.announcesBody(longerThan: .max - 1))
    }

    /// What is packed has another length.
    @Test func aPackedBodysLengthIsNotItsOwn() {
        let lines = [Self.ok, "Content-Encoding: gzip", "Content-Length: 50", ""]
        #expect(!Self.head(lines).head.announcesBody(longerThan: 10))
    }

    @Test func aForeignCodingIsKnownWhenTheHeadHasEnded() {
        let lines = [Self.ok, "Content-Encoding: br"]
        #expect(!Self.head(lines).head.announcesForeignBody)
        #expect(Self.head(lines + [""]).head.announcesForeignBody)
        #expect(
            Self.head([Self.ok, "Transfer-Encoding: gzip, chunked", ""]).head.announcesForeignBody)
        #expect(!Self.head([Self.ok, "Content-Encoding: gzip", ""]).head.announcesForeignBody)
        let interim = ["HTTP/1.1 103 Early Hints", "Content-Encoding: br", ""]
        #expect(!Self.head(interim).head.announcesForeignBody)
        #expect(!Self.head(interim + [Self.ok, ""]).head.announcesForeignBody)
        // In the trailers, when all is unpacked.
        #expect(
            !Self.head([Self.ok, "", "Content-Encoding: br", "Transfer-Encoding: x"]).head
                .announcesForeignBody)
    }

    @Test(
        arguments: [
            ("9999999999999999999", true), ("999999999999999999", false), ("120", false),
            ("9999999999999999999x", false), ("Fri, 31 Dec 1999 23:59:59 GMT", false),
        ] as [(String, Bool)])
    func retryAfterMayBeBeyondCounting(_ value: String, _ isForEver: Bool) {
        #expect(Self.head([Self.ok, "Retry-After: \(value)"]).head.isToWaitForever == isForEver)
    }

    @Test func headsHaveABound() {
        var lines = [Self.ok]
        lines += Array(repeating: "X: " + String(repeating: "x", count: 995), count: 65)
        let fitting = Self.head(lines)
        #expect(fitting.goesOn && fitting.head.length == 17 + 65_000)
        let rest = ResponseHead.mostBytes - fitting.head.length
        #expect(Self.head(lines + ["X: " + String(repeating: "x", count: rest - 5)]).goesOn)
        let (head, goesOn) = Self.head(lines + ["X: " + String(repeating: "x", count: rest - 4)])
        #expect(!goesOn && head.isTooLong && head.flaw == nil)
    }
}
