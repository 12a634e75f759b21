// SPDX-License-Identifier: MIT
import CPaySession
import CPlatform

@_cdecl("session_callback_verify") @implementation
public func session_callback_verify(
    _ client: OpaquePointer!, _ provider: UnsafePointer<CChar>!, _ request: UnsafePointer<CChar>!,
    _ body: UnsafeRawPointer!, _ body_length: Int, _ options: UnsafePointer<CChar>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    insideGate(answering: answer) {
        handOver(verified(client, provider, request, body, body_length, options), answer)
    }
}

private func verified(
    _ client: OpaquePointer?, _ provider: UnsafePointer<CChar>?,
    _ request: UnsafePointer<CChar>?, _ body: UnsafeRawPointer?, _ length: Int,
    _ options: UnsafePointer<CChar>?
) -> Answer {
    var name: String?
    do throws(Failure) {
        guard let client else { throw missing("client") }
        let given = try text(provider, "provider")
        guard let provider = Provider.named(given) else {
            throw Failure(
                .invalidArgument, sentence("provider: expected one of {}", Provider.names))
        }
        name = provider.name
        guard let request else { throw missing("request") }
        guard body != nil || length == 0 else { throw missing("body") }
        // Of more than half the address space.
        guard length >= 0 else { throw Callback.bodyTooLong }
        return Answer(
            try object(client, as: Client.self).state.configuration.callback(
                of: provider, request,
                UnsafeBufferPointer(
                    start: body?.assumingMemoryBound(to: UInt8.self), count: length), options),
            from: provider)
    } catch {
        return Answer(callbackFailure: error, provider: name)
    }
}

@_cdecl("session_answer_reference") @implementation
public func session_answer_reference(_ answer: OpaquePointer!) -> UnsafePointer<CChar>! {
    session_answer_text(answer, "/reference")
}
