// SPDX-License-Identifier: MIT
import CPlatform

/// Bytes in malloc's memory: a response as it arrives, a document, an answer as it is written.
///
/// Unlike an Array, whose growth traps when memory runs out, a Buffer notes that it is incomplete
/// and goes on; whoever uses it looks at `isComplete` once, at the end.
final class Buffer {
    private(set) var count = 0
    private(set) var isComplete = true
    private var start: UnsafeMutablePointer<UInt8>?
    private var capacity = 0
    private let holdsSecrets: Bool
    private let isFromReserve: Bool

    /// - Parameters:
    ///   - holdsSecrets: the memory is wiped before it is given back.
    ///   - isFromReserve: it is small, and must not fail.
    init(holdsSecrets: Bool = false, isFromReserve: Bool = false) {
        self.holdsSecrets = holdsSecrets
        self.isFromReserve = isFromReserve
    }

    convenience init(copying bytes: UnsafeRawBufferPointer, holdsSecrets: Bool = false) {
        self.init(holdsSecrets: holdsSecrets)
        append(bytes)
    }

    deinit { release() }

    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

    func reserve(_ wanted: Int) {
        guard wanted > capacity, isComplete else { return }
        var grown = capacity < 256 ? 256 : capacity
        while grown < wanted {
            let (doubled, overflow) = grown.multipliedReportingOverflow(by: 2)
            if overflow {
                isComplete = false
                return
            }
            grown = doubled
        }
        // Not realloc: it could leave a copy of a secret behind.
        guard let memory = malloc(grown) ?? (isFromReserve ? Memory.fromReserve(grown) : nil)
        else {
            isComplete = false
            return
        }
        let moved = memory.assumingMemoryBound(to: UInt8.self)
        let kept = count
        if let start { memcpy(moved, start, kept) }
        release()
        start = moved
        capacity = grown
        count = kept
    }

    /// Room for so many bytes more, to be written and then told to `fill`; nil when memory has run
    /// out.
    @inline(__always)
    func room(for length: Int) -> UnsafeMutablePointer<UInt8>? {
        if length > capacity - count { reserve(count + length) }
        guard isComplete, let start else { return nil }
        return start + count
    }

    /// So many bytes of the room have been written.
    @inline(__always)
    func fill(_ length: Int) { count += length }

    func append(_ byte: UInt8) {
        guard let room = room(for: 1) else { return }
        room.pointee = byte
        fill(1)
    }

    func append(_ more: UnsafeRawBufferPointer) {
        guard let source = more.baseAddress, more.count > 0, let room = room(for: more.count)
        else { return }
        memcpy(room, source, more.count)
        fill(more.count)
    }

    func append(_ text: String) {
        withBytes(of: text) { append(UnsafeRawBufferPointer($0)) }
    }

    func removeLast() {
        if count > 0 { count -= 1 }
    }

    /// Forgets the content; the memory stays for the next one.
    func removeAll() {
        if holdsSecrets, let start { explicit_bzero(start, capacity) }
        count = 0
        isComplete = true
    }

    private func release() {
        guard let start else { return }
        if holdsSecrets { explicit_bzero(start, capacity) }
        free(start)
        self.start = nil
        capacity = 0
        count = 0
    }
}
