// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct ErrorBodyTests {
    static let sections: [String: String] = [
        "inbank": #"{"base_url": "https://x.test", "api_key": "inbank-key-0123"}"#,
        "kustom": #"{"base_url": "https://x.test", "api_key": "kco_live_0123456789"}"#,
        "dintero": #"{"client_id": "Aladdin", "client_secret": "open sesame"}"#,
        "ledyer":
            #"{"environment": "live", "client_id": "Aladdin", "client_secret": "open sesame"}"#,
    ]

    static func told(
        _ provider: String, _ body: Buffer, section: String? = nil, token: Secret? = nil,
        status: Int = 404
    ) throws -> Failure {
        let account = try Account.of(provider, section ?? sections[provider] ?? "{}")
        return ErrorBody.failure(
            Outcome(httpStatus: status), status, .answered(status, body), account.provider,
            account.secrets, token: token)
    }

    struct Shape: CustomTestStringConvertible {
        let provider: String
        let body: String
        let code: String?
        let message: String?
        init(_ provider: String, _ body: String, _ code: String?, _ message: String?) {
            (self.provider, self.body, self.code, self.message) = (provider, body, code, message)
        }
        var testDescription: String { "\(provider) \(body)" }
    }

    static let shapes: [Shape] = [
        // A text, or a list of codes of which the first counts; the gateway in front says Message.
        Shape("inbank", #"{"message": "No such session"}"#, nil, "No such session"),
        Shape(
            "inbank", #"{"message": ["invalid.a", "invalid.b"]}"#, "invalid.a",
            "invalid.a; invalid.b"),
        Shape("inbank", #"{"message": ["invalid.a"]}"#, "invalid.a", "invalid.a"),
        Shape("inbank", #"{"Message": "Forbidden"}"#, nil, "Forbidden"),
        Shape("inbank", #"{"Message": "b", "message": "a"}"#, nil, "a"),
        Shape("inbank", #"{"message": "", "Message": "b"}"#, nil, "b"),
        Shape("inbank", #"{"message": null, "Message": "b"}"#, nil, "b"),
        Shape("inbank", #"{"message": []}"#, nil, nil),
        Shape("inbank", #"{"message": 5}"#, nil, nil),
        Shape("inbank", #"{"message": {"a": "b"}}"#, nil, nil),
        Shape("inbank", #"{"MESSAGE": "x", "detail": "y"}"#, nil, nil),
        // Contract, version 0.2: one byte order mark is skipped, and half a surrogate pair becomes
        // U+FFFD in a text for people; in a code it is unreadable.
        Shape("inbank", "\u{FEFF}" + #"{"message": "x"}"#, nil, "x"),
        Shape("inbank", #"{"message": ["a\ud800", "b"]}"#, nil, "a\u{FFFD}; b"),
        Shape("kustom", #"{"detail": "\ud800"}"#, nil, "\u{FFFD}"),
        Shape(
            "kustom", #"{"detail": "d\ud83d", "error_code": "e\udcb6"}"#, nil, "d\u{FFFD}"),
        Shape("kustom", #"{"errors": [{"message": "\udcb6a"}, "b"]}"#, nil, "\u{FFFD}a; b"),
        // Problem details, and what the sister APIs say.
        Shape("kustom", #"{"title": "t", "detail": "d"}"#, nil, "d"),
        Shape("kustom", #"{"title": "t"}"#, nil, "t"),
        Shape("kustom", #"{"title": "t", "detail": ""}"#, nil, "t"),
        Shape(
            "kustom",
            #"{"error_code": "NOT_FOUND", "error_messages": ["a", "b"], "correlation_id": "c"}"#,
            "NOT_FOUND", "a; b"),
        Shape("kustom", #"{"error_messages": ["a"], "errors": ["b"]}"#, nil, "a"),
        Shape("kustom", #"{"errors": ["a", "b"]}"#, nil, "a; b"),
        Shape(
            "kustom", #"{"errors": [{"message": "a"}, {"detail": "b"}, "c", {"x": "y"}, 5, null]}"#,
            nil, "a; b; c"),
        Shape("kustom", #"{"error_messages": [], "errors": [{"message": "a"}]}"#, nil, "a"),
        Shape("kustom", #"{"error_code": "", "message": "x"}"#, nil, nil),
        // {"error": {code, message}}; the code can contain a blank, or be an integer.
        Shape("dintero", #"{"error": {"code": "not found", "message": "m"}}"#, "not found", "m"),
        Shape("dintero", #"{"error": {"code": 404, "message": "m"}}"#, "404", "m"),
        Shape("dintero", #"{"error": {"message": "m", "errors": [{"message": "x"}]}}"#, nil, "m"),
        Shape("dintero", #"{"error": {"code": 1.5}}"#, nil, nil),
        Shape("dintero", #"{"message": "m"}"#, nil, nil),
        Shape("dintero", #"{"error": null}"#, nil, nil),
        Shape("dintero", #"{"error": {"message": 5, "code": true}}"#, nil, nil),
        Shape("ledyer", #"{"errors": [{"message": "a"}, {"message": "b"}]}"#, nil, "a; b"),
        Shape("ledyer", #"{"errors": [{"message": ""}, {"message": "b"}]}"#, nil, "b"),
        Shape("ledyer", #"{"errors": []}"#, nil, nil),
        Shape("ledyer", #"{"errors": [{"code": "x"}]}"#, nil, nil),
        // A token endpoint may also answer as OAuth does.
        Shape(
            "ledyer", #"{"error": "invalid_client", "error_description": "unknown"}"#,
            "invalid_client", "unknown"),
        Shape(
            "dintero", #"{"error": "invalid_client", "error_description": "unknown"}"#,
            "invalid_client", "unknown"),
        Shape("ledyer", #"{"error": "invalid_client"}"#, "invalid_client", nil),
    ]

    @Test(arguments: shapes) func shapesAreTheProviders(_ shape: Shape) throws {
        for status in [401, 404, 500] {
            let failure = try Self.told(shape.provider, Buffer(shape.body), status: status)
            #expect(failure.providerCode == shape.code)
            #expect(failure.providerMessage == shape.message)
            #expect(failure.httpStatus == status)
            #expect(failure.outcome == Outcome(httpStatus: status))
            #expect(failure.message.contains(shape.provider))
            #expect(failure.message.contains("\(status)"))
        }
    }

    /// Nothing, HTML, or what is no JSON object: both null, nothing invented.
    @Test(arguments: [
        "", " ", "<html><body>502 Bad Gateway</body></html>", "Not Found", "null", "[]",
        "[{\"message\": \"x\"}]", "\"x\"", "5", "{\"message\": \"x\"",
        "{\"message\": \"x\", \"message\": \"y\"}", "{\"detail\": \"\\ud80\"}", "{}",
        "\u{FEFF}\u{FEFF}{\"message\": \"x\"}", " \u{FEFF}{\"message\": \"x\"}",
        "{\"message\": \"x\"}\u{FEFF}",
    ]) func whatIsNoShapeTellsNothing(_ body: String) throws {
        for provider in Self.sections.keys {
            let failure = try Self.told(provider, Buffer(body))
            #expect(failure.providerCode == nil)
            #expect(failure.providerMessage == nil)
            #expect(failure.httpStatus == 404)
        }
    }

    @Test func invalidUTF8TellsNothing() throws {
        let failure = try Self.told(
            "inbank", Buffer(Array("{\"message\": \"".utf8) + [0xFF] + Array("\"}".utf8)))
        #expect(failure.providerMessage == nil)
    }

    // MARK: Redaction

    /// What a provider quotes back, and what is left of it. QWxhZGRpbjpvcGVuIHNlc2FtZQ== is
    /// RFC 7617's base64 of Aladdin:open sesame.
    @Test(
        arguments: [
            ("inbank", nil, "key inbank-key-0123 is unknown", "key [redacted] is unknown"),
            ("inbank", nil, "inbank-key-0123", "[redacted]"),
            ("inbank", nil, "inbank-key-0123inbank-key-0123", "[redacted][redacted]"),
            (
                "inbank", nil, "Bearer inbank-key-0123,inbank-key-012",
                "Bearer [redacted],inbank-key-012"
            ),
            ("kustom", nil, "Basic kco_live_0123456789", "Basic [redacted]"),
            (
                "kustom",
                #"{"base_url": "https://x.test", "username": "Aladdin", "api_key": "open sesame"}"#,
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== for Aladdin with open sesame",
                "Basic [redacted] for Aladdin with [redacted]"
            ),
            (
                "dintero", nil, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==, open sesame",
                "Basic [redacted], [redacted]"
            ),
            (
                "ledyer", nil, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==, open sesame",
                "Basic [redacted], [redacted]"
            ),
            ("dintero", nil, "token v4.public.TOKEN expired", "token [redacted] expired"),
            ("ledyer", nil, "token v4.public.TOKEN expired", "token [redacted] expired"),
            (
                "dintero", #"{"token": "ready-made-token"}"#, "Bearer ready-made-token",
                "Bearer [redacted]"
            ),
            (
                "ledyer", #"{"environment": "live", "token": "ready-made-token"}"#,
                "Bearer ready-made-token", "Bearer [redacted]"
            ),
            ("inbank", nil, "nothing to hide", "nothing to hide"),
        ] as [(String, String?, String, String)])
    func credentialsAreTakenOut(
        _ provider: String, _ section: String?, _ said: String, _ left: String
    ) throws {
        let token = try Secret.of("v4.public.TOKEN")
        // Escapes are JSON's, and hide nothing.
        let escaped = said.utf8.map { "\\u00" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
        for text in [said, escaped] {
            let body =
                switch provider {
                case "inbank": "{\"message\": [\"\(text)\"]}"
                case "kustom": "{\"detail\": \"\(text)\", \"error_code\": \"\(text)\"}"
                case "dintero": "{\"error\": {\"message\": \"\(text)\", \"code\": \"\(text)\"}}"
                default: "{\"errors\": [{\"message\": \"\(text)\"}], \"error\": \"\(text)\"}"
                }
            let failure = try Self.told(
                provider, Buffer(body), section: section, token: token, status: 401)
            #expect(failure.providerMessage == left)
            #expect(failure.providerCode == left)
        }
    }

    /// Secrets in every part of a list, and the digits of one that is an integer.
    @Test func everyPartIsLookedAt() throws {
        let failure = try Self.told(
            "inbank", Buffer(#"{"message": ["a inbank-key-0123", "inbank-key-0123 b", "c"]}"#))
        #expect(failure.providerMessage == "a [redacted]; [redacted] b; c")
        #expect(failure.providerCode == "a [redacted]")
        let digits = try Self.told(
            "dintero", Buffer(#"{"error": {"code": 1234567890123}}"#),
            section: #"{"client_id": "i", "client_secret": "1234567890123"}"#)
        #expect(digits.providerCode == "[redacted]")
    }

    /// A secret that runs over the end of what is kept is not kept in part.
    @Test func redactionComesBeforeTheCut() throws {
        for before in 1000...1030 {
            let text =
                String(repeating: "x", count: before) + "inbank-key-0123"
                + String(repeating: "y", count: 100)
            let message = try #require(
                try Self.told("inbank", Buffer("{\"message\": \"\(text)\"}")).providerMessage)
            #expect(!message.contains("inb"), "\(before)")
        }
    }

    // MARK: The cut

    /// 1 KiB, and never within a character.
    @Test(arguments: ["x", "\u{E9}", "\u{20AC}", "\u{1F4B6}"]) func longMessagesAreCut(
        _ character: String
    ) throws {
        for extra in 0...4 {
            for length in [1, 1023, 1024, 1025, 1026, 1027, 1028, 2000, 100_000] {
                var text = String(repeating: "a", count: extra)
                while text.utf8.count + character.utf8.count <= length { text += character }
                let message = try #require(
                    try Self.told(
                        "kustom", Buffer("{\"detail\": \"\(text.isEmpty ? "a" : text)\"}")
                    ).providerMessage)
                if text.utf8.count <= 1024 {
                    #expect(message == (text.isEmpty ? "a" : text))
                } else {
                    #expect(message.hasSuffix("\u{2026}"))
                    let kept = message.dropLast()
                    #expect(kept.utf8.count <= 1024)
                    #expect(kept.utf8.count > 1024 - 8)
                    #expect(text.utf8.starts(with: kept.utf8))
                    #expect(!message.unicodeScalars.contains("\u{FFFD}"))
                }
            }
        }
    }

    @Test func longCodesAreCut() throws {
        let long = String(repeating: "c", count: 5000)
        let failure = try Self.told("kustom", Buffer("{\"error_code\": \"\(long)\"}"))
        #expect(try #require(failure.providerCode).utf8.count < 1100)
        let list = (0..<500).map { "\"message \($0)\"" }.joined(separator: ",")
        let joined = try Self.told("kustom", Buffer("{\"error_messages\": [\(list)]}"))
        #expect(try #require(joined.providerMessage).utf8.count < 1100)
        #expect(joined.providerMessage?.hasPrefix("message 0; message 1; ") == true)
    }
}
