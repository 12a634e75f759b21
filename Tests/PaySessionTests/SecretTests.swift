// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct SecretTests {
    private func secret(_ text: String) -> Secret {
        var text = text
        return text.withUTF8 { Secret($0)! }
    }

    private func text(_ secret: Secret?) -> String? {
        secret?.withText { String(cString: $0) }
    }

    @Test func hasNoTextOfItsOwn() {
        let secret = secret("sentinel-secret")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(describing: secret), String(reflecting: secret), dumped] {
            #expect(!text.contains("sentinel"))
        }
    }

    /// RFC 4648, section 10, behind "a:" where the length matters: user "", so ":" comes first.
    @Test(arguments: [
        ("a", "", "Basic YTo="), ("a", "b", "Basic YTpi"),
        (
            "Aladdin", "open sesame",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        ), ("test", "123£", "Basic dGVzdDoxMjPCow=="),
    ])
    func basicCredentialsAreBase64(_ user: String, _ password: String, _ header: String) {
        #expect(text(.basic("Basic ", user: user, secret(password))) == header)
    }

    @Test func isJoined() {
        #expect(text(.joining("Authorization: Bearer ", secret("t"))) == "Authorization: Bearer t")
    }
}
