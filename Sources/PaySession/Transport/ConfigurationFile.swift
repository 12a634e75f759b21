// SPDX-License-Identifier: MIT
import CPlatform

/// A configuration as a file, read once: where it is, and who else may touch it.
struct ConfigurationFile {
    let path: String
    /// Ends with a NUL byte.
    let content: Buffer
    private let mode: File.Mode

    /// By its permissions; nil for what has none, a pipe.
    var isReadableByOthers: Bool? { mode == 0 ? nil : mode & 0o004 != 0 }
    private var isWritableByOthers: Bool { mode & 0o022 != 0 }

    private static let longest = 1 << 20

    /// - Parameter path: nil for the usual places.
    static func read(_ path: String?) throws(Failure) -> ConfigurationFile {
        let path = if let path { path } else { try usualPath() }
        let content = Buffer(holdsSecrets: true)
        var mode: File.Mode = 0
        cplatform_set_errno(0)
        guard File.read(path, into: content, atMost: longest, mode: &mode) else {
            throw unreadable(path)
        }
        if place(of: 0, in: content.bytes) != nil {
            throw Failure(
                .invalidConfig, sentence("{}: expected text, there is a NUL byte in it", path))
        }
        content.append(0)
        guard content.isComplete else { throw .outOfMemory }
        return ConfigurationFile(path: path, content: content, mode: mode)
    }

    /// Whoever may write to it can have a key sent to an address of theirs, wherever the key itself
    /// stands.
    func refuseOthers() throws(Failure) {
        guard isWritableByOthers else { return }
        throw Failure(
            .invalidConfig,
            sentence(
                """
                {}: expected a file that only its owner may write, since it says where credentials \
                are sent; its group or others may
                """, path))
    }

    private static func unreadable(_ path: String) -> Failure {
        let why: StaticString
        switch cplatform_errno() {
        case ENOENT, ENOTDIR: why = "there is none"
        case EACCES, EPERM: why = "this user may not read it"
        case EISDIR: why = "it is a directory"
        case ENOMEM, EMFILE, ENFILE: return .outOfMemory
        default: why = "it cannot be read, or is longer than 1 MiB"
        }
        return Failure(
            .invalidConfig, sentence("{}: expected a configuration file, {}", path, why.text))
    }

    /// $PAYSESSION_CONFIG, else $XDG_CONFIG_HOME/paysession/config.json, else the same in ~/.config
    /// (XDG Base Directory Specification: a path that is not absolute does not count).
    private static func usualPath() throws(Failure) -> String {
        if let path = variable("PAYSESSION_CONFIG"), !path.isEmpty { return path }
        if let home = variable("XDG_CONFIG_HOME"), hasPrefix(home, "/") {
            return sentence("{}/paysession/config.json", home)
        }
        if let home = variable("HOME"), hasPrefix(home, "/") {
            return sentence("{}/.config/paysession/config.json", home)
        }
        throw Failure(
            .invalidConfig,
            "configuration: expected a path, or one in the environment variable PAYSESSION_CONFIG, "
                + "or a home directory; there is none of them")
    }

    /// nil also in a program that has its user's rights from somebody else, who must not choose.
    private static func variable(_ name: String) -> String? {
        guard let value = secure_getenv(name) else { return nil }
        return String(validatingCString: value)
    }
}
