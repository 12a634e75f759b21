// SPDX-License-Identifier: MIT

/// What is sent: to which address, with which headers, and with a body where it is a POST.
struct Request {
    let address: Address
    /// The secret header line.
    let authorization: Secret
    var headers: [String] = []
    /// Makes it a POST.
    var body: String?
    /// Whatever is asked with this authorization has the same headers, and the authorization
    /// lives as long as the client: they may stay for the next request.
    var hasLastingHeaders = false
    /// Over a connection of its own, by HTTP/1: one that was there before may be gone, and libcurl
    /// would send what it was given over another.
    var isSentOnce = false
    /// What comes back is wiped before its memory is.
    var hasSecretAnswer: Bool { body != nil }
}
