// SPDX-License-Identifier: MIT

/// Why a request is not taken for the provider's. Where more than one is true, the first that is
/// found.
enum CallbackFlaw: Error, CaseIterable {
    case signatureMissing, signatureMalformed, signatureMismatch
    case timestampMissing, timestampMalformed
    /// These two come after a code that matched: no stranger can bring them about, so that a shop
    /// can raise the alarm on them.
    case tooOld, tooNew
    case repeated

    var word: StaticString {
        switch self {
        case .signatureMissing: "signature_missing"
        case .signatureMalformed: "signature_malformed"
        case .signatureMismatch: "signature_mismatch"
        case .timestampMissing: "timestamp_missing"
        case .timestampMalformed: "timestamp_malformed"
        case .tooOld: "too_old"
        case .tooNew: "too_new"
        case .repeated: "repeated"
        }
    }

    /// Behind "kustom: ". Neither a code nor what was signed is ever in it.
    var sentence: StaticString {
        switch self {
        case .signatureMissing: "the request has no signature that this library knows"
        case .signatureMalformed: "the request's signature does not have the form of one"
        case .signatureMismatch:
            "the request's signature was made with none of the secrets, or of another text"
        case .timestampMissing: "the request does not say when it was signed"
        case .timestampMalformed: "the time at which the request was signed cannot be read"
        case .tooOld: "the request is genuine, and was signed too long ago"
        case .tooNew:
            "the request is genuine, and was signed in the future, by this machine's clock"
        case .repeated:
            "a header or a parameter that may be there once is there more than once"
        }
    }
}
