// SPDX-License-Identifier: MIT
import CJansson
import CPlatform

/// Why bytes are not a JSON object that can be relied on. The words go into messages, so they are
/// ours: jansson's own quote the document, which holds personal data.
enum DocumentFlaw: Error {
    case empty, page, path, notJSON, notAnObject, duplicateKey, notUTF8, tooDeep, tooLong,
        tooMany, outOfMemory

    /// Behind "the answer is ".
    var words: StaticString {
        switch self {
        case .empty: "empty"
        case .page: "a page of HTML, not JSON"
        case .path: "not JSON; it looks like the path of a file"
        case .notJSON: "not valid JSON"
        case .notAnObject: "JSON, but not an object"
        case .duplicateKey: "JSON with the same key twice in one object"
        case .notUTF8: "not UTF-8"
        case .tooDeep: "JSON nested deeper than 128 levels"
        case .tooLong: "longer than 64 MiB"
        case .tooMany: "JSON with more than 100,000 objects and lists, or 500,000 texts and numbers"
        case .outOfMemory: "more than memory holds"
        }
    }

    /// What stands between a shop and its provider answers so for a while: a gateway that restarts,
    /// a page that says "back soon". Anything else is the provider's own, and stays.
    var mayPass: Bool {
        switch self {
        case .empty, .page: true
        default: false
        }
    }
}

/// A parsed JSON object: each key once, UTF-8, at most 128 levels deep.
///
/// jansson reads numbers into int64 or double and refuses what fits neither, so 300.10 would come
/// back rounded, and one huge number would cost the whole document. Money must be exact. Therefore
/// jansson is given a copy of the text in which each number is replaced by its place in a table
/// (as an integer: 0, 1, 2, ...), and a number is read from the original bytes when it is wanted.
///
/// Plain texts (printable ASCII, no escapes) are replaced likewise, and keys by a letter each where
/// all of them are plain: nothing in them needs decoding, and jansson, at some hundred instructions
/// a byte, costs more than all the rest of a call. What is left for jansson is what it is for: the
/// grammar, every text that is more than plain, and keys that stand twice, for which it looks where
/// there may be any.
///
/// A text with half a surrogate pair in it (JSON can escape one, UTF-8 cannot say it) would cost
/// the whole document as well: a name that was cut in the middle of an emoji. jansson is given
/// U+FFFD in its place, and beside the text the note that it was mended: `[PLACE, "text"]`. No list
/// of the document can look like that, since none of its own numbers has a place of that kind.
final class Document {
    static let deepest = 128
    static let longest = 1 << 26
    /// Objects and lists: two bytes of a document, {}, are 240 in jansson's tree.
    static let mostContainers = 100_000
    /// Texts and numbers.
    static let mostScalars = 500_000

    private let source: Buffer
    private let places: Buffer
    private let legend: UnsafeMutablePointer<Legend>
    private let tree: UnsafeMutablePointer<json_t>
    private let holdsSecrets: Bool

