// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import PaySession

/// No socket and no clock: the test says what comes to pass, and when.
@Suite struct CallTests {
    static let start = Instant(microseconds: 5_000_000)
    static let deadline = start.adding(.seconds(10))
    static let paid =
        #"{"session_id": "a", "status": "FINALIZED", "order_amount": 1, "purchase_currency": "EUR"}"#

    /// Moves a call from event to event. The time goes on only where the test says so.
    final class Driver {
        var call: Call
        var now = start
        /// What `chance` was given.
        private final class Bounds { var all: [Span] = [] }
        private let bounds: Bounds
        var pauseBounds: [Span] { bounds.all }

        /// - Parameter pause: what chance chooses; the half of what it may be if nil.
        init(
            _ reference: String = "kustom:a", secrets: [Secret] = [], attempts: Int = 3,
            mostAnswerBytes: Int = 1 << 20, pause: Span? = nil, proof: ProofWish? = nil
        ) throws {
            let bounds = Bounds()
            self.bounds = bounds
            let reference = try Reference(parsing: reference)
            var needsToken = false
            if case .clientCredentials = reference.provider.authorization { needsToken = true }
            call = Call(
                reference,
                Call.Terms(
                    needsToken: needsToken, secrets: secrets, rules: ReadingRules(),
                    attempts: attempts, mostAnswerBytes: mostAnswerBytes),
                nil, proof: proof, from: start, until: deadline,
                chance: {
                    bounds.all.append($0)
                    return pause ?? Span(microseconds: $0.microseconds / 2)
                })
        }

        @discardableResult
        func tell(_ event: Call.Event, after span: Span = .zero) -> String {
            now = now.adding(span)
            return told(call.handle(event, at: now))
        }

        /// The words for an action, which are compared.
        private func told(_ action: Call.Action) -> String {
            switch action {
            case .wait: "wait"
            case .claim(nil): "claim"
            case .claim(let refused?): "claim instead of \(refused.text)"
            case .look: "look"
            case .fetchToken: "fetch token"
            case .readSession(nil): "read session"
            case .readSession(let token?): "read session with \(token.text)"
            case .readProof(let name, nil): "read proof \(name)"
            case .readProof(let name, let token?): "read proof \(name) with \(token.text)"
            case .deliver(let token, nil, _): "deliver \(token.text)"
            case .deliver(let token, let life?, _): "deliver \(token.text) for \(life.milliseconds)"
            case .fail(_, let failure): "fail with \(failure.outcome.word)"
            case .stop: "stop"
            case .finish: "finish"
            }
        }

        /// Until the request for the session is under way.
        func readingSession(with token: String = "t") throws -> Self {
            if tell(.woken) == "claim" { tell(.claimed(.use(try .of(token)))) }
            #expect(tell(.sent(at: 1)) == "wait")
            return self
        }

        func fetchingToken() throws -> Self {
            #expect(tell(.woken) == "claim")
            #expect(tell(.claimed(.fetch(try flight()))) == "fetch token")
            #expect(tell(.sent(at: 1)) == "wait")
            return self
        }

        func awaitingToken() throws -> Self {
            #expect(tell(.woken) == "claim")
            #expect(tell(.claimed(.wait(try flight()))) == "wait")
            return self
        }

        /// After an attempt that failed: for half of 200 ms.
        func pausing() throws -> Self {
            _ = try readingSession()
            #expect(tell(.ended(.answered(503)), after: .milliseconds(40)) == "wait")
            return self
        }

        var answer: [String: Any] {
            get throws {
                let json = try #require(call.answer).json.bytes.dropLast()
                return try #require(
                    try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
            }
        }
        var exchange: [String: Any] {
            get throws { try #require(try answer["exchange"] as? [String: Any]) }
        }
        var error: [String: Any] {
            get throws { try #require(try answer["error"] as? [String: Any]) }
        }
        /// "session unreachable null, 40 ms, then 100 ms": each try.
        var tries: [String] {
            get throws {
                try #require(try exchange["tries"] as? [[String: Any]]).map { attempt in
                    func text(_ key: String) -> String {
                        if let number = attempt[key] as? Double { return "\(Int(number))" }
                        return attempt[key] as? String ?? "null"
                    }
                    let words = "\(text("step")) \(text("result")) \(text("http_status"))"
                    let pause = text("pause_ms")
                    return words + ", \(text("elapsed_ms")) ms"
                        + (pause == "null" ? "" : ", then \(pause) ms")
                }
            }
        }
    }

