// SPDX-License-Identifier: MIT

/// The answer of a token endpoint (RFC 6749, 5.1 and 5.2).
enum TokenAnswer {
    /// - Parameter secrets: what must not come back in a message.
    /// - Returns: the token, and its lifetime where the endpoint said it.
    static func read(
        _ response: Response, _ provider: Provider, _ secrets: [Secret]
    ) throws(Failure) -> (Secret, Span?) {
        let name = provider.name
        switch response.ending {
        case .failed(let failure):
            failure.message = sentence("token endpoint of {}: {}", name, failure.message)
            throw failure
        case .answered(200):
            let document: Document
            do {
                document = try Document.parse(response.body, holdsSecrets: true)
            } catch .outOfMemory {
                throw .outOfMemory
            } catch {
                let failure = Failure(
                    .malformed,
                    sentence("token endpoint of {}: the answer is {}", name, error.words.text),
                    httpStatus: 200)
                failure.isRetryable = error.mayPass
                throw failure
            }
            return try document.read { root throws(Failure) in
                let told = root.at("access_token")
                guard told.withTextBytes(isUsable) == true else {
                    throw Failure(
                        .malformed,
                        sentence(
                            "the token endpoint of {} answered without a usable access_token", name),
                        httpStatus: 200)
                }
                guard let token = told.withTextBytes({ Secret($0) }) ?? nil else {
                    throw .outOfMemory
                }
                return (token, root.at("expires_in").integerOrDigits.map { .seconds($0) })
            }
        case .answered(let status):
            let outcome: Outcome
            switch status {
            // RFC 6749 answers 400 to a bad client too; 403 is a refusal as well.
            case 400, 401, 403: outcome = .unauthorized
            case 404: outcome = .unexpectedHTTP  // it is not the session that was not found
            default: outcome = Outcome(httpStatus: status)
            }
            throw ErrorBody.failure(
                outcome, status, response, provider, secrets, endpoint: "token endpoint")
        }
    }

    /// It goes into a header.
    private static func isUsable(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        !bytes.isEmpty && isMade(bytes, of: "!~")
    }
}
