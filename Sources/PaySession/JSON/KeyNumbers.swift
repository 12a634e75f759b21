// SPDX-License-Identifier: MIT
import CPlatform

/// Numbers for the distinct keys of a document, in the order in which they come: 0, 1, 2, ...
///
/// Only for keys that stand for themselves, without escapes: then two are equal if and only if
/// their bytes are, and a number can stand for a key wherever it matters, which is whether an
/// object has it, or has it twice.
struct KeyNumbers {
    /// More than any provider's documents have: as many as there are letters to write them with.
    static let most = 93
    private static let slotCount = 128
    /// So many levels of nesting have sets of keys. With them a table has just as many bytes as
    /// malloc keeps at hand for each thread; one more, and it tidies up all of its memory first.
    static let levels = 9

    /// What there is to know, in one small block of memory.
    private struct Table {
        /// By number: offset and length in the source.
        let places: UnsafeMutablePointer<UInt64>
        /// Two words for each level of nesting, a bit for each key that its object has.
        let sets: UnsafeMutablePointer<UInt64>
        /// By hash: number + 1, or 0 for none; what is taken already stands in the next one. Behind
        /// them the count of all.
        let slots: UnsafeMutablePointer<UInt8>
    }

    private let source: UnsafeBufferPointer<UInt8>
    private let table: Table

    /// nil when memory has run out. Owned by the caller; free with `deallocate`.
    static func allocate(for source: UnsafeBufferPointer<UInt8>) -> KeyNumbers? {
        let words = most + 2 * levels
        guard let memory = malloc(words * MemoryLayout<UInt64>.size + slotCount + 1) else {
            return nil
        }
        let places = memory.assumingMemoryBound(to: UInt64.self)
        let slots = UnsafeMutableRawPointer(places + words).assumingMemoryBound(to: UInt8.self)
        slots.update(repeating: 0, count: slotCount + 1)
        return KeyNumbers(
            source: source, table: Table(places: places, sets: places + most, slots: slots))
    }

    func deallocate() { free(table.places) }

    private var count: UInt8 {
        get { table.slots[KeyNumbers.slotCount] }
        nonmutating set { table.slots[KeyNumbers.slotCount] = newValue }
    }

    /// The number of the key that stands there, a new one if it is new; nil if there are too many.
    func number(offset: Int, length: Int) -> Int? {
        let slot = slot(of: UnsafeBufferPointer(rebasing: source[offset..<offset + length]))
        if table.slots[slot] > 0 { return Int(table.slots[slot]) - 1 }
        guard Int(count) < KeyNumbers.most else { return nil }
        table.places[Int(count)] = UInt64(offset) << 27 | UInt64(length)
        count += 1
        table.slots[slot] = count
        return Int(count) - 1
    }

    /// nil if the document has no such key.
    func number(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        let found = table.slots[slot(of: key)]
        return found > 0 ? Int(found) - 1 : nil
    }

    /// The bytes of a key.
    func key(_ number: Int) -> UnsafeBufferPointer<UInt8>? {
        guard number >= 0, number < Int(count) else { return nil }
        let offset = Int(table.places[number] >> 27)
        let length = Int(table.places[number] & (1 << 27 - 1))
        return UnsafeBufferPointer(rebasing: source[offset..<offset + length])
    }

    // MARK: A letter for each number, printable and neither quote nor backslash

    static func letter(_ number: Int) -> UInt8 {
        let letter = 0x20 + UInt8(truncatingIfNeeded: number)
        return letter < 0x22 ? letter : letter < 0x5B ? letter + 1 : letter + 2
    }

    static func number(letter: UInt8) -> Int {
        Int(letter) - (letter < 0x22 ? 0x20 : letter < 0x5C ? 0x21 : 0x22)
    }

    // MARK: The keys of the object that is open at a level

    func begin(level: Int) {
        guard level >= 0, level < KeyNumbers.levels else { return }
        (table.sets[2 * level], table.sets[2 * level + 1]) = (0, 0)
    }

    /// Adds one. Returns whether the object may have it already.
    func add(_ number: Int, level: Int) -> Bool {
        guard level >= 0, level < KeyNumbers.levels else { return true }
        let place = 2 * level + number / 64
        let bit = UInt64(1) << UInt64(number % 64)
        defer { table.sets[place] |= bit }
        return table.sets[place] & bit != 0
    }

    // MARK: Finding a key

    /// Where the key stands, or where it would. There are more slots than keys: one is free.
    private func slot(of key: UnsafeBufferPointer<UInt8>) -> Int {
        var slot = KeyNumbers.hash(UnsafeRawBufferPointer(key)) % KeyNumbers.slotCount
        while table.slots[slot] > 0, !isKey(Int(table.slots[slot]) - 1, key) {
            slot = (slot + 1) % KeyNumbers.slotCount
        }
        return slot
    }

    /// Of the length and of the first and last eight bytes, which overlap where there are fewer
    /// than sixteen: providers' keys differ there. Where somebody's do not, a search is longer, no
    /// more.
    private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
        var hash = UInt64(truncatingIfNeeded: key.count)
        func mix(_ word: UInt64) { hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15 }
        if key.count >= 8 {
            mix(key.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            mix(key.loadUnaligned(fromByteOffset: key.count - 8, as: UInt64.self))
        } else {
            for byte in key { mix(UInt64(byte)) }
        }
        return Int(hash >> 40)
    }

    private func isKey(_ number: Int, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let known = key(number), known.count == wanted.count else { return false }
        guard let bytes = known.baseAddress, let wantedBytes = wanted.baseAddress else {
            return true
        }
        return memcmp(bytes, wantedBytes, known.count) == 0
    }
}
