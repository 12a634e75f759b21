// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import PaySession

@Suite struct ConfigurationTests {
    static func refusal(_ text: String) -> Failure? {
        failure { () throws(Failure) in try Configuration(text) }
    }

    /// A section that is good but for what a test puts into it.
    static let good: [(String, String)] = [
        ("inbank", #"{"environment": "demo", "country": "pl", "api_key": "secret-0123456789"}"#),
        ("kustom", #"{"environment": "playground", "api_key": "secret-0123456789"}"#),
        ("dintero", #"{"client_id": "shop", "client_secret": "secret-0123456789"}"#),
        (
            "ledyer",
            #"{"environment": "sandbox", "client_id": "shop", "#
                + #""client_secret": "secret-0123456789"}"#
        ),
    ]

    static let idAndSecret = #""client_id": "i", "client_secret": "s""#

    /// JSON text that is no text, no number and no truth value, by its type.
    static let values = [
        "text": "\"x\"", "integer": "5", "fraction": "5.5", "bool": "true", "null": "null",
        "list": "[]", "object": "{}",
    ]

    @Test func nothingIsNeeded() throws {
        let configuration = try Configuration("{}")
        #expect(configuration.http2 == nil)
        #expect(configuration.timeout == .seconds(10))
        #expect(configuration.connectTimeout == .seconds(3))
        #expect(configuration.attempts == 3)
        #expect(configuration.maxResponseBytes == 4_194_304)
        #expect(configuration.userAgent == "libpaysession/0.1.0")
        #expect(configuration.proxy == nil && configuration.noProxy == nil)
        #expect(configuration.caFile == nil && configuration.caPath == nil)
        #expect(configuration.clientCertificate == nil && configuration.clientKey == nil)
        #expect(!configuration.isShared)
        #expect(configuration.accounts.count == 4)
        #expect(configuration.accounts.allSatisfy { $0 == nil })
    }

    /// The contract's own example, secrets put in.
    @Test func theContractsExampleIsTaken() throws {
        let folder = try Folder()
        // Contract, version 0.2: a ca_file without a certificate in it is found now.
        let pem = try folder.file("shop.pem", PEM.certificate + PEM.key)
        let secret = try folder.file("dintero", "dintero-secret\n")
        let configuration = try Configuration(
            """
            {
              "timeout_ms": 20000, "connect_timeout_ms": 4000, "attempts": 5,
              "max_response_bytes": 1000, "user_agent": "my-shop/2.1", "proxy": "http://proxy:3128",
              "ca_file": "\(pem)", "shared": true, "http2": false, "no_proxy": "localhost,.test",
              "ca_path": "\(folder.path)", "client_certificate": "\(pem)", "client_key": "\(pem)",
              "inbank":  {"environment": "demo", "country": "pl", "api_key": "inbank-key"},
              "kustom":  {"environment": "playground", "api_key": {"env": "PATH"}},
              "dintero": {"client_id": "id", "client_secret": {"file": "\(secret)"},
                          "trust_processed_at": true},
              "ledyer":  {"environment": "sandbox", "client_id": "id", "client_secret": "secret"}
            }
            """)
        #expect(configuration.timeout == .seconds(20))
        #expect(configuration.connectTimeout == .seconds(4))
        #expect(configuration.attempts == 5)
        #expect(configuration.maxResponseBytes == 1000)
        #expect(configuration.userAgent == "my-shop/2.1 libpaysession/0.1.0")
        #expect(configuration.proxy?.text == "http://proxy:3128")
        #expect(configuration.noProxy == "localhost,.test")
        #expect(configuration.caFile?.path == pem)
        #expect(configuration.caPath == folder.path)
        #expect(configuration.clientCertificate?.path == pem)
        #expect(configuration.clientKey?.path == pem)
        #expect(configuration.http2 == false)
        #expect(configuration.isShared)
        #expect(
            configuration.accounts.map { $0?.provider.name } == [
                "inbank", "kustom", "dintero", "ledyer",
            ])
        #expect(
            configuration.accounts.map { $0?.rules.trustProcessedAt } == [
                false, false, true, false,
            ])
    }

    // MARK: Keys and types

    @Test(
        arguments: [
            (
                // Contract, version 0.2: a whole number in any spelling, but here no text.
                "timeout_ms", ["1", "600000", "1e3", "5.0", "50e-1"],
                [
                    "0", "-1", "600001", "1.5", "1e-3", "6e6", "\"1000\"", "9223372036854775808",
                ], "integer"
            ),
            ("connect_timeout_ms", ["1", "600000"], ["0", "600001", "-5"], "integer"),
            ("attempts", ["1", "10"], ["0", "11", "-1"], "integer"),
            ("max_response_bytes", ["1", "67108864"], ["0", "67108865", "-1"], "integer"),
            (
                "user_agent", ["\"a\"", "\"a b/1 (c)\""],
                ["\"\"", "\"a\\r\\nX: 1\"", "\"a\\u0000\"", "\"\\u0085\""], "text"
            ),
            (
                "proxy", ["\"\"", "\"http://p:1\"", "\"socks5h://p\""],
                ["\"p:1\"", "\"ftp://p\"", "\"http://p\\r\\n\""], "text"
            ),
            ("no_proxy", ["\"\"", "\"a,b\"", "\"*\""], ["\"a\\nb\""], "text"),
            ("ca_file", [], ["\"/nonexistent/ca.pem\"", "\"\"", "\"/dev/null\""], "text"),
            ("ca_path", ["\"/\""], ["\"/nonexistent\"", "\"\"", "\"/dev/null\""], "text"),
            (
                "client_certificate", [], ["\"/nonexistent/cert.pem\"", "\"/dev/null\""], "text"
            ),
            ("client_key", [], ["\"/nonexistent/key.pem\""], "text"),
            ("shared", ["true", "false"], ["0", "1", "\"true\""], "bool"),
            ("inbank", [], ["{}"], "object"), ("kustom", [], ["{}"], "object"),
            ("dintero", [], ["{}"], "object"), ("ledyer", [], ["{}"], "object"),
        ] as [(String, [String], [String], String)])
    func everyKeyHasItsTypeAndRange(
        _ key: String, _ good: [String], _ bad: [String], _ type: String
    ) {
        for value in good {
            #expect(ConfigurationTests.refusal("{\"\(key)\": \(value)}") == nil, "\(value)")
        }
        let wrongTypes = ConfigurationTests.values.filter { $0.key != type }.map { $0.value }
        for value in bad + wrongTypes {
            let refusal = ConfigurationTests.refusal("{\"\(key)\": \(value)}")
            #expect(refusal?.outcome == .invalidConfig, "\(value)")
            #expect(refusal?.message.hasPrefix(key) == true, "\(refusal?.message ?? "")")
            #expect(refusal?.message.contains("expected ") == true)
        }
    }

    /// Every key of a section: in place of a good one where there is one.
    @Test(
        arguments: [
            (
                "inbank", "environment", ["\"live\""],
                ["\"Demo\"", "\"sandbox\"", "\"playground\"", "\"\"", "\"demo \""]
            ),
            (
                "inbank", "country", ["\"ee\"", "\"lv\""],
                [
                    "\"PL\"", "\"\"", "\"p\"", "\"pol\"", "\"p1\"", "\"..\"", "\"a/\"", "\"p@\"",
                    "\"\\u00e9\"",
                ]
            ),
            (
                // Contract, version 0.2: blanks and line breaks at both ends are lost, visible
                // ASCII and blanks are what may stand between them.
                "inbank", "api_key", ["\"k\"", "\"a\\r\"", "\" \\t\\r\\na b\\n\\r\\t \""],
                [
                    "\"\"", "\" \"", "\"\\r\\n\\t\"", "\"a\\nb\"", "\"a\\rb\"", "\"a\\tb\"",
                    "\"a\\u0000b\"", "\"\\u007f\"", "\"caf\\u00e9\"", "\"\\ufeffk\"",
                    "\"k\\ud800\"",
                ]
            ),
            (
                "inbank", "base_url", ["\"https://x.test\""],
                ["\"http://x.test\"", "\"x.test\"", "\"\""]
            ),
            (
                "kustom", "environment", ["\"live\""],
                ["\"demo\"", "\"sandbox\"", "\"PLAYGROUND\"", "\"\""]
            ),
            ("kustom", "api_key", ["\"k\""], ["\"\"", "\"a\\nb\""]),
            (
                "kustom", "username", ["\"u\"", "\"u v\""],
                ["\"\"", "\"a:b\"", "\"a\\nb\"", "\"\\u0085\""]
            ),
            (
                "kustom", "base_url", ["\"https://x.test\"", "\"http://localhost:1\""],
                ["\"https://x.test?a\""]
            ),
            ("dintero", "client_id", ["\"i\""], ["\"\"", "\"a:b\"", "\"a\\tb\""]),
            ("dintero", "client_secret", ["\"s\""], ["\"\"", "\"a\\nb\""]),
            ("dintero", "base_url", ["\"https://x.test\""], ["\"http://0.0.0.0\""]),
            (
                "dintero", "auth_url", ["\"https://x.test/t\""],
                ["\"http://x.test\"", "\"https://u@x.test\"", "\"\""]
            ),
            ("dintero", "trust_processed_at", ["true", "false"], ["\"true\"", "1"]),
            ("ledyer", "environment", ["\"live\""], ["\"demo\"", "\"playground\"", "\"Sandbox\""]),
            ("ledyer", "client_id", ["\"i\""], ["\"\"", "\"a:b\""]),
            ("ledyer", "client_secret", ["\"s\""], ["\"\"", "\"\\u001f\""]),
            (
                "ledyer", "auth_url", ["\"https://x.test/t\""],
                ["\"http://evil.com\"", "\"ftp://x\""]
            ),
        ] as [(String, String, [String], [String])])
    func everyKeyOfASectionHasItsValues(
        _ provider: String, _ key: String, _ good: [String], _ bad: [String]
    ) throws {
        func section(_ value: String) -> String {
            let whole = ConfigurationTests.good.first { $0.0 == provider }?.1 ?? "{}"
            var members = whole.dropFirst().dropLast().split(separator: ", ").map(String.init)
            members.removeAll { $0.hasPrefix("\"\(key)\":") }
            members.append("\"\(key)\": \(value)")
            return "{\"\(provider)\": {" + members.joined(separator: ", ") + "}}"
        }
        for value in good { #expect(ConfigurationTests.refusal(section(value)) == nil, "\(value)") }
        let type = good.first.map { $0.hasPrefix("\"") } == true ? "text" : "bool"
        let wrongTypes = ConfigurationTests.values.filter { $0.key != type }.map { $0.value }
        for value in bad + wrongTypes {
            let refusal = ConfigurationTests.refusal(section(value))
            #expect(refusal?.outcome == .invalidConfig, "\(value)")
            #expect(
                refusal?.message.hasPrefix("\(provider).\(key)") == true,
                "\(refusal?.message ?? "")")
        }
    }

    /// A key that nobody knows, at the top.
    @Test(arguments: ["timeout", "Timeout_ms", "klarna", "", "timeout_ms ", "_comment", "inbank."])
    func strangersAreNamed(_ key: String) {
        let refusal = ConfigurationTests.refusal("{\"timeout_ms\": 1, \"\(key)\": 1}")
        #expect(refusal?.outcome == .invalidConfig)
        #expect(refusal?.message.hasPrefix(key + ": ") == true, "\(refusal?.message ?? "")")
    }

    /// And in a section that is good without it; other providers' keys among them.
    @Test(arguments: [
        ("inbank", "username", "\"u\""), ("inbank", "auth_url", "\"https://x.test\""),
        ("inbank", "trust_processed_at", "true"), ("inbank", "token", "\"t\""),
        ("kustom", "country", "\"pl\""), ("kustom", "token", "\"t\""),
        ("kustom", "client_id", "\"i\""), ("dintero", "environment", "\"live\""),
        ("dintero", "api_key", "\"k\""), ("dintero", "username", "\"u\""),
        ("ledyer", "trust_processed_at", "false"), ("ledyer", "country", "\"se\""),
        ("ledyer", "Environment", "\"live\""), ("ledyer", "", "1"),
    ]) func strangersInASectionAreNamed(_ provider: String, _ key: String, _ value: String) {
        let section = ConfigurationTests.good.first { $0.0 == provider }?.1.dropLast() ?? "{"
        let refusal = ConfigurationTests.refusal(
            "{\"\(provider)\": \(section), \"\(key)\": \(value)}}")
        #expect(refusal?.outcome == .invalidConfig)
        #expect(refusal?.message.hasPrefix("\(provider).\(key): ") == true)
    }

    @Test(arguments: ["env\": \"PATH", "file\": \"/proc/self/comm"])
    func strangersInASecretAreNamed(_ source: String) {
        let refusal = ConfigurationTests.refusal(
            ConfigurationTests.kustom("{\"\(source)\", \"mode\": 1}"))
        #expect(refusal?.outcome == .invalidConfig)
        #expect(refusal?.message.hasPrefix("kustom.api_key.mode: ") == true)
    }

    @Test func aKeyWantsItsCertificate() throws {
        let folder = try Folder()
        let pem = try folder.file("pem", PEM.key)
        #expect(
            ConfigurationTests.refusal("{\"client_key\": \"\(pem)\"}")?.message
                == "client_certificate: expected a path, since client_key is given")
    }

