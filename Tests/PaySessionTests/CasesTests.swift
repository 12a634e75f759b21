// SPDX-License-Identifier: MIT
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

        func json(_ name: String) throws -> Tree {
            try #require(Tree(file: folder.appendingPathComponent(name)), "\(name)")
        }
    }

    static let tests = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()

    static let all: [Case] = {
        let root = tests.appendingPathComponent("Cases")
        return Provider.all.flatMap { provider in
            let folder = root.appendingPathComponent(provider.name)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.sorted().filter { !$0.hasSuffix(".json") }.map {
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
        let description = try aCase.json("case.json")
        let expected = try wanted(aCase, overHTTP: description["http_status"] != nil)
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
        let rawPlace = try #require(json.range(of: raw, options: .backwards))
        let got = try #require(
            Tree(json[..<rawPlace.lowerBound] + json[rawPlace.upperBound...]))
        if let document = description["options"]?["proof"]?["document"] {
            if let proof = got["proof"], proof.isObject {
                #expect(proof["raw"]?.text == document.text)
                proof.remove("raw")
            }
            if expected["proof"] == nil { expected["proof"] = .null }
        } else {
            #expect(rawPlace.upperBound == json.count - 1)
        }
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

    /// The answer with every key; without those that no file has.
    private func wanted(_ aCase: Case, overHTTP: Bool) throws -> Tree {
        let schema = CasesTests.tests.deletingLastPathComponent()
            .appendingPathComponent("Include/paysession.schema.json")
        let filling = Filling(
            schema: try #require(Tree(file: schema)),
            identifiers: try aCase.json("../identifiers.json").elements.map(\.text),
            unwritten: Filling.unwritten.union(overHTTP ? ["exchange"] : []))
        return try filling.fill(try aCase.json("answer.json"))
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
        var secret = "api_key"
        if case .clientCredentials = reference.provider.authorization { secret = "token" }
        let settings = """
            {"\(aCase.provider)": {"base_url": "https://localhost", "\(secret)": "t"}}
            """
        let configuration = try Configuration(settings)
        let account = try #require(configuration.accounts[reference.provider.index])
        let body = response.withUnsafeBytes { Buffer(copying: $0) }
        let failure = ErrorBody.failure(
            Outcome(httpStatus: status), status, .answered(status, body), account.provider,
            account.secrets)
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
