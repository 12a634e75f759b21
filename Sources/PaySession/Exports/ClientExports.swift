// SPDX-License-Identifier: MIT
import CPaySession
import CPlatform

@_cdecl("session_client_open") @implementation
public func session_client_open(
    _ config: UnsafePointer<CChar>!, _ client: UnsafeMutablePointer<OpaquePointer?>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    open(client, answer) { () throws(Failure) in
        guard let config else { throw missing("config") }
        if let client = ClientList.opened(by: config) { return client }
        return try ClientList.open(try Configuration(config))
    }
}

@_cdecl("session_client_open_file") @implementation
public func session_client_open_file(
    _ path: UnsafePointer<CChar>!, _ client: UnsafeMutablePointer<OpaquePointer?>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    open(client, answer) { () throws(Failure) in
        let file = try ConfigurationFile.read(path == nil ? nil : try text(path, "path"))
        guard let content = file.content.bytes.baseAddress else { throw .outOfMemory }
        return try ClientList.open(
            try Configuration(
                UnsafeRawPointer(content).assumingMemoryBound(to: CChar.self), file: file))
    }
}

@inline(never)
private func open(
    _ client: UnsafeMutablePointer<OpaquePointer?>?,
    _ answer: UnsafeMutablePointer<OpaquePointer?>?,
    _ opened: () throws(Failure) -> Client
) -> session_result {
    client?.pointee = nil
    return insideGate(answering: answer) {
        do throws(Failure) {
            guard let client else { throw missing("client") }
            // First: what is opened is held by whoever is told of it.
            let success = try success()
            let opened = try opened()
            client.pointee = OpaquePointer(Unmanaged.passRetained(opened).toOpaque())
            return handOver(success, answer)
        } catch {
            return handOver(Answer(error), answer)
        }
    }
}

@_cdecl("session_client_cancel") @implementation
public func session_client_cancel(_ client: OpaquePointer!) {
    // Not inside the gate: a signal handler may stand anywhere.
    guard let client else { return }
    object(client, as: Client.self).state.cancel()
}

@_cdecl("session_client_report") @implementation
public func session_client_report(
    _ client: OpaquePointer!, _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    insideGate(answering: answer) {
        guard let client else { return handOver(Answer(missing("client")), answer) }
        return handOver(object(client, as: Client.self).state.reportAnswer(), answer)
    }
}

@_cdecl("session_client_close") @implementation
public func session_client_close(_ client: OpaquePointer!) {
    guard let client else { return }
    insideGate(or: ()) {
        ClientList.close(
            Unmanaged<Client>.fromOpaque(UnsafeRawPointer(client)).takeRetainedValue())
    }
}