    /// - Parameter holdsSecrets: every text is wiped before jansson frees it.
    static func parse(
        _ source: Buffer, holdsSecrets: Bool = false
    ) throws(DocumentFlaw) -> Document {
        guard source.isComplete else { throw .outOfMemory }
        guard source.count <= Document.longest else { throw .tooLong }
        // For what is read from it: its texts, some of them twice.
        guard Memory.hasRoom(2 * source.count) else { throw .outOfMemory }
        let content = withoutByteOrderMark(source.bytes)
        switch content.first(where: { !isWhiteSpace($0) }) {
        case nil: throw .empty
        case UInt8(ascii: "<"): throw .page
        default: break
        }
        let marked = Buffer(holdsSecrets: holdsSecrets)
        let places = Buffer()
        var keys = KeyNumbers.allocate(for: content)
        var isTaken = false
        defer { if !isTaken { keys?.deallocate() } }
        var hasEachKeyOnce = try mark(content, to: marked, places: places, keys: keys)
        if hasEachKeyOnce == nil {
            keys?.deallocate()
            keys = nil
            marked.removeAll()
            places.removeAll()
            hasEachKeyOnce = try mark(content, to: marked, places: places, keys: nil)
        }
        guard marked.isComplete, places.isComplete else { throw .outOfMemory }
        var error = json_error_t()
        cplatform_set_errno(0)
        let parsed = marked.bytes.withMemoryRebound(to: CChar.self) {
            let bytes = $0.baseAddress ?? cString("")
            return hasEachKeyOnce == true
                ? cjansson_load_loosely(bytes, $0.count, &error)
                : cjansson_load(bytes, $0.count, &error)
        }
        guard let parsed else {
            // jansson calls a token for which it has no memory a wrong one.
            if cplatform_is_exhausted() != 0 { throw .outOfMemory }
            switch json_error_code(&error) {
            case json_error_duplicate_key: throw .duplicateKey
            case json_error_invalid_utf8: throw .notUTF8
            case json_error_stack_overflow: throw .tooDeep
            case json_error_out_of_memory: throw .outOfMemory
            default: throw looksLikePath(content) ? .path : .notJSON
            }
        }
        guard cjansson_type(parsed) == Int32(JSON_OBJECT.rawValue) else {
            json_decref(parsed)
            throw .notAnObject
        }
        isTaken = true
        return Document(source, places, keys, parsed, holdsSecrets)
    }

    /// Where the grammar of JSON ends to hold, for whoever wrote the text; nil if that is not what
    /// is wrong with it. Texts are hidden from jansson, which wipes nothing: an x stands for each
    /// byte.
    static func placeOfFlaw(in content: UnsafeBufferPointer<UInt8>) -> Int? {
        let hidden = Buffer()
        var isText = false
        var index = 0
        while index < content.count {
            let byte = content[index]
            if byte == UInt8(ascii: "\"") { isText.toggle() }
            let isHidden = isText && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\n")
            if isHidden, byte == UInt8(ascii: "\\"), index + 1 < content.count {
                hidden.append(UInt8(ascii: "x"))
                index += 1
            }
            hidden.append(isHidden ? UInt8(ascii: "x") : byte)
            index += 1
        }
        var error = json_error_t()
        let parsed = hidden.bytes.withMemoryRebound(to: CChar.self) {
            cjansson_load_loosely($0.baseAddress ?? cString(""), $0.count, &error)
        }
        guard parsed == nil else {
            json_decref(parsed)
            return nil
        }
        // How many bytes it had read: behind the word that it did not expect.
        return max(Int(error.position), 1) - 1
    }

    // Not the initializer throws: in Embedded Swift an object whose initializer does is never
    // freed.
    private init(
        _ source: Buffer, _ places: Buffer, _ keys: KeyNumbers?,
        _ tree: UnsafeMutablePointer<json_t>, _ holdsSecrets: Bool
    ) {
        self.source = source
        self.places = places
        legend = .allocate(capacity: 1)
        legend.initialize(
            to: Legend(places: Places(withoutByteOrderMark(source.bytes), places), keys: keys))
        self.tree = tree
        self.holdsSecrets = holdsSecrets
    }

    deinit {
        if holdsSecrets { wipe(tree) }
        json_decref(tree)
        legend.pointee.keys?.deallocate()
        legend.deallocate()
    }

    /// Looks into the object. Values are only good while the document is: inside `body`, or longer
    /// where the document is held anyway.
    func read<R, E: Error>(_ body: (Value) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(root)
    }

    /// For those who hold the document longer than any of its values.
    var root: Value { Value(legend: UnsafePointer(legend), node: tree) }

    /// All of it, but a byte order mark.
    var content: UnsafeBufferPointer<UInt8> { withoutByteOrderMark(source.bytes) }

