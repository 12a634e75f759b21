// SPDX-License-Identifier: MIT
import Foundation
import Testing

@Suite struct FillingTests {
    /// An object that may be null, one that may not, and a list.
    private let schema = """
        {"type": "object", "required": ["result", "session", "error"], "properties": {
            "result": {"enum": ["ok", "malformed"]},
            "session": {"anyOf": [{"$ref": "#/$defs/session"}, {"type": "null"}]},
            "error": {"anyOf": [{"$ref": "#/$defs/error"}, {"type": "null"}]},
            "report": {"type": "object", "properties": {}}},
         "$defs": {
            "session": {"type": "object", "required": ["id", "word", "customer", "identifiers", "items"],
                "properties": {
                    "id": {"type": ["string", "null"]}, "word": {"enum": ["one", null]},
                    "customer": {"type": "object", "required": ["name"], "properties": {
                        "name": {"type": ["string", "null"]}}},
                    "identifiers": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
                    "items": {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/item"}},
                        {"type": "null"}]}}},
            "item": {"type": "object", "required": ["name", "count"], "properties": {
                "name": {"type": ["string", "null"]}, "count": {"type": ["integer", "null"]}}},
            "error": {"type": "object", "required": ["message", "retryable"], "properties": {
                "message": {"type": "string"}, "retryable": {"type": "boolean"}}}}}
        """

    private func filled(_ written: String, _ schema: String? = nil) throws -> String {
        let filling = Filling(
            schema: try #require(Tree(Data((schema ?? self.schema).utf8))),
            identifiers: ["order", "store"], unwritten: ["error.message"])
        return try filling.fill(try #require(Tree(Data(written.utf8)))).text
    }

    private func refusal(_ written: String) -> String? {
        do {
            _ = try filled(written)
            return nil
        } catch {
            return (error as? Filling.Wrong)?.description
        }
    }

    @Test func whatIsNotWrittenIsNull() throws {
        #expect(
            try filled(#"{"result": "ok", "session": {}}"#) == """
                {"result":"ok","session":{"id":null,"word":null,"customer":{"name":null},\
                "identifiers":{"order":null,"store":null},"items":null},"error":null}
                """)
    }

    @Test func whatIsWrittenStaysInTheOrderOfTheSchema() throws {
        #expect(
            try filled(
                #"{"session": {"items": [{}, {"count": 2}], "identifiers": {"store": "s"}, "#
                    + #""customer": {"name": "N"}, "word": "one", "id": "a"}, "result": "ok"}"#)
                    == """
                    {"result":"ok","session":{"id":"a","word":"one","customer":{"name":"N"},\
                    "identifiers":{"order":null,"store":"s"},\
                    "items":[{"name":null,"count":null},{"name":null,"count":2}]},"error":null}
                    """)
    }

    @Test func freeWordsAreLeftOut() throws {
        #expect(
            try filled(#"{"result": "malformed", "error": {"retryable": true}}"#)
                == #"{"result":"malformed","session":null,"error":{"retryable":true}}"#)
    }

    @Test func aNewKeyThatMayBeNullCostsNoFile() throws {
        let wider = schema.replacingOccurrences(
            of: #"["id", "word","#, with: #"["id", "more", "word","#
        ).replacingOccurrences(
            of: #""word": {"#, with: #""more": {"type": ["number", "null"]}, "word": {"#)
        #expect(
            try filled(#"{"result": "ok", "session": {}}"#, wider).hasPrefix(
                #"{"result":"ok","session":{"id":null,"more":null,"word":null,"#))
    }

    @Test func whatCannotBeNullHasToBeWritten() {
        #expect(refusal("{}") == "result: missing, and no null in the schema")
        #expect(
            refusal(#"{"result": "malformed", "error": {}}"#)
                == "error.retryable: missing, and no null in the schema")
    }

    @Test func nullIsNotWritten() {
        #expect(refusal(#"{"result": "ok", "session": null}"#) == "session: null is not written")
        #expect(
            refusal(#"{"result": "ok", "session": {"items": [{"name": null}]}}"#)
                == "session.items[0].name: null is not written")
    }

    @Test func aKeyThatTheSchemaHasNotIsAMistake() {
        #expect(
            refusal(#"{"result": "ok", "session": {"idd": "a"}}"#)
                == "session: has idd, which the schema has not")
        #expect(
            refusal(#"{"result": "ok", "session": {"identifiers": {"shop": "s"}}}"#)
                == "session.identifiers: has shop, which the schema has not")
    }
}
