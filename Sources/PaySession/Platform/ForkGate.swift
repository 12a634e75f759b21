// SPDX-License-Identifier: MIT
import CPlatform

/// What makes fork safe: it waits until no thread is at work in this library.
///
/// Every call stands inside the gate except while it waits for the network. libcurl is driven
/// without blocking, so the work between two waits is short, and fork is held up no longer than
/// that. In the child, therefore, no lock of ours, of libcurl's, of the TLS library's or of
/// malloc's is held on our account, and nothing is half done.
///
/// Three children are otherwise: of a signal handler that interrupted a call (the fork cannot wait
/// for the thread it stands on), of _Fork() and of clone(), which ask nobody. There connections are
/// cut off, and no call is taken: see `isBroken`.
enum ForkGate {
    /// - Parameter more: what has to be there before a signal handler can call.
    @inline(never)
    static func makeReady(_ more: @convention(c) () -> Void) {
        if cplatform_gate_is_ready() == 0 { cplatform_gate_make_ready(more) }
    }

    /// Runs a call, once all is ready, which no thread may be in twice, nor be cancelled in.
    /// - Returns: nil where no call is taken: in the middle of another one, or in a process that
    ///   began there.
    static func call<R>(_ body: () -> R) -> R? {
        var cancelState: Int32 = 0
        guard begin(&cancelState) else { return nil }
        defer { end(cancelState) }
        return body()
    }

    // Never inlined: each function of the interface would bring a copy.

    @inline(never)
    private static func begin(_ cancelState: inout Int32) -> Bool {
        cplatform_gate_begin(&cancelState) != 0
    }

    @inline(never)
    private static func end(_ cancelState: Int32) { cplatform_gate_end(cancelState) }

    /// Stands outside while `body` waits.
    static func outside<R>(_ body: () -> R) -> R {
        cplatform_gate_leave()
        defer { cplatform_gate_enter() }
        return body()
    }

    /// This process began in the middle of a call, which must not go on.
    static var isBroken: Bool { cplatform_gate_is_broken() != 0 }

    /// What the child does first, in its only thread.
    static func inChild(_ function: @convention(c) () -> Void) {
        cplatform_gate_set_child(function)
    }
}