    /// The object's own bytes, without a byte order mark and white space around it.
    var trimmed: UnsafeBufferPointer<UInt8> {
        let bytes = content
        var first = 0
        var end = bytes.count
        while first < end, isWhiteSpace(bytes[first]) { first += 1 }
        while end > first, isWhiteSpace(bytes[end - 1]) { end -= 1 }
        return UnsafeBufferPointer(rebasing: bytes[first..<end])
    }

    private func wipe(_ node: UnsafeMutablePointer<json_t>) {
        switch cjansson_type(node) {
        case Int32(JSON_STRING.rawValue):
            let text = UnsafeMutablePointer(mutating: json_string_value(node))
            if let text { explicit_bzero(text, json_string_length(node)) }
        case Int32(JSON_OBJECT.rawValue):
            var iterator = json_object_iter(node)
            while let entry = iterator {
                if let value = json_object_iter_value(entry) { wipe(value) }
                iterator = json_object_iter_next(node, entry)
            }
        case Int32(JSON_ARRAY.rawValue):
            for index in 0..<json_array_size(node) {
                if let value = json_array_get(node, index) { wipe(value) }
            }
        default: break
        }
    }
}

/// Where a number or a text stands in the source.
private struct Place {
    enum Kind: UInt64 {
        case number, text
        /// A text that had half a surrogate pair in it.
        case mendedText
    }

    let kind: Kind
    let offset: Int
    let length: Int

    init(_ kind: Kind, _ offset: Int, _ length: Int) {
        self.kind = kind
        self.offset = offset
        self.length = length
    }

    // A document is no longer than 64 MiB: offset and length have 27 bits each.
    @inline(__always)
    init(packed: UInt64) {
        kind = Kind(rawValue: packed & 3) ?? .mendedText
        length = Int(packed >> 2 & (1 << 27 - 1))
        offset = Int(packed >> 29)
    }

    var packed: UInt64 { UInt64(offset) << 29 | UInt64(length) << 2 | kind.rawValue }
}

/// What the integers of a tree stand for.
private struct Places {
    private let source: UnsafeBufferPointer<UInt8>
    private let table: UnsafeRawBufferPointer

    init(_ source: UnsafeBufferPointer<UInt8>, _ table: Buffer) {
        self.source = source
        self.table = UnsafeRawBufferPointer(table.bytes)
    }

    static func add(_ place: Place, to table: Buffer) {
        var packed = place.packed
        withUnsafeBytes(of: &packed) { table.append($0) }
    }

    /// The bytes that one stands for; nil if there is no such place, or it is not of that kind.
    func bytes(_ index: Int64, _ kind: Place.Kind) -> UnsafeBufferPointer<UInt8>? {
        let size = MemoryLayout<UInt64>.size
        guard index >= 0, index < Int64(table.count / size) else { return nil }
        let place = Place(
            packed: table.loadUnaligned(fromByteOffset: Int(index) * size, as: UInt64.self))
        guard place.kind == kind, place.offset + place.length <= source.count else { return nil }
        return UnsafeBufferPointer(rebasing: source[place.offset..<place.offset + place.length])
    }
}

/// What the tree of a document stands for.
private struct Legend {
    /// Of its integers.
    let places: Places
    /// Of its keys; nil where they stand for themselves.
    let keys: KeyNumbers?
}

/// One value of a document, or nothing: looking into what is not there gives nothing again. Does
/// not hold its document: counting owners at each step costs more than the step.
struct Value {
    fileprivate let legend: UnsafePointer<Legend>
    fileprivate let node: UnsafeMutablePointer<json_t>?

    private func has(_ type: json_type) -> Bool { cjansson_type(node) == Int32(type.rawValue) }

    var isAbsent: Bool { node == nil }
    var isNull: Bool { has(JSON_NULL) }
    var isObject: Bool { has(JSON_OBJECT) }
    var isArray: Bool { has(JSON_ARRAY) && mendedText == nil }
    /// Not there, null, or a text without content, as Ledyer sends it for what it does not know.
    var isSilent: Bool {
        isAbsent || isNull || withTextBytes { $0.isEmpty } == true
    }

