// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import PaySession

@Suite struct SecretTests {
    @Test(arguments: ["", "x", "kco_live_abc", "caf\u{E9}"]) func givesItsBytesAsTheyAre(
        _ text: String
    ) throws {
        let secret = try Secret.of(text)
        #expect(secret.count == text.utf8.count)
        #expect(secret.withBytes { Array($0) } == Array(text.utf8))
        // NUL-terminated for libcurl.
        let whole = secret.withText {
            Array(UnsafeRawBufferPointer(start: $0, count: secret.count + 1))
        }
        #expect(whole == Array(text.utf8) + [0])
    }

    @Test func copiesItsBytes() throws {
        var source = Array("hunter2hunter2".utf8)
        let secret = try #require(source.withUnsafeBufferPointer { Secret($0) })
        source = source.map { _ in 0x2A }
        #expect(secret.text == "hunter2hunter2")
    }

    /// However it is printed, nothing of it is seen.
    @Test func hasNoTextForm() throws {
        let secret = try Secret.of("hunter2hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        let account = try Account.of(
            "kustom", #"{"base_url": "https://x.test", "api_key": "hunter2hunter2"}"#)
        var dumpedAccount = ""
        dump(account, to: &dumpedAccount)
        let claim = TokenCache.Claim.use(secret)
        for form in [
            "\(secret)", String(describing: secret), String(reflecting: secret),
            secret as Any as? String ?? "",
            dumped, dumpedAccount, "\(account.authorization)", "\(account.secrets)", "\(claim)",
            "\([secret])", "\(Optional(secret) as Any)", String(reflecting: account),
        ] {
            #expect(!form.contains("hunter2"), "\(form)")
        }
    }

    @Test func joins() throws {
        let joined = try #require(Secret.joining("Authorization: Bearer ", try .of("abc")))
        #expect(joined.text == "Authorization: Bearer abc")
        #expect(Secret.joining("", try .of(""))?.count == 0)
    }

    /// RFC 4648, 10, behind "ab:", which is three bytes of its own: YWI6.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]) func basicIsBase64(_ secret: String, _ encoded: String) throws {
        #expect(Secret.basic("", user: "ab", try .of(secret))?.text == "YWI6" + encoded)
        #expect(Secret.basic("Basic ", user: "ab", try .of(secret))?.text == "Basic YWI6" + encoded)
    }

    /// RFC 7617, 2 and 2.1.
    @Test(arguments: [
        ("Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123\u{A3}", "dGVzdDoxMjPCow=="), ("", "", "Og=="), ("a", "", "YTo="),
        ("", "a", "OmE="),
    ]) func basicIsRFC7617s(_ user: String, _ secret: String, _ encoded: String) throws {
        #expect(Secret.basic("Basic ", user: user, try .of(secret))?.text == "Basic " + encoded)
    }

    /// Every digit of the alphabet, and every byte.
    @Test func basicKnowsTheWholeAlphabet() throws {
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        let behind = Array(try #require(Data(base64Encoded: alphabet)))
        let secret = try #require(behind.withUnsafeBufferPointer { Secret($0) })
        #expect(Secret.basic("", user: "ab", secret)?.text == "YWI6" + alphabet)
        for length in 0...9 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 89 + 200) }
            let some = try #require(bytes.withUnsafeBufferPointer { Secret($0) })
            #expect(
                Secret.basic("", user: "u", some)?.text
                    == Data(Array("u:".utf8) + bytes).base64EncodedString())
        }
    }
}
