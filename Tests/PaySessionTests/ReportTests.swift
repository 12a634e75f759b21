// SPDX-License-Identifier: MIT
import Testing

@testable import PaySession

@Suite struct ReportTests {
    static func told(
        _ report: Report, _ tokens: TokenCache = TokenCache(), configuration: String = "{}"
    ) throws -> String {
        let configuration = try Configuration(configuration)
        return written { report.write(to: &$0, tokens: tokens, configuration: configuration) }
    }

    static func json(_ report: Report) throws -> Document { try Document.of(told(report)) }

    // MARK: Latencies

    /// Durations in microseconds, of several shapes, none by chance: a fixed generator.
    static let samples: [(String, [Int64])] = {
        var state: UInt64 = 42
        func next(_ limit: Int64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 33) % limit
        }
        return [
            ("one", [41_300]), ("two", [10_000, 1_000_000]),
            ("same", Array(repeating: 123_457, count: 1000)),
            ("rising", Array(1...2000).map { $0 * 1000 }),
            ("even", (0..<5000).map { _ in 8 + next(10_000_000) }),
            ("powers", (3..<40).map { Int64(1) << $0 }),
            ("below powers", (4..<40).map { Int64(1) << $0 - 1 }),
            ("steep", (0..<5000).map { _ in Int64(8) << next(25) + next(8) }),
            (
                "mostly quick",
                (0..<1000).map { $0 % 100 == 0 ? 9_000_000 + next(1000) : 20_000 + next(5000) }
            ),
            ("ten minutes", (0..<100).map { _ in 600_000_000 - next(1_000_000) }),
            ("tiny", [8, 9, 10, 11, 12, 13, 14, 15]),
        ]
    }()

    /// Against the sorted list (nearest rank): never less, and at most 13 % more.
    @Test(arguments: samples) func percentilesAreWithin13Percent(
        _ name: String, _ durations: [Int64]
    ) throws {
        var latencies = Latencies()
        for duration in durations { latencies.add(Span(microseconds: duration)) }
        let sorted = durations.sorted()
        for percent in [1, 10, 25, 50, 75, 90, 95, 99, 100] {
            let exact = sorted[(sorted.count * percent + 99) / 100 - 1]
            let told = try #require(latencies.percentile(Int64(percent))).microseconds
            #expect(told >= exact, "\(name) p\(percent)")
            #expect(
                Double(told) <= Double(exact) * 1.13,
                "\(name) p\(percent): \(told), exactly \(exact)")
        }
        #expect(latencies.longest?.microseconds == sorted.last)
    }

    @Test func nothingHasNoPercentile() {
        let latencies = Latencies()
        #expect(latencies.percentile(50) == nil)
        #expect(latencies.longest == nil)
    }

    /// A clock may stand still, and no duration is too long to be counted.
    @Test(arguments: [0, 1, 7, -1, .min, .max, 1 << 42, 1 << 43, 1 << 62] as [Int64])
    func oddDurationsAreCounted(_ duration: Int64) throws {
        var latencies = Latencies()
        latencies.add(Span(microseconds: duration))
        let told = try #require(latencies.percentile(50)).microseconds
        #expect(told >= 0)
        #expect(told <= max(duration, 8))
        latencies.add(.milliseconds(1))
        #expect(latencies.percentile(100) != nil)
    }

    // MARK: What is told

    @Test func countsByProviderAndResult() throws {
        var report = Report()
        report.count(.ok, 0, Span(microseconds: 41_300))
        report.count(.ok, 0, Span(microseconds: 41_300))
        report.count(.timedOut, 0, .seconds(10))
        report.count(.again, 3, .milliseconds(1))
        report.countConnections(2)
        report.countConnections(0)
        var tokens = TokenCache()
        let at = BootInstant(microseconds: 1)
        guard case .fetch(let flight) = tokens.claim(provider: 2, audience: "a", at: at) else {
            return
        }
        tokens.deliver(try .of("token-0123456789"), for: flight, lifetime: .seconds(3600), at: at)
        _ = tokens.claim(provider: 2, audience: "a", at: at)
        let text = try Self.told(report, tokens)
        #expect(!text.contains("token-0123456789"))
        let root = try Document.of(text).root
        var names: [String] = []
        root.at("providers").forEachMember { name, _ in
            names.append(name)
            return true
        }
        #expect(names == ["inbank", "kustom", "dintero", "ledyer"])
        let calls = root.at("providers.inbank.calls")
        #expect(calls.at("ok").integer == 2)
        #expect(calls.at("timed_out").integer == 1)
        #expect(calls.at("not_found").isAbsent)
        #expect(root.at("providers.kustom.calls").isObject)
        #expect(root.at("providers.kustom.calls.ok").isAbsent)
        #expect(root.at("providers.kustom.latency_ms.p50").isNull)
        #expect(root.at("providers.kustom.latency_ms.max").isNull)
        #expect(root.at("providers.ledyer.calls.again").integer == 1)
        #expect(
            root.at("providers.inbank.latency_ms.max").number.map {
                String(decoding: $0, as: UTF8.self)
            } == "10000.0")
        #expect(root.at("tokens.fetched").integer == 1)
        #expect(root.at("tokens.reused").integer == 1)
        #expect(root.at("tokens.failed").integer == 0)
        #expect(root.at("connections.opened").integer == 2)
        #expect(root.at("connections.requests").integer == 2)
    }

    /// A status that nobody documented is told if it is a word; what is none may be a name.
    @Test(arguments: [
        ("rejected", true), ("REFUND_PENDING", true), ("on-hold", true), ("a", true),
        (String(repeating: "a", count: 40), true), (String(repeating: "a", count: 41), false),
        ("Jane Doe", false), ("jane@example.org", false), ("19700101", false),
        ("+4712345678", false), ("Doe,Jane", false), ("M\u{FC}ller", false), ("\u{212A}ate", false),
        ("a\nb", false), ("a\0", false), ("\u{738B}", false), ("a.b", false), ("a/b", false),
        ("\"", false), ("x1", false),
    ]) func driftHoldsWordsOnly(_ status: String, _ isWord: Bool) throws {
        var report = Report()
        let drift = Drift()
        drift.unknownStatus = status
        report.count(drift, 1)
        report.count(drift, 1)
        let text = try Self.told(report, TokenCache())
        let statuses = try Document.of(text).root.at("providers.kustom.unknown_statuses")
        #expect(statuses.member(isWord ? status : "(not a word)").integer == 2)
        var count = 0
        statuses.forEachMember { _, _ in
            count += 1
            return true
        }
        #expect(count == 1)
        if !isWord { #expect(!text.utf8.contains { $0 < 0x20 }) }
    }

    @Test func fieldsAreNamedAndCounted() throws {
        var report = Report()
        for paths in [["order_amount"], ["order_amount", "order_items.name"], []] {
            let drift = Drift()
            for path in paths { drift.noteUnreadable(path) }
            report.count(drift, 1)
        }
        let document = try Self.json(report)
        let fields = document.root.at("providers.kustom.unreadable_fields")
        #expect(fields.member("order_amount").integer == 2)
        #expect(fields.member("order_items.name").integer == 1)
        #expect(document.root.at("providers.inbank.unreadable_fields.order_amount").isAbsent)
    }

    @Test func whatRequestsAreMadeWithIsTold() throws {
        let root = try Document.of(Self.told(Report())).root
        let version = try #require(root.at("transport.libcurl").text)
        #expect(version.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+.*/) != nil)
        #expect(root.at("transport.tls").text?.isEmpty == false)
        #expect(root.at("transport.http2").bool != nil)
        #expect(root.at("transport.ends_floods").bool != nil)
        let without = try Document.of(Self.told(Report(), configuration: #"{"http2": false}"#)).root
        #expect(without.at("transport.http2").bool == false)
        // Debian's libcurl trusts what the system trusts.
        #expect(root.at("transport.ca_file").text == "/etc/ssl/certs/ca-certificates.crt")
    }

    /// What the merchant says is trusted is trusted alone.
    @Test func theMerchantsOwnTrustStandsAlone() throws {
        let own = try Document.of(Self.told(Report(), configuration: #"{"ca_path": "/etc"}"#)).root
        #expect(own.at("transport.ca_path").text == "/etc")
        #expect(own.at("transport.ca_file").isNull)
    }

    @Test func addressesAndClocksAreToldByProvider() throws {
        var report = Report()
        report.note(clockSkew: 5, 1)
        report.note(clockSkew: -42, 1)
        let told = try Self.told(
            report,
            configuration: #"{"kustom": {"environment": "live", "api_key": "kco_live_0123456789"}}"#
        )
        #expect(!told.contains("0123456789"))
        let root = try Document.of(told).root
        #expect(root.at("providers.kustom.base_url").text == "https://api.kustom.co")
        #expect(root.at("providers.kustom.clock_skew_s").integer == -42)
        #expect(root.at("providers.inbank.base_url").isNull)
        #expect(root.at("providers.inbank.clock_skew_s").isNull)
    }

    /// However many names come, 64 are kept; nothing that was counted is lost.
    @Test(arguments: [1, 63, 64, 65, 66, 1000]) func namesAreLimited(_ distinct: Int) throws {
        var report = Report()
        for _ in 0..<2 {
            for number in 0..<distinct {
                let drift = Drift()
                // Letters only, or it would be no word.
                drift.unknownStatus = String(
                    String(number).map { Character(UnicodeScalar($0.asciiValue! + 0x31)) })
                report.count(drift, 2)
            }
        }
        let document = try Self.json(report)
        var (names, total): (Int, Int64) = (0, 0)
        document.root.at("providers.dintero.unknown_statuses").forEachMember { _, count in
            names += 1
            total += count.integer ?? 0
            return true
        }
        #expect(names == min(distinct, 64))
        #expect(total == Int64(2 * distinct))
        let other = document.root.at("providers.dintero.unknown_statuses").member("(other)")
        #expect(other.isAbsent == (distinct <= 64))
    }
}
