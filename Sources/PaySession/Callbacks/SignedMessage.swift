// SPDX-License-Identifier: MIT

// Inbank's callbacks, as a shop platform checks them that is not Inbank's: `hmac` is HMAC-SHA512,
// with the API key, over `timestamp`, a point, and `message`. Nobody here has seen one: in what
// unit the time is, where the three stand in a request from server to server, and what a message
// says is not known. So the scheme is off, no provider's table names it, and nothing is read out of
// a message.
//
// Even genuine, the three prove little: they pass through the customer's browser, and could be
// moved to the address of another order.

func messageSignature(_ request: CallbackRequest) throws(CallbackFlaw) -> CallbackSignature {
    // In the query, in a form, or in a JSON object. In more than one place, each program would read
    // another.
    var parameters: [NamedText] = []
    for place in [query(of: request), content(of: request)] {
        let found = place.filter { parameter in
            names.contains { sameBytes(parameter.name, $0.text) }
        }
        if !found.isEmpty, !parameters.isEmpty { throw .repeated }
        parameters += found
    }
    var values: [String?] = []
    for name in names {
        let found = parameters.filter { sameBytes($0.name, name.text) }
        if found.count > 1 { throw .repeated }
        values.append(found.first?.text)
    }
    guard let given = values[0], let message = values[2] else { throw .signatureMissing }
    guard let time = values[1] else { throw .timestampMissing }
    guard let code = withBytes(of: given, { decodedHexadecimal($0, HMAC<UInt64>.length) }) else {
        throw .signatureMalformed
    }
    // Seconds, until somebody knows better.
    guard let seconds = withBytes(of: time, signedSeconds) else { throw .timestampMalformed }
    let text = Buffer()
    for part in [time, ".", message] { text.append(part) }
    return CallbackSignature(.sha512, of: text, candidates: [code], seconds: seconds)
}

private let names: [StaticString] = ["hmac", "timestamp", "message"]

private func query(of request: CallbackRequest) -> [NamedText] {
    CallbackAddress(request.url)?.query.all ?? []
}

private func content(of request: CallbackRequest) -> [NamedText] {
    guard withoutBlanks(request.body).first == UInt8(ascii: "{") else {
        return FormParameters(request.body).all
    }
    let members = try? request.readBody { document in
        var members: [NamedText] = []
        for name in names {
            if let text = document[name].textOrInteger {
                members.append(NamedText(name.text, text.string))
            }
        }
        return members
    }
    return members ?? []
}
