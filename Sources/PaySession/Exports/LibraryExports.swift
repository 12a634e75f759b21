// SPDX-License-Identifier: MIT
import CPaySession

@_cdecl("session_abi_version") @implementation
public func session_abi_version() -> UInt32 { Library.abiVersion }

@_cdecl("session_version") @implementation
public func session_version() -> UnsafePointer<CChar>! { cString(Library.versionText) }

@_cdecl("session_result_name") @implementation
public func session_result_name(_ result: session_result) -> UnsafePointer<CChar>! {
    cString(Outcome(rawValue: result.rawValue)?.word ?? "unknown")
}

@_cdecl("session_status_name") @implementation
public func session_status_name(_ status: session_status) -> UnsafePointer<CChar>! {
    cString(Status(rawValue: status.rawValue)?.word ?? "unknown")
}

@_cdecl("session_paid_name") @implementation
public func session_paid_name(_ paid: session_paid) -> UnsafePointer<CChar>! {
    cString(Paid(rawValue: paid.rawValue)?.word ?? "unknown")
}

@_cdecl("session_decision_name") @implementation
public func session_decision_name(_ decision: session_decision) -> UnsafePointer<CChar>! {
    cString((Decision(rawValue: decision.rawValue) ?? .hold).word)
}

@_cdecl("session_providers") @implementation
public func session_providers() -> UnsafePointer<CChar>! {
    insideGate(or: cString("[]")) {
        UnsafeRawPointer(Provider.catalogue.value.bytes.baseAddress)?
            .assumingMemoryBound(to: CChar.self)
    }
}
