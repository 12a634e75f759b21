// SPDX-License-Identifier: MIT
import CPlatform

/// Runs what may write to a connection that the far end has closed: no SIGPIPE reaches the host.
/// May stand inside another.
func withSigpipeHeld<R>(_ body: () -> R) -> R {
    var hold = cplatform_sigpipe()
    cplatform_sigpipe_hold(&hold)
    defer { cplatform_sigpipe_release(&hold) }
    return body()
}
