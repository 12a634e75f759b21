// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import PaySession

// What several test files need. Expected values never come from here.

extension Buffer {
    convenience init(_ bytes: [UInt8]) {
        self.init()
        bytes.withUnsafeBytes { append($0) }
    }

    convenience init(_ text: String) { self.init(Array(text.utf8)) }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension Response {
    init(
        _ ending: Ending, _ body: Buffer = Buffer(), retryAfter: Span = .zero,
        redirectHost: String? = nil, reusedConnection: Bool? = nil, cameByHTTP1: Bool = false
    ) {
        var status: Int?
        switch ending {
        case .answered(let told): status = told
        case .failed(let failure): status = failure.httpStatus
        }
        self.init(
            ending: ending, body: body, retryAfter: retryAfter, redirectHost: redirectHost,
            httpStatus: status, httpVersion: status == nil ? nil : "1.1",
            reusedConnection: reusedConnection, cameByHTTP1: cameByHTTP1)
    }

    static func answered(
        _ status: Int, _ body: Buffer = Buffer(), redirectHost: String? = nil
    ) -> Response {
        Response(.answered(status), body, redirectHost: redirectHost)
    }

    static func failed(_ failure: Failure) -> Response { Response(.failed(failure)) }
}

extension Document {
    /// A fresh document; it keeps its own bytes. Never freed: values do not hold their document.
    static func of(_ text: String) throws -> Document {
        let document = try Document.parse(Buffer(text))
        _ = Unmanaged.passRetained(document)
        return document
    }
}

extension Holds {
    func contains(_ hold: Hold) -> Bool { contains { $0 == hold } }
}

extension Secret {
    static func of(_ text: String) throws -> Secret {
        try #require(Array(text.utf8).withUnsafeBufferPointer { Secret($0) })
    }

    var text: String { withText { String(cString: $0) } }
}

extension Account {
    /// The account of one provider, from that provider's section of a configuration.
    static func of(_ provider: String, _ section: String) throws -> Account {
        let configuration = try Configuration("{\"\(provider)\": \(section)}")
        let found = try #require(Provider.named(provider))
        return try #require(configuration.accounts[found.index])
    }
}

func written(_ body: (inout Writer) -> Void) -> String {
    let buffer = Buffer()
    var writer = Writer(buffer)
    body(&writer)
    return buffer.text
}

/// What was thrown; nil if nothing was.
func failure<T>(_ body: () throws(Failure) -> T) -> Failure? {
    do throws(Failure) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}

/// `==` on String takes é and e + U+0301 for the same; where that matters, bytes are compared.
func utf8(_ text: String?) -> [UInt8]? { text.map { Array($0.utf8) } }
func utf8(_ text: DocumentText?) -> [UInt8]? { text.map { Array($0.bytes) } }

extension DocumentText {
    /// One whose document is there for ever.
    static func lasting(_ text: String) -> DocumentText {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        _ = bytes.initialize(from: text.utf8)
        return DocumentText(UnsafeBufferPointer(bytes), isPlain: false)
    }
}

extension Timestamp {
    var utc: String { withUTC { String(decoding: $0, as: UTF8.self) } }
}

/// A folder of this test's own, gone when the test is over.
final class Folder {
    let path: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/paysession-XXXXXX").utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String, _ content: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(content).write(to: URL(fileURLWithPath: file))
        return file
    }

    func file(_ name: String, _ content: String) throws -> String {
        try file(name, Array(content.utf8))
    }
}

func percentEncoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    appendPercentEncoded(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}
