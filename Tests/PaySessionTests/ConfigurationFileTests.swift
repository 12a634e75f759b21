// SPDX-License-Identifier: MIT
import CPaySession
import Foundation
import Testing

@testable import PaySession

/// Messages of session_client_open_file(), which begin with the place. Permissions and the usual
/// places: Tests/Contract/test_configuration_file.py, through the shipped library.
@Suite struct ConfigurationFileTests {
    private func message(_ content: String) throws -> String {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent(UUID().uuidString).path
        try Data(content.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let failure = failure { () throws(Failure) in
            let file = try ConfigurationFile.read(path)
            return try Configuration(
                UnsafeRawPointer(file.content.bytes.baseAddress!)
                    .assumingMemoryBound(to: CChar.self), file: file)
        }
        let told = try #require(failure?.message)
        #expect(told.hasPrefix(path + ":"))
        return String(told.dropFirst(path.count + 1))
    }

    @Test(arguments: [
        // A comma too many: the bracket behind it was not expected.
        ("{\"timeout_ms\": 5,\n}", "2:1: configuration: expected a JSON object"),
        ("{\n  // none\n}", "2:3: "), ("{\"a\": tru}", "1:9: "), ("{\"a\": 1}}", "1:9: "),
        ("\u{FEFF}{\n\"å\": \"ö\" 1}", "2:10: "), ("{\"a\": \"\\\"}\" x}", "1:13: "),
        ("{\"api_key\": \"abc", "1:16: "),
        ("", "1:1: configuration: expected a JSON object, this is empty"),
    ])
    func brokenJSONIsLocated(_ content: String, _ beginning: String) throws {
        let told = try message(content)
        #expect(told.hasPrefix(beginning), "\(told)")
    }

    @Test func whatHasNoPlaceNamesTheFile() throws {
        #expect(try message("{\"a\":1,\"a\":2}").hasPrefix(" configuration: expected"))
    }

    @Test(arguments: [
        ("{\n  \"timeout_ms\": 0\n}", "2:3: timeout_ms: expected an integer from 1 to 600000"),
        (
            "{\"kustom\": {\"environment\": \"live\",\n\"api_key\": 7}}",
            "2:1: kustom.api_key: expected a secret"
        ),
        // What is missing is missing in its section.
        ("{\n \"kustom\": {\"environment\": \"live\"}}", "2:2: kustom.api_key: expected a secret"),
        ("{\"kustom\": {\"environment\": \"live\",\n  \"apikey\": \"\"}}", "1:2: kustom.api_key"),
        ("{\"shared\": true,\n \"timeout\": 1}", "2:2: timeout: unknown key, expected one of"),
        (
            "{\"ledyer\": {\"environment\": \"live\", \"client_id\": \"i\",\n \"client_secret\": {\"evn\": \"A\"}}}",
            "2:2: ledyer.client_secret: expected"
        ),
    ])
    func mistakesAreLocated(_ content: String, _ beginning: String) throws {
        let told = try message(content)
        #expect(told.hasPrefix(beginning), "\(told)")
    }
}
