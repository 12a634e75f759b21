// SPDX-License-Identifier: MIT
import CJansson
import CPaySession
import Foundation
import Testing

@testable import PaySession

/// Tests/Cases, which every language runs; Cases/README.md says how answers are compared.
@Suite struct CasesTests {
    struct Case: CustomTestStringConvertible {
        let provider: String
        let folder: URL
        var testDescription: String { "\(provider)/\(folder.lastPathComponent)" }

        func bytes(_ name: String) -> Data {
            (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data()
        }
    }

    static let all: [Case] = {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Cases")
        return Provider.all.flatMap { provider in
            let folder = root.appendingPathComponent(provider.name)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.sorted().map {
                Case(provider: provider.name, folder: folder.appendingPathComponent($0))
            }
        }
    }()

    @Test func thereAreAtLeastFifteenForEachProvider() {
        for provider in Provider.all {
            let count = CasesTests.all.filter { sameBytes($0.provider, provider.name) }.count
            #expect(count >= 15, "\(provider.name)")
        }
    }

    @Test(arguments: all) func answersAsWritten(_ aCase: Case) throws {
        let description = try #require(Tree(aCase.bytes("case.json")))
        let expected = try #require(Tree(aCase.bytes("answer.json")))
        let response = aCase.bytes("response")
        let answer =
            if let status = description["http_status"]?.integer {
                try answerToError(aCase, status, description["reference"]?.text, response)
            } else {
                answerToDocument(aCase, description["options"], response)
            }
        let json = Data(answer.json.bytes.prefix(answer.jsonLength))
        // raw goes off before jansson reads the rest: it cannot hold every number that may stand
        // there.
        let raw =
            Data(",\"raw\":".utf8) + (answer.outcome == .ok ? trimmed(response) : Data("null".utf8))
        #expect(json.suffix(raw.count + 1) == raw + Data("}".utf8))
        let got = try #require(Tree(json.dropLast(raw.count + 1) + Data("}".utf8)))
        if description["http_status"] != nil { got.remove("exchange") }
        if let error = got["error"], error.isObject {
            for free in ["message", "advice"] {
                #expect(error[free]?.text.isEmpty == false)
                error.remove(free)
            }
        }
        #expect(got.text == expected.text)
        #expect(
            String(cString: session_result_name(session_result(answer.outcome.rawValue)))
                == expected["result"]?.text)
    }

    /// Through the C interface, as a caller would.
    private func answerToDocument(_ aCase: Case, _ options: Tree?, _ response: Data) -> Answer {
        var pointer: OpaquePointer?
        let text = options.flatMap { $0.isObject ? $0.text : nil }
        (response + Data([0])).withUnsafeBytes { bytes in
            _ = session_normalize(
                aCase.provider, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), text,
                &pointer)
        }
        return Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(pointer!)).takeRetainedValue()
    }

    /// As the transport does when an answer of that status has come; the Python binding runs the
    /// same cases over a socket.
    private func answerToError(
        _ aCase: Case, _ status: Int, _ reference: String?, _ response: Data
    ) throws -> Answer {
        let reference = try Reference(parsing: try #require(reference))
        let settings = """
            {"\(aCase.provider)": {"base_url": "https://localhost", \
            \(aCase.provider == "dintero" || aCase.provider == "ledyer"
                ? "\"token\": \"t\"" : "\"api_key\": \"k\"")}}
            """
        let configuration = try Configuration(settings)
        let account = try #require(configuration.accounts[reference.provider.index])
        let body = response.withUnsafeBytes { Buffer(copying: $0) }
        let failure = ErrorBody.failure(
            Outcome(httpStatus: status), status, .answered(status, body), account)
        return Answer(failure, provider: reference.provider.name, reference: reference.text)
    }

    private func trimmed(_ data: Data) -> Data {
        let space = Data(" \n\r\t".utf8)
        // A byte order mark is no part of the object.
        var rest = data.starts(with: [0xEF, 0xBB, 0xBF]) ? data.dropFirst(3) : data[...]
        while let first = rest.first, space.contains(first) { rest = rest.dropFirst() }
        while let last = rest.last, space.contains(last) { rest = rest.dropLast() }
        return Data(rest)
    }
}

/// JSON with its order kept, by jansson alone and nothing of ours.
private final class Tree {
    private let node: UnsafeMutablePointer<json_t>

    init?(_ data: Data) {
        var error = json_error_t()
        let node = data.withUnsafeBytes {
            json_loadb($0.baseAddress, $0.count, Int(JSON_ALLOW_NUL | JSON_DECODE_ANY), &error)
        }
        guard let node else { return nil }
        self.node = node
    }

    private init(borrowing node: UnsafeMutablePointer<json_t>) { self.node = json_incref(node) }

    deinit { json_decref(node) }

    subscript(key: String) -> Tree? { json_object_get(node, key).map { Tree(borrowing: $0) } }
    func remove(_ key: String) { json_object_del(node, key) }

    var isObject: Bool { cjansson_type(node) == Int32(JSON_OBJECT.rawValue) }
    var integer: Int? {
        cjansson_type(node) == Int32(JSON_INTEGER.rawValue) ? Int(json_integer_value(node)) : nil
    }

    /// A text's content; anything else as compact JSON.
    var text: String {
        if cjansson_type(node) == Int32(JSON_STRING.rawValue) {
            return String(cString: json_string_value(node))
        }
        guard let dumped = json_dumps(node, Int(JSON_COMPACT | JSON_ENCODE_ANY)) else { return "" }
        defer { free(dumped) }
        return String(cString: dumped)
    }
}
