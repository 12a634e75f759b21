// SPDX-License-Identifier: MIT
import CPlatform

/// Reads known fields of a document by path ("order.currency"). What is there but cannot be read is
/// null for the caller and noted by its path, so that a shop hears early when a provider changes.
struct Reader {
    let value: Value
    let drift: Drift
    private let prefix: String

    init(_ value: Value, drift: Drift) {
        self.init(value, drift: drift, prefix: "")
    }

    /// - Parameter prefix: of the paths that are noted.
    init(_ value: Value, drift: Drift, prefix: String) {
        self.value = value
        self.drift = drift
        self.prefix = prefix
    }

    // Never inlined: a provider reads twenty fields, and each would bring a copy.

    /// A text for people that says something: not null, not empty (Ledyer sends "" for what it does
    /// not know).
    @inline(never)
    func text(_ path: StaticString) -> DocumentText? {
        let found = self[path]
        return said(found.shownText, found, path)
    }

    /// A text that is compared, or asked for again: half a surrogate pair makes it unreadable.
    @inline(never)
    func exactText(_ path: StaticString) -> DocumentText? {
        let found = self[path]
        return said(found.exactText, found, path)
    }

    /// The shop's own reference, which some shops number.
    @inline(never)
    func reference(_ path: StaticString) -> DocumentText? {
        let found = self[path]
        return said(found.textOrInteger, found, path)
    }

    /// A count, or a rate.
    @inline(never)
    func integer(_ path: StaticString) -> Int64? {
        let found = self[path]
        let integer = found.integer
        if integer == nil { note(found, path) }
        return integer
    }

    /// An amount in minor units.
    @inline(never)
    func minorUnits(_ path: StaticString) -> Int64? {
        let found = self[path]
        let integer = found.integerOrDigits
        if integer == nil { note(found, path) }
        return integer
    }

    /// An amount in major units: its digits, good while the document is there.
    func majorUnits(_ path: StaticString) -> UnsafeBufferPointer<UInt8>? {
        let found = self[path]
        let digits = found.decimal
        if digits == nil { note(found, path) }
        return digits
    }

    func bool(_ path: StaticString) -> Bool? {
        let found = self[path]
        let bool = found.bool
        if bool == nil { note(found, path) }
        return bool
    }

    /// A point in time in UTC.
    @inline(never)
    func timestamp(_ path: StaticString) -> Timestamp? {
        guard let text = text(path) else { return nil }
        guard let timestamp = Timestamp(text) else {
            noteUnreadable(path)
            return nil
        }
        return timestamp
    }

    /// A currency by its code.
    func currency(_ path: StaticString) -> Currency? {
        guard let code = exactText(path) else { return nil }
        guard let currency = Currency(code.bytes) else {
            noteUnreadable(path)
            return nil
        }
        return currency
    }

    /// The objects of a list; nil where there is no list. What is not an object is left out.
    func list<Element>(
        _ path: StaticString, _ read: @escaping (Reader) -> Element
    ) -> ValueList<Element>? {
        let found = self[path]
        guard found.isArray else {
            note(found, path)
            return nil
        }
        let whole = prefix + path.text
        let within = whole + "."
        return ValueList(found) { [drift] element in
            if element.isObject { return read(Reader(element, drift: drift, prefix: within)) }
            drift.noteUnreadable(whole)
            return nil
        }
    }

    subscript(path: StaticString) -> Value { value.at(path) }

    /// An object of it, read by the same rules.
    func part(_ path: StaticString) -> Reader {
        Reader(self[path], drift: drift, prefix: prefix + path.text + ".")
    }

    /// What is there but is not what it should be.
    func noteUnreadable(_ path: StaticString) { drift.noteUnreadable(prefix + path.text) }

    @inline(never)
    private func note(_ found: Value, _ path: StaticString) {
        if !found.isAbsent, !found.isNull { noteUnreadable(path) }
    }

    @inline(__always)
    private func said(
        _ text: DocumentText?, _ found: Value, _ path: StaticString
    ) -> DocumentText? {
        guard let text else {
            note(found, path)
            return nil
        }
        return text.bytes.isEmpty ? nil : text
    }
}

/// What a document held that its provider's documentation does not say: field names, never
/// contents.
final class Drift {
    private(set) var unreadable: [String] = []
    var unknownStatus: String?

    func noteUnreadable(_ path: String) {
        for known in unreadable where sameBytes(known, path) { return }
        unreadable.append(path)
    }
}
