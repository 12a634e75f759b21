// SPDX-License-Identifier: MIT
import CPlatform

/// A JSON object that a caller wrote: every key is known, every value of the right type, and
/// whatever is not is said by its name. Remembers which keys were asked for, so that the rest can
/// be refused.
final class Settings {
    private let document: Document
    private let value: Value
    private let path: String
    private let outcome: Outcome
    /// The path of the file that it stands in, for messages; nil where it was given as text.
    private let file: String?
    private var known: [String] = []
    private let elsewhere: Elsewhere

    /// Shared by the sections of one text.
    private final class Elsewhere {
        var hasSecret = false
    }

    /// - Parameters:
    ///   - name: what the whole is called in messages ("configuration", "options").
    ///   - outcome: what a mistake in it is.
    ///   - file: where it stands, if that is not the caller's own text.
    static func parse(
        _ text: UnsafePointer<CChar>, named name: String, failing outcome: Outcome,
        file: String? = nil, holdsSecrets: Bool = false
    ) throws(Failure) -> Settings {
        let source = Buffer(
            copying: UnsafeRawBufferPointer(start: text, count: strlen(text)),
            holdsSecrets: holdsSecrets)
        do {
            let document = try Document.parse(source, holdsSecrets: holdsSecrets)
            return Settings(
                document, document.root, path: "", failing: outcome, file: file,
                elsewhere: Elsewhere())
        } catch .outOfMemory {
            throw .outOfMemory
        } catch {
            // The message must not quote what could be a key.
            let message = sentence("{}: expected a JSON object, this is {}", name, error.words.text)
            guard let file else { throw Failure(outcome, message) }
            let content = withoutByteOrderMark(source.bytes)
            throw Failure(
                outcome,
                located(file, content, Document.placeOfFlaw(in: content), message))
        }
    }

    private init(
        _ document: Document, _ value: Value, path: String, failing outcome: Outcome, file: String?,
        elsewhere: Elsewhere
    ) {
        self.document = document
        self.value = value
        self.path = path
        self.outcome = outcome
        self.file = file
        self.elsewhere = elsewhere
    }

    /// Whether a secret that was asked for stands in the environment or in a file, and not in the
    /// text.
    var hasSecretElsewhere: Bool { elsewhere.hasSecret }

    func has(_ key: String) -> Bool { !find(key).isAbsent }

    func text(
        _ key: String, _ expected: String, _ isValid: (String) -> Bool = { !$0.isEmpty }
    ) throws(Failure) -> String? {
        let found = find(key)
        if found.isAbsent { return nil }
        cplatform_set_errno(0)
        guard let text = found.text, isValid(text) else {
            // An address is not wrong because libcurl has no memory to look at it.
            if cplatform_is_exhausted() != 0 { throw .outOfMemory }
            throw mistake(key, expected)
        }
        return text
    }

    /// The bytes of a text that may be a secret; nil where there is none.
    func bytes<R>(_ key: String, _ body: (UnsafeBufferPointer<UInt8>) -> R?) -> R? {
        find(key).withTextBytes(body) ?? nil
    }

    func integer(
        _ key: String, in range: ClosedRange<Int64>, expecting expected: String? = nil
    ) throws(Failure) -> Int64? {
        let found = find(key)
        if found.isAbsent { return nil }
        // A shop's language may keep an amount as text; a configuration is written by hand.
        let given = outcome == .invalidArgument ? found.integerOrDigits : found.integer
        guard let integer = given, range.contains(integer) else {
            throw mistake(
                key,
                expected
                    ?? sentence(
                        "an integer from {} to {}", String(range.lowerBound),
                        String(range.upperBound)))
        }
        return integer
    }

    /// From one millisecond on.
    func milliseconds(_ key: String, upTo most: Int64) throws(Failure) -> Span? {
        try integer(key, in: 1...most).map { .milliseconds($0) }
    }

    func bool(_ key: String) throws(Failure) -> Bool? {
        let found = find(key)
        if found.isAbsent { return nil }
        guard let bool = found.bool else { throw mistake(key, "true or false") }
        return bool
    }