    /// `key` is NUL-terminated.
    func member(_ key: UnsafePointer<CChar>) -> Value { member(key, strlen(key)) }

    func member(_ key: UnsafePointer<CChar>, _ length: Int) -> Value {
        guard let keys = legend.pointee.keys else { return with(json_object_get(node, key)) }
        let bytes = UnsafeRawPointer(key).assumingMemoryBound(to: UInt8.self)
        guard let number = keys.number(of: UnsafeBufferPointer(start: bytes, count: length))
        else { return with(nil) }
        var letter: (UInt8, UInt8) = (KeyNumbers.letter(number), 0)
        return withUnsafeBytes(of: &letter) {
            with(json_object_get(node, $0.baseAddress?.assumingMemoryBound(to: CChar.self)))
        }
    }

    /// Another one of the same document.
    private func with(_ node: UnsafeMutablePointer<json_t>?) -> Value {
        Value(legend: legend, node: node)
    }

    /// nil for a text with half a surrogate pair in it: what is compared, or asked for again, must
    /// be what the document says.
    var exactText: DocumentText? {
        guard let node else { return nil }
        if has(JSON_INTEGER) {
            return legend.pointee.places.bytes(json_integer_value(node), .text).map {
                DocumentText($0, isPlain: true)
            }
        }
        return has(JSON_STRING) ? DocumentText(Value.bytes(of: node), isPlain: false) : nil
    }

    /// The same for what outlives the document.
    var text: String? { exactText?.string }

    /// For people to read: U+FFFD stands for half a surrogate pair.
    var shownText: DocumentText? {
        if let exactText { return exactText }
        guard has(JSON_ARRAY), let mendedText else { return nil }
        return DocumentText(Value.bytes(of: mendedText), isPlain: false)
    }

    /// See `Document`.
    private var mendedText: UnsafeMutablePointer<json_t>? {
        guard has(JSON_ARRAY), let note = json_array_get(node, 0),
            cjansson_type(note) == Int32(JSON_INTEGER.rawValue),
            legend.pointee.places.bytes(json_integer_value(note), .mendedText) != nil
        else { return nil }
        return json_array_get(node, 1)
    }