    /// Of a cache of its own.
    static func flight() throws -> TokenCache.Flight {
        var cache = TokenCache()
        let leader = TokenCache.Leader(batch: nil, deadline: .never)
        let claim = cache.claim(provider: 2, audience: "", at: .longAgo, .longAgo, as: leader)
        guard case .fetch(let flight) = claim else { throw Failure(.aborted, "no flight") }
        return flight
    }

    static func token(_ body: String = #"{"access_token": "new", "expires_in": 60}"#) -> Response {
        .answered(200, Buffer(body))
    }

    // MARK: What comes of it

    @Test func aSessionIsReadAtOnce() throws {
        let driver = try Driver()
        #expect(driver.tell(.woken) == "read session")
        #expect(driver.tell(.sent(at: 1_700_000_000_000_000)) == "wait")
        #expect(driver.call.wake == Self.deadline)
        #expect(driver.tell(.woken, after: .milliseconds(10)) == "wait")
        let response = Response(.answered(200), Buffer(Self.paid), reusedConnection: true)
        #expect(driver.tell(.ended(response), after: .milliseconds(31)) == "finish")
        #expect(try driver.answer["result"] as? String == "ok")
        #expect(driver.call.answer?.paid == .yes)
        #expect(driver.call.attempts == 1)
        let exchange = try driver.exchange
        #expect(try driver.tries == ["session ok 200, 41 ms"])
        #expect(exchange["elapsed_ms"] as? Double == 41)
        #expect(exchange["http_status"] as? Int == 200)
        #expect(exchange["http_version"] as? String == "1.1")
        #expect(exchange["reused_connection"] as? Bool == true)
        #expect(exchange["token_refreshed"] as? Bool == false)
        #expect(exchange["asked_at"] as? String == "2023-11-14T22:13:20.000Z")
    }

    @Test func nothingMovesACallThatIsOver() throws {
        let driver = try Driver().readingSession()
        #expect(driver.tell(.ended(Self.paidAnswer)) == "finish")
        let answer = driver.call.answer
        for event: Call.Event in [
            .woken, .cancelled, .lost(.forked), .ended(.answered(500)), .sent(at: 2),
            .stopped(reusedConnection: nil), .notSent(.outOfMemory), .seen(.abandoned),
        ] {
            #expect(driver.tell(event, after: .seconds(60)) == "wait")
        }
        #expect(driver.call.answer === answer)
    }

    static var paidAnswer: Response { .answered(200, Buffer(paid)) }

