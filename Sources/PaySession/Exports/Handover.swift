// SPDX-License-Identifier: MIT
import CPaySession
import CPlatform

// How objects and texts pass the C boundary. Nothing is decided here.

private func makeReady() { ForkGate.makeReady { _ = Answer.refused } }

/// - Parameter refusal: what is returned where no call is taken, see `ForkGate`.
func insideGate<R>(or refusal: R, _ body: () -> R) -> R {
    makeReady()
    return ForkGate.call(body) ?? refusal
}

/// A call, unless memory is so low that it might not come to its end.
func insideGate(
    answering answer: UnsafeMutablePointer<OpaquePointer?>?, _ body: () -> session_result
) -> session_result {
    makeReady()
    return ForkGate.call { Memory.isLow ? handOver(.outOfMemory, answer) : body() }
        ?? handOver(.refused, answer)
}

/// What is told when all went well; made before anything that would have to be taken back.
func success() throws(Failure) -> Answer {
    let answer = Answer()
    guard answer.outcome == .ok else { throw .outOfMemory }
    return answer
}

/// Gives the answer to the caller, who owns it from now on, or to nobody.
func handOver(_ answer: Answer, _ out: UnsafeMutablePointer<OpaquePointer?>?) -> session_result {
    if let out { out.pointee = OpaquePointer(Unmanaged.passRetained(answer).toOpaque()) }
    return session_result(answer.outcome.rawValue)
}

func object<Object: AnyObject>(_ pointer: OpaquePointer, as type: Object.Type) -> Object {
    Unmanaged<Object>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
}

func missing(_ name: String) -> Failure {
    Failure(.invalidArgument, sentence("{}: expected a value, got NULL", name))
}

/// A C string as text, or the failure that says what is wrong with it.
func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(Failure) -> String {
    guard let pointer else { throw missing(name) }
    // Reading it makes other texts of its parts.
    guard Memory.hasRoom(4 * strlen(pointer)) else { throw .outOfMemory }
    guard let text = String(validatingCString: pointer) else {
        throw Failure(.invalidArgument, sentence("{}: expected UTF-8", name))
    }
    return text
}
