// SPDX-License-Identifier: MIT
import CPaySession

@_cdecl("session_get") @implementation
public func session_get(
    _ client: OpaquePointer!, _ reference: UnsafePointer<CChar>!, _ options: UnsafePointer<CChar>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    ask(client, .get, reference, options, answer)
}

@_cdecl("session_wait") @implementation
public func session_wait(
    _ client: OpaquePointer!, _ reference: UnsafePointer<CChar>!, _ options: UnsafePointer<CChar>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    ask(client, .wait, reference, options, answer)
}

@_cdecl("session_approve") @implementation
public func session_approve(
    _ client: OpaquePointer!, _ reference: UnsafePointer<CChar>!, _ options: UnsafePointer<CChar>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    ask(client, .approve, reference, options, answer)
}

@_cdecl("session_refuse") @implementation
public func session_refuse(
    _ client: OpaquePointer!, _ reference: UnsafePointer<CChar>!, _ options: UnsafePointer<CChar>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    ask(client, .refuse, reference, options, answer)
}

@_cdecl("session_get_inbank") @implementation
public func session_get_inbank(
    _ client: OpaquePointer!, _ shop_uuid: UnsafePointer<CChar>!,
    _ pos_session_uuid: UnsafePointer<CChar>!, _ options: UnsafePointer<CChar>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    read(client, .inbank, [shop_uuid, pos_session_uuid], options, answer)
}

@_cdecl("session_get_kustom") @implementation
public func session_get_kustom(
    _ client: OpaquePointer!, _ session_id: UnsafePointer<CChar>!,
    _ options: UnsafePointer<CChar>!, _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    read(client, .kustom, [session_id], options, answer)
}

@_cdecl("session_get_dintero") @implementation
public func session_get_dintero(
    _ client: OpaquePointer!, _ account_id: UnsafePointer<CChar>!,
    _ order_id: UnsafePointer<CChar>!, _ session_id: UnsafePointer<CChar>!,
    _ options: UnsafePointer<CChar>!, _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    read(client, .dintero, [account_id, order_id, session_id], options, answer)
}

@_cdecl("session_get_ledyer") @implementation
public func session_get_ledyer(
    _ client: OpaquePointer!, _ session_id: UnsafePointer<CChar>!,
    _ options: UnsafePointer<CChar>!, _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    read(client, .ledyer, [session_id], options, answer)
}

/// A provider's own function: its identifiers as they are.
private func read(
    _ client: OpaquePointer?, _ provider: @autoclosure () -> Provider,
    _ identifiers: [UnsafePointer<CChar>?],
    _ options: UnsafePointer<CChar>?, _ answer: UnsafeMutablePointer<OpaquePointer?>?
) -> session_result {
    ask(client, .get, options, answer) { () throws(Failure) in
        let provider = provider()  // inside the gate, as all that is made at its first use
        var texts: [String] = []
        for (part, identifier) in zip(provider.parts, identifiers) {
            texts.append(try text(identifier, part.name))
        }
        return try Reference(provider, texts)
    }
}

private func ask(
    _ client: OpaquePointer?, _ question: Options.Question, _ reference: UnsafePointer<CChar>?,
    _ options: UnsafePointer<CChar>?, _ answer: UnsafeMutablePointer<OpaquePointer?>?
) -> session_result {
    ask(client, question, options, answer) { () throws(Failure) in
        try Reference(parsing: try text(reference, "reference"))
    }
}

@inline(never)
private func ask(
    _ client: OpaquePointer?, _ question: Options.Question, _ options: UnsafePointer<CChar>?,
    _ answer: UnsafeMutablePointer<OpaquePointer?>?, _ reference: () throws(Failure) -> Reference
) -> session_result {
    insideGate(answering: answer) {
        do throws(Failure) {
            guard let client else { throw missing("client") }
            let reference = try reference()
            let options = try Options(options, for: .session(reference, question))
            let owner = object(client, as: Client.self)
            let told =
                switch question {
                case .get: owner.read(reference, options)
                case .wait: owner.wait(reference, options)
                case .approve: owner.settle(reference, .approved, options)
                case .refuse: owner.settle(reference, .refused, options)
                }
            return handOver(told, answer)
        } catch {
            return handOver(Answer(error), answer)
        }
    }
}
