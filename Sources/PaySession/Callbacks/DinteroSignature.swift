// SPDX-License-Identifier: MIT

// Dintero-Signature, https://docs.dintero.com/docs/checkout/validating-callbacks: HMAC-SHA256 over
// six lines, time, account, method, host name, path and query, parted by line feeds. The body is
// not signed: a transaction that is posted is anybody's word.

func dinteroSignature(
    _ request: CallbackRequest, _ account: String
) throws(CallbackFlaw) -> CallbackSignature {
    guard let header = try request.header("dintero-signature") else { throw .signatureMissing }
    if count(of: UInt8(ascii: ","), in: header) > 15 { throw .signatureMalformed }
    // "t=1582236537,v0-hmac-sha256=CODE". What else may come, a later version's code, is skipped.
    let time = try value(of: "t=", in: header)
    guard let given = try value(of: "v0-hmac-sha256=", in: header) else { throw .signatureMissing }
    guard let code = withBytes(of: given, { decodedHexadecimal($0, HMAC<UInt32>.length) }) else {
        throw .signatureMalformed
    }
    guard let time else { throw .timestampMissing }
    guard let seconds = withBytes(of: time, signedSeconds) else { throw .timestampMalformed }
    let text = Buffer()
    if let address = request.address {
        for line in [time, account, request.method, address.host, address.path] {
            text.append(line)
            text.append(UInt8(ascii: "\n"))
        }
        address.query.appendSorted(to: text)
    }
    return CallbackSignature(
        .sha256, of: text, candidates: [code], seconds: seconds)
}

/// One of the header's items, which may be there once.
private func value(
    of name: StaticString, in header: String
) throws(CallbackFlaw) -> String? {
    var values: [String] = []
    withBytes(of: header) { bytes in
        for item in parts(of: bytes, between: UInt8(ascii: ",")) {
            let item = withoutBlanks(item)
            if begins(item, with: name) {
                let value = item[name.utf8CodeUnitCount...]
                values.append(decodedText(UnsafeBufferPointer(rebasing: value)))
            }
        }
    }
    if values.count > 1 { throw .repeated }
    return values.first
}
