// SPDX-License-Identifier: MIT
import CCurl

/// What the requests are made with, for whoever looks for a fault: versions, and what is trusted.
struct LibcurlFacts {
    private let facts = ccurl_facts()
    private let configuration: Configuration

    init(_ configuration: Configuration) { self.configuration = configuration }

    func write(to writer: inout Writer) {
        func text(_ start: UnsafePointer<CChar>?) -> String? { start.map { String(cString: $0) } }
        let isOwnTrust = configuration.caFile != nil || configuration.caPath != nil
        writer.object { writer in
            writer.field("libcurl", text(facts?.pointee.version))
            writer.field("tls", text(facts?.pointee.ssl_version))
            writer.key("http2")
            writer.bool(
                ccurl_has_http2(facts) != 0 && Quirks.tellsHTTP2 && configuration.http2 ?? true)
            writer.key("ends_floods")
            writer.bool(Quirks.watchesRecords)
            writer.field(
                "ca_file", isOwnTrust ? configuration.caFile?.path : text(ccurl_ca_file(facts)))
            writer.field(
                "ca_path", isOwnTrust ? configuration.caPath : text(ccurl_ca_path(facts)))
        }
    }
}
