// SPDX-License-Identifier: MIT
import CPlatform

/// Numbers for the distinct keys of a document, in the order in which they come: 0, 1, 2, ...
///
/// Only for keys that stand for themselves, without escapes: then two are equal if and only if
/// their bytes are, and a number can stand for a key wherever it matters, which is whether an
/// object has it, or has it twice.
struct KeyNumbers {
    /// More than any provider's documents have; all of it is one small block of memory.
    static let most = 96
    private static let slotCount = 128

    private let source: UnsafeBufferPointer<UInt8>
    /// By number: offset and length in the source.
    private let places: UnsafeMutablePointer<UInt64>
    /// By hash: number + 1, or 0 for none; what is taken already stands in the next one.
    private let slots: UnsafeMutablePointer<UInt8>

    /// nil when memory has run out. Owned by the caller; free with `deallocate`.
    static func allocate(for source: UnsafeBufferPointer<UInt8>) -> KeyNumbers? {
        let placeBytes = most * MemoryLayout<UInt64>.size
        guard let memory = malloc(placeBytes + slotCount + 1) else { return nil }
        return KeyNumbers(
            source: source, places: memory.assumingMemoryBound(to: UInt64.self),
            slots: (memory + placeBytes).assumingMemoryBound(to: UInt8.self))
    }

    private init(
        source: UnsafeBufferPointer<UInt8>, places: UnsafeMutablePointer<UInt64>,
        slots: UnsafeMutablePointer<UInt8>
    ) {
        self.source = source
        self.places = places
        self.slots = slots
        slots.update(repeating: 0, count: KeyNumbers.slotCount + 1)
    }

    func deallocate() { free(places) }

    /// Behind the slots.
    private var count: UInt8 {
        get { slots[KeyNumbers.slotCount] }
        nonmutating set { slots[KeyNumbers.slotCount] = newValue }
    }

    /// The number of the key that stands there, a new one if it is new; nil if there are too many.
    func number(offset: Int, length: Int) -> Int? {
        let slot = slot(of: UnsafeBufferPointer(rebasing: source[offset..<offset + length]))
        if slots[slot] > 0 { return Int(slots[slot]) - 1 }
        guard Int(count) < KeyNumbers.most else { return nil }
        places[Int(count)] = UInt64(offset) << 27 | UInt64(length)
        count += 1
        slots[slot] = count
        return Int(count) - 1
    }

    /// nil if the document has no such key.
    func number(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        let found = slots[slot(of: key)]
        return found > 0 ? Int(found) - 1 : nil
    }

    /// The bytes of a key.
    func key(_ number: Int) -> UnsafeBufferPointer<UInt8>? {
        guard number >= 0, number < Int(count) else { return nil }
        let offset = Int(places[number] >> 27)
        let length = Int(places[number] & (1 << 27 - 1))
        return UnsafeBufferPointer(rebasing: source[offset..<offset + length])
    }

    /// Where the key stands, or where it would. There are more slots than keys: one is free.
    private func slot(of key: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt32 = 2_166_136_261  // FNV-1a
        for byte in key { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        var slot = Int((hash ^ hash >> 16) % UInt32(KeyNumbers.slotCount))
        while slots[slot] > 0, !isKey(Int(slots[slot]) - 1, key) {
            slot = (slot + 1) % KeyNumbers.slotCount
        }
        return slot
    }

    private func isKey(_ number: Int, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let known = key(number), known.count == wanted.count else { return false }
        guard let bytes = known.baseAddress, let wantedBytes = wanted.baseAddress else {
            return true
        }
        return memcmp(bytes, wantedBytes, known.count) == 0
    }
}
