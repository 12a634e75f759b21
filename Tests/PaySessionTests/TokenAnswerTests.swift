// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct TokenAnswerTests {
    static func account() throws -> Account {
        try .of(
            "ledyer",
            #"{"environment": "live", "client_id": "Aladdin", "client_secret": "open sesame"}"#)
    }

    /// RFC 6749, 5.1: access_token, and expires_in where it is told.
    @Test(
        arguments: [
            (
                #"{"access_token": "v4.public.x", "expires_in": 3600, "token_type": "Bearer"}"#,
                "v4.public.x", 3600
            ),
            (#"{"access_token": "a"}"#, "a", nil),
            (#"{"access_token": "a", "expires_in": 0}"#, "a", 0),
            (#"{"access_token": "a", "expires_in": -5}"#, "a", -5),
            // Contract, version 0.2: a text of digits, or a whole number in any spelling.
            (#"{"access_token": "a", "expires_in": "3600"}"#, "a", 3600),
            (#"{"access_token": "a", "expires_in": 3600.0}"#, "a", 3600),
            (#"{"access_token": "a", "expires_in": 36e2}"#, "a", 3600),
            (#"{"access_token": "a", "expires_in": "3600.0"}"#, "a", nil),
            (#"{"access_token": "a", "expires_in": "an hour"}"#, "a", nil),
            (#"{"access_token": "a", "expires_in": 3600.5}"#, "a", nil),
            ("\u{FEFF}" + #"{"access_token": "a"}"#, "a", nil),
            (#"{"access_token": "a", "expires_in": 1e999}"#, "a", nil),
            (#"{"access_token": "a", "expires_in": null}"#, "a", nil),
            (#"{"access_token": "-._~+/=!"}"#, "-._~+/=!", nil),
        ] as [(String, String, Int64?)])
    func aTokenIsRead(_ body: String, _ token: String, _ lifetime: Int64?) throws {
        let account = try Self.account()
        let (read, told) = try TokenAnswer.read(
            .answered(200, Buffer(body)), account.provider, account.secrets)
        #expect(read.text == token)
        #expect(told == lifetime.map { .seconds($0) })
    }

    /// It goes into a header: what could end or split one is no token.
    @Test(arguments: [
        "", "null", "[]", "{", "{}", "<html>", #"{"access_token": null}"#, #"{"access_token": ""}"#,
        #"{"access_token": 5}"#, #"{"access_token": ["marker"]}"#,
        #"{"access_token": {"marker": "x"}}"#, #"{"access_token": "marker\r\nX: 1"}"#,
        #"{"access_token": "marker x"}"#, #"{"access_token": "marker\u0000"}"#,
        #"{"access_token": "marker\u007f"}"#, #"{"access_token": "marker\u00e9"}"#,
        #"{"access_token": "\tmarker"}"#, #"{"token": "marker"}"#,
        #"{"access_token": "marker", "access_token": "marker"}"#, #"{"error": "marker"}"#,
    ]) func whatIsNoTokenIsMalformed(_ body: String) throws {
        let account = try Self.account()
        let refusal = failure { () throws(Failure) in
            try TokenAnswer.read(
                .answered(200, Buffer(body)), account.provider, account.secrets)
        }
        #expect(refusal?.outcome == .malformed)
        #expect(refusal?.httpStatus == 200)
        #expect(refusal?.message.contains("marker") == false)
        #expect(refusal?.message.contains("ledyer") == true)
    }

    /// Contract, version 0.2: nothing, and a page of HTML, pass; the message says which it was.
    @Test(arguments: [
        ("", "empty", true), ("\n", "empty", true), ("<html>", "a page of HTML, not JSON", true),
        ("{", "not valid JSON", false), ("[]", "JSON, but not an object", false),
    ]) func whatPassesIsRetryable(_ body: String, _ words: String, _ isRetryable: Bool) throws {
        let account = try Self.account()
        let refusal = failure { () throws(Failure) in
            try TokenAnswer.read(
                .answered(200, Buffer(body)), account.provider, account.secrets)
        }
        #expect(refusal?.outcome == .malformed)
        #expect(refusal?.message == "token endpoint of ledyer: the answer is \(words)")
        #expect(refusal?.isRetryable == isRetryable)
    }

    /// 401, or the token endpoint refused the credentials: RFC 6749, 5.2 has 400 for that.
    @Test(
        arguments: [
            (400, .unauthorized), (401, .unauthorized), (403, .unauthorized),
            (404, .unexpectedHTTP),
            (429, .rateLimited), (500, .providerError), (502, .providerError),
            (503, .providerError),
            (504, .providerError), (201, .unexpectedHTTP), (204, .unexpectedHTTP),
            (302, .unexpectedHTTP), (418, .unexpectedHTTP),
        ] as [(Int, Outcome)])
    func statusesAreTheEndpoints(_ status: Int, _ outcome: Outcome) throws {
        let account = try Self.account()
        let body =
            #"{"error": "invalid_client", "error_description": "no client open sesame"}"#
        let refusal = failure { () throws(Failure) in
            try TokenAnswer.read(
                .answered(status, Buffer(body)), account.provider, account.secrets)
        }
        #expect(refusal?.outcome == outcome)
        #expect(refusal?.httpStatus == status)
        #expect(refusal?.providerCode == "invalid_client")
        #expect(refusal?.providerMessage == "no client [redacted]")
        #expect(refusal?.message.contains("token endpoint") == true)
    }

    @Test func aBrokenTransferStaysWhatItIs() throws {
        let account = try Self.account()
        let told = Failure(.tlsFailed, "words")
        let refusal = failure { () throws(Failure) in
            try TokenAnswer.read(.failed(told), account.provider, account.secrets)
        }
        #expect(refusal?.outcome == .tlsFailed)
        #expect(refusal?.httpStatus == nil)
        #expect(refusal?.message.hasSuffix("words") == true)
        #expect(refusal?.message.contains("ledyer") == true)
    }
}
