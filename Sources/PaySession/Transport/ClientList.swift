// SPDX-License-Identifier: MIT
import CPlatform

/// The clients that are shared by their configuration.
enum ClientList {
    private final class Shared {
        let client: Client
        var handles = 1

        init(_ client: Client) { self.client = client }
    }

    /// Shared clients kept though nobody holds them.
    private static let mostUnheld = 16
    private static let mutex = Mutex()
    private nonisolated(unsafe) static var shared: [Shared] = []

    /// A client for a configuration: the one that the same configuration opened before, if it says
    /// that it is to be shared. The same is what names the same secrets, as they are now: a key
    /// that was renewed, and another shop's under the same name, are others.
    static func open(_ configuration: Configuration) throws(Failure) -> Client {
        if configuration.isShared, let client = mutex.withLock({ held(configuration) }) {
            return client
        }
        guard let client = Client.open(configuration) else { throw .outOfMemory }
        guard configuration.isShared else { return client }
        return mutex.withLock {
            // Another thread may have been quicker.
            if let client = held(configuration) { return client }
            shared.append(Shared(client))
            return client
        }
    }

    /// The shared client that this very text opened, if all that it names is as it was: a request
    /// of PHP opens it anew each time, and reads no more of it than files of certificates.
    static func opened(by text: UnsafePointer<CChar>) -> Client? {
        let clients = mutex.withLock { shared.map { $0.client } }
        // Files are read outside the lock. The last one used stands last.
        for client in clients.reversed() where client.state.configuration.isStill(text) {
            let isHeld = mutex.withLock {
                guard let entry = shared.first(where: { $0.client === client }) else {
                    return false
                }
                entry.handles += 1
                return true
            }
            if isHeld { return client }
        }
        return nil
    }

    /// The client that there is for a configuration, with one handle more.
    private static func held(_ configuration: Configuration) -> Client? {
        guard
            let entry = shared.first(where: {
                $0.client.state.configuration.isSame(as: configuration)
            })
        else { return nil }
        entry.handles += 1
        return entry.client
    }

    /// Gives back one handle. A shared client stays, for the next request of a PHP worker, say;
    /// only where more of them than a process has use for are held by nobody, the first of those
    /// goes. Others end with their owner.
    static func close(_ client: consuming Client) {
        let ended: Shared? = mutex.withLock {
            guard let index = shared.firstIndex(where: { $0.client === client }) else {
                return nil
            }
            let entry = shared.remove(at: index)
            entry.handles -= 1
            shared.append(entry)  // the last one used stands last
            let unheld = shared.indices.filter { shared[$0].handles == 0 }
            guard unheld.count > mostUnheld, let first = unheld.first else { return nil }
            return shared.remove(at: first)
        }
        _ = ended  // goes outside the lock
    }
}
