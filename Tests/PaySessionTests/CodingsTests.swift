// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

struct CodingsTests {
    private func codings(content: [String] = [], transfer: [String] = []) -> Codings {
        var codings = Codings()
        for value in content { withBytes(of: value) { codings.note(content: $0) } }
        for value in transfer { withBytes(of: value) { codings.note(transfer: $0) } }
        return codings
    }

    /// RFC 9110, 8.4.1: names of codings are read without regard to case, and x-gzip is gzip.
    @Test(arguments: ["gzip", "GZIP", "x-gzip", "X-GZip"])
    func oneThatIsKnown(_ value: String) {
        let codings = codings(content: [value])
        #expect(!codings.areForeign)
        #expect(codings.content == value)
    }

    @Test(arguments: ["chunked", "Chunked", "identity", ""])
    func chunks(_ value: String) { #expect(!codings(transfer: [value]).areForeign) }

    /// libcurl could not undo it, or saw it before we did.
    @Test func oneThatIsKnownAndCouldNotBeUndone() {
        #expect(
            codings(content: ["gzip"]).flaw
                == "the answer cannot be decompressed, its Content-Encoding is \"gzip\"")
        #expect(
            codings().flaw == "the answer's Transfer-Encoding or Content-Encoding is not accepted")
    }

    /// Servers write such for a body that is as it is.
    @Test(arguments: ["", "identity", "Identity", "none"])
    func nothingUnderItsName(_ value: String) {
        #expect(!codings(content: [value, value]).areForeign)
        #expect(codings(content: [value]).content == nil)
        #expect(codings(content: [value, "gzip", value]).content == "gzip")
        #expect(!codings(content: [value, "gzip", value]).areForeign)
    }

    @Test func none() {
        #expect(!codings().areForeign)
        #expect(codings().content == nil)
    }

    @Test(arguments: [
        (["gzip, gzip"], "gzip, gzip"), (["gzip", "gzip"], "gzip, gzip"),
        (["identity, gzip"], "identity, gzip"), (["gzip,"], "gzip,"),
        (["br"], "br"), (["deflate"], "deflate"), (["gzip x"], "gzip x"), (["gzi"], "gzi"),
        (["gzip", "gzip", "gzip"], "gzip, gzip"), (["x-\u{1B}[2J"], "x-?[2J"),
        ([String(repeating: "y", count: 40)], String(repeating: "y", count: 32)),
    ])
    func aForeignContentCodingIsNamed(_ values: [String], _ shown: String) {
        let codings = codings(content: values)
        #expect(codings.areForeign)
        #expect(
            codings.flaw
                == "the answer's Content-Encoding \"\(shown)\" is not accepted, expected gzip")
    }

    @Test(arguments: [
        (["gzip, chunked"], "gzip, chunked"), (["chunked", "chunked"], "chunked, chunked"),
        (["gzip"], "gzip"), (["chunked;a=b"], "chunked;a=b"),
    ])
    func aForeignTransferCodingIsNamed(_ values: [String], _ shown: String) {
        let codings = codings(content: ["br"], transfer: values)
        #expect(codings.areForeign)
        #expect(
            codings.flaw
                == "the answer's Transfer-Encoding \"\(shown)\" is not accepted, expected chunked")
    }
}
