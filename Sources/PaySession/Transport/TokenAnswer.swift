// SPDX-License-Identifier: MIT

/// The answer of a token endpoint (RFC 6749, 5.1 and 5.2).
enum TokenAnswer {
    /// - Returns: the token, and its lifetime in seconds where the endpoint said it.
    static func read(
        _ ending: Transfer.Ending, _ body: Buffer, _ account: Account
    ) throws(Failure) -> (Secret, Int64?) {
        let name = account.provider.name
        switch ending {
        case .failed(var failure):
            failure.message = "token endpoint of \(name): " + failure.message
            throw failure
        case .answered(200):
            guard let document = try? Document.parse(body, holdsSecrets: true) else {
                throw Failure(
                    .malformed,
                    "the token endpoint of \(name) answered with what is not a JSON object",
                    httpStatus: 200)
            }
            let (token, lifetime) = document.read { root in
                (
                    root.at("access_token").withTextBytes(usable) ?? nil,
                    root.at("expires_in").integer
                )
            }
            guard let token else {
                throw Failure(
                    .malformed,
                    "the token endpoint of \(name) answered without a usable access_token",
                    httpStatus: 200)
            }
            return (token, lifetime)
        case .answered(let status):
            let outcome: Outcome
            switch status {
            // RFC 6749 answers 400 to a bad client too; 403 is a refusal as well.
            case 400, 401, 403: outcome = .unauthorized
            case 404: outcome = .unexpectedHTTP  // it is not the session that was not found
            default: outcome = Outcome(httpStatus: status)
            }
            throw ErrorBody.failure(outcome, status, body, account, endpoint: "token endpoint")
        }
    }

    private static func usable(_ bytes: UnsafeBufferPointer<UInt8>) -> Secret? {
        // It goes into a header.
        !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F } ? Secret(bytes) : nil
    }
}
