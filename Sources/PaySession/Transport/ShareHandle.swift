// SPDX-License-Identifier: MIT
import CCurl

/// What the loops of one client have in common: names already looked up, and TLS sessions to
/// resume.
///
/// Connections are not shared: libcurl's documentation says that sharing them between threads is
/// not supported. Each loop keeps its own, and a loop that is free is used again by whichever
/// thread comes next.
final class ShareHandle {
    let handle: UnsafeMutableRawPointer
    private let locks: [Mutex]

    /// nil when memory has run out; each loop then keeps its own.
    static func make() -> ShareHandle? {
        guard let handle = curl_share_init() else { return nil }
        let share = ShareHandle(handle)
        return share.isUsable ? share : nil
    }

    private var isUsable = false

    private init(_ handle: UnsafeMutableRawPointer) {
        self.handle = handle
        var locks: [Mutex] = []
        for _ in 0..<Int(CURL_LOCK_DATA_LAST.rawValue) { locks.append(Mutex()) }
        self.locks = locks
        let codes = [
            ccurl_share_locks(
                handle,
                { _, data, _, context in ShareHandle.mutex(data, context)?.lock() },
                { _, data, context in ShareHandle.mutex(data, context)?.unlock() },
                Unmanaged.passUnretained(self).toOpaque()),
            ccurl_share_what(handle, CURL_LOCK_DATA_DNS),
            ccurl_share_what(handle, CURL_LOCK_DATA_SSL_SESSION),
        ]
        // Without TLS in libcurl there are no TLS sessions to share; the rest still works.
        isUsable = codes[0] == CURLSHE_OK
    }

    deinit { curl_share_cleanup(handle) }

    private static func mutex(_ data: curl_lock_data, _ context: UnsafeMutableRawPointer?) -> Mutex?
    {
        guard let context else { return nil }
        let share = Unmanaged<ShareHandle>.fromOpaque(context).takeUnretainedValue()
        let index = Int(data.rawValue)
        return index < share.locks.count ? share.locks[index] : nil
    }
}
