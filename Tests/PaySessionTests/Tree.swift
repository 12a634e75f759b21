// SPDX-License-Identifier: MIT
import CJansson
import Foundation

/// JSON with its order kept, by jansson alone and nothing of ours.
final class Tree {
    private let node: UnsafeMutablePointer<json_t>

    init?(_ data: Data) {
        var error = json_error_t()
        let node = data.withUnsafeBytes {
            json_loadb($0.baseAddress, $0.count, Int(JSON_ALLOW_NUL | JSON_DECODE_ANY), &error)
        }
        guard let node else { return nil }
        self.node = node
    }

    convenience init?(file: URL) {
        guard let data = try? Data(contentsOf: file) else { return nil }
        self.init(data)
    }

    private init(borrowing node: UnsafeMutablePointer<json_t>) { self.node = json_incref(node) }
    private init(owning node: UnsafeMutablePointer<json_t>) { self.node = node }

    deinit { json_decref(node) }

    static var null: Tree { Tree(owning: json_null()) }
    static var object: Tree { Tree(owning: json_object()) }
    static var list: Tree { Tree(owning: json_array()) }

    subscript(key: String) -> Tree? {
        get { json_object_get(node, key).map { Tree(borrowing: $0) } }
        set { json_object_set_nocheck(node, key, newValue?.node) }
    }
    func remove(_ key: String) { json_object_del(node, key) }
    func append(_ element: Tree) { json_array_append(node, element.node) }

    var isNull: Bool { has(JSON_NULL) }
    var isObject: Bool { has(JSON_OBJECT) }
    var isList: Bool { has(JSON_ARRAY) }
    private func has(_ type: json_type) -> Bool { cjansson_type(node) == Int32(type.rawValue) }

    var keys: [String] {
        var keys: [String] = []
        var at = json_object_iter(node)
        while let here = at {
            keys.append(String(cString: json_object_iter_key(here)))
            at = json_object_iter_next(node, here)
        }
        return keys
    }

    var elements: [Tree] {
        (0..<json_array_size(node)).compactMap {
            json_array_get(node, $0).map { Tree(borrowing: $0) }
        }
    }

    var integer: Int? { has(JSON_INTEGER) ? Int(json_integer_value(node)) : nil }

    /// A text's content; anything else as compact JSON.
    var text: String {
        if has(JSON_STRING) { return String(cString: json_string_value(node)) }
        guard let dumped = json_dumps(node, Int(JSON_COMPACT | JSON_ENCODE_ANY)) else { return "" }
        defer { free(dumped) }
        return String(cString: dumped)
    }
}
