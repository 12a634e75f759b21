// SPDX-License-Identifier: MIT
import CPlatform

/// Files that a configuration names. They may hold secrets: what they are read through is wiped.
enum File {
    enum Kind { case regular, directory, other }

    /// nil if it cannot be opened.
    static func kind(_ path: String) -> Kind? {
        let file = cplatform_open(path)
        guard file >= 0 else { return nil }
        defer { close(file) }
        switch cplatform_kind(file) {
        case 1: return .regular
        case 2: return .directory
        default: return .other
        }
    }

    /// The whole content; false if it cannot be read, or is longer.
    static func read(_ path: String, into buffer: Buffer, atMost longest: Int) -> Bool {
        var isTooLong = false
        let isRead = forEachChunk(path) { chunk in
            buffer.append(UnsafeRawBufferPointer(chunk))
            isTooLong = buffer.count > longest
            return !isTooLong
        }
        return isRead && !isTooLong
    }

    /// Whether a text stands anywhere in it, and behind it another, if one is given; false if it
    /// cannot be read. Good for texts that begin with what stands nowhere else in them.
    static func holds(
        _ path: String, _ text: StaticString, before other: StaticString? = nil
    ) -> Bool {
        var wanted = text
        var following = other
        var isFound = false
        /// How much of the wanted text the bytes that came last are.
        var matched = 0
        _ = forEachChunk(path) { chunk in
            for byte in chunk {
                if byte == wanted.utf8Start[matched] {
                    matched += 1
                } else {
                    matched = byte == wanted.utf8Start[0] ? 1 : 0
                }
                guard matched == wanted.utf8CodeUnitCount else { continue }
                guard let next = following else {
                    isFound = true
                    return false
                }
                (wanted, following, matched) = (next, nil, 0)
            }
            return true
        }
        return isFound
    }

    /// - Parameter body: says whether to go on.
    /// - Returns: false if it could not be read as far as `body` wanted it.
    private static func forEachChunk(
        _ path: String, _ body: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        let file = cplatform_open(path)
        guard file >= 0 else { return false }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { chunk in
            defer { if let start = chunk.baseAddress { explicit_bzero(start, chunk.count) } }
            while true {
                let count = CPlatform.read(file, chunk.baseAddress, chunk.count)
                if count < 0, cplatform_errno() == EINTR { continue }
                if count <= 0 { return count == 0 }
                if !body(UnsafeBufferPointer(rebasing: chunk[0..<count])) { return true }
            }
        }
    }
}