    private static func bytes(
        of text: UnsafeMutablePointer<json_t>
    ) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(
            start: UnsafeRawPointer(json_string_value(text))?.assumingMemoryBound(to: UInt8.self),
            count: json_string_length(text))
    }

    /// The bytes of a text, for a secret: no String is made of it.
    func withTextBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R? {
        exactText.map { body($0.bytes) }
    }

    var bool: Bool? { has(JSON_TRUE) ? true : has(JSON_FALSE) ? false : nil }

    /// A number as it is written in the document.
    var number: UnsafeBufferPointer<UInt8>? {
        guard has(JSON_INTEGER), let node else { return nil }
        return legend.pointee.places.bytes(json_integer_value(node), .number)
    }

    /// A whole number that fits, however it is spelt: 2000, 2000.0, 2e3.
    var integer: Int64? {
        guard let number else { return nil }
        return parseInteger(number) ?? scaledDecimal(number, by: 0)
    }

    /// The same, or a text of nothing but digits, as programs write that keep money out of floats.
    var integerOrDigits: Int64? {
        integer ?? withTextBytes { parseDigits($0) } ?? nil
    }

    /// A number, or a text that is a plain decimal: 300, 300.00, "300.00"; not "3e2", not "300,00".
    var decimal: UnsafeBufferPointer<UInt8>? {
        if let number { return number }
        return withTextBytes { isPlainDecimal($0) ? $0 : nil } ?? nil
    }

    /// A text, or the digits of a number that is written as an integer: 1001, not 1001.0.
    var textOrInteger: DocumentText? {
        if let exactText { return exactText }
        guard let number, isMade(number, of: "09--") else { return nil }
        return DocumentText(number, isPlain: true)
    }

    var elementCount: Int { isArray ? json_array_size(node) : 0 }
    func element(_ index: Int) -> Value {
        with(isArray ? json_array_get(node, index) : nil)
    }

    /// The members of an object, in the document's order; `body` says whether to go on.
    func forEachMember(_ body: (String, Value) -> Bool) {
        guard isObject, let node else { return }
        var iterator = json_object_iter(node)
        while let entry = iterator {
            if let key = json_object_iter_key(entry) {
                if !body(text(of: key), with(json_object_iter_value(entry))) { return }
            }
            iterator = json_object_iter_next(node, entry)
        }
    }

    private func text(of key: UnsafePointer<CChar>) -> String {
        guard let keys = legend.pointee.keys else { return String(cString: key) }
        let number = KeyNumbers.number(letter: UInt8(bitPattern: key[0]))
        return keys.key(number).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

extension Value {
    /// The value at a path of keys parted by dots.
    func at(_ path: StaticString) -> Value {
        let bytes = UnsafeBufferPointer(start: path.utf8Start, count: path.utf8CodeUnitCount)
        if memchr(path.utf8Start, Int32(UInt8(ascii: ".")), bytes.count) == nil {
            return member(cString(path), bytes.count)
        }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { keys in
            for index in 0..<bytes.count {
                keys[index] =
                    bytes[index] == UInt8(ascii: ".") ? 0 : CChar(truncatingIfNeeded: bytes[index])
            }
            keys[bytes.count] = 0
            var found = self
            var start = 0
            for index in 0...bytes.count where keys[index] == 0 {
                guard let base = keys.baseAddress else { break }
                found = found.member(base + start)
                start = index + 1
            }
            return found
        }
    }
}

/// The elements of a list, read one by one, each time it is gone through, while the document is
/// there: a document can have more of them than memory.
struct ValueList<Element>: Sequence, IteratorProtocol {
    private let list: Value
    private let read: (Value) -> Element?
    private var index = 0
    /// What is left out included.
    var count: Int { list.elementCount }

    /// - Parameter read: nil for what is left out.
    init(_ list: Value, read: @escaping (Value) -> Element?) {
        self.list = list
        self.read = read
    }

    mutating func next() -> Element? {
        while index < list.elementCount {
            index += 1
            if let element = read(list.element(index - 1)) { return element }
        }
        return nil
    }
}

/// One line that begins or ends as a path does: the most frequent mistake of who is to give JSON.
private func looksLikePath(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let text = withoutBlanks(bytes)
    guard text.count <= 4096, let first = text.first, !text.contains(UInt8(ascii: "\n")),
        !text.contains(UInt8(ascii: "{"))
    else { return false }
    switch first {
    case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "~"): return true
    default:
        let end = UnsafeBufferPointer(rebasing: text[max(text.count - 5, 0)...])
        return begins(end, with: ".json")
    }
}

private func isWhiteSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}

/// JSON text as jansson gets it: each number and each plain text that is no key replaced by its
/// place in the table, and keys by their letters if there are `keys`; without white space that
/// parts nothing. What is none of these by JSON's grammar is copied as it is, for jansson to
/// refuse.
private struct Marking {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let marked: Buffer
    private let places: Buffer
    private let keys: KeyNumbers?
    private var index = 0
    /// Where the next byte is written, and how many there is room for.
    private var room: UnsafeMutablePointer<UInt8>
    private var roomLeft = 0
    private var depth = 0
    private var containers = 0
    private var scalars: UInt64 = 0
    /// No object has a key twice, as far as the text is JSON: jansson need not look for that.
    private(set) var hasEachKeyOnce: Bool

    /// More than the longest that stands for a token: a number of twenty digits between two blanks.
    private static let mostForToken = 24

    init?(
        _ bytes: UnsafeBufferPointer<UInt8>, to marked: Buffer, places: Buffer, keys: KeyNumbers?
    ) {
        self.bytes = bytes
        self.marked = marked
        self.places = places
        self.keys = keys
        hasEachKeyOnce = keys != nil
        roomLeft = bytes.count + Marking.mostForToken
        guard let room = marked.room(for: roomLeft) else { return nil }
        self.room = room
    }

