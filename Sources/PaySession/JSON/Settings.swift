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
    private var known: [String] = []

    /// - Parameters:
    ///   - name: what the whole is called in messages ("configuration", "options").
    ///   - outcome: what a mistake in it is.
    static func parse(
        _ text: UnsafePointer<CChar>, named name: String, failing outcome: Outcome,
        holdsSecrets: Bool = false
    ) throws(Failure) -> Settings {
        let source = Buffer(
            copying: UnsafeRawBufferPointer(start: text, count: strlen(text)),
            holdsSecrets: holdsSecrets)
        do {
            let document = try Document.parse(source, holdsSecrets: holdsSecrets)
            return Settings(document, document.root, path: "", failing: outcome)
        } catch .outOfMemory {
            throw .outOfMemory
        } catch {
            throw Failure(outcome, "\(name): expected a JSON object, got what is \(error.words)")
        }
    }

    private init(_ document: Document, _ value: Value, path: String, failing outcome: Outcome) {
        self.document = document
        self.value = value
        self.path = path
        self.outcome = outcome
    }

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
        guard let integer = found.integer, range.contains(integer) else {
            throw mistake(
                key, expected ?? "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
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
        return Settings(document, found, path: path + key + ".", failing: outcome)
    }

    /// A credential: text, {"env": NAME} or {"file": PATH}. Absent is a mistake.
    func secret(_ key: String) throws(Failure) -> Secret {
        let found = find(key)
        let expected = "a secret: text, {\"env\": NAME} or {\"file\": PATH}"
        if found.isAbsent { throw mistake(key, expected + "; it is missing") }
        let bytes = Buffer(holdsSecrets: true)
        if found.isObject {
            let source = Settings(document, found, path: path + key + ".", failing: outcome)
            if let name = try source.text("env", "the name of an environment variable") {
                guard let value = getenv(name) else {
                    throw mistake(key, "the environment variable\(quoted(name)) to be set")
                }
                bytes.append(UnsafeRawBufferPointer(start: value, count: strlen(value)))
            } else if let file = try source.text("file", "the path of a file") {
                guard readSecretFile(file, into: bytes) else {
                    if cplatform_is_exhausted() != 0 { throw .outOfMemory }
                    throw mistake(
                        key,
                        "a file of at most 64 KiB that can be read\(file.utf8.contains(0x2F) ? " at " + file : "")"
                    )
                }
            } else {
                throw mistake(key, expected)
            }
            try source.refuseOthers()
        } else if found.withTextBytes({ bytes.append(UnsafeRawBufferPointer($0)) }) == nil {
            throw mistake(key, expected)
        }
        guard bytes.isComplete else { throw .outOfMemory }
        // It goes into a header: a line break in it would begin another.
        guard bytes.count > 0, bytes.bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw mistake(key, "a secret that is not empty and has no control characters")
        }
        guard let secret = Secret(bytes.bytes) else { throw .outOfMemory }
        return secret
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
        throw Failure(
            outcome, "\(path)\(shown(stranger)): unknown key, expected one of \(expected)")
    }

    func mistake(_ key: String, _ expected: String) -> Failure {
        Failure(outcome, "\(path)\(key): expected \(expected)")
    }

    private func find(_ key: String) -> Value {
        if !known.contains(where: { sameBytes($0, key) }) { known.append(key) }
        return value.member(key)
    }

    /// A secret may have got into the place of its name: no variable is called like one.
    private func quoted(_ name: String) -> String {
        let isName = name.utf8.allSatisfy {
            (0x41...0x5A).contains($0) || isDigit($0) || $0 == 0x5F
        }
        return isName ? " " + name : ""
    }

    /// A secret may have got into the place of a key: no more of it than tells which key is meant.
    private func shown(_ key: String) -> String {
        key.utf8.count <= 32 && !hasControlCharacter(key) ? key : "(a long key)"
    }
}

/// The file's content without its trailing newline; false if it cannot be read or is no secret's
/// size.
private func readSecretFile(_ path: String, into buffer: Buffer) -> Bool {
    let file = cplatform_open(path)
    guard file >= 0 else { return false }
    defer { close(file) }
    let longest = 65536
    let isRead = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { chunk in
        defer { if let start = chunk.baseAddress { explicit_bzero(start, chunk.count) } }
        while buffer.count <= longest {
            let count = read(file, chunk.baseAddress, chunk.count)
            if count == 0 { return true }
            if count < 0 {
                if cplatform_errno() == EINTR { continue }
                return false
            }
            buffer.append(UnsafeRawBufferPointer(rebasing: chunk[0..<count]))
        }
        return false
    }
    guard isRead else { return false }
    if buffer.bytes.last == 0x0A { buffer.removeLast() }
    if buffer.bytes.last == 0x0D { buffer.removeLast() }
    return true
}
