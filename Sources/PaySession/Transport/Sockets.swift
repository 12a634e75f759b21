// SPDX-License-Identifier: MIT
import CCurl
import CPlatform

/// The sockets that libcurl has open for one loop, known so that a forked child can cut them off
/// before libcurl says goodbye on connections that belong to the parent.
final class Sockets {
    private var open: [Int32] = []

    /// What libcurl calls instead of socket(): close-on-exec, so that a program started by the host
    /// inherits nothing. For connections to this machine only, whatever a resolver says that
    /// localhost is.
    static let openToLoopback: curl_opensocket_callback = { context, _, address in
        guard let address, isLoopback(&address.pointee.addr) else { return CURL_SOCKET_BAD }
        return openFunction(context, CURLSOCKTYPE_IPCXN, address)
    }

    /// The same for connections to anywhere.
    static let openFunction: curl_opensocket_callback = { context, _, address in
        guard let context, let address else { return CURL_SOCKET_BAD }
        let sockets = Unmanaged<Sockets>.fromOpaque(context).takeUnretainedValue()
        let type = address.pointee.socktype | Int32(bitPattern: SOCK_CLOEXEC.rawValue)
        let fd = socket(address.pointee.family, type, address.pointee.protocol)
        if fd >= 0 { sockets.open.append(fd) }
        return fd
    }

    /// For requests that nobody wants any more.
    static let openNothing: curl_opensocket_callback = { _, _, _ in CURL_SOCKET_BAD }

    static let closeFunction: curl_closesocket_callback = { context, fd in
        if let context {
            let sockets = Unmanaged<Sockets>.fromOpaque(context).takeUnretainedValue()
            sockets.open.removeAll { $0 == fd }
        }
        return close(fd)
    }

    var count: Int { open.count }

    /// Something is there to be read on one of them.
    var haveInput: Bool { open.contains { cplatform_has_input($0) != 0 } }

    /// In a forked child: cut off from the connections, which are the parent's, without a byte on
    /// the wire. libcurl may close what is left.
    /// - Returns: false where that failed; then the descriptors are closed, and libcurl must not be
    ///   let near their numbers again.
    func disconnect() -> Bool {
        if open.allSatisfy({ cplatform_disconnect($0) == 0 }) { return true }
        for fd in open { close(fd) }
        open = []
        return false
    }
}

private func isLoopback(_ address: UnsafeMutablePointer<sockaddr>) -> Bool {
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
