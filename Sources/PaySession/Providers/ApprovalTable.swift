// SPDX-License-Identifier: MIT

/// How a provider is told what the merchant wants to become of a session that waits for it. Where
/// there is one, the configuration has to allow it: `approvals`.
final class ApprovalTable: Sendable {
    /// The requests' paths; {0}, {1}, … as in `ProofTable.path`.
    let approve: String
    let refuse: String
    /// A JSON pointer to what they are about, in an answer.
    let link: String

    static let setting = "approvals"

    init(approve: String, refuse: String, link: String) {
        self.approve = approve
        self.refuse = refuse
        self.link = link
    }
}
