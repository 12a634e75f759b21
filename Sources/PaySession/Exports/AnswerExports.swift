// SPDX-License-Identifier: MIT
import CPaySession

@_cdecl("session_answer_result") @implementation
public func session_answer_result(_ answer: OpaquePointer!) -> session_result {
    guard let answer else { return SESSION_INVALID_ARGUMENT }
    return session_result(object(answer, as: Answer.self).outcome.rawValue)
}

@_cdecl("session_answer_status") @implementation
public func session_answer_status(_ answer: OpaquePointer!) -> session_status {
    guard let answer else { return SESSION_STATUS_UNKNOWN }
    return session_status(object(answer, as: Answer.self).status.rawValue)
}

@_cdecl("session_answer_paid") @implementation
public func session_answer_paid(_ answer: OpaquePointer!) -> session_paid {
    guard let answer else { return SESSION_PAID_UNKNOWN }
    return session_paid(object(answer, as: Answer.self).paid.rawValue)
}

@_cdecl("session_answer_json") @implementation
public func session_answer_json(
    _ answer: OpaquePointer!, _ length: UnsafeMutablePointer<Int>!
) -> UnsafePointer<CChar>! {
    guard let answer else {
        length?.pointee = 0
        return nil
    }
    let owner = object(answer, as: Answer.self)
    length?.pointee = owner.jsonLength
    return UnsafeRawPointer(owner.json.bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
}

@_cdecl("session_answer_free") @implementation
public func session_answer_free(_ answer: OpaquePointer!) {
    guard let answer else { return }
    Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(answer)).release()
}

@_cdecl("session_answer_decision") @implementation
public func session_answer_decision(_ answer: OpaquePointer!) -> session_decision {
    guard let answer else { return SESSION_HOLD }
    return session_decision(object(answer, as: Answer.self).decision.rawValue)
}

@_cdecl("session_answer_text") @implementation
public func session_answer_text(
    _ answer: OpaquePointer!, _ pointer: UnsafePointer<CChar>!
) -> UnsafePointer<CChar>! {
    guard let answer, let pointer, !Memory.isLow,
        let steps = String(validatingCString: pointer)
    else { return nil }
    return UnsafeRawPointer(object(answer, as: Answer.self).text(at: steps))?
        .assumingMemoryBound(to: CChar.self)
}
