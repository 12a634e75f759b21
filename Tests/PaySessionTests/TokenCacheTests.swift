// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct TokenCacheTests {
    static let start = BootInstant(microseconds: 1_000_000_000)

    static func after(_ seconds: Double) -> BootInstant {
        BootInstant(microseconds: start.microseconds + Int64(seconds * 1_000_000))
    }

    static func token(_ text: String = "t") throws -> Secret { try .of(text) }

    /// The flight that a claim is to make.
    static func fetching(_ claim: TokenCache.Claim) -> TokenCache.Flight? {
        if case .fetch(let flight) = claim { flight } else { nil }
    }

    static func waiting(_ claim: TokenCache.Claim) -> TokenCache.Flight? {
        if case .wait(let flight) = claim { flight } else { nil }
    }

    static func used(_ claim: TokenCache.Claim) -> Secret? {
        if case .use(let token) = claim { token } else { nil }
    }

    static func isUnderway(_ progress: TokenCache.Progress) -> Bool {
        if case .underway = progress { true } else { false }
    }

    static func isAbandoned(_ progress: TokenCache.Progress) -> Bool {
        if case .abandoned = progress { true } else { false }
    }

    static func landed(_ progress: TokenCache.Progress) -> Secret? {
        if case .landed(let token) = progress { token } else { nil }
    }

    static func failed(_ progress: TokenCache.Progress) -> Failure? {
        if case .failed(let failure) = progress { failure } else { nil }
    }

    /// A cache, with one token that lives so long.
    static func cache(_ token: Secret, lifetime: Int64?) throws -> TokenCache {
        var cache = TokenCache()
        let flight = try #require(fetching(cache.claim(provider: 2, audience: "a", at: start)))
        cache.deliver(token, for: flight, lifetime: lifetime.map { .seconds($0) }, at: start)
        return cache
    }

    // MARK: One request

    @Test func howeverManyWantItOneAsks() throws {
        var cache = TokenCache()
        let flight = try #require(
            Self.fetching(cache.claim(provider: 2, audience: "a", at: Self.start)))
        for _ in 0..<100 {
            #expect(Self.waiting(cache.claim(provider: 2, audience: "a", at: Self.start)) == flight)
            #expect(Self.isUnderway(cache.progress(of: flight)))
        }
        let token = try Self.token()
        cache.deliver(token, for: flight, lifetime: .seconds(3600), at: Self.start)
        #expect(Self.landed(cache.progress(of: flight)) === token)
        #expect(Self.used(cache.claim(provider: 2, audience: "a", at: Self.start)) === token)
        #expect(cache.fetched == 1)
        #expect(cache.reused == 1)
        #expect(cache.failures == 0)
    }

    @Test func tokensAreKeptApart() throws {
        var cache = TokenCache()
        var tokens: [Secret] = []
        // The last two are the same to String's own ==.
        let keys: [(Int, String)] = [
            (2, "a"), (3, "a"), (2, "A"), (2, ""), (2, "\u{E9}"), (2, "e\u{301}"),
        ]
        for (provider, audience) in keys {
            let flight = try #require(
                Self.fetching(cache.claim(provider: provider, audience: audience, at: Self.start)))
            let token = try Self.token("\(provider)\(audience)")
            tokens.append(token)
            cache.deliver(token, for: flight, lifetime: .seconds(3600), at: Self.start)
        }
        for (index, (provider, audience)) in keys.enumerated() {
            #expect(
                Self.used(cache.claim(provider: provider, audience: audience, at: Self.start))
                    === tokens[index])
        }
        #expect(cache.fetched == 6)
        #expect(cache.reused == 6)
    }

    // MARK: How long

    /// Kept until the earlier of half its life and a minute before its end. In seconds.
    @Test(
        arguments: [
            (86400, 43200), (3600, 1800), (7200, 3600), (121, 60.5), (120, 60), (119, 59),
            (100, 40),
            (90, 30), (61, 1),
        ] as [(Int64, Double)])
    func isKeptForHalfItsLife(_ lifetime: Int64, _ use: Double) throws {
        let token = try Self.token()
        var cache = try Self.cache(token, lifetime: lifetime)
        #expect(Self.used(cache.claim(provider: 2, audience: "a", at: Self.start)) === token)
        #expect(
            Self.used(cache.claim(provider: 2, audience: "a", at: Self.after(use - 0.000_001)))
                === token)
        #expect(Self.fetching(cache.claim(provider: 2, audience: "a", at: Self.after(use))) != nil)
    }

    /// Too short to be kept, or of unknown life: for those who waited for it, and nobody else.
    @Test(arguments: [60, 59, 30, 1, 0, -1, .min, nil] as [Int64?])
    func isNotKeptWithoutAMinute(_ lifetime: Int64?) throws {
        let token = try Self.token()
        var cache = TokenCache()
        let flight = try #require(
            Self.fetching(cache.claim(provider: 2, audience: "a", at: Self.start)))
        cache.deliver(token, for: flight, lifetime: lifetime.map { .seconds($0) }, at: Self.start)
        #expect(Self.landed(cache.progress(of: flight)) === token)
        let next = try #require(
            Self.fetching(cache.claim(provider: 2, audience: "a", at: Self.start)))
        #expect(next != flight)
        #expect(cache.reused == 0)
    }

    /// What an endpoint claims is no reason to trap, or to keep a token forever.
    @Test(arguments: [1 << 40, .max] as [Int64]) func aLongLifeIsALongLife(_ lifetime: Int64) throws
    {
        let token = try Self.token()
        var cache = try Self.cache(token, lifetime: lifetime)
        #expect(Self.used(cache.claim(provider: 2, audience: "a", at: Self.after(86400))) === token)
        #expect(
            Self.fetching(cache.claim(provider: 2, audience: "a", at: .never))
                != nil)
    }

    @Test func aNewTokenTakesTheOldOnesPlace() throws {
        let (old, new) = (try Self.token("old"), try Self.token("new"))
        var cache = try Self.cache(old, lifetime: 3600)
        let flight = try #require(
            Self.fetching(cache.claim(provider: 2, audience: "a", at: Self.after(1800))))
        #expect(
            Self.waiting(cache.claim(provider: 2, audience: "a", at: Self.after(1800))) == flight)
        cache.deliver(new, for: flight, lifetime: .seconds(3600), at: Self.after(1801))
        #expect(Self.used(cache.claim(provider: 2, audience: "a", at: Self.after(3600))) === new)
    }

    // MARK: When it goes wrong

    /// Those who waited fail with the one request; whoever comes next asks anew.
    @Test func aFailureIsNotKept() throws {
        var cache = TokenCache()
        let flight = try #require(
            Self.fetching(cache.claim(provider: 3, audience: "", at: Self.start)))
        cache.fail(flight, Failure(.unauthorized, "words", httpStatus: 401))
        for _ in 0..<3 {
            let failure = Self.failed(cache.progress(of: flight))
            #expect(failure?.outcome == .unauthorized)
            #expect(failure?.httpStatus == 401)
        }
        let next = try #require(
            Self.fetching(cache.claim(provider: 3, audience: "", at: Self.start)))
        #expect(next != flight)
        #expect(Self.isUnderway(cache.progress(of: next)))
        let token = try Self.token()
        cache.deliver(token, for: next, lifetime: .seconds(3600), at: Self.start)
        #expect(Self.used(cache.claim(provider: 3, audience: "", at: Self.start)) === token)
        #expect(cache.failures == 1)
        #expect(cache.fetched == 1)
    }

    /// Whoever asked gave up, for reasons of its own: no failure of the others'.
    @Test func anAbandonedFlightIsClaimedAgain() throws {
        var cache = TokenCache()
        let flight = try #require(
            Self.fetching(cache.claim(provider: 3, audience: "", at: Self.start)))
        cache.abandon(flight)
        #expect(Self.isAbandoned(cache.progress(of: flight)))
        let next = try #require(
            Self.fetching(cache.claim(provider: 3, audience: "", at: Self.start)))
        #expect(next != flight)
        // The first one's late news change nothing.
        cache.deliver(try Self.token("late"), for: flight, lifetime: .seconds(3600), at: Self.start)
        cache.fail(flight, .aborted)
        cache.abandon(flight)
        #expect(Self.isUnderway(cache.progress(of: next)))
        #expect(cache.fetched == 0)
        #expect(cache.failures == 0)
    }

    /// This very token goes, not one that reads the same.
    @Test func onlyTheRefusedTokenIsDiscarded() throws {
        let (old, new) = (try Self.token("same text"), try Self.token("same text"))
        var cache = try Self.cache(old, lifetime: 3600)
        cache.discard(new)
        #expect(Self.used(cache.claim(provider: 2, audience: "a", at: Self.start)) === old)
        cache.discard(old)
        let flight = try #require(
            Self.fetching(cache.claim(provider: 2, audience: "a", at: Self.start)))
        cache.deliver(new, for: flight, lifetime: .seconds(3600), at: Self.start)
        // Another call had the old one, and is told of its refusal only now.
        cache.discard(old)
        #expect(Self.used(cache.claim(provider: 2, audience: "a", at: Self.start)) === new)
        // Discarding does not disturb a flight under way.
        cache.discard(new)
        let last = try #require(
            Self.fetching(cache.claim(provider: 2, audience: "a", at: Self.start)))
        cache.discard(new)
        #expect(Self.waiting(cache.claim(provider: 2, audience: "a", at: Self.start)) == last)
    }

    /// In a forked child: tokens stay, flights are the parent's.
    @Test func forgettingFlightsKeepsTokens() throws {
        let token = try Self.token()
        var cache = try Self.cache(token, lifetime: 3600)
        let flight = try #require(
            Self.fetching(cache.claim(provider: 3, audience: "", at: Self.start)))
        cache.forgetFlights()
        #expect(Self.isAbandoned(cache.progress(of: flight)))
        #expect(Self.used(cache.claim(provider: 2, audience: "a", at: Self.start)) === token)
        let next = try #require(
            Self.fetching(cache.claim(provider: 3, audience: "", at: Self.start)))
        #expect(next != flight)
    }

    // MARK: Many accounts

    /// Dintero's audiences come from references: 64 are kept, the 65th takes the oldest's place.
    @Test func accountsTakeTurns() throws {
        var cache = TokenCache()
        func claim(_ number: Int) -> TokenCache.Claim {
            cache.claim(
                provider: 2,
                audience: "https://api.dintero.com/v1/accounts/T\(10_000_000 + number)",
                at: Self.start)
        }
        var tokens: [Secret] = []
        for number in 0..<65 {
            let flight = try #require(Self.fetching(claim(number)))
            tokens.append(try Self.token("\(number)"))
            cache.deliver(tokens[number], for: flight, lifetime: .seconds(3600), at: Self.start)
        }
        for number in 1..<65 { #expect(Self.used(claim(number)) === tokens[number], "\(number)") }
        #expect(Self.fetching(claim(0)) != nil)
    }

    /// A flight under way is not forgotten for want of room.
    @Test func flightsAreNotPushedOut() throws {
        var cache = TokenCache()
        var flights: [TokenCache.Flight] = []
        for number in 0..<200 {
            flights.append(
                try #require(
                    Self.fetching(cache.claim(provider: 2, audience: "\(number)", at: Self.start))))
        }
        for (number, flight) in flights.enumerated() {
            #expect(Self.isUnderway(cache.progress(of: flight)))
            let token = try Self.token("\(number)")
            cache.deliver(token, for: flight, lifetime: .seconds(3600), at: Self.start)
            #expect(Self.landed(cache.progress(of: flight)) === token)
        }
    }

    @Test func nobodysFlightIsAbandoned() throws {
        var other = TokenCache()
        let flight = try #require(
            Self.fetching(other.claim(provider: 2, audience: "a", at: Self.start)))
        var cache = TokenCache()
        #expect(Self.isAbandoned(cache.progress(of: flight)))
        cache.deliver(try Self.token(), for: flight, lifetime: .seconds(3600), at: Self.start)
        cache.fail(flight, .aborted)
        cache.abandon(flight)
        cache.discard(try Self.token())
        cache.forgetFlights()
        #expect(cache.fetched == 0 && cache.failures == 0)
    }
}

