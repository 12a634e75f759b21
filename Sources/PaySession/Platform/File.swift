// SPDX-License-Identifier: MIT
import CPlatform

/// Files that a configuration names. They may hold secrets: what they are read through is wiped.
/// A pipe is read too, and waited for a moment.
enum File {
    enum Kind { case regular, directory, other }

    /// nil if it cannot be opened.
    static func kind(_ path: String) -> Kind? {
        let file = cplatform_open(path)
        guard file >= 0 else { return nil }
        defer { cplatform_close(file) }
        switch cplatform_kind(file) {
        case 1: return .regular
        case 2: return .directory
        default: return .other
        }
    }

    /// Who may do what with a file, as stat(2) says it; 0 for what is none, a pipe.
    typealias Mode = UInt32

    /// The whole content; false if it cannot be read, or is longer.
    /// - Parameter mode: set as soon as it is open.
    static func read(
        _ path: String, into buffer: Buffer, atMost longest: Int, mode: inout Mode
    ) -> Bool {
        var isTooLong = false
        let isRead = forEachChunk(path, &mode) { chunk in
            buffer.append(UnsafeRawBufferPointer(chunk))
            isTooLong = buffer.count > longest
            return !isTooLong
        }
        return isRead && !isTooLong
    }

    static func read(_ path: String, into buffer: Buffer, atMost longest: Int) -> Bool {
        var mode: Mode = 0
        return read(path, into: buffer, atMost: longest, mode: &mode)
    }

    /// Whether it is a regular file that holds these bytes. Nothing else is read: what comes out of
    /// a pipe is gone from it.
    static func isRegular(_ path: String, holding content: UnsafeBufferPointer<UInt8>) -> Bool {
        var mode: Mode = 0
        var rest = content[...]
        var isSame = true
        let isRead = forEachChunk(path, &mode, onlyRegular: true) { chunk in
            isSame = chunk.elementsEqual(rest.prefix(chunk.count))
            rest = rest.dropFirst(chunk.count)
            return isSame
        }
        return isRead && isSame && rest.isEmpty
    }

    /// For whoever writes into a pipe, in all; fork waits meanwhile.
    private static let longestWaitMs: Int64 = 1000

    /// - Parameter body: says whether to go on.
    /// - Returns: false if it could not be read as far as `body` wanted it.
    private static func forEachChunk(
        _ path: String, _ mode: inout Mode, onlyRegular: Bool = false,
        _ body: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        let file = cplatform_open(path)
        guard file >= 0 else { return false }
        mode = cplatform_mode(file)
        defer { cplatform_close(file) }
        if onlyRegular, mode == 0 { return false }
        var patience = longestWaitMs
        var isBegun = mode != 0
        func wait() {
            let start = Instant.now
            _ = cplatform_await_input(file, Int32(clamping: patience))
            patience -= max(Instant.now.since(start).milliseconds, 1)
        }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { chunk in
            defer { if let start = chunk.baseAddress { explicit_bzero(start, chunk.count) } }
            while true {
                let count = CPlatform.read(file, chunk.baseAddress, chunk.count)
                if count < 0, cplatform_errno() == EINTR { continue }
                if count < 0, cplatform_errno() == EAGAIN, patience > 0 {
                    wait()
                    continue
                }
                // A named pipe that nobody has opened for writing yet ends at once, for read(2);
                // for poll(2) it ends when a writer has come and gone.
                if count == 0, !isBegun {
                    isBegun = true
                    wait()
                    continue
                }
                isBegun = true
                if count <= 0 { return count == 0 }
                if !body(UnsafeBufferPointer(rebasing: chunk[0..<count])) { return true }
            }
        }
    }
}
