// SPDX-License-Identifier: MIT

/// What the merchant wants to become of a session that waits for it, and what has been done for
/// that: a goal, which is reached but once, so that to say it again is safe.
struct Approval {
    enum Goal {
        case approved, refused

        var word: StaticString {
            switch self {
            case .approved: "approved"
            case .refused: "refused"
            }
        }

        /// The session's, once it is reached.
        var status: Status {
            switch self {
            case .approved: .completed
            case .refused: .cancelled
            }
        }
    }

    let goal: Goal
    /// The request was sent, or may have been.
    var isSent = false
    /// What the provider said to it; nil where that is not known.
    var httpStatus: Int?

    /// A refused request may have been carried out all the same: one whose answer was lost, and one
    /// that was repeated.
    var mayBeDone: Bool {
        guard let httpStatus else { return isSent }
        return httpStatus == 422 || httpStatus >= 500
    }
}
