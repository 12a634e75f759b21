// SPDX-License-Identifier: MIT

/// A session as its provider tells it, in our words. nil is "not told", never a default.
final class Session {
    /// What the document itself says that it is about; not what was asked for.
    var id: String?
    var status = Status.unknown
    var evidence: Evidence
    /// What the provider says the money is in; known though the amount may be unreadable.
    private(set) var currency: Currency?
    private(set) var amount: Amount?
    /// The amount's digits could be read, whatever the currency.
    private(set) var hasAmountDigits = false
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
    var items: ValueList<Item>?
    /// What the document itself gives reason to doubt, whatever was expected of it.
    var doubts = Holds()

    init(evidence: Evidence) { self.evidence = evidence }

    func setAmount(minorUnits minor: Int64?, _ currency: Currency?) {
        self.currency = currency
        hasAmountDigits = minor != nil
        amount = .minorUnits(minor, currency)
    }

    func setAmount(majorUnits digits: UnsafeBufferPointer<UInt8>?, _ currency: Currency?) {
        self.currency = currency
        hasAmountDigits = digits != nil
        amount = .majorUnits(digits, currency)
    }

    /// Dintero's order sessions have minor units of no currency.
    func setAmount(minorUnitsOfNoCurrency minor: Int64?) {
        hasAmountDigits = minor != nil
        amount = minor.map { Amount(minor: $0, currency: nil) }
    }
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
    /// Of a session. Two bytes of a document, {}, are an item, and become a hundred times as many in
    /// the answer; no order is so long.
    static let most = 10_000

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
