// SPDX-License-Identifier: MIT
import CPaySession
import CPlatform

@_cdecl("session_batch_open") @implementation
public func session_batch_open(
    _ client: OpaquePointer!, _ options: UnsafePointer<CChar>!,
    _ batch: UnsafeMutablePointer<OpaquePointer?>!, _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    batch?.pointee = nil
    return insideGate(answering: answer) {
        do throws(Failure) {
            guard let client else { throw missing("client") }
            guard let batch else { throw missing("batch") }
            let options = try Options(options, for: .batch)
            let success = try success()
            let owner = object(client, as: Client.self)
            guard let loop = owner.takeLoop(prefersHTTP2: options.prefersHTTP2) else {
                throw .outOfMemory
            }
            let opened = Batch(owner, loop, options)
            batch.pointee = OpaquePointer(Unmanaged.passRetained(opened).toOpaque())
            return handOver(success, answer)
        } catch {
            return handOver(Answer(error), answer)
        }
    }
}

@_cdecl("session_batch_add") @implementation
public func session_batch_add(
    _ batch: OpaquePointer!, _ reference: UnsafePointer<CChar>!, _ options: UnsafePointer<CChar>!,
    _ tag: UInt64
) -> session_result {
    guard let batch, let reference else { return SESSION_INVALID_ARGUMENT }
    return insideGate(or: SESSION_INVALID_ARGUMENT) {
        let batch = object(batch, as: Batch.self)
        if batch.isInherited { return SESSION_INVALID_ARGUMENT }
        guard !Memory.isLow, Memory.hasRoom(4 * strlen(reference)) else {
            return SESSION_OUT_OF_MEMORY
        }
        // What is no UTF-8 is no reference either: it comes back with an answer that says so.
        let text = String(validatingCString: reference) ?? "\u{FFFD}"
        return batch.add(text, options, tag) ? SESSION_OK : SESSION_AGAIN
    }
}

@_cdecl("session_batch_next") @implementation
public func session_batch_next(
    _ batch: OpaquePointer!, _ timeout_ms: Int64, _ tag: UnsafeMutablePointer<UInt64>!,
    _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    insideGate(answering: answer) {
        guard let batch = batch.map({ object($0, as: Batch.self) }) else {
            return handOver(Answer(missing("batch")), answer)
        }
        if batch.isInherited {
            let failure = Failure(
                .invalidArgument, "batch: expected one that this process opened, not its parent")
            return handOver(Answer(failure), answer)
        }
        switch batch.next(until: timeout_ms < 0 ? nil : .now.adding(.milliseconds(timeout_ms))) {
        case .answer(let itsTag, let itsAnswer):
            tag?.pointee = itsTag
            return handOver(itsAnswer, answer)
        case .nothingYet:
            answer?.pointee = nil
            return SESSION_AGAIN
        case .nothingMore:
            answer?.pointee = nil
            return SESSION_DONE
        }
    }
}

@_cdecl("session_batch_fd") @implementation
public func session_batch_fd(_ batch: OpaquePointer!) -> Int32 {
    guard let batch else { return -1 }
    return insideGate(or: -1) {
        let batch = object(batch, as: Batch.self)
        return batch.isInherited ? -1 : batch.descriptor()
    }
}

@_cdecl("session_batch_close") @implementation
public func session_batch_close(_ batch: OpaquePointer!) {
    guard let batch else { return }
    insideGate(or: ()) { Unmanaged<Batch>.fromOpaque(UnsafeRawPointer(batch)).release() }
}
