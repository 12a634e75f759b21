// SPDX-License-Identifier: MIT

/// What came of one request, made once, when it has ended.
struct Response {
    enum Ending {
        /// An answer with this HTTP status.
        case answered(Int)
        case failed(Failure)
    }
    let ending: Ending
    let body: Buffer
    /// How long the provider wants to be left alone (RFC 9110, 10.2.3); zero where it did not say.
    let retryAfter: Span
    /// Of the address that a redirect points to.
    let redirectHost: String?
    /// nil where no answer began.
    let httpStatus: Int?
    let httpVersion: StaticString?
    /// Whether it went over a connection that was there before; nil where it had none.
    let reusedConnection: Bool?
    /// The far end answered by HTTP/1, whatever a proxy before it speaks.
    let cameByHTTP1: Bool
}
