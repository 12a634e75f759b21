// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

/// The second leg of a call: the proof of payment of a session that was read.
@Suite struct CallProofTests {
    typealias Driver = CallTests.Driver

    static var session: Response {
        .answered(
            200,
            Buffer(
                #"{"session_id": "a", "status": "FINALIZED", "order_amount": 1, "#
                    + #""purchase_currency": "EUR", "order_id": "o"}"#))
    }
    static var order: Response {
        .answered(
            200,
            Buffer(
                #"{"order_id": "o", "status": "CAPTURED", "order_amount": 1, "#
                    + #""purchase_currency": "EUR"}"#))
    }
    static var dinteroSession: Response {
        .answered(
            200,
            Buffer(
                #"{"id": "s", "amount": 1, "created_at": "2026-01-02T03:04:05Z", "#
                    + #""processed_at": "2026-01-02T03:04:05Z"}"#))
    }
    static var transaction: Response {
        .answered(
            200,
            Buffer(
                #"{"id": "T12345678.x", "status": "AUTHORIZED", "amount": 1, "#
                    + #""currency": "NOK", "merchant_reference": "o"}"#))
    }

    private func driver(attempts: Int = 3, mostAnswerBytes: Int = 1 << 20) throws -> Driver {
        try Driver(attempts: attempts, mostAnswerBytes: mostAnswerBytes, proof: .ofSession)
            .readingSession()
    }

    private func dintero() throws -> Driver {
        try Driver("dintero:T12345678/o/s", proof: .transaction("T12345678.x"))
            .readingSession(with: "one")
    }

    private func readingProof(_ driver: Driver) -> Driver {
        #expect(driver.tell(.ended(Self.session), after: .milliseconds(30)) == "read proof o")
        #expect(driver.tell(.sent(at: 2)) == "wait")
        return driver
    }

    private func paid(_ driver: Driver) throws -> String? {
        try #require(try driver.answer["session"] as? [String: Any])["paid"] as? String
    }

    private func holds(_ driver: Driver) throws -> [String]? {
        try #require(try driver.answer["session"] as? [String: Any])["holds"] as? [String]
    }

    @Test func theProofFollowsTheSession() throws {
        let driver = readingProof(try driver())
        #expect(driver.call.answer == nil)
        #expect(driver.tell(.ended(Self.order), after: .milliseconds(20)) == "finish")
        #expect(try paid(driver) == "yes")
        #expect(try driver.tries == ["session ok 200, 30 ms", "proof ok 200, 20 ms"])
        #expect(try driver.exchange["attempts"] as? Int == 2)
        #expect(driver.call.answer?.isFinal == true)
        #expect(driver.call.proofOutcome == .ok)
    }

    @Test func nothingIsReadWhereThereIsNothingToProve() throws {
        let driver = try driver()
        let body = #"{"session_id": "a", "status": "ACTIVE", "order_id": "o"}"#
        #expect(driver.tell(.ended(.answered(200, Buffer(body)))) == "finish")
        #expect(try driver.answer.keys.contains("proof"))
        #expect(try holds(driver) == [])
        #expect(driver.call.proofOutcome == nil)
    }

    @Test(arguments: [
        "null", "\"\"", "7", "\"..\"", "\"\\u0001\"", "\"\(String(repeating: "o", count: 129))\"",
    ])
    func aSessionThatNamesNoResourceIsHeld(_ link: String) throws {
        let driver = try driver()
        let body =
            #"{"session_id": "a", "status": "FINALIZED", "order_amount": 1, "#
            + #""purchase_currency": "EUR", "order_id": "# + link + "}"
        #expect(driver.tell(.ended(.answered(200, Buffer(body)))) == "finish")
        #expect(try holds(driver) == ["proof_unnamed"])
        #expect(try driver.answer["proof"] as? [String: Any] == nil)
    }

    /// It is one segment of the request's path, whatever is in it.
    @Test(arguments: ["../x", "o?x=1", String(repeating: "o", count: 128)])
    func whatTheSessionNamesIsAskedForAsItIs(_ link: String) throws {
        let driver = try driver()
        let body = #"{"session_id": "a", "status": "FINALIZED", "order_id": ""# + link + "\"}"
        #expect(driver.tell(.ended(.answered(200, Buffer(body)))) == "read proof \(link)")
        let account = try Account.of("kustom", #"{"base_url": "https://x", "api_key": "k"}"#)
        let path = try #require(
            account.readRequest(driver.call.reference, proof: "../x?y", nil, traceparent: nil))
        #expect(path.address.text == "https://x/ordermanagement/v1/orders/..%2Fx%3Fy")
    }

    @Test func notFoundIsAnAnswer() throws {
        let driver = readingProof(try driver())
        #expect(driver.tell(.ended(.answered(404)), after: .milliseconds(5)) == "finish")
        #expect(try driver.answer["result"] as? String == "ok")
        #expect(try holds(driver) == ["proof_not_found"])
        #expect(try driver.tries.last == "proof not_found 404, 5 ms")
        #expect(driver.call.proofOutcome == .notFound)
        let proof = try #require(try driver.answer["proof"] as? [String: Any])
        #expect(proof["id"] as? String == "o")
        #expect(proof["state"] as? String == "unknown")
    }

    @Test(
        arguments: [
            (401, "unauthorized"), (403, "forbidden"), (400, "unexpected_http"),
        ])
    func whatCannotBeReadIsTheResult(_ status: Int, _ result: String) throws {
        let driver = readingProof(try driver())
        #expect(driver.tell(.ended(.answered(status))) == "finish")
        #expect(try driver.answer["result"] as? String == result)
        #expect(try driver.answer["session"] as? [String: Any] == nil)
        #expect(try driver.answer.keys.contains("proof"))
        #expect(try (driver.error["message"] as? String)?.contains("proof") == true)
        #expect(try driver.tries.last == "proof \(result) \(status), 0 ms")
        #expect(driver.call.drift == nil)
    }

    @Test(arguments: [(#"{"order_id": "other"}"#, "mismatched"), ("[]", "malformed")])
    func whatIsNoProofIsTheResult(_ body: String, _ result: String) throws {
        let driver = readingProof(try driver(attempts: 1))
        #expect(driver.tell(.ended(.answered(200, Buffer(body)))) == "finish")
        #expect(try driver.answer["result"] as? String == result)
        #expect(try driver.error["http_status"] as? Int == 200)
        #expect(try driver.tries.last == "proof \(result) 200, 0 ms")
    }

    /// Each leg has its own tries, and the session is not read again for the proof's sake.
    @Test func eachLegHasItsTries() throws {
        let driver = try driver(attempts: 2)
        #expect(driver.tell(.ended(.answered(503))) == "wait")
        #expect(driver.tell(.woken, after: .seconds(1)) == "read session")
        driver.tell(.sent(at: 2))
        _ = readingProof(driver)
        #expect(driver.tell(.ended(.answered(503))) == "wait")
        #expect(driver.pauseBounds == [.milliseconds(200), .milliseconds(200)])
        #expect(driver.tell(.woken, after: .seconds(1)) == "read proof o")
        driver.tell(.sent(at: 4))
        #expect(driver.tell(.ended(.answered(503))) == "finish")
        #expect(try driver.answer["result"] as? String == "provider_error")
        #expect(try driver.error["retryable"] as? Bool == true)
        #expect(try driver.exchange["attempts"] as? Int == 4)
        #expect(driver.call.proofOutcome == .providerError)
    }

    @Test func oneDeadlineForBoth() throws {
        let driver = readingProof(try driver())
        #expect(driver.call.wake == CallTests.deadline)
        #expect(driver.tell(.woken, after: .seconds(10)) == "stop")
        #expect(driver.tell(.stopped(reusedConnection: true)) == "finish")
        #expect(try driver.answer["result"] as? String == "timed_out")
        #expect(
            try driver.error["message"] as? String
                == "no answer within timeout_ms, waiting for the proof endpoint")
        #expect(try driver.tries.last?.hasPrefix("proof timed_out null") == true)
    }

    @Test func cancelledBetweenTheLegs() throws {
        let driver = readingProof(try driver())
        #expect(driver.tell(.cancelled) == "stop")
        #expect(driver.tell(.stopped(reusedConnection: nil)) == "finish")
        #expect(try driver.answer["result"] as? String == "aborted")
        #expect(try driver.answer["session"] as? [String: Any] == nil)
    }

    @Test func forkedBetweenTheLegs() throws {
        let driver = readingProof(try driver())
        #expect(driver.tell(.lost(.forked)) == "finish")
        #expect(try driver.answer["result"] as? String == "aborted")
    }

    /// The proof asks for a token of its own, which may have been renewed meanwhile; one that is
    /// refused is renewed once in each leg.
    @Test func theTokenIsRenewedInEachLeg() throws {
        let driver = try dintero()
        #expect(driver.tell(.ended(.answered(401))) == "claim instead of one")
        #expect(driver.tell(.claimed(.use(try .of("two")))) == "read session with two")
        driver.tell(.sent(at: 2))
        #expect(driver.tell(.ended(Self.dinteroSession)) == "claim")
        #expect(
            driver.tell(.claimed(.use(try .of("two")))) == "read proof T12345678.x with two")
        driver.tell(.sent(at: 3))
        #expect(driver.tell(.ended(.answered(401))) == "claim instead of two")
        #expect(
            driver.tell(.claimed(.use(try .of("three")))) == "read proof T12345678.x with three")
        driver.tell(.sent(at: 4))
        #expect(driver.tell(.ended(Self.transaction)) == "finish")
        #expect(try paid(driver) == "yes")
        let again = try dintero()
        again.tell(.ended(Self.dinteroSession))
        again.tell(.claimed(.use(try .of("two"))))
        again.tell(.sent(at: 3))
        again.tell(.ended(.answered(401)))
        again.tell(.claimed(.use(try .of("three"))))
        again.tell(.sent(at: 4))
        #expect(again.tell(.ended(.answered(401))) == "finish")
        #expect(try again.answer["result"] as? String == "unauthorized")
    }

    @Test func noTokenComesBackInAMessage() throws {
        let driver = try Driver("dintero:T12345678/o/s", proof: .transaction("T12345678.x"))
            .readingSession(with: "token-1")
        driver.tell(.ended(.answered(401)))
        driver.tell(.claimed(.use(try .of("token-2"))))
        driver.tell(.sent(at: 2))
        driver.tell(.ended(Self.dinteroSession))
        driver.tell(.claimed(.use(try .of("token-2"))))
        driver.tell(.sent(at: 3))
        driver.tell(.ended(.answered(401)))
        driver.tell(.claimed(.use(try .of("token-3"))))
        driver.tell(.sent(at: 4))
        let body = #"{"error": {"message": "token-1, token-2, token-3"}}"#
        driver.tell(.ended(.answered(403, Buffer(body))))
        #expect(
            try driver.error["provider_message"] as? String
                == "[redacted], [redacted], [redacted]")
    }

    /// The transaction of another order of the same account: its own state is not this session's.
    @Test func anotherOrdersTransactionTellsNothing() throws {
        let driver = try dintero()
        driver.tell(.ended(Self.dinteroSession))
        driver.tell(.claimed(.use(try .of("two"))))
        driver.tell(.sent(at: 3))
        let body =
            #"{"id": "T12345678.x", "status": "DECLINED", "amount": 1, "#
            + #""currency": "NOK", "merchant_reference": "other"}"#
        driver.tell(.ended(.answered(200, Buffer(body))))
        #expect(try paid(driver) == "unknown")
        #expect(
            try holds(driver) == ["no_payment_state", "proof_ended", "proof_reference_mismatch"])
    }

    /// A completed session whose payment is pending is waited for.
    @Test func aPendingProofIsNotFinal() throws {
        let driver = readingProof(try driver())
        driver.tell(
            .ended(
                .answered(
                    200,
                    Buffer(
                        #"{"order_id": "o", "status": "AUTHORIZED", "fraud_status": "PENDING", "#
                            + #""order_amount": 1, "purchase_currency": "EUR"}"#))))
        #expect(driver.call.answer?.isFinal == false)
        #expect(try holds(driver) == ["proof_pending"])
    }

    @Test func anAnswerThatIsTooLongIsNone() throws {
        let whole = readingProof(try driver())
        whole.tell(.ended(Self.order))
        let length = try #require(whole.call.answer?.jsonLength)
        let tooLong = readingProof(try driver(mostAnswerBytes: length - 1))
        #expect(tooLong.tell(.ended(Self.order)) == "finish")
        #expect(try tooLong.answer["result"] as? String == "too_large")
        #expect(try tooLong.tries.last == "proof too_large 200, 0 ms")
    }

    @Test(
        arguments: [
            (
                "inbank:s/p", #"{"environment": "demo", "country": "pl", "api_key": "k"}"#,
                "https://demo-api.inbank.pl/partner/v3/shops/s/contracts/L"
            ),
            (
                "kustom:a", #"{"environment": "live", "api_key": "k"}"#,
                "https://api.kustom.co/ordermanagement/v1/orders/L"
            ),
            (
                "ledyer:se_1",
                #"{"environment": "sandbox", "client_id": "i", "client_secret": "s"}"#,
                "https://api.sandbox.ledyer.com/v1/orders/L/paymentstatus"
            ),
            (
                "dintero:T12345678/o/s", #"{"token": "t"}"#,
                "https://checkout.dintero.com/v1/transactions/L"
            ),
            (
                "dintero:T12345678/o/s", #"{"token": "t", "base_url": "https://b/"}"#,
                "https://b/v1/transactions/L"
            ),
            (
                "dintero:T12345678/o/s",
                #"{"token": "t", "base_url": "https://b", "checkout_url": "https://c/"}"#,
                "https://c/v1/transactions/L"
            ),
        ])
    func addressesAreTheProviders(_ reference: String, _ section: String, _ address: String) throws
    {
        let reference = try Reference(parsing: reference)
        let account = try Account.of(reference.provider.name, section)
        let token = account.needsToken ? try Secret.of("t") : nil
        let request = account.readRequest(reference, proof: "L", token, traceparent: nil)
        #expect(request?.address.text == address)
    }
}
