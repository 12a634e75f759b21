// SPDX-License-Identifier: MIT

/// What this library says of itself.
enum Library {
    /// PAYSESSION_VERSION_* of the header say the same; a test compares them.
    static let version = "0.1.0"
    static let versionText: StaticString = "0.1.0"
    /// Changes when a program compiled against an older header would break.
    static let abiVersion: UInt32 = 1
}
