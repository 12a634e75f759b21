// SPDX-License-Identifier: MIT

/// A session as its provider tells it, in our words. nil is "not told", never a default.
final class Session {
    /// What the document itself says that it is about; not what was asked for.
    var id: String?
    var status = Status.unknown
    var evidence: Evidence
    /// What the provider says the money is in; known though the amount may be unreadable.
    var currency: Currency?
    var amount: Amount?
    var taxMinor: Int64?
    var merchantReference: String?
    /// Other names of the provider's for what belongs to this session.
    var identifiers: [(name: StaticString, value: String?)] = []
    var createdAt: String?
    var updatedAt: String?
    var startedAt: String?
    var completedAt: String?
    var expiresAt: String?
    var locale: String?
    var country: String?
    var customer = Customer()
    var paymentMethod = PaymentMethod()
    /// Good while the document is there.
    var items: Reader.List<Item>?
    /// Why this provider's "completed" does not mean that the goods can be shipped.
    var reservation: Hold?

    init(evidence: Evidence) { self.evidence = evidence }
}

/// What the status was read from.
struct Evidence {
    enum Basis {
        /// A field says so.
        case reported
        /// Concluded from other fields.
        case derived
        /// Nothing to go by.
        case absent

        var word: StaticString {
            switch self {
            case .reported: "reported"
            case .derived: "derived"
            case .absent: "absent"
            }
        }
    }

    var field: StaticString
    var value: String?
    var basis: Basis
}

struct Customer {
    var firstName: String?
    var lastName: String?
    var email: String?
    var phone: String?
    var company: String?
}

struct PaymentMethod {
    var type: String?
    var provider: String?
    var invoiceChannel: String?
}

struct Item {
    var reference: String?
    var name: String?
    var type: String?
    var quantity: Int64?
    var unitMinor: Int64?
    var totalMinor: Int64?
    var taxMinor: Int64?
    var taxBasisPoints: Int64?
    var discountMinor: Int64?
}
