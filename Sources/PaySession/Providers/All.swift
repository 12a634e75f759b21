// SPDX-License-Identifier: MIT

extension Provider {
    /// Every provider, in the order in which they are always named.
    static let all: [Provider] = [.inbank, .kustom, .dintero, .ledyer]
}
