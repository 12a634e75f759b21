// SPDX-License-Identifier: MIT

/// A session as its provider tells it, in our words. nil is "not told", never a default. Its texts
/// are good while the document is there.
final class Session {
    /// What the document itself says that it is about; not what was asked for.
    var id: DocumentText?
    var status = Status.unknown
    var evidence: Evidence
    /// What the provider says the money is in; known though the amount may be unreadable.
    private(set) var currency: Currency?
    private(set) var amount: Amount?
    /// The amount's digits could be read, whatever the currency.
    private(set) var hasAmountDigits = false
    var taxMinor: Int64?
    var merchantReference: DocumentText?
    /// Other names of the provider's for what belongs to this session.
    var identifiers: [(name: StaticString, value: DocumentText?)] = []
    var createdAt: Timestamp?
    var updatedAt: Timestamp?
    var startedAt: Timestamp?
    var completedAt: Timestamp?
    var expiresAt: Timestamp?
    var locale: DocumentText?
    var country: DocumentText?
    var customer = Customer()
    var paymentMethod = PaymentMethod()
    var items: ValueList<Item>?
    /// What the document itself gives reason to doubt, whatever was expected of it.
    var doubts = Holds()
    /// What is still in doubt once its proof of payment has settled what it can.
    var doubtBehind: Hold?

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
    var value: DocumentText?
    var basis: Basis
}

struct Customer {
    var firstName: DocumentText?
    var lastName: DocumentText?
    var email: DocumentText?
    var phone: DocumentText?
    var company: DocumentText?
}

struct PaymentMethod {
    var type: DocumentText?
    var provider: DocumentText?
    var invoiceChannel: DocumentText?
}

struct Item {
    /// Of a session. Two bytes of a document, {}, are an item, and become a hundred times as many
    /// in the answer; no order is so long.
    static let most = 10_000

    var reference: DocumentText?
    var name: DocumentText?
    var type: DocumentText?
    var quantity: Int64?
    var unitMinor: Int64?
    var totalMinor: Int64?
    var taxMinor: Int64?
    var taxBasisPoints: Int64?
    var discountMinor: Int64?
}
