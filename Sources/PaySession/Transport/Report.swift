// SPDX-License-Identifier: MIT

/// What a client has seen. Names and numbers only: no contents of documents, no secrets.
struct Report {
    private struct Tally {
        /// By the number of the `Outcome`.
        var outcomes = [Int64](repeating: 0, count: Int(Outcome.again.rawValue) + 1)
        /// How the reading of proofs ended, in the same way.
        var proofs = [Int64](repeating: 0, count: Int(Outcome.again.rawValue) + 1)
        var latencies = Latencies()
        /// The provider's clock minus this machine's, when it was last told.
        var clockSkew: Int64?
        var unknownStatuses: [(word: String, count: Int64)] = []
        var unreadableFields: [(word: String, count: Int64)] = []
    }

    private var tallies: [Tally] = Provider.all.map { _ in Tally() }
    private var requests: Int64 = 0
    private var connections: Int64 = 0

    /// Distinct names kept for each list; what comes later is counted as "other".
    private static let mostNames = 64

    /// - Parameter proof: how the reading of the proof ended; nil where there was none.
    mutating func count(
        _ outcome: Outcome, proof: Outcome? = nil, _ provider: Int, _ elapsed: Span
    ) {
        if let proof { tallies[provider].proofs[Int(proof.rawValue)] += 1 }
        tallies[provider].outcomes[Int(outcome.rawValue)] += 1
        tallies[provider].latencies.add(elapsed)
    }

    func knowsClock(_ provider: Int) -> Bool { tallies[provider].clockSkew != nil }

    mutating func note(clockSkew seconds: Int64, _ provider: Int) {
        tallies[provider].clockSkew = seconds
    }

    mutating func countConnections(_ new: Int) {
        requests += 1
        connections += Int64(new)
    }

    mutating func count(_ drift: Drift, _ provider: Int) {
        if let status = drift.unknownStatus {
            // A status is a word. What is none could be anything, a name even, and is not kept.
            let isWord =
                (1...40).contains(status.utf8.count) && isMade(status, of: "AZaz__--")
            Report.add(isWord ? status : "(not a word)", to: &tallies[provider].unknownStatuses)
        }
        for field in drift.unreadable { Report.add(field, to: &tallies[provider].unreadableFields) }
    }

    private static func add(_ word: String, to list: inout [(word: String, count: Int64)]) {
        if let index = list.firstIndex(where: { sameBytes($0.word, word) }) {
            list[index].count += 1
        } else if list.count < mostNames {
            list.append((word, 1))
        } else {
            list[mostNames - 1].word = "(other)"
            list[mostNames - 1].count += 1
        }
    }

    func write(to writer: inout Writer, tokens: TokenCache, configuration: Configuration) {
        writer.object { writer in
            writer.key("providers")
            writer.object { writer in
                for (index, provider) in Provider.all.enumerated() {
                    writer.key(provider.name)
                    Report.write(tallies[index], configuration.accounts[index], to: &writer)
                }
            }
            writer.key("tokens")
            writer.object { writer in
                writer.field("fetched", tokens.fetched)
                writer.field("reused", tokens.reused)
                writer.field("failed", tokens.failures)
            }
            writer.key("connections")
            writer.object { writer in
                writer.field("opened", connections)
                writer.field("requests", requests)
            }
            writer.key("configuration")
            writer.object { writer in
                writer.field("file", configuration.file?.path)
                writer.key("readable_by_others")
                if let isReadable = configuration.file?.isReadableByOthers {
                    writer.bool(isReadable)
                } else {
                    writer.null()
                }
            }
            writer.key("transport")
            LibcurlFacts(configuration).write(to: &writer)
        }
    }

    private static func write(_ outcomes: [Int64], to writer: inout Writer) {
        for outcome in Outcome.allCases {
            let count = outcomes[Int(outcome.rawValue)]
            if count > 0 { writer.field(outcome.word, count) }
        }
    }

    private static func write(_ tally: Tally, _ account: Account?, to writer: inout Writer) {
        writer.object { writer in
            writer.field("base_url", account?.base.text)
            writer.field("clock_skew_s", tally.clockSkew)
            writer.object("calls") { Report.write(tally.outcomes, to: &$0) }
            writer.object("proofs") { Report.write(tally.proofs, to: &$0) }
            writer.key("latency_ms")
            writer.object { writer in
                for (name, part): (StaticString, Int64) in [("p50", 50), ("p90", 90), ("p99", 99)] {
                    writer.key(name)
                    if let value = tally.latencies.percentile(part) {
                        writer.milliseconds(value)
                    } else {
                        writer.null()
                    }
                }
                writer.key("max")
                if let value = tally.latencies.longest {
                    writer.milliseconds(value)
                } else {
                    writer.null()
                }
            }
            for (name, list): (StaticString, [(word: String, count: Int64)]) in [
                ("unknown_statuses", tally.unknownStatuses),
                ("unreadable_fields", tally.unreadableFields),
            ] {
                writer.key(name)
                writer.object { writer in
                    for (word, count) in list {
                        writer.key(word)
                        writer.integer(count)
                    }
                }
            }
        }
    }
}

/// Durations by size, eight buckets to a doubling: percentiles within 13 %, whatever their number.
struct Latencies {
    private var buckets = [Int64](repeating: 0, count: 8 * 40)
    private var count: Int64 = 0
    private(set) var longest: Span?

    mutating func add(_ span: Span) {
        let value = max(span.microseconds, 8)
        buckets[min(Latencies.bucket(value), buckets.count - 1)] += 1
        count += 1
        longest = max(longest ?? .zero, span)
    }

    /// The upper end of the bucket in which that share of all durations ends, or the longest if
    /// that is less; nil before there is one.
    func percentile(_ percent: Int64) -> Span? {
        guard let longest else { return nil }
        var left = (count * percent + 99) / 100
        for (bucket, count) in buckets.enumerated() {
            left -= count
            if left <= 0 { return min(Latencies.end(bucket), longest) }
        }
        return longest
    }

    /// The power of two, and the three bits below the highest.
    private static func bucket(_ value: Int64) -> Int {
        let power = 63 - value.leadingZeroBitCount
        return (power - 3) * 8 + Int(value >> Int64(power - 3) & 7)
    }

    private static func end(_ bucket: Int) -> Span {
        Span(microseconds: Int64(8 + bucket % 8 + 1) << Int64(bucket / 8) - 1)
    }
}
