// SPDX-License-Identifier: MIT
import CPlatform

/// Every client of the process, for fork, and those that are shared by their configuration.
enum ClientList {
    private struct State {
        var clients: [Unmanaged<Client>] = []
        var shared: [Shared] = []
        var isForkWatched = false
    }

    private final class Shared {
        let client: Client
        /// The configuration's bytes, which may be credentials.
        let text: Secret
        var handles = 1

        init(_ client: Client, _ text: Secret) {
            self.client = client
            self.text = text
        }
    }

    private static let mutex = Mutex()
    private nonisolated(unsafe) static var state = State()

    static func add(_ client: Client) {
        mutex.withLock {
            state.clients.append(Unmanaged.passUnretained(client))
            if !state.isForkWatched {
                state.isForkWatched = true
                ForkGate.inChild { ClientList.dropInherited() }
            }
        }
    }

    static func remove(_ client: Client) {
        mutex.withLock {
            state.clients.removeAll { $0.toOpaque() == Unmanaged.passUnretained(client).toOpaque() }
        }
    }

    /// A client for a configuration: the one that the byte-identical configuration opened before,
    /// if it says that it is to be shared.
    static func open(_ config: UnsafePointer<CChar>) throws(Failure) -> Client {
        let bytes = UnsafeRawPointer(config).assumingMemoryBound(to: UInt8.self)
        guard let text = Secret(UnsafeBufferPointer(start: bytes, count: strlen(config))) else {
            throw .outOfMemory
        }
        if let client = shared(text) { return client }
        let configuration = try Configuration(config)
        guard let client = Client.open(configuration) else { throw .outOfMemory }
        guard configuration.isShared else { return client }
        return mutex.withLock {
            // Another thread may have been quicker.
            if let entry = find(text) {
                entry.handles += 1
                return entry.client
            }
            state.shared.append(Shared(client, text))
            return client
        }
    }

    private static func shared(_ text: Secret) -> Client? {
        mutex.withLock {
            guard let entry = find(text) else { return nil }
            entry.handles += 1
            return entry.client
        }
    }

    /// Gives back one handle; the last one of a shared client ends it. Others end with their owner.
    static func close(_ client: consuming Client) {
        let ended: Shared? = mutex.withLock {
            guard let index = state.shared.firstIndex(where: { $0.client === client }) else {
                return nil
            }
            state.shared[index].handles -= 1
            return state.shared[index].handles == 0 ? state.shared.remove(at: index) : nil
        }
        _ = ended  // goes outside the lock
    }

    private static func find(_ text: Secret) -> Shared? {
        state.shared.first { entry in
            entry.text.withBytes { one in text.withBytes { other in one.elementsEqual(other) } }
        }
    }

    private static func dropInherited() {
        for client in state.clients { client.takeUnretainedValue().dropInherited() }
    }
}