    func section(_ key: String) throws(Failure) -> Settings? {
        let found = find(key)
        if found.isAbsent { return nil }
        guard found.isObject else { throw mistake(key, "a JSON object") }
        return part(found, key)
    }

    func hasObject(_ key: String) -> Bool { find(key).isObject }

    /// An object's own bytes; nil if it is absent.
    func verbatimObject(_ key: String) throws(Failure) -> Buffer? {
        let found = find(key)
        if found.isAbsent { return nil }
        guard found.isObject else { throw mistake(key, "a JSON object") }
        let content = JSONText(bytes: document.content)
        guard let place = content.find(steps + [key]) else { return nil }
        let bytes = Buffer(copying: UnsafeRawBufferPointer(content.value(at: place.value)))
        guard bytes.isComplete else { throw .outOfMemory }
        return bytes
    }

    /// The keys that lead to it.
    private var steps: [String] {
        var steps: [String] = []
        withBytes(of: path) { bytes in
            for part in parts(of: bytes, between: UInt8(ascii: ".")) where !part.isEmpty {
                steps.append(decodedText(part))
            }
        }
        return steps
    }

    /// The texts of an object whose keys are anybody's; several of one name are a list. None if it
    /// is absent.
    /// - Parameter most: one more than these are read, and no others.
    func namedTexts(_ key: String, atMost most: Int) throws(Failure) -> [NamedText] {
        let found = find(key)
        if found.isAbsent { return [] }
        var texts: [NamedText] = []
        var isRight = found.isObject
        found.forEachMember { name, value in
            let count = value.isArray ? value.elementCount : 1
            for index in 0..<count where isRight && texts.count <= most {
                if let text = (value.isArray ? value.element(index) : value).text {
                    texts.append(NamedText(name, text))
                } else {
                    isRight = false
                }
            }
            return isRight && texts.count <= most
        }
        guard isRight else {
            throw mistake(key, "a JSON object of names, with a text or a list of texts for each")
        }
        return texts
    }

    private func part(_ value: Value, _ key: String) -> Settings {
        Settings(
            document, value, path: sentence("{}{}.", path, key), failing: outcome, file: file,
            elsewhere: elsewhere)
    }

    private let secretForms = "a secret: text, {\"env\": NAME} or {\"file\": PATH}"

    /// A credential: text, {"env": NAME} or {"file": PATH}. Absent is a mistake.
    func secret(_ key: String) throws(Failure) -> Secret {
        let found = find(key)
        if found.isAbsent { throw mistake(key, secretForms + "; it is missing") }
        return try secret(key, found)
    }

    /// A credential, or a list of one to four, any of which will do.
    func secrets(_ key: String) throws(Failure) -> [Secret] {
        let found = find(key)
        guard found.isArray else { return [try secret(key, found)] }
        guard (1...4).contains(found.elementCount) else {
            throw mistake(key, secretForms + ", or a list of one to four")
        }
        var secrets: [Secret] = []
        for index in 0..<found.elementCount {
            secrets.append(try secret(key, found.element(index)))
        }
        return secrets
    }

    private func secret(_ key: String, _ found: Value) throws(Failure) -> Secret {
        let expected = secretForms
        let bytes = Buffer(holdsSecrets: true)
        /// Where it stands, for messages.
        var place = ""
        if found.isObject {
            elsewhere.hasSecret = true
            let source = part(found, key)
            if let name = try source.text("env", "the name of an environment variable") {
                guard let value = getenv(name) else {
                    throw mistake(
                        key, sentence("the environment variable{} to be set", quoted(name)))
                }
                bytes.append(UnsafeRawBufferPointer(start: value, count: strlen(value)))
                place = sentence(" of the environment variable{}", quoted(name))
            } else if let file = try source.text("file", "the path of a file") {
                guard File.read(file, into: bytes, atMost: 65536) else {
                    if cplatform_is_exhausted() != 0 { throw .outOfMemory }
                    throw mistake(
                        key,
                        sentence("a file of at most 64 KiB that can be read{}", shownPath(file)))
                }
                place = sentence(" of the file{}", shownPath(file))
            } else {
                throw mistake(key, expected)
            }
            try source.refuseOthers()
        } else if found.withTextBytes({ bytes.append(UnsafeRawBufferPointer($0)) }) == nil {
            throw mistake(key, expected)
        }
        guard bytes.isComplete else { throw .outOfMemory }
        let visible = withoutBlanks(bytes.bytes)
        guard !visible.isEmpty else { throw mistake(key, "a secret, it is empty") }
        // It goes into a header: a line break in it would begin another, and what cannot be seen
        // was never meant to be in it.
        if let flaw = flaw(of: bytes.bytes, visible, place) {
            throw mistake(key, sentence("visible ASCII, {}", flaw))
        }
        guard let secret = Secret(visible) else { throw .outOfMemory }
        return secret
    }