    /// What is missing is named.
    @Test(arguments: [
        (#"{"inbank": {}}"#, "inbank.environment"),
        (#"{"inbank": {"environment": "demo", "api_key": "k"}}"#, "inbank.country"),
        (#"{"inbank": {"environment": "demo", "country": "pl"}}"#, "inbank.api_key"),
        (#"{"inbank": {"base_url": "https://x.test"}}"#, "inbank.api_key"),
        (#"{"kustom": {"api_key": "k"}}"#, "kustom.environment"),
        (#"{"kustom": {"environment": "live"}}"#, "kustom.api_key"),
        (#"{"dintero": {}}"#, "dintero.client_id"),
        (#"{"dintero": {"client_id": "i"}}"#, "dintero.client_secret"),
        (#"{"dintero": {"client_secret": "s"}}"#, "dintero.client_id"),
        (#"{"ledyer": {"environment": "live", "client_id": "i"}}"#, "ledyer.client_secret"),
        (#"{"ledyer": {"client_id": "i", "client_secret": "s"}}"#, "ledyer.environment"),
        (
            #"{"ledyer": {"base_url": "https://x", "client_id": "i", "client_secret": "s"}}"#,
            "ledyer.auth_url"
        ),
    ]) func whatIsMissingIsNamed(_ text: String, _ path: String) {
        let refusal = ConfigurationTests.refusal(text)
        #expect(refusal?.outcome == .invalidConfig)
        #expect(
            refusal?.message.hasPrefix(path + ": expected ") == true, "\(refusal?.message ?? "")")
    }

    @Test(arguments: [
        #"{"inbank": {"base_url": "https://x.test", "api_key": "k"}}"#,
        #"{"inbank": {"base_url": "https://x.test", "country": "pl", "api_key": "k"}}"#,
        #"{"kustom": {"base_url": "http://127.0.0.1:1", "api_key": "k", "username": "u"}}"#,
        #"{"dintero": {"token": "t"}}"#,
        #"{"dintero": {"base_url": "https://x.test", "token": "t"}}"#,
        #"{"ledyer": {"environment": "live", "token": "t"}}"#,
        #"{"ledyer": {"base_url": "https://x.test", "token": "t"}}"#,
        #"{"ledyer": {"environment": "live", "auth_url": "https://t.test/t", \#(idAndSecret)}}"#,
        #"{"ledyer": {"base_url": "https://x", "auth_url": "https://t", \#(idAndSecret)}}"#,
    ]) func otherWaysAreTaken(_ text: String) {
        #expect(ConfigurationTests.refusal(text) == nil)
    }

    @Test(arguments: [
        (#"{"dintero": {"token": "t", "client_id": "i"}}"#, "dintero.client_id"),
        (#"{"dintero": {"token": "t", "client_secret": "s"}}"#, "dintero.client_secret"),
        (
            #"{"ledyer": {"environment": "live", "token": "t", "auth_url": "https://t.test"}}"#,
            "ledyer.auth_url"
        ),
    ]) func aTokenNeedsNothingBesideIt(_ text: String, _ path: String) {
        #expect(ConfigurationTests.refusal(text)?.message.hasPrefix(path + ": ") == true)
    }

    @Test(arguments: [
        "", "null", "[]", "[{}]", "5", "\"x\"", "{", "{}}", "{\"a\":1,\"a\":1}",
        "\u{FEFF}\u{FEFF}{}", " \u{FEFF}{}", "{}\u{FEFF}", "{\"shared\":true,\"shared\":true}",
    ])
    func whatIsNoObjectIsRefused(_ text: String) {
        let refusal = ConfigurationTests.refusal(text)
        #expect(refusal?.outcome == .invalidConfig)
        #expect(refusal?.message.hasPrefix("configuration: expected a JSON object, ") == true)
    }

    /// Contract, version 0.2: one byte order mark at the very start is skipped.
    @Test func aByteOrderMarkIsSkipped() throws {
        #expect(ConfigurationTests.refusal("\u{FEFF}{}") == nil)
        #expect(try Configuration("\u{FEFF} {\"timeout_ms\": 7}").timeout == .milliseconds(7))
    }

    /// The message says what was found in the object's place, and quotes nothing of it.
    @Test(arguments: [
        ("", "this is empty"), (" \n", "this is empty"),
        ("<html></html>", "this is a page of HTML, not JSON"),
        ("[]", "this is JSON, but not an object"),
        ("{\"a\":1,\"a\":1}", "this is JSON with the same key twice in one object"),
        ("{", "this is not valid JSON"), ("marker", "this is not valid JSON"),
        ("/etc/shop/marker", "this is not JSON; it looks like the path of a file"),
        ("./marker", "this is not JSON; it looks like the path of a file"),
        ("~/marker", "this is not JSON; it looks like the path of a file"),
        ("../marker\n", "this is not JSON; it looks like the path of a file"),
        ("marker.json", "this is not JSON; it looks like the path of a file"),
        (" marker.json\r\n", "this is not JSON; it looks like the path of a file"),
        (".json", "this is not JSON; it looks like the path of a file"),
        // More than one line, or with a brace in it, is no path.
        ("/etc/marker\n/etc/shop", "this is not valid JSON"),
        ("/etc/{marker}", "this is not valid JSON"), ("marker.jso", "this is not valid JSON"),
        ("json", "this is not valid JSON"), ("/* marker */\n{}", "this is not valid JSON"),
        (
            "/" + String(repeating: "m", count: 4095),
            "this is not JSON; it looks like the path of a file"
        ),
        ("/" + String(repeating: "m", count: 4096), "this is not valid JSON"),
    ]) func whatIsNoObjectIsNamed(_ text: String, _ found: String) {
        let refusal = ConfigurationTests.refusal(text)
        #expect(refusal?.message == "configuration: expected a JSON object, " + found)
    }

    // MARK: Files

    /// Text around PEM's lines (RFC 7468, 2) is for people, and each kind of key has its own label.
    enum PEM {
        static let certificate = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
        static let key = "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"
        static func of(_ label: String) -> String {
            "-----BEGIN \(label)-----\nMA==\n-----END \(label)-----\n"
        }
    }

    /// Contract, version 0.2: a file without what it is for is found when the client is opened.
    @Test(arguments: [
        (PEM.certificate, true, false), (PEM.key, false, true),
        (PEM.certificate + PEM.key, true, true),
        ("issuer: test\r\n" + PEM.of("TRUSTED CERTIFICATE"), true, false),
        (PEM.of("X509 CERTIFICATE"), true, false), (PEM.of("EC PRIVATE KEY"), false, true),
        (PEM.of("RSA PRIVATE KEY"), false, true), (PEM.of("ENCRYPTED PRIVATE KEY"), false, true),
        (String(repeating: "#", count: 100_000) + PEM.certificate, true, false),
        (PEM.of("CERTIFICATE REQUEST"), false, false), (PEM.of("PUBLIC KEY"), false, false),
        (PEM.of("X509 CRL"), false, false), ("", false, false), ("CERTIFICATE\n", false, false),
        ("-----BEGIN certificate-----\n", false, false), ("pem", false, false),
        ("0\u{82}\u{1}", false, false), ("<html></html>", false, false),
    ]) func filesHoldWhatTheyAreFor(_ content: String, _ isCertificate: Bool, _ isKey: Bool) throws
    {
        let folder = try Folder()
        let good = try folder.file("good.pem", PEM.certificate)
        let file = try folder.file("file.pem", content)
        for (key, others, fits, missing) in [
            ("ca_file", "", isCertificate, "a file of certificates in PEM"),
            ("client_certificate", "", isCertificate, "a file of certificates in PEM"),
            (
                "client_key", "\"client_certificate\": \"\(good)\", ", isKey,
                "a file with a private key in PEM"
            ),
        ] {
            let refusal = ConfigurationTests.refusal("{\(others)\"\(key)\": \"\(file)\"}")
            #expect((refusal == nil) == fits, "\(key)")
            if fits { continue }
            #expect(refusal?.outcome == .invalidConfig)
            #expect(refusal?.message == "\(key): expected \(missing); there is none in it")
        }
    }

    @Test func aDirectoryIsNoFileAndAFileNoDirectory() throws {
        let folder = try Folder()
        let file = try folder.file("shop.pem", PEM.certificate)
        for key in ["ca_file", "client_certificate"] {
            #expect(
                ConfigurationTests.refusal("{\"\(key)\": \"\(folder.path)\"}")?.message
                    == "\(key): expected the path of a file of at most 4 MiB that can be read")
        }
        #expect(
            ConfigurationTests.refusal("{\"ca_path\": \"\(file)\"}")?.message
                == "ca_path: expected the path of a directory; it is none")
        #expect(ConfigurationTests.refusal("{\"ca_path\": \"\(folder.path)\"}") == nil)
    }

    /// Read when the client is opened, as everything is: one that nobody writes to has nothing in
    /// it.
    @Test(.timeLimit(.minutes(1))) func aPipeThatNobodyWritesToHoldsNone() throws {
        let folder = try Folder()
        let path = folder.path + "/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        let refusal = ConfigurationTests.refusal("{\"ca_file\": \"\(path)\"}")
        #expect(refusal?.outcome == .invalidConfig)
        #expect(refusal?.message.hasPrefix("ca_file: ") == true)
    }

    /// `<(command)` of a shell: what is written a moment later is waited for.
    @Test(.timeLimit(.minutes(1))) func aPipeIsReadToItsEnd() throws {
        let folder = try Folder()
        let path = folder.path + "/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        let writer = Thread {
            let file = open(path, O_WRONLY)
            usleep(50_000)
            for part in [PEM.certificate.prefix(10), PEM.certificate.dropFirst(10)] {
                _ = Array(part.utf8).withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
                usleep(50_000)
            }
            close(file)
        }
        // Held open, so that there is somebody to write when it is opened to be read.
        let holder = open(path, O_RDWR | O_CLOEXEC)
        writer.start()
        usleep(20_000)
        close(holder)
        let configuration = try Configuration("{\"ca_file\": \"\(path)\"}")
        #expect(
            configuration.caFile?.content.bytes.elementsEqual(PEM.certificate.utf8) == true)
    }

    /// The host may change its directory afterwards.
    @Test func pathsAreMadeAbsolute() throws {
        let folder = try Folder()
        _ = try folder.file("pem", PEM.certificate)
        let here = FileManager.default.currentDirectoryPath
        let below = try #require(relativePath(to: folder.path))
        let configuration = try Configuration(
            "{\"ca_file\": \"\(below)/pem\", \"ca_path\": \"\(below)\"}")
        #expect(configuration.caFile?.path == "\(here)/\(below)/pem")
        #expect(configuration.caPath == "\(here)/\(below)")
        #expect(
            configuration.caFile?.content.bytes.elementsEqual(PEM.certificate.utf8) == true)
    }

    /// From the working directory, over the root.
    func relativePath(to path: String) -> String? {
        let depth = FileManager.default.currentDirectoryPath.split(separator: "/").count
        return String(repeating: "../", count: depth) + path.dropFirst()
    }

    /// Two that are the same share a client.
    @Test func sameIsWhatHasTheSameSecrets() throws {
        let folder = try Folder()
        let key = try folder.file("key", "one")
        let pem = try folder.file("pem", PEM.certificate)
        let text = """
            {"ca_file": "\(pem)", "kustom": {"environment": "live", "api_key": {"file": "\(key)"}}}
            """
        let first = try Configuration(text)
        #expect(first.isSame(as: try Configuration(text)))
        #expect(!first.isSame(as: try Configuration(text + " ")))
        _ = try folder.file("key", "two")
        #expect(!first.isSame(as: try Configuration(text)))
        _ = try folder.file("key", "one")
        #expect(first.isSame(as: try Configuration(text)))
        _ = try folder.file("pem", PEM.certificate + "\n")
        #expect(!first.isSame(as: try Configuration(text)))
    }

    /// What can be said without reading the configuration anew: whatever rests on more than its
    /// text and on files of certificates is read.
    @Test func stillIsWhatItsTextAndFilesSay() throws {
        let folder = try Folder()
        let key = try folder.file("key", "one")
        let pem = try folder.file("pem", PEM.certificate + PEM.key)
        func kustom(_ key: String, _ more: String = "") -> String {
            "{\(more) \"kustom\": {\"environment\": \"live\", \"api_key\": \(key)}}"
        }
        for text in [
            kustom("\"k\""), kustom("\"k\"", "\"ca_file\": \"\(pem)\","),
            kustom("\"k\"", "\"client_certificate\": \"\(pem)\","),
            kustom(
                "\"k\"", "\"client_certificate\": \"\(pem)\", \"client_key\": \"\(pem)\","),
        ] {
            let configuration = try Configuration(text)
            #expect(configuration.isStill(text))
            #expect(!configuration.isStill(text + " "))
            #expect(!configuration.isStill(String(text.dropLast())))
            guard text.contains("pem") else { continue }
            _ = try folder.file("pem", PEM.certificate + PEM.key + "\n")
            #expect(!configuration.isStill(text), "\(text)")
            try FileManager.default.removeItem(atPath: pem)
            #expect(!configuration.isStill(text), "\(text)")
            _ = try folder.file("pem", PEM.certificate + PEM.key)
            #expect(configuration.isStill(text))
        }
        var unsure = [
            kustom("{\"file\": \"\(key)\"}"), kustom("{\"env\": \"PATH\"}"),
            kustom("\"k\"", "\"ca_path\": \"\(folder.path)\","),
        ]
        if let relative = relativePath(to: pem) {
            unsure.append(kustom("\"k\"", "\"ca_file\": \"\(relative)\","))
        }
        for text in unsure {
            #expect(!(try Configuration(text)).isStill(text), "\(text)")
        }
    }

    // MARK: Secrets

    static func kustom(_ key: String) -> String {
        "{\"kustom\": {\"environment\": \"live\", \"api_key\": \(key)}}"
    }

    /// The header line that goes out, or the failure.
    static func header(_ key: String) throws -> String {
        let configuration = try Configuration(kustom(key))
        let account = try #require(configuration.accounts[1])
        guard case .fixed(let line) = account.authorization else { return "" }
        return line.text
    }

    /// Contract, version 0.2: text and file alike lose blanks and line breaks at both ends, and
    /// only there.
    @Test func secretsAreReadOnce() throws {
        #expect(
            try ConfigurationTests.header("\"kco_live_1\"") == "Authorization: Basic kco_live_1")
        #expect(try ConfigurationTests.header("\" a b \"") == "Authorization: Basic a b")
        #expect(
            try ConfigurationTests.header("\"\\t\\r\\n a  b\\n\"") == "Authorization: Basic a  b")
        #expect(try ConfigurationTests.header("\"!~\"") == "Authorization: Basic !~")
        // Whatever environment the tests run in, it has a PATH.
        let path = try #require(getenv("PATH").map { String(cString: $0) })
        #expect(
            try ConfigurationTests.header("{\"env\": \"PATH\"}") == "Authorization: Basic " + path)
        let folder = try Folder()
        for (content, secret) in [
            ("kco_live_1", "kco_live_1"), ("kco_live_1\n", "kco_live_1"),
            ("kco_live_1\r\n", "kco_live_1"), (" k ", "k"), ("a\n\n", "a"), ("a\r\r\n", "a"),
            ("\nabc", "abc"), ("\t a b\t\n", "a b"),
            (String(repeating: "k", count: 65536), String(repeating: "k", count: 65536)),
        ] {
            let file = try folder.file("key", content)
            #expect(
                try ConfigurationTests.header("{\"file\": \"\(file)\"}") == "Authorization: Basic "
                    + secret)
        }
    }

    @Test(arguments: [
        "a\nb", "\n", "", " \t\r\n", "a\0b", "a\0", "\u{1F}a", "a\u{7F}", "a\tb", "\na\nb\n",
        "a\r\n\r\nb",
        "\u{B}a", "a\u{C}", "k\u{E9}\n", "k\u{A0}", "\u{FEFF}k", "k\u{FEFF}", "\u{2028}k",
    ])
    func filesHoldOneLine(_ content: String) throws {
        let folder = try Folder()
        let file = try folder.file("key", content)
        let refusal = ConfigurationTests.refusal(
            ConfigurationTests.kustom("{\"file\": \"\(file)\"}"))
        #expect(refusal?.outcome == .invalidConfig)
        #expect(refusal?.message.hasPrefix("kustom.api_key: ") == true)
    }

    /// Contract, version 0.2: the message names the key, the place in what was given, and a byte
    /// order mark by name; where it was read from, but never what stood there.
    @Test(
        arguments: [
            ([0xEF, 0xBB, 0xBF, 0x6B], "byte 1 is a UTF-8 byte order mark"),
            ([0x20, 0x0A, 0xEF, 0xBB, 0xBF, 0x6B], "byte 3 is a UTF-8 byte order mark"),
            ([0x6B, 0xEF, 0xBB, 0xBF], "byte 2 is a UTF-8 byte order mark"),
            ([0xFF, 0xFE, 0x6B, 0x00], "byte 1 is a UTF-16 byte order mark"),
            ([0xFE, 0xFF, 0x00, 0x6B], "byte 1 is a UTF-16 byte order mark"),
            ([0xEF, 0xBB, 0x6B], "byte 1 is not ASCII"), ([0x6B, 0xFF], "byte 2 is not ASCII"),
            ([0x63, 0xC3, 0xA9], "byte 2 is not ASCII"),
            ([0x6B, 0x80, 0x6B], "byte 2 is not ASCII"),
            ([0x6B, 0x0A, 0x6B], "byte 2 is a control character"),
            ([0x20, 0x6B, 0x00, 0x6B, 0x20], "byte 3 is a control character"),
            ([0x6B, 0x6B, 0x09, 0xC3, 0xA9], "byte 3 is a control character"),
            ([0x7F], "byte 1 is a control character"),
            ([0x1F, 0x6B], "byte 1 is a control character"),
        ] as [([UInt8], String)])
    func theFirstWrongByteIsNamed(_ bytes: [UInt8], _ flaw: String) throws {
        let folder = try Folder()
        let file = try folder.file("key", bytes)
        #expect(
            ConfigurationTests.refusal(ConfigurationTests.kustom("{\"file\": \"\(file)\"}"))?
                .message
                == "kustom.api_key: expected visible ASCII, "
                + flaw.replacingOccurrences(of: " is ", with: " of the file at \(file) is "))
        // JSON's text is UTF-8, and its bytes are counted decoded.
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let escaped = text.utf16.map {
            let digits = String($0, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
        #expect(
            ConfigurationTests.refusal(ConfigurationTests.kustom("\"\(escaped)\""))?.message
                == "kustom.api_key: expected visible ASCII, \(flaw)")
    }

    /// In a process of its own: the environment is everybody's.
    @Test func aVariableIsNamed() async {
        await #expect(processExitsWith: .success) {
            setenv("PAYSESSION_TEST_KEY", " k\u{E9}y", 1)
            #expect(
                ConfigurationTests.refusal(
                    ConfigurationTests.kustom("{\"env\": \"PAYSESSION_TEST_KEY\"}"))?.message
                    == "kustom.api_key: expected visible ASCII, "
                    + "byte 3 of the environment variable PAYSESSION_TEST_KEY is not ASCII")
        }
    }

    @Test func whatIsNoFileIsRefused() throws {
        let folder = try Folder()
        let tooLong = try folder.file("long", [UInt8](repeating: 0x6B, count: 70_000))
        for path in [folder.path + "/nothing", folder.path, tooLong, "/dev/null", "/dev/zero", ""] {
            let refusal = ConfigurationTests.refusal(
                ConfigurationTests.kustom("{\"file\": \"\(path)\"}"))
            #expect(refusal?.outcome == .invalidConfig, "\(path)")
            #expect(refusal?.message.hasPrefix("kustom.api_key") == true)
        }
    }

    /// One that nobody writes to, and one that somebody has open without writing.
    @Test(.timeLimit(.minutes(1)), arguments: [false, true]) func aFIFODoesNotHang(
        _ hasWriter: Bool
    ) throws {
        let folder = try Folder()
        let path = folder.path + "/fifo"
        #expect(mkfifo(path, 0o600) == 0)
        let writer = hasWriter ? open(path, O_RDWR | O_CLOEXEC) : -1
        defer { if writer >= 0 { close(writer) } }
        let refusal = ConfigurationTests.refusal(
            ConfigurationTests.kustom("{\"file\": \"\(path)\"}"))
        #expect(refusal?.outcome == .invalidConfig)
        #expect(refusal?.message.hasPrefix("kustom.api_key: ") == true)
    }

    @Test(arguments: [
        "{\"env\": \"PAYSESSION_NO_SUCH_VARIABLE\"}", "{\"env\": \"\"}", "{\"env\": 5}",
        "{\"env\": null}", "{\"file\": 5}", "{\"file\": null}", "{}", "{\"environment\": \"PATH\"}",
        "{\"env\": \"PATH\", \"file\": \"/etc/hostname\"}", "[\"k\"]", "5", "true", "null", "\"\"",
    ]) func whatIsNoSecretIsRefused(_ key: String) {
        let refusal = ConfigurationTests.refusal(ConfigurationTests.kustom(key))
        #expect(refusal?.outcome == .invalidConfig)
        #expect(refusal?.message.hasPrefix("kustom.api_key") == true, "\(refusal?.message ?? "")")
    }

    /// It goes into a header: no control character gets there, whichever it is. Contract, version
    /// 0.2: what leaves a line's end or a blank at one of the ends is not in the way.
    @Test func controlCharactersAreRefused() throws {
        for value in Array(0x00...0x1F) + [0x7F] {
            let escape = "\\u00" + (value < 16 ? "0" : "") + String(value, radix: 16)
            let isBlank = [0x09, 0x0A, 0x0D].contains(value)
            for key in ["\"key\(escape)\"", "\"\(escape)key\""] where isBlank {
                #expect(try ConfigurationTests.header(key) == "Authorization: Basic key")
            }
            let inside = "\"k\(escape)y\""
            let atAnEnd = ["\"key\(escape)\"", "\"\(escape)key\""]
            for key in ["\"\(escape)\"", inside] + (isBlank ? [] : atAnEnd) {
                let refusal = ConfigurationTests.refusal(ConfigurationTests.kustom(key))
                #expect(refusal?.outcome == .invalidConfig, "\(escape)")
                #expect(refusal?.message.hasPrefix("kustom.api_key: ") == true, "\(escape)")
            }
        }
    }

    /// Whatever is wrong, no message tells what stood in a secret's place.
    @Test(arguments: good) func messagesHoldNoSecret(_ provider: String, _ section: String) throws {
        let secret = "secret-0123456789"
        let folder = try Folder()
        let file = try folder.file("key", secret + "\nsecond line")
        let wholes = [
            // Contract, version 0.2: a line break at the end is lost, one inside is refused.
            section.replacing("\"\(secret)\"", with: "\"\(secret)\\nx\""),
            section.replacing("\"\(secret)\"", with: "\"\(secret)\\ufeff\""),
            section.replacing("\"\(secret)\"", with: "\"\\u00e9\(secret)\""),
            section.replacing("\"\(secret)\"", with: "[\"\(secret)\"]"),
            section.replacing("\"\(secret)\"", with: "{\"key\": \"\(secret)\"}"),
            section.replacing("\"\(secret)\"", with: "{\"file\": \"\(file)\"}"),
            section.replacing("\"shop\"", with: "\"shop:\(secret)\""),
            section.replacing("}", with: ", \"nonsense\": \"\(secret)\"}"),
            section.replacing("}", with: ", \"base_url\": \"https://user:\(secret)@x.test\"}"),
            section.replacing("}", with: ", \"base_url\": \"http://\(secret).evil.com\"}"),
            section.replacing("}", with: ", \"base_url\": \"\(secret)\"}"),
            section.replacing("}", with: ", \"\(secret)\(secret)\": 1}"),
            section.replacing("\"\(secret)\"", with: "\"\(secret)"),
            section.replacing("\"environment\": \"", with: "\"environment\": \"\(secret)"),
        ].filter { $0 != section }
        for whole in wholes {
            for text in [
                "{\"\(provider)\": \(whole)}",
                "{\"\(provider)\": \(whole), \"proxy\": \"\(secret)\"}",
            ] {
                let refusal = ConfigurationTests.refusal(text)
                #expect(refusal?.outcome == .invalidConfig, "\(text)")
                #expect(refusal?.message.contains(secret) == false, "\(refusal?.message ?? "")")
            }
        }
        let proxy = ConfigurationTests.refusal("{\"proxy\": \"http://u:\(secret)@p\\n\"}")
        #expect(proxy?.message.contains(secret) == false)
    }

    // MARK: What goes together

    /// Kustom's keys say which environment they are for.
    @Test(arguments: [
        ("live", "kco_live_x", true), ("playground", "kco_test_x", true),
        ("live", "kco_test_x", false), ("playground", "kco_live_x", false),
        ("live", "kco_test_", false), ("playground", "kco_live_", false),
        ("live", "kco_test", true), ("live", "x", true), ("playground", "x", true),
        ("live", "KCO_TEST_x", true), ("live", "xkco_test_x", true),
        ("playground", "kco_liv", true),
    ]) func kustomsEnvironmentMustFitItsKey(_ environment: String, _ key: String, _ fits: Bool) {
        for username in ["", ", \"username\": \"u\""] {
            let refusal = ConfigurationTests.refusal(
                #"{"kustom": {"environment": "\#(environment)", "api_key": "\#(key)""#
                    + username + "}}")
            #expect((refusal == nil) == fits)
            guard let refusal else { continue }
            #expect(refusal.outcome == .invalidConfig)
            #expect(refusal.message.hasPrefix("kustom.environment: expected ") == true)
            #expect(!refusal.message.contains(key) || key.hasSuffix("_"))
        }
    }

    /// Authorization as the providers want it (RFC 7617 and RFC 6750 where they follow them).
    @Test(arguments: [
        (
            "inbank", #"{"base_url": "https://x.test", "api_key": "k-1"}"#,
            "Authorization: Bearer k-1"
        ),
        (
            "kustom", #"{"base_url": "https://x.test", "api_key": "kco_live_1"}"#,
            "Authorization: Basic kco_live_1"
        ),
        (
            "kustom",
            #"{"base_url": "https://x.test", "username": "Aladdin", "api_key": "open sesame"}"#,
            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        ),
        ("dintero", #"{"token": "t.1"}"#, "Authorization: Bearer t.1"),
        (
            "ledyer", #"{"environment": "live", "token": "v4.public.x"}"#,
            "Authorization: Bearer v4.public.x"
        ),
        (
            "dintero", #"{"client_id": "Aladdin", "client_secret": "open sesame"}"#,
            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        ),
        (
            "ledyer",
            #"{"environment": "live", "client_id": "Aladdin", "client_secret": "open sesame"}"#,
            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        ),
    ]) func headersAreTheProviders(_ provider: String, _ section: String, _ line: String) throws {
        let account = try Account.of(provider, section)
        switch account.authorization {
        case .fixed(let header): #expect(header.text == line)
        case .clientCredentials(let header, _, _): #expect(header.text == line)
        }
        // What must not come back out is known as it is sent.
        #expect(account.secrets.contains { line.hasSuffix($0.text) })
    }

    /// Plain http leaves this machine under no name, whichever key it stands under.
    @Test(arguments: [
        "http://localhost.evil.com", "http://127.0.0.1.nip.io", "http://127.0.0.1@evil.com",
        "http://[::2]", "http://0.0.0.0", "ftp://127.0.0.1", "https://x.test?a=b",
        "https://x.test#a", "https://u:p@x.test", "http://127.0.0.1\\r\\nX: 1", "http://x.test",
    ]) func lookAlikesAreRefused(_ address: String) {
        for (path, text) in [
            ("inbank.base_url", "{\"inbank\": {\"base_url\": \"\(address)\", \"api_key\": \"k\"}}"),
            ("kustom.base_url", "{\"kustom\": {\"base_url\": \"\(address)\", \"api_key\": \"k\"}}"),
            ("dintero.base_url", "{\"dintero\": {\"base_url\": \"\(address)\", \"token\": \"t\"}}"),
            (
                "dintero.auth_url",
                #"{"dintero": {"auth_url": "\#(address)", \#(ConfigurationTests.idAndSecret)}}"#
            ),
            (
                "ledyer.auth_url",
                #"{"ledyer": {"base_url": "https://x.test", "auth_url": "\#(address)", "#
                    + ConfigurationTests.idAndSecret + "}}"
            ),
        ] {
            let refusal = ConfigurationTests.refusal(text)
            #expect(refusal?.outcome == .invalidConfig, "\(text)")
            #expect(
                refusal?.message.hasPrefix(path + ": expected ") == true,
                "\(refusal?.message ?? "")")
        }
    }
}
