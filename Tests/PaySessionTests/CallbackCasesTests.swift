// SPDX-License-Identifier: MIT
import CPaySession
import Foundation
import Testing

@testable import PaySession

/// Tests/Callbacks, which C and Python run too; its README says how answers are compared.
@Suite struct CallbackCasesTests {
    static let root = CasesTests.tests.appendingPathComponent("Callbacks")

    static let all: [CasesTests.Case] = Provider.all.flatMap { provider in
        let folder = root.appendingPathComponent(provider.name)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().map {
            CasesTests.Case(provider: provider.name, folder: folder.appendingPathComponent($0))
        }
    }

    @Test(arguments: all) func answersAsWritten(_ aCase: CasesTests.Case) throws {
        let about = try aCase.json("case.json")
        let client = try opened(try #require(about["config"]))
        defer { session_client_close(client) }
        let options = about["options"].flatMap { $0.isObject ? $0.text : nil }
        let answer = answer(client, aCase, options)
        let got = try #require(Tree(Data(answer.json.bytes.prefix(answer.jsonLength))))
        #expect(got["raw"]?.isNull == true)
        got.remove("raw")
        if let error = got["error"], error.isObject {
            for free in ["message", "advice"] {
                #expect(error[free]?.text.isEmpty == false)
                error.remove(free)
            }
        }
        #expect(got.text == (try wanted(aCase)).text)
        #expect(answer.paid == .unknown)
        #expect(answer.status == .unknown)
        #expect(answer.decision == .hold)
    }

    private func opened(_ config: Tree) throws -> OpaquePointer {
        var client: OpaquePointer?
        #expect(session_client_open(config.text, &client, nil) == SESSION_OK)
        return try #require(client)
    }

    /// Through the C interface, as a caller would.
    private func answer(
        _ client: OpaquePointer, _ aCase: CasesTests.Case, _ options: String?
    ) -> Answer {
        var pointer: OpaquePointer?
        let request = String(decoding: aCase.bytes("request.json"), as: UTF8.self)
        let body = aCase.bytes("body")
        body.withUnsafeBytes { bytes in
            _ = session_callback_verify(
                client, aCase.provider, request, bytes.baseAddress, bytes.count, options, &pointer)
        }
        return Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(pointer!)).takeRetainedValue()
    }

    private func wanted(_ aCase: CasesTests.Case) throws -> Tree {
        let schema = CasesTests.tests.deletingLastPathComponent()
            .appendingPathComponent("Include/paysession.schema.json")
        let filling = Filling(
            schema: try #require(Tree(file: schema)), identifiers: [], unwritten: Filling.unwritten)
        let wanted = try filling.fill(try aCase.json("answer.json"))
        if wanted["callback"] == nil { wanted["callback"] = .null }
        return wanted
    }
}
