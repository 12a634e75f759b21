// SPDX-License-Identifier: MIT
import CPaySession
import CPlatform

@_cdecl("session_normalize") @implementation
public func session_normalize(
    _ provider: UnsafePointer<CChar>!, _ provider_json: UnsafePointer<CChar>!,
    _ options: UnsafePointer<CChar>!, _ answer: UnsafeMutablePointer<OpaquePointer?>!
) -> session_result {
    insideGate(answering: answer) {
        handOver(normalized(provider, provider_json, options), answer)
    }
}

@_cdecl("session_status_normalized") @implementation
public func session_status_normalized(
    _ provider: UnsafePointer<CChar>!, _ provider_json: UnsafePointer<CChar>!
) -> session_status {
    insideGate(or: SESSION_STATUS_UNKNOWN) {
        if Memory.isLow { return SESSION_STATUS_UNKNOWN }
        return session_status(normalized(provider, provider_json, nil).status.rawValue)
    }
}

@_cdecl("session_paid_normalized") @implementation
public func session_paid_normalized(
    _ provider: UnsafePointer<CChar>!, _ provider_json: UnsafePointer<CChar>!
) -> session_paid {
    insideGate(or: SESSION_PAID_UNKNOWN) {
        if Memory.isLow { return SESSION_PAID_UNKNOWN }
        return session_paid(normalized(provider, provider_json, nil).paid.rawValue)
    }
}

private func normalized(
    _ provider: UnsafePointer<CChar>?, _ document: UnsafePointer<CChar>?,
    _ options: UnsafePointer<CChar>?
) -> Answer {
    var name: String?
    var addition: Answer.Addition?
    do throws(Failure) {
        let given = try text(provider, "provider")
        guard let provider = Provider.named(given) else {
            throw Failure(
                .invalidArgument, sentence("provider: expected one of {}", Provider.names))
        }
        name = provider.name
        guard let document else { throw missing("provider_json") }
        let options = try Options(options, for: .normalize(provider))
        addition = options.addition
        let bytes = Buffer(
            copying: UnsafeRawBufferPointer(start: document, count: strlen(document)))
        let judgement = try Judgement.of(
            bytes, from: provider, rules: options.rules, wanted: options.id,
            expected: options.expected)
        if let wish = options.proof {
            switch ProofTarget(wish, of: judgement.session, provider.proof) {
            case .none, .named: break
            case .unnamed: judgement.noteUnnamedProof()
            case .given(let document):
                judgement.add(
                    try .of(
                        document, from: provider, link: nil, session: judgement.session,
                        reference: nil, expected: options.expected, drift: judgement.drift))
            }
        }
        return Answer(
            judgement, from: provider, reference: nil, exchange: nil, addition: addition)
    } catch {
        return Answer(error, provider: name, addition: addition)
    }
}
