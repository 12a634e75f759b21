// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// The sockets that libcurl has open for one loop, known so that they can be cut off: those of a
/// forked child before libcurl says goodbye on connections that belong to the parent, and one whose
/// far end keeps libcurl busy with nothing.
final class Sockets {
    private var all: [Socket] = []
    /// How long libcurl may go on reading now.
    let patience: Patience

    init(_ patience: Patience, epoll: Int32) {
        self.patience = patience
        self.epoll = epoll
    }

    /// What libcurl gets instead of socket(): close-on-exec, so that a program started by the host
    /// inherits nothing.
    func open(_ address: curl_sockaddr) -> Socket? {
        let type = address.socktype | Int32(bitPattern: SOCK_CLOEXEC.rawValue)
        let fd = cplatform_take(socket(address.family, type, address.protocol))
        guard fd >= 0 else { return nil }
        if let socket = find(fd) {
            socket.begin()
            return socket
        }
        let socket = Socket(fd, patience)
        all.append(socket)
        return socket
    }

    /// For requests that nobody wants any more.
    static let openNothing: curl_opensocket_callback = { _, _, _ in CURL_SOCKET_BAD }

    static let closeFunction: curl_closesocket_callback = { context, fd in
        guard let context else { return cplatform_close(fd) }
        let sockets = Unmanaged<Sockets>.fromOpaque(context).takeUnretainedValue()
        guard let socket = sockets.find(fd) else { return cplatform_close(fd) }
        // A forked child may have it too, and then closing it alone would not be the end of its
        // events.
        if socket.watched != 0 { cplatform_unwatch(sockets.epoll, fd) }
        return socket.close()
    }

    private func find(_ fd: Int32) -> Socket? { all.first { $0.descriptor == fd } }

    // MARK: Watching

    /// Where the kernel is told what to watch; -1 where that is not ours, or not any more.
    var epoll: Int32
    private var hasChanges = false

    /// libcurl wants to hear of these events on that descriptor from now on; of none if 0.
    ///
    /// Of a connection it says so several times in a turn, and takes most of it back: with each
    /// answer the connection is given up, with the next request it is taken up again. So the kernel
    /// is told when somebody is about to wait, and of an idle connection only when something
    /// happens there.
    func watch(_ fd: Int32, _ events: UInt32) {
        guard let socket = find(fd), socket.isOpen else {
            return tell(fd, events, isNew: true)  // the descriptor of a name's lookup
        }
        socket.wanted = events
        // One that lost a race of two addresses is closed without a word: it has carried nothing
        // yet.
        if socket.hasCarriedTLS { hasChanges = true } else { tell(socket) }
    }

    /// Somebody is about to wait.
    func tellChanges() {
        guard hasChanges else { return }
        hasChanges = false
        for socket in all where socket.wanted != 0 { tell(socket) }
    }

    /// Whether libcurl wants to hear of an event there. If not, there will be none any more.
    func isWanted(_ fd: Int32) -> Bool {
        guard let socket = find(fd), socket.isOpen, socket.wanted == 0 else { return true }
        tell(socket)
        return false
    }

    private func tell(_ socket: Socket) {
        guard socket.wanted != socket.watched else { return }
        tell(socket.descriptor, socket.wanted, isNew: socket.watched == 0)
        socket.watched = socket.wanted
    }

    private func tell(_ fd: Int32, _ events: UInt32, isNew: Bool) {
        if events == 0 {
            cplatform_unwatch(epoll, fd)
        } else {
            cplatform_watch(epoll, fd, events, isNew ? 1 : 0)
        }
    }

    // MARK: All of them

    var count: Int { all.reduce(0) { $1.isOpen ? $0 + 1 : $0 } }

    /// Something is there to be read on one of them.
    var haveInput: Bool { all.contains { $0.isOpen && cplatform_has_input($0.descriptor) != 0 } }

    /// In a forked child: cut off from the connections, which are the parent's, without a byte on
    /// the wire. libcurl may close what is left.
    /// - Returns: false where that failed; then the descriptors are closed, and libcurl must not be
    ///   let near their numbers again.
    func disconnect() -> Bool {
        let open = all.filter { $0.isOurs }
        if open.allSatisfy({ $0.disconnect() }) { return true }
        for socket in open { _ = socket.close() }
        return false
    }

    static func isLoopback(_ address: UnsafeMutablePointer<sockaddr>) -> Bool {
        let bytes = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:  // family 2, port 2, address 4
            return bytes.load(fromByteOffset: 4, as: UInt8.self) == 127
        case AF_INET6:  // family 2, port 2, flow 4, address 16: ::1
            for place in 8..<23 where bytes.load(fromByteOffset: place, as: UInt8.self) != 0 {
                return false
            }
            return bytes.load(fromByteOffset: 23, as: UInt8.self) == 1
        default:
            return false
        }
    }
}

/// One number that libcurl knows a connection by, again and again. The TLS library keeps a pointer
/// to it, so it lasts as long as the loop's connections.
final class Socket {
    let descriptor: Int32
    private(set) var isOpen = true
    /// The events that libcurl wants to hear of, and those that the kernel watches for.
    fileprivate var wanted: UInt32 = 0
    fileprivate var watched: UInt32 = 0
    private(set) var hasCarriedTLS = false
    /// Which of all sockets the number stands for: libcurl closes those that lost a race of two
    /// addresses without a word, and the host may close any.
    private var identity: UInt64
    private let patience: Patience
    private var count = Patience.Count()

    init(_ descriptor: Int32, _ patience: Patience) {
        self.descriptor = descriptor
        self.patience = patience
        identity = cplatform_socket_identity(descriptor)
    }

    /// Its number was given out anew.
    func begin() {
        isOpen = true
        identity = cplatform_socket_identity(descriptor)
        count = Patience.Count()
        (wanted, watched, hasCarriedTLS) = (0, 0, false)
    }

    var isOurs: Bool { isOpen && cplatform_socket_identity(descriptor) == identity }

    /// It leads nowhere from now on, and is still to be closed.
    func disconnect() -> Bool {
        let isDone = cplatform_disconnect(descriptor) == 0
        identity = cplatform_socket_identity(descriptor)
        return isDone
    }

    func close() -> Int32 {
        defer {
            isOpen = false
            (wanted, watched, hasCarriedTLS) = (0, 0, false)
        }
        return cplatform_close_if(isOurs ? 1 : 0, descriptor)
    }

    /// It was closed behind our back, or not.
    func look() {
        if isOpen, !isOurs { _ = close() }
    }

    /// What OpenSSL calls with every record, and with every message of TLS itself.
    static let messageCame: ccurl_message_callback = {
        direction, _, type, bytes, count, _, context in
        guard direction == 0, let context else { return }
        Unmanaged<Socket>.fromOpaque(context)._withUnsafeGuaranteedRef { socket in
            let isTooMuch: Bool
            switch Int(type) {
            case CCURL_RECORD_HEADER:
                guard let bytes, count >= 5 else { return }
                // RFC 8446, 5.1: type, version, and the length of what follows.
                let length =
                    Int(bytes.load(fromByteOffset: 3, as: UInt8.self)) << 8
                    | Int(bytes.load(fromByteOffset: 4, as: UInt8.self))
                isTooMuch = socket.count.add(record: count + length, socket.patience)
                socket.hasCarriedTLS = true
            case CCURL_HANDSHAKE:
                isTooMuch = socket.count.addMessage(socket.patience)
            default: return
            }
            // libcurl, or OpenSSL, finds the connection broken with its next read.
            if isTooMuch, socket.isOurs { _ = socket.disconnect() }
        }
    }
}