    /// - Returns: false if keys cannot be numbered here: one is not plain, or there are too many;
    ///   and where memory has run out, which the buffers say.
    @_optimize(speed)
    mutating func run() throws(DocumentFlaw) -> Bool {
        while index < bytes.count {
            guard makeRoom(for: Marking.mostForToken) else { return false }
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                if !text() { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                keys?.begin(level: depth)
                depth += 1
                containers += 1
                if depth > Document.deepest { throw .tooDeep }
                if containers > Document.mostContainers || scalars > Document.mostScalars {
                    throw .tooMany
                }
                copy(byte)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                copy(byte)
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                number()
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                whiteSpace()
            case 0:
                // Never JSON, but jansson 2.14 overlooks one behind a number or a word, and for a
                // reader in C the answer would end there.
                throw .notJSON
            default:
                copy(byte)
            }
        }
        if scalars > Document.mostScalars { throw .tooMany }
        flush()
        return true
    }

    // MARK: Tokens

    /// A text from its opening quote on; false if it is a key that has no letter.
    @inline(__always)
    private mutating func text() -> Bool {
        let start = index + 1
        index = start + countPlain(UnsafeBufferPointer(rebasing: bytes[start...]))
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
            return textWithMore(from: start - 1)
        }
        let length = index - start
        index += 1
        if !isColonNext(bytes, index) {
            replace(from: start - 1, by: Place(.text, start, length))
        } else if let keys {
            guard let number = keys.number(offset: start, length: length) else { return false }
            if keys.add(number, level: depth - 1) { hasEachKeyOnce = false }
            write(UInt8(ascii: "\""))
            write(KeyNumbers.letter(number))
            write(UInt8(ascii: "\""))
        } else {
            return copy(from: start - 1, to: index)
        }
        return true
    }

    /// Escapes, other scripts, and mistakes are jansson's, but for half a surrogate pair.
    private mutating func textWithMore(from start: Int) -> Bool {
        let text = EscapedText(bytes, from: index)
        index = text.end
        let isKey = isColonNext(bytes, index)
        if isKey, keys != nil { return false }
        return text.hasHalfPair
            ? mend(from: start, isKey: isKey) : copy(from: start, to: index)
    }

    /// The text from `start` up to here, quotes included, without the half pairs in it.
    private mutating func mend(from start: Int, isKey: Bool) -> Bool {
        if !isKey {
            write(UInt8(ascii: "["))
            writeNumber()
            write(UInt8(ascii: ","))
            add(Place(.mendedText, start, index - start))
        }
        var copied = start
        var place = start
        while place < index {
            guard bytes[place] == UInt8(ascii: "\\") else {
                place += 1
                continue
            }
            let escape = Escape(bytes, place)
            if escape.isHalfPair {
                guard copy(from: copied, to: place) else { return false }
                fill(isKey ? escape.writeForKey(to: room) : Escape.writeReplacement(to: room))
                copied = place + escape.length
            }
            place += escape.length
        }
        guard copy(from: copied, to: index) else { return false }
        if !isKey { write(UInt8(ascii: "]")) }
        return true
    }

    @inline(__always)
    private mutating func number() {
        let start = index
        index += 1
        while index < bytes.count, isNumberByte(bytes[index]) { index += 1 }
        if isNumber(UnsafeBufferPointer(rebasing: bytes[start..<index])) {
            replace(from: start, by: Place(.number, start, index - start))
        } else {
            _ = copy(from: start, to: index)
        }
    }

    private mutating func whiteSpace() {
        let start = index
        while index < bytes.count, isWhiteSpace(bytes[index]) { index += 1 }
        // Between `{}[],:` and anything it parts nothing; between two words it does.
        if start > 0, index < bytes.count, !isBracketOrSign(bytes[start - 1]),
            !isBracketOrSign(bytes[index])
        {
            write(UInt8(ascii: " "))
        }
    }

    /// The bytes from `start` up to here become a reference to `place`.
    @inline(__always)
    private mutating func replace(from start: Int, by place: Place) {
        // What touches, which JSON does not allow, must not become one number.
        if start > 0, !parts(bytes[start - 1]) { write(UInt8(ascii: " ")) }
        writeNumber()
        if index < bytes.count, !parts(bytes[index]) { write(UInt8(ascii: " ")) }
        add(place)
    }

    /// The next scalar's.
    @inline(__always)
    private mutating func writeNumber() { fill(writeDecimal(scalars, to: room)) }

    private mutating func add(_ place: Place) {
        Places.add(place, to: places)
        scalars += 1
    }

    // MARK: Writing

    /// Room has been made for it.
    @inline(__always)
    private mutating func write(_ byte: UInt8) {
        room.pointee = byte
        fill(1)
    }

    @inline(__always)
    private mutating func fill(_ count: Int) {
        room += count
        roomLeft -= count
    }

    @inline(__always)
    private mutating func copy(_ byte: UInt8) {
        write(byte)
        index += 1
    }

    /// Leaves room for a token behind it; false when memory has run out.
    private mutating func copy(from start: Int, to end: Int) -> Bool {
        guard let source = bytes.baseAddress,
            makeRoom(for: end - start + Marking.mostForToken)
        else { return false }
        memcpy(room, source + start, end - start)
        fill(end - start)
        return true
    }

    @inline(__always)
    private mutating func makeRoom(for length: Int) -> Bool {
        length <= roomLeft || grow(by: length)
    }

    @inline(never)
    private mutating func grow(by length: Int) -> Bool {
        flush()
        guard let room = marked.room(for: length + bytes.count / 2) else { return false }
        self.room = room
        roomLeft = length + bytes.count / 2
        return true
    }

    /// Tells the buffer what was written.
    private func flush() {
        guard let start = marked.bytes.baseAddress else { return }
        marked.fill(UnsafePointer(room) - start - marked.count)
    }
}

