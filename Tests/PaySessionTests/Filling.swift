// SPDX-License-Identifier: MIT

/// The whole answer of a case, whose file has only what is not null: Cases/README.md has the rule,
/// Cases/cases.py the same for Python.
struct Filling {
    /// paysession.schema.json.
    let schema: Tree
    /// The keys of a session's `identifiers`, which differ by provider.
    let identifiers: [String]
    let unwritten: Set<String>

    /// Of an answer, but in no file: the response's own bytes, and free words.
    static let unwritten: Set = ["raw", "proof.raw", "error.message", "error.advice"]

    struct Wrong: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    func fill(_ written: Tree) throws -> Tree { try fill(written, by: schema, at: "") }

    private func fill(_ value: Tree?, by rule: Tree, at place: String) throws -> Tree {
        let (rule, mayBeNull) = try resolve(rule)
        let type = rule["type"]?.text
        if value == nil, mayBeNull { return .null }
        // An object that is always there, all of whose members may be null.
        guard let value = value ?? (type == "object" ? .object : nil) else {
            throw Wrong(description: "\(place): missing, and no null in the schema")
        }
        if value.isNull { throw Wrong(description: "\(place): null is not written") }
        if type == "array", value.isList, let rule = rule["items"] {
            let filled = Tree.list
            for (at, element) in value.elements.enumerated() {
                filled.append(try fill(element, by: rule, at: "\(place)[\(at)]"))
            }
            return filled
        }
        guard type == "object", value.isObject else { return value }

        let members = try members(of: rule, at: place)
        let required =
            rule["properties"] == nil
            ? Set(identifiers) : Set(rule["required"]?.elements.map(\.text) ?? [])
        for key in value.keys where !members.contains(where: { $0.key == key }) {
            throw Wrong(description: "\(place): has \(key), which the schema has not")
        }
        let filled = Tree.object
        for (key, rule) in members {
            let inside = place.isEmpty ? key : "\(place).\(key)"
            if unwritten.contains(inside) || (value[key] == nil && !required.contains(key)) {
                continue
            }
            filled[key] = try fill(value[key], by: rule, at: inside)
        }
        return filled
    }

    private func members(of rule: Tree, at place: String) throws -> [(key: String, rule: Tree)] {
        if let properties = rule["properties"] {
            return properties.keys.compactMap { key in properties[key].map { (key, $0) } }
        }
        guard place == "session.identifiers", let each = rule["additionalProperties"] else {
            throw Wrong(description: "\(place): its keys stand nowhere")
        }
        return identifiers.map { ($0, each) }
    }

    /// The rule for what is not null, and whether null may stand there.
    private func resolve(_ rule: Tree) throws -> (rule: Tree, mayBeNull: Bool) {
        if let target = rule["$ref"]?.text {
            let name = String(target.dropFirst("#/$defs/".count))
            guard let found = schema["$defs"]?[name] else {
                throw Wrong(description: "\(target) is not in the schema")
            }
            return try resolve(found)
        }
        if let choice = rule["anyOf"]?.elements {
            let others = choice.filter { $0["type"]?.text != "null" }
            guard others.count == 1 else {
                throw Wrong(description: "the schema has a choice of two")
            }
            return (try resolve(others[0]).rule, others.count < choice.count)
        }
        if let types = rule["type"], types.isList {
            let single = Tree.object
            for key in rule.keys { single[key] = rule[key] }
            single["type"] = types.elements.first { $0.text != "null" }
            return (single, types.elements.contains { $0.text == "null" })
        }
        return (rule, rule["enum"]?.elements.contains { $0.isNull } ?? false)
    }
}
