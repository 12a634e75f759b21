// SPDX-License-Identifier: MIT
import CPaySession

// How objects and texts pass the C boundary. Nothing is decided here.

func insideGate<R>(_ body: () -> R) -> R {
    ForkGate.enter()
    defer { ForkGate.leave() }
    _ = Answer.outOfMemory  // made while there is memory
    return body()
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
    Failure(.invalidArgument, "\(name): expected a value, got NULL")
}

/// A C string as text, or the failure that says what is wrong with it.
func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws(Failure) -> String {
    guard let pointer else { throw missing(name) }
    guard let text = String(validatingCString: pointer) else {
        throw Failure(.invalidArgument, "\(name): expected UTF-8")
    }
    return text
}
