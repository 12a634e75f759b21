// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct WriterTests {
    private func written(_ body: (inout Writer) -> Void) -> String {
        let buffer = Buffer()
        var writer = Writer(buffer)
        body(&writer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    @Test func commasStandBetween() {
        let text = written { writer in
            writer.object { writer in
                writer.field("a", nil as String?)
                writer.field("b", 5 as Int64?)
                writer.key("c")
                writer.array { writer in
                    writer.null()
                    writer.bool(true)
                    writer.object { _ in }
                    writer.array { _ in }
                    writer.string("x" as String)
                }
                writer.key("d" as String)
                writer.verbatim(UnsafeBufferPointer(start: nil, count: 0))
                writer.integer(-1)
            }
        }
        #expect(text.hasPrefix("{\"a\":null,\"b\":5,\"c\":[null,true,{},[],\"x\"],\"d\":"))
    }

    @Test(arguments: [
        ("", "\"\""), ("\"\\/", "\"\\\"\\\\/\""), ("\u{8}\u{C}\n\r\t", "\"\\b\\f\\n\\r\\t\""),
        ("\u{0}\u{1}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u001f\u{7F}\""), ("é日😀", "\"é日😀\""),
        ("a\"b\"c", "\"a\\\"b\\\"c\""),
    ])
    func textIsEscapedWhereItMust(_ text: String, _ json: String) {
        #expect(written { $0.string(text) } == json)
    }

    @Test(
        arguments: [
            (0, "0"), (-1, "-1"), (Int64.max, "9223372036854775807"),
            (Int64.min, "-9223372036854775808"), (10, "10"),
        ] as [(Int64, String)])
    func integersAreExact(_ number: Int64, _ json: String) {
        #expect(written { $0.integer(number) } == json)
    }

    @Test(
        arguments: [
            (0, "0.0"), (99, "0.0"), (100, "0.1"), (41_349, "41.3"), (41_999, "41.9"),
            (1_000_000, "1000.0"), (-5, "0.0"),
        ] as [(Int64, String)])
    func millisecondsHaveOneDigit(_ microseconds: Int64, _ json: String) {
        #expect(written { $0.milliseconds(microseconds) } == json)
    }
}