/// - Returns: whether no object has a key twice, as far as that is known; nil if keys cannot be
///   numbered, or memory has run out.
private func mark(
    _ bytes: UnsafeBufferPointer<UInt8>, to marked: Buffer, places: Buffer, keys: KeyNumbers?
) throws(DocumentFlaw) -> Bool? {
    guard var marking = Marking(bytes, to: marked, places: places, keys: keys),
        try marking.run()
    else { return nil }
    return marking.hasEachKeyOnce
}

/// What stands around values: `{}[],:`.
private func isBracketOrSign(_ byte: UInt8) -> Bool { isOne(byte, of: 0x0400_1000_0000_0000) }

/// The same, or white space: two values with that between them do not touch.
private func parts(_ byte: UInt8) -> Bool { isOne(byte, of: 0x0400_1001_0000_2600) }

/// Whether it is one of the brackets, or of the first 64 characters whose bits are set.
private func isOne(_ byte: UInt8, of signs: UInt64) -> Bool {
    let brackets: UInt64 = 0x2800_0000_2800_0000
    return byte < 0x80 && (byte < 0x40 ? signs : brackets) >> UInt64(byte & 0x3F) & 1 == 1
}

/// Whether the text that ends there is a key.
private func isColonNext(_ bytes: UnsafeBufferPointer<UInt8>, _ end: Int) -> Bool {
    var next = end
    while next < bytes.count, isWhiteSpace(bytes[next]) { next += 1 }
    return next < bytes.count && bytes[next] == UInt8(ascii: ":")
}

/// RFC 8259, 8.1: a parser may ignore one at the very start. Windows programs write it.
func withoutByteOrderMark(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    begins(bytes, with: "\u{FEFF}") ? UnsafeBufferPointer(rebasing: bytes[3...]) : bytes
}