extension TokenCache {
    /// As one call among many on a loop that is driven, with all the time in the world.
    mutating func claim(
        provider: Int, audience: String, at now: BootInstant, as leader: Leader = .driven()
    ) -> Claim {
        claim(
            provider: provider, audience: audience, at: now, Instant(microseconds: 1), as: leader)
    }
}

extension TokenCache.Leader {
    private nonisolated(unsafe) static let batch = Buffer()
    private nonisolated(unsafe) static let otherBatch = Buffer()

    fileprivate static func driven(until deadline: Instant = .never) -> Self {
        Self(batch: nil, deadline: deadline)
    }

    fileprivate static func batch(_ isOther: Bool = false) -> Self {
        Self(
            batch: ObjectIdentifier(isOther ? otherBatch : batch), deadline: .never)
    }
}

/// Nobody waits for somebody who may never come back.
@Suite struct TokenLeaderTests {
    private func isWait(_ claim: TokenCache.Claim) -> Bool {
        if case .wait = claim { true } else { false }
    }

    @Test func onlyItselfWaitsForABatch() {
        var cache = TokenCache()
        let start = BootInstant.longAgo
        _ = cache.claim(provider: 3, audience: "", at: start, as: .batch())
        #expect(isWait(cache.claim(provider: 3, audience: "", at: start, as: .batch())))
        #expect(!isWait(cache.claim(provider: 3, audience: "", at: start, as: .batch(true))))
        // That one asks now; a call that blocks does not wait for it either, and then all wait for
        // it.
        #expect(!isWait(cache.claim(provider: 3, audience: "", at: start)))
        #expect(isWait(cache.claim(provider: 3, audience: "", at: start, as: .batch())))
        #expect(isWait(cache.claim(provider: 3, audience: "", at: start)))
    }

    @Test func aLeaderBeyondItsDeadlineIsGone() {
        var cache = TokenCache()
        let start = BootInstant.longAgo
        _ = cache.claim(
            provider: 3, audience: "", at: start, as: .driven(until: .longAgo))
        #expect(!isWait(cache.claim(provider: 3, audience: "", at: start)))
    }
}
