// SPDX-License-Identifier: MIT
import CPlatform

/// pthread_mutex_t at a fixed address. Synchronization's Mutex is not in Embedded Swift.
///
/// Held for a few instructions, never across a wait, and taken only inside the ForkGate, so that
/// none is held when the process forks. Across a call into libcurl only where that is what it is
/// for: libcurl's own shared data, and its closing.
final class Mutex: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }
    func unlock() { pthread_mutex_unlock(mutex) }

    func withLock<R>(_ body: () -> R) -> R {
        lock()
        defer { unlock() }
        return body()
    }
}
