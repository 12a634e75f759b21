// SPDX-License-Identifier: MIT
import CPlatform

/// A credential or a token: it cannot be printed by accident and is wiped when the last owner lets
/// go.
///
/// It has no text form. The bytes are reached only through `withText`, at the places that hand them
/// to libcurl, and through `isEchoed`, which finds them where they should not be.
final class Secret: Sendable {
    private let memory: UnsafeSendable<UnsafeMutablePointer<CChar>>
    let count: Int

    /// nil when memory has run out. The bytes are copied; the caller wipes its own.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let raw = malloc(bytes.count + 1) else { return nil }
        if let source = bytes.baseAddress { memcpy(raw, source, bytes.count) }
        let text = raw.assumingMemoryBound(to: CChar.self)
        text[bytes.count] = 0
        memory = UnsafeSendable(text)
        count = bytes.count
    }

    deinit {
        explicit_bzero(memory.value, count + 1)
        free(memory.value)
    }

    /// NUL-terminated; valid during `body` only.
    func withText<R>(_ body: (UnsafePointer<CChar>) -> R) -> R { body(memory.value) }

    func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        body(
            UnsafeBufferPointer(
                start: UnsafeRawPointer(memory.value).assumingMemoryBound(to: UInt8.self),
                count: count))
    }

    func isSame(as other: Secret) -> Bool {
        count == other.count && memcmp(memory.value, other.memory.value, count) == 0
    }

    /// Built from parts that are secrets themselves ("Authorization: Bearer " + token).
    static func joining(_ prefix: String, _ secret: Secret) -> Secret? {
        let buffer = Buffer(holdsSecrets: true)
        buffer.append(prefix)
        secret.withBytes { buffer.append(UnsafeRawBufferPointer($0)) }
        return buffer.isComplete ? Secret(buffer.bytes) : nil
    }

    /// `prefix` + base64 of `user:secret`, the credentials of HTTP Basic (RFC 7617).
    static func basic(_ prefix: String, user: String, _ secret: Secret) -> Secret? {
        let plain = Buffer(holdsSecrets: true)
        plain.append(user)
        plain.append(UInt8(ascii: ":"))
        secret.withBytes { plain.append(UnsafeRawBufferPointer($0)) }
        let encoded = Buffer(holdsSecrets: true)
        encoded.append(prefix)
        appendBase64(plain.bytes, to: encoded)
        return plain.isComplete && encoded.isComplete ? Secret(encoded.bytes) : nil
    }
}

/// A pointer that its owner never changes after init.
struct UnsafeSendable<Wrapped>: @unchecked Sendable {
    let value: Wrapped
    init(_ value: Wrapped) { self.value = value }
}

func appendBase64(_ bytes: UnsafeBufferPointer<UInt8>, to buffer: Buffer) {
    let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    var index = 0
    while index < bytes.count {
        let left = bytes.count - index
        let first = UInt32(bytes[index])
        let second = left > 1 ? UInt32(bytes[index + 1]) : 0
        let third = left > 2 ? UInt32(bytes[index + 2]) : 0
        let group = first << 16 | second << 8 | third
        for place in 0..<4 {
            if place > left {
                buffer.append(UInt8(ascii: "="))
            } else {
                buffer.append(digits.utf8Start[Int(group >> UInt32(18 - 6 * place) & 63)])
            }
        }
        index += 3
    }
}
