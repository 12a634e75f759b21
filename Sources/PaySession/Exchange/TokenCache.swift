// SPDX-License-Identifier: MIT

/// The tokens of one client, one for each provider and audience (its token endpoint and credentials
/// are the configuration's). However many calls want a token, one request for it is in flight.
///
/// Called inside the fork gate, under the client's lock.
struct TokenCache {
    /// What a call does about its token.
    enum Claim {
        case use(Secret)
        /// Ask for it; answer with deliver, fail or abandon.
        case fetch(Flight)
        /// Somebody is asking already; poll again when woken.
        case wait(Flight)
    }

    /// One request for a token.
    struct Flight: Equatable {
        fileprivate let number: UInt64
    }

    /// Who asks, and until when.
    struct Leader {
        /// The batch that it is of; nil for a call that blocks. A batch moves on only while
        /// somebody drives it: no other call may wait for it.
        let batch: ObjectIdentifier?
        let deadline: Instant
    }

    enum Progress {
        case underway
        case landed(Secret)
        /// The failure of those who waited for this one request; the next call asks anew.
        case failed(Failure)
        /// Whoever asked gave up, for reasons of its own: claim again.
        case abandoned
    }

    private struct Entry {
        let provider: Int
        let audience: String
        var token: Secret?
        var renewAt = BootInstant.longAgo
        var flight: Flight?
        var leader: Leader?
        var lastLanded: Flight?
        var lastFailed: (flight: Flight, failure: Failure)?
    }

    private var entries: [Entry] = []
    private var flights: UInt64 = 0
    private(set) var fetched: Int64 = 0
    private(set) var reused: Int64 = 0
    private(set) var failures: Int64 = 0

    /// Dintero's audiences come from references: more accounts than this take turns.
    private static let mostEntries = 64

    /// - Parameters:
    ///   - now: by the clock of tokens.
    ///   - moment: the same, by the clock of deadlines.
    mutating func claim(
        provider: Int, audience: String, at now: BootInstant, _ moment: Instant, as leader: Leader
    ) -> Claim {
        let index = place(provider, audience)
        if let token = entries[index].token, now < entries[index].renewAt {
            reused += 1
            return .use(token)
        }
        if let flight = entries[index].flight, let other = entries[index].leader,
            other.batch == nil || other.batch == leader.batch, moment < other.deadline
        {
            return .wait(flight)
        }
        flights += 1
        let flight = Flight(number: flights)
        entries[index].flight = flight
        entries[index].leader = leader
        entries[index].lastFailed = nil
        return .fetch(flight)
    }

    func progress(of flight: Flight) -> Progress {
        for entry in entries {
            if entry.flight == flight { return .underway }
            if entry.lastLanded == flight, let token = entry.token { return .landed(token) }
            if let last = entry.lastFailed, last.flight == flight {
                return .failed(last.failure)
            }
        }
        return .abandoned
    }

    /// Kept until the earlier of half its life and a minute before its end.
    /// - Parameter lifetime: nil where the endpoint did not say: then only those who waited for it
    ///   use it.
    mutating func deliver(
        _ token: Secret, for flight: Flight, lifetime: Span?, at now: BootInstant
    ) {
        guard let index = entries.firstIndex(where: { $0.flight == flight }) else { return }
        let life = min(max(lifetime ?? .zero, .zero), .seconds(365 * 86400)).microseconds
        entries[index].token = token
        entries[index].renewAt = now.adding(Span(microseconds: min(life / 2, life - 60_000_000)))
        entries[index].flight = nil
        entries[index].lastLanded = flight
        fetched += 1
    }

    mutating func fail(_ flight: Flight, _ failure: Failure) {
        guard let index = entries.firstIndex(where: { $0.flight == flight }) else { return }
        entries[index].flight = nil
        entries[index].lastFailed = (flight, failure)
        failures += 1
    }

    mutating func abandon(_ flight: Flight) {
        guard let index = entries.firstIndex(where: { $0.flight == flight }) else { return }
        entries[index].flight = nil
    }

    /// The provider refused it. Another call may have renewed it meanwhile: only this very token
    /// goes.
    mutating func discard(_ token: Secret) {
        for index in entries.indices where entries[index].token === token {
            entries[index].token = nil
        }
    }

    /// In a forked child: tokens stay, but whoever was asking for one is not here.
    mutating func forgetFlights() {
        for index in entries.indices { entries[index].flight = nil }
    }

    private mutating func place(_ provider: Int, _ audience: String) -> Int {
        if let index = entries.firstIndex(where: {
            $0.provider == provider && sameBytes($0.audience, audience)
        }) {
            return index
        }
        if entries.count >= TokenCache.mostEntries,
            let oldest = entries.firstIndex(where: { $0.flight == nil })
        {
            entries.remove(at: oldest)
        }
        entries.append(Entry(provider: provider, audience: audience))
        return entries.count - 1
    }
}