    /// Drift is counted with the answer, and not where there is none.
    @Test func driftIsHandedOver() throws {
        let driver = try Driver().readingSession()
        #expect(driver.call.drift == nil)
        driver.tell(.ended(.answered(200, Buffer(#"{"session_id": "a", "status": "NEW"}"#))))
        #expect(driver.call.drift?.unknownStatus == "NEW")
        let other = try Driver().readingSession()
        other.tell(.ended(.answered(200, Buffer(#"{"session_id": "b", "status": "NEW"}"#))))
        #expect(other.call.drift == nil)
    }

    /// What comes with 200 and is no answer is not asked for again.
    @Test(
        arguments: [
            (#"{"session_id": "b"}"#, "mismatched", false), ("{", "malformed", false),
            ("", "malformed", true), ("<html>", "malformed", true),
        ] as [(String, String, Bool)])
    func whatIsNoAnswerIsToldWithItsStatus(_ body: String, _ result: String, _ isRetryable: Bool)
        throws
    {
        let driver = try Driver(attempts: 1).readingSession()
        #expect(driver.tell(.ended(.answered(200, Buffer(body)))) == "finish")
        #expect(try driver.answer["result"] as? String == result)
        #expect(try driver.error["http_status"] as? Int == 200)
        #expect(try driver.error["retryable"] as? Bool == isRetryable)
        #expect(try driver.tries == ["session \(result) 200, 0 ms"])
    }

    /// It is told once, as what it came to in the end.
    @Test func anAnswerThatIsTooLongIsNone() throws {
        let whole = try Driver().readingSession()
        whole.tell(.ended(Self.paidAnswer))
        let length = try #require(whole.call.answer?.jsonLength)
        let fitting = try Driver(mostAnswerBytes: length).readingSession()
        fitting.tell(.ended(Self.paidAnswer))
        #expect(fitting.call.answer?.outcome == .ok)
        let driver = try Driver(mostAnswerBytes: length - 1).readingSession()
        #expect(driver.tell(.ended(Self.paidAnswer)) == "finish")
        #expect(try driver.answer["result"] as? String == "too_large")
        #expect(try driver.error["message"] as? String == "the answer made of it is too long")
        #expect(try driver.tries == ["session too_large 200, 0 ms"])
        #expect(driver.call.drift == nil)
    }

    // MARK: Trying again

    @Test func aPauseIsChosenAndKept() throws {
        let driver = try Driver().readingSession()
        #expect(driver.tell(.ended(.answered(503)), after: .milliseconds(40)) == "wait")
        #expect(driver.pauseBounds == [.milliseconds(200)])
        #expect(driver.call.wake == driver.now.adding(.milliseconds(100)))
        #expect(driver.tell(.woken, after: .milliseconds(99)) == "wait")
        #expect(driver.tell(.woken, after: .milliseconds(1)) == "read session")
        driver.tell(.sent(at: 2))
        #expect(driver.call.wake == Self.deadline)
        let broken = Response.failed(Failure(.unreachable, "it broke"))
        #expect(driver.tell(.ended(broken), after: .milliseconds(5)) == "wait")
        #expect(driver.pauseBounds == [.milliseconds(200), .milliseconds(400)])
        #expect(driver.tell(.woken, after: .milliseconds(200)) == "read session")
        driver.tell(.sent(at: 3))
        #expect(driver.tell(.ended(Self.paidAnswer), after: .milliseconds(7)) == "finish")
        #expect(
            try driver.tries == [
                "session provider_error 503, 40 ms, then 100 ms",
                "session unreachable null, 5 ms, then 200 ms", "session ok 200, 7 ms",
            ])
        #expect(try driver.exchange["attempts"] as? Int == 3)
        #expect(try driver.exchange["elapsed_ms"] as? Double == 352)
    }

    @Test(arguments: [1, 2, 3, 10]) func attemptsAreCounted(_ attempts: Int) throws {
        let driver = try Driver(attempts: attempts, pause: .zero)
        var sent = 0
        while driver.call.answer == nil {
            _ = try driver.readingSession()
            sent += 1
            driver.tell(.ended(.answered(502)))
        }
        #expect(sent == attempts)
        #expect(driver.call.attempts == attempts)
        #expect(driver.pauseBounds.count == attempts - 1)
        #expect(try driver.answer["result"] as? String == "provider_error")
    }

    @Test(arguments: [404, 403, 501, 302]) func whatWillBeTheSameIsNotTriedAgain(_ status: Int)
        throws
    {
        let driver = try Driver().readingSession()
        #expect(driver.tell(.ended(.answered(status))) == "finish")
        #expect(driver.pauseBounds.isEmpty)
        #expect(try driver.error["http_status"] as? Int == status)
    }

    /// To the letter, without chance.
    @Test func retryAfterIsKept() throws {
        let driver = try Driver().readingSession()
        let busy = Response(.answered(429), retryAfter: .seconds(7))
        #expect(driver.tell(.ended(busy)) == "wait")
        #expect(driver.pauseBounds.isEmpty)
        #expect(driver.call.wake == driver.now.adding(.seconds(7)))
        #expect(driver.tell(.woken, after: .milliseconds(6999)) == "wait")
        #expect(driver.tell(.woken, after: .milliseconds(1)) == "read session")
    }

    /// A pause that does not fit is not begun, and how long it would be is told.
    @Test(arguments: [Span.seconds(10), .seconds(60), .endless])
    func aPauseThatDoesNotFitIsNotBegun(_ pause: Span) throws {
        let driver = try Driver().readingSession()
        let busy = Response(.answered(429), retryAfter: pause)
        #expect(driver.tell(.ended(busy)) == "finish")
        #expect(try driver.error["retry_after_ms"] as? Int64 == pause.milliseconds)
        #expect(try driver.tries == ["session rate_limited 429, 0 ms"])
        let chosen = try Driver(pause: .seconds(10)).readingSession()
        #expect(chosen.tell(.ended(.answered(503))) == "finish")
        let fitting = try Driver(pause: Span(microseconds: 9_999_999)).readingSession()
        #expect(fitting.tell(.ended(.answered(503))) == "wait")
    }

    /// Of an answer before the last attempt, which had none, nothing is told but in its try.
    @Test func theLastAnswersStatusIsTold() throws {
        let driver = try Driver(attempts: 2, pause: .zero).readingSession()
        driver.tell(.ended(Response(.answered(503), reusedConnection: true)))
        _ = try driver.readingSession()
        driver.tell(.ended(.failed(Failure(.unreachable, "it broke"))))
        let exchange = try driver.exchange
        #expect(exchange["http_status"] is NSNull)
        #expect(exchange["http_version"] is NSNull)
        #expect(exchange["reused_connection"] is NSNull)
        #expect(exchange["attempts"] as? Int == 2)
    }

    /// Nothing was sent: no try, and no exchange where it was the only one.
    @Test(arguments: ["kustom:a", "ledyer:a"]) func whatCouldNotBeSentIsNoTry(_ reference: String)
        throws
    {
        let driver = try Driver(reference)
        if driver.tell(.woken) == "claim" { driver.tell(.claimed(.fetch(try Self.flight()))) }
        #expect(driver.tell(.notSent(.outOfMemory)) == "finish")
        #expect(try driver.answer["result"] as? String == "out_of_memory")
        #expect(try driver.answer["exchange"] is NSNull)
        // A moment later it may.
        let second = try Driver(reference)
        if second.tell(.woken) == "claim" { second.tell(.claimed(.fetch(try Self.flight()))) }
        #expect(second.tell(.notSent(Failure(.unreachable, "words"))) == "wait")
        #expect(second.call.flight == nil)
        let again = second.tell(.woken, after: .milliseconds(100))
        #expect(again == (reference == "kustom:a" ? "read session" : "claim"))
    }

    // MARK: Tokens

    @Test func aTokenIsFetchedForAll() throws {
        let driver = try Driver("ledyer:a")
        #expect(driver.tell(.woken) == "claim")
        let flight = try Self.flight()
        #expect(driver.tell(.claimed(.fetch(flight))) == "fetch token")
        #expect(driver.call.flight == flight)
        driver.tell(.sent(at: 1))
        #expect(
            driver.tell(.ended(Self.token()), after: .milliseconds(20)) == "deliver new for 60000")
        #expect(driver.call.flight == nil)
        #expect(driver.tell(.seen(.landed(try .of("new")))) == "read session with new")
        driver.tell(.sent(at: 2))
        let body = #"{"id": "a", "state": "completed"}"#
        #expect(driver.tell(.ended(.answered(200, Buffer(body)))) == "finish")
        #expect(try driver.exchange["token_refreshed"] as? Bool == true)
        // One attempt, which ended at the session endpoint.
        #expect(try driver.tries == ["session ok 200, 20 ms"])
    }

    @Test func aTokensLifeMayBeUntold() throws {
        let driver = try Driver("ledyer:a").fetchingToken()
        #expect(driver.tell(.ended(Self.token(#"{"access_token": "x"}"#))) == "deliver x")
    }

    @Test func aTokenThatIsThereIsUsed() throws {
        let driver = try Driver("ledyer:a")
        driver.tell(.woken)
        #expect(driver.tell(.claimed(.use(try .of("old")))) == "read session with old")
        driver.tell(.sent(at: 1))
        driver.tell(.ended(.answered(404)))
        #expect(try driver.exchange["token_refreshed"] as? Bool == false)
    }

    @Test func anothersTokenIsWaitedFor() throws {
        let driver = try Driver("ledyer:a").awaitingToken()
        #expect(driver.call.isAwaitingToken && driver.call.flight == nil)
        #expect(driver.call.wake == Self.deadline)
        #expect(driver.tell(.woken, after: .milliseconds(1)) == "look")
        #expect(driver.tell(.seen(.underway)) == "wait")
        #expect(driver.tell(.woken, after: .milliseconds(1)) == "look")
        #expect(driver.tell(.seen(.landed(try .of("theirs")))) == "read session with theirs")
        #expect(!driver.call.isAwaitingToken)
    }

    /// Whoever asked gave up: this one asks.
    @Test func whatWasAbandonedIsClaimedAgain() throws {
        let driver = try Driver("ledyer:a").awaitingToken()
        #expect(driver.tell(.woken) == "look")
        #expect(driver.tell(.seen(.abandoned)) == "claim")
        #expect(driver.tell(.claimed(.fetch(try Self.flight()))) == "fetch token")
    }

    /// It fails all who waited for it; only who asked tells of it as a try.
    @Test func anothersFailureIsNoTryOfItsOwn() throws {
        let refusal = Failure(.unauthorized, "no", httpStatus: 401)
        let waiting = try Driver("ledyer:a").awaitingToken()
        waiting.tell(.woken)
        #expect(waiting.tell(.seen(.failed(refusal))) == "finish")
        #expect(try waiting.answer["result"] as? String == "unauthorized")
        #expect(try waiting.answer["exchange"] is NSNull)

        let asking = try Driver("ledyer:a").fetchingToken()
        #expect(
            asking.tell(.ended(.answered(401)), after: .milliseconds(3)) == "fail with unauthorized"
        )
        #expect(asking.tell(.seen(.failed(refusal))) == "finish")
        #expect(try asking.tries == ["token unauthorized 401, 3 ms"])
        #expect(try asking.exchange["token_refreshed"] as? Bool == true)
    }

    @Test func aTokenIsAskedForAgain() throws {
        let asking = try Driver("ledyer:a").fetchingToken()
        var handed: Failure?
        let event = Call.Event.ended(Response(.answered(503), retryAfter: .seconds(2)))
        if case .fail(_, let failure) = asking.call.handle(event, at: asking.now) {
            handed = failure
        }
        let failure = try #require(handed)
        #expect(failure.retryAfter == .seconds(2))
        #expect(asking.tell(.seen(.failed(failure))) == "wait")
        #expect(asking.call.wake == asking.now.adding(.seconds(2)))
        #expect(asking.tell(.woken, after: .seconds(2)) == "claim")
        // Those who waited for it wait as long.
        let waiting = try Driver("ledyer:a").awaitingToken()
        waiting.tell(.woken)
        #expect(waiting.tell(.seen(.failed(failure))) == "wait")
        #expect(waiting.tell(.woken, after: .seconds(2)) == "claim")
        waiting.tell(.claimed(.use(try .of("t"))))
        waiting.tell(.sent(at: 1))
        waiting.tell(.ended(.answered(404)))
        #expect(try waiting.tries == ["session not_found 404, 0 ms"])
    }

    @Test func aRefusedTokenIsRenewedOnce() throws {
        let driver = try Driver("ledyer:a").readingSession(with: "old-token")
        #expect(
            driver.tell(.ended(.answered(401)), after: .milliseconds(9))
                == "claim instead of old-token")
        #expect(driver.tell(.claimed(.fetch(try Self.flight()))) == "fetch token")
        driver.tell(.sent(at: 2))
        driver.tell(.ended(Self.token(#"{"access_token": "new-token"}"#)), after: .milliseconds(4))
        #expect(driver.tell(.seen(.landed(try .of("new-token")))) == "read session with new-token")
        driver.tell(.sent(at: 3))
        let body = #"{"errors": [{"message": "old-token, new-token"}]}"#
        #expect(
            driver.tell(.ended(.answered(401, Buffer(body))), after: .milliseconds(6)) == "finish")
        #expect(
            try driver.tries == [
                "session unauthorized 401, 9 ms", "session unauthorized 401, 10 ms",
            ])
        #expect(try driver.error["provider_message"] as? String == "[redacted], [redacted]")
        // It is no retry: chance was not asked.
        #expect(driver.pauseBounds.isEmpty)
    }

    @Test func credentialsThatNeverChangeAreNotRenewed() throws {
        let secret = try Secret.of("kco_test_1")
        let driver = try Driver(secrets: [secret]).readingSession()
        let body = #"{"detail": "kco_test_1 is unknown"}"#
        #expect(driver.tell(.ended(.answered(401, Buffer(body)))) == "finish")
        #expect(try driver.error["provider_message"] as? String == "[redacted] is unknown")
    }

    /// The session endpoint's protocol, not the token endpoint's.
    @Test func theProvidersProtocolIsKnown() throws {
        let driver = try Driver("ledyer:a").fetchingToken()
        let token = #"{"access_token": "x"}"#
        driver.tell(.ended(Response(.answered(200), Buffer(token), cameByHTTP1: true)))
        #expect(!driver.call.cameByHTTP1)
        driver.tell(.seen(.landed(try .of("x"))))
        driver.tell(.sent(at: 2))
        driver.tell(.ended(Response(.answered(404), cameByHTTP1: true)))
        #expect(driver.call.cameByHTTP1)
    }

    // MARK: Giving up

    enum Stage: CaseIterable {
        case pausing, awaitingToken, fetchingToken, readingSession

        func reached() throws -> Driver {
            switch self {
            case .pausing: try Driver("ledyer:a").pausing()
            case .awaitingToken: try Driver("ledyer:a").awaitingToken()
            case .fetchingToken: try Driver("ledyer:a").fetchingToken()
            case .readingSession: try Driver("ledyer:a").readingSession()
            }
        }
        var isSending: Bool { self == .fetchingToken || self == .readingSession }
        var step: String { self == .fetchingToken ? "token" : "session" }
        var words: String {
            switch self {
            case .pausing: "between two attempts"
            case .awaitingToken, .fetchingToken: "waiting for the token endpoint"
            case .readingSession: "waiting for the session endpoint"
            }
        }
        /// The tries that are told when it ends so, so much later.
        func tries(_ result: String, _ milliseconds: Int) -> [String]? {
            switch self {
            case .pausing: ["session provider_error 503, 40 ms, then 100 ms"]
            case .awaitingToken: nil
            default: ["\(step) \(result) null, \(milliseconds) ms"]
            }
        }
    }

    private func check(_ driver: Driver, _ result: String, _ tries: [String]?) throws {
        #expect(try driver.answer["result"] as? String == result)
        guard let tries else {
            #expect(try driver.answer["exchange"] is NSNull)
            return
        }
        #expect(try driver.tries == tries)
        #expect(try driver.exchange["http_status"] is NSNull)
    }

    @Test(arguments: Stage.allCases) func theDeadlineEndsIt(_ stage: Stage) throws {
        let driver = try stage.reached()
        // The pause would be over by then.
        driver.call.handle(.woken, atLast: Self.deadline.adding(Span(microseconds: -1)), stage)
        driver.now = Self.deadline
        let action = driver.tell(.woken)
        #expect(action == (stage.isSending ? "stop" : "finish"))
        #expect((driver.call.flight != nil) == (stage == .fetchingToken))
        if stage.isSending { #expect(driver.tell(.stopped(reusedConnection: false)) == "finish") }
        try check(driver, "timed_out", stage.tries("timed_out", 10_000))
        #expect(
            try driver.error["message"] as? String == "no answer within timeout_ms, \(stage.words)")
        #expect(driver.call.flight == nil)
        if stage.isSending {
            #expect(try driver.exchange["reused_connection"] as? Bool == false)
        }
    }

    @Test(arguments: Stage.allCases) func aCancelEndsIt(_ stage: Stage) throws {
        let driver = try stage.reached()
        let begun = driver.now
        #expect(
            driver.tell(.cancelled, after: .milliseconds(5))
                == (stage.isSending ? "stop" : "finish"))
        #expect((driver.call.flight != nil) == (stage == .fetchingToken))
        if stage.isSending { #expect(driver.tell(.stopped(reusedConnection: nil)) == "finish") }
        try check(driver, "aborted", stage.tries("aborted", 5))
        #expect(try driver.error["message"] as? String == "cancelled by session_client_cancel")
        if let exchange = try driver.answer["exchange"] as? [String: Any] {
            #expect(exchange["reused_connection"] is NSNull)
            let elapsed = begun.since(Self.start).milliseconds + 5
            #expect(exchange["elapsed_ms"] as? Int64 == elapsed)
        }
    }

    /// The fork of a signal handler, or descriptors that the host has closed: nothing can be
    /// stopped.
    @Test(arguments: Stage.allCases, [Failure.forked, Failure(.unreachable, "closed")])
    func whatIsLostEndsAtOnce(_ stage: Stage, _ failure: Failure) throws {
        let driver = try stage.reached()
        #expect((driver.call.flight != nil) == (stage == .fetchingToken))
        #expect(driver.tell(.lost(failure), after: .milliseconds(6)) == "finish")
        let result = "\(failure.outcome.word)"
        try check(driver, result, stage.tries(result, 6))
        #expect(try driver.error["message"] as? String == failure.message)
    }

    /// Cancelled before it began: nothing is sent.
    @Test func whatIsCancelledBeforeItBeginsSendsNothing() throws {
        let driver = try Driver()
        #expect(driver.tell(.cancelled) == "finish")
        try check(driver, "aborted", nil)
        let late = try Driver()
        #expect(late.tell(.woken, after: .seconds(10)) == "finish")
        try check(late, "timed_out", nil)
    }
}

extension Call {
    /// Just before the deadline it goes on as it was.
    fileprivate mutating func handle(_ event: Event, atLast now: Instant, _ stage: CallTests.Stage)
    {
        var copy = self
        let action = copy.handle(event, at: now)
        switch (stage, action) {
        case (.pausing, .claim), (.awaitingToken, .look), (.fetchingToken, .wait),
            (.readingSession, .wait):
            break
        default: Issue.record("\(stage)")
        }
        #expect(copy.answer == nil)
    }
}
