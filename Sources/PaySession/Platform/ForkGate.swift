// SPDX-License-Identifier: MIT
import CPlatform

/// What makes fork safe: it waits until no thread is at work in this library.
///
/// Every call stands inside the gate except while it waits for the network. libcurl is driven
/// without blocking, so the work between two waits is short, and fork is held up no longer than
/// that. In the child, therefore, no lock of ours, of libcurl's, of the TLS library's or of
/// malloc's is held on our account, and nothing is half done.
enum ForkGate {
    /// Not reentrant: a fork waiting between two entries of one thread would wait forever.
    static func enter() { cplatform_gate_enter() }
    static func leave() { cplatform_gate_leave() }

    /// What the child does first, in its only thread.
    static func inChild(_ function: @convention(c) () -> Void) {
        cplatform_gate_set_child(function)
    }
}