    /// What is wrong with a secret; nil if nothing is.
    /// - Parameter place: where the bytes stand, " of ...".
    private func flaw(
        of bytes: UnsafeBufferPointer<UInt8>, _ visible: UnsafeBufferPointer<UInt8>, _ place: String
    ) -> String? {
        guard let index = visible.firstIndex(where: { $0 < 0x20 || $0 > 0x7E }),
            let start = bytes.baseAddress, let first = visible.baseAddress
        else { return nil }
        let rest = UnsafeBufferPointer(rebasing: visible[index...])
        let template: StaticString =
            if begins(rest, with: "\u{FEFF}") {
                "byte {}{} is a UTF-8 byte order mark"
            } else if rest[0] >= 0xFE, rest.count > 1, rest[0] ^ rest[1] == 1 {
                "byte {}{} is a UTF-16 byte order mark"
            } else {
                rest[0] < 0x80 ? "byte {}{} is a control character" : "byte {}{} is not ASCII"
            }
        return sentence(template, String(first - start + index + 1), place)
    }

    /// A key that nobody asked for is a mistake, most often a misspelling.
    func refuseOthers() throws(Failure) {
        var stranger: String?
        value.forEachMember { key, _ in
            if known.contains(where: { sameBytes($0, key) }) { return true }
            stranger = key
            return false
        }
        guard let stranger else { return }
        var expected = ""
        for key in known { expected += (expected.isEmpty ? "" : ", ") + key }
        throw failure(
            stranger,
            sentence("{}{}: unknown key, expected one of {}", path, shown(stranger), expected))
    }

    func mistake(_ key: String, _ expected: String) -> Failure {
        failure(key, sentence("{}{}: expected {}", path, key, expected))
    }

    /// With the place of the key, or of the part of the configuration that lacks it.
    @inline(never)
    private func failure(_ key: String, _ message: String) -> Failure {
        guard let file else { return Failure(outcome, message) }
        let content = JSONText(bytes: document.content)
        let steps = steps
        let place = (content.find(steps + [key]) ?? content.find(steps))?.key
        return Failure(outcome, located(file, content.bytes, place, message))
    }

    private func find(_ key: String) -> Value {
        if !known.contains(where: { sameBytes($0, key) }) { known.append(key) }
        return value.member(key)
    }

    /// A secret may have got into the place of its name: no variable is called like one.
    private func quoted(_ name: String) -> String {
        isMade(name, of: "AZ09__") ? " " + name : ""
    }

    /// A secret may have got into the place of a path: one without a slash is not shown.
    private func shownPath(_ path: String) -> String {
        holds(path, UInt8(ascii: "/")) ? " at " + path : ""
    }

    /// A secret may have got into the place of a key: no more of it than tells which key is meant.
    private func shown(_ key: String) -> String {
        key.utf8.count <= 32 && !hasControlCharacter(key) ? key : "(a long key)"
    }
}

/// A message about a file, with the line and the column, both from 1, of one of its bytes.
private func located(
    _ file: String, _ content: UnsafeBufferPointer<UInt8>, _ place: Int?, _ message: String
) -> String {
    guard let place else { return sentence("{}: {}", file, message) }
    var (line, column) = (1, 1)
    for byte in content[..<min(place, content.count)] {
        if byte == UInt8(ascii: "\n") {
            (line, column) = (line + 1, 1)
        } else if byte & 0xC0 != 0x80 {
            // 10xxxxxx goes on with a character.
            column += 1
        }
    }
    return sentence("{}: {}", sentence("{}:{}:{}", file, String(line), String(column)), message)
}
