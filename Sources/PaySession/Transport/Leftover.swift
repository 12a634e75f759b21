// SPDX-License-Identifier: MIT
import CCurl

/// What a loop leaves behind that was closed in the middle of a name lookup, with a libcurl that
/// would wait for its end (see `Quirks.waitsForLookups`): a multi handle with transfers that nobody
/// wants any more. Taken apart when the lookups are over, which the next loop to be made looks
/// after.
///
/// Everything here is called inside the fork gate.
final class Leftover {
    private let multi: UnsafeMutableRawPointer
    private var transfers: [Transfer]
    /// libcurl's callbacks know it.
    private let sockets: Sockets

    private static let mutex = Mutex()
    private nonisolated(unsafe) static var all: [Leftover] = []

    private init(
        _ multi: UnsafeMutableRawPointer, _ transfers: [Transfer], _ sockets: Sockets
    ) {
        self.multi = multi
        self.transfers = transfers
        self.sockets = sockets
    }

    deinit { Leftover.takeApart(multi) }

    /// libcurl ignores SIGPIPE while it does this, for the whole process, and puts back what it
    /// found: two of ours at once could put back each other's.
    static func takeApart(_ multi: UnsafeMutableRawPointer) {
        closing.withLock { _ = curl_multi_cleanup(multi) }
    }

    private static let closing = Mutex()

    /// Takes over a multi handle, which no longer speaks to its loop.
    static func keep(
        _ multi: UnsafeMutableRawPointer, _ transfers: [Transfer], _ sockets: Sockets
    ) {
        ccurl_multi_set_socket(multi, nil, nil)
        ccurl_multi_set_timer(multi, nil, nil)
        let leftover = Leftover(multi, transfers, sockets)
        mutex.withLock { all.append(leftover) }
    }

    /// Takes apart what is over. Waits for nothing.
    static func clear() {
        guard Quirks.waitsForLookups else { return }
        let kept = mutex.withLock {
            let kept = all
            all = []
            return kept
        }
        let left = kept.filter { !$0.isOver }
        if !left.isEmpty { mutex.withLock { all += left } }
    }

    /// In a forked child: the lookups' threads did not come along, and what waits for them never
    /// ends.
    static func dropInherited() {
        for leftover in all {
            _ = leftover.sockets.disconnect()
            _ = Unmanaged.passRetained(leftover)
        }
        all = []
    }

    private var isOver: Bool {
        withSigpipeHeld {
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            while let message = curl_multi_info_read(multi, &count) {
                guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                    let place = transfers.firstIndex(where: { $0.easy == easy })
                else { continue }
                curl_multi_remove_handle(multi, easy)
                transfers.remove(at: place)
            }
        }
        return transfers.isEmpty
    }
}
