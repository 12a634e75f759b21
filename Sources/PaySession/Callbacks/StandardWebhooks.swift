// SPDX-License-Identifier: MIT

// Standard Webhooks 1.0.0, https://github.com/standard-webhooks/standard-webhooks (the file
// spec/standard-webhooks.md), as Kustom signs: HMAC-SHA256 over the delivery's id, a point, the
// time of the attempt, a point, and the body byte for byte.

func standardWebhooksSignature(
    _ request: CallbackRequest
) throws(CallbackFlaw) -> CallbackSignature {
    let id = try request.header("webhook-id")
    let time = try request.header("webhook-timestamp")
    guard let signatures = try request.header("webhook-signature") else { throw .signatureMissing }
    let candidates = try candidates(in: signatures)
    guard let time else { throw .timestampMissing }
    guard let seconds = withBytes(of: time, signedSeconds) else { throw .timestampMalformed }
    guard let id, isDeliveryID(id) else { throw .signatureMalformed }
    let text = Buffer()
    for part in [id, ".", time, "."] { text.append(part) }
    return CallbackSignature(
        .base64OfSHA256, of: text, body: request.body, candidates: candidates,
        seconds: seconds, id: id)
}

/// The delivery's id in a request that nobody vouches for; nil where it has none.
func unsignedDeliveryID(_ request: CallbackRequest) -> String? {
    guard let id = try? request.header("webhook-id"), isDeliveryID(id) else { return nil }
    return id
}

/// Without a point: with one in it, the same bytes could be cut into another id, time and body.
private func isDeliveryID(_ id: String) -> Bool {
    (1...256).contains(id.utf8.count) && isMade(id, of: "!-/~")
}

/// Several where the sender signs with an old secret and a new one: "v1,CODE v1,CODE". Other
/// versions (v1a is Ed25519) are not this one's.
private func candidates(in list: String) throws(CallbackFlaw) -> [[UInt8]] {
    if count(of: UInt8(ascii: " "), in: list) > 15 { throw .signatureMalformed }
    let (hasOurs, codes) = withBytes(of: list) { bytes in
        let items = parts(of: bytes, between: UInt8(ascii: " "))
        var hasOurs = false
        var codes: [[UInt8]] = []
        for item in items where begins(item, with: "v1,") {
            hasOurs = true
            let code = UnsafeBufferPointer(rebasing: item[3...])
            if isBase64(code) { codes.append(Array(code)) }
        }
        return (hasOurs, codes)
    }
    guard hasOurs else { throw .signatureMissing }
    guard !codes.isEmpty else { throw .signatureMalformed }
    return codes
}

/// 32 bytes: 43 digits and one "=".
private func isBase64(_ code: UnsafeBufferPointer<UInt8>) -> Bool {
    code.count == 44 && code[43] == UInt8(ascii: "=")
        && isMade(UnsafeBufferPointer(rebasing: code[..<43]), of: "AZaz09++//")
}

/// The key behind "whsec_"; nil if it is not strict base64 of at least 16 bytes, so that a wrong
/// key is found when the client is opened. The reference libraries decode a secret without the
/// prefix, too; others take such a text as it is: here it is refused.
func webhookKey(_ secret: UnsafeBufferPointer<UInt8>) -> Buffer? {
    guard let encoded = rest(of: secret, behind: "whsec_"), begins(secret, with: "whsec_")
    else { return nil }
    let key = Buffer(holdsSecrets: true)
    guard appendDecodedBase64(encoded, to: key) else { return nil }
    // A secret is not wrong because there is no memory for it.
    return key.count >= 16 || !key.isComplete ? key : nil
}

/// RFC 4648, 4, with its padding, without blanks, and with the bits that are left over zero (3.5).
func appendDecodedBase64(_ text: UnsafeBufferPointer<UInt8>, to buffer: Buffer) -> Bool {
    guard !text.isEmpty, text.count % 4 == 0 else { return false }
    var group: UInt32 = 0
    var padding = 0
    for (place, byte) in text.enumerated() {
        var value: UInt32 = 0
        if byte == UInt8(ascii: "="), place >= text.count - 2 {
            padding += 1
        } else {
            guard padding == 0, let digit = base64Value(byte) else { return false }
            value = UInt32(digit)
        }
        group = group << 6 | value
        if place % 4 == 3 {
            if padding > 0, group & (padding == 1 ? 0xFF : 0xFFFF) != 0 { return false }
            for shift: UInt32 in [16, 8, 0] where shift >= UInt32(8 * padding) {
                buffer.append(UInt8(truncatingIfNeeded: group >> shift))
            }
            group = 0
        }
    }
    return true
}

private func base64Value(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
}
