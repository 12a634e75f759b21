# SPDX-License-Identifier: MIT
"""Breaks the library on purpose, once for each line below, and asks whether the tests notice.

    python mutants.py [--only PATTERN] [--json OUT]

Works on a copy of this tree; each break is built as it would ship and goes through the tests that are
there for it. A break that survives is a test that is missing. Exit 1 if one survives.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import record

REPOSITORY = Path(__file__).resolve().parents[2]

# The tests that a break goes through, one after the other until one of them notices.
ATTACK = ("Tests/Proof/attack.py", "--seconds", "4", "--seed", "1")
CASES = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "bindings/python/tests/test_cases.py",
         "-c", "bindings/python/pyproject.toml")
CONTRACT = ("-m", "pytest", "-q", "-x", "Tests/Contract")
ALLOCATIONS = ("-m", "pytest", "-q", "-x", "Tests/Proof/test_allocations.py")
CALLBACKS = ("-m", "pytest", "-q", "-x", "-m", "not slow", *(
    f"Tests/Callbacks/test_callback_{name}.py" for name in ("cases", "misuse", "property")))
SOAK = ("-m", "pytest", "-q", "-x", "Tests/Proof/test_soak.py")


def faults(*names: str) -> tuple[str, ...]:
    return ("-m", "pytest", "-q", "-x", *(f"Tests/Faults/test_{name}.py" for name in names))


OFFLINE = (ATTACK, CASES)
PROOFS = (*OFFLINE, faults("payment_proofs"))
OF_PROOFS = (faults("payment_proofs"),)


class Mutant(NamedTuple):
    about: str
    file: str
    old: str
    new: str
    tests: tuple[tuple[str, ...], ...] = OFFLINE


def row(provider: str, file: str, word: str, state: str, other: str) -> Mutant:
    """A word of what proves payment means something else; a transaction's, something else of the session, too."""
    said = other.strip("(,").replace(".", "").replace(",", " and")
    return Mutant(f"{provider}, proof: {word} is {said}", file, f'("{word}", {state}', f'("{word}", {other}')


SWIFT = "Sources/PaySession/"
VERDICT, DOCUMENT = SWIFT + "Judging/Verdict.swift", SWIFT + "JSON/Document.swift"
KUSTOM, INBANK, DINTERO, LEDYER = (f"{SWIFT}Providers/{name}.swift"
                                   for name in ("Kustom", "Inbank", "Dintero", "Ledyer"))
CALL, HEAD = (f"{SWIFT}Exchange/{name}.swift" for name in ("Call", "ResponseHead"))
TRANSFER, DRIVER, BATCH = (f"{SWIFT}Transport/{name}.swift" for name in ("Transfer", "CallDriver", "Batch"))
CALLBACK, REQUEST, SIGNATURE, ADDRESS = (f"{SWIFT}Callbacks/Callback{name}.swift"
                                          for name in ("", "Request", "Signature", "Address"))
FINDING, JUDGEMENT, TARGET, ASKING, ANSWER = (f"{SWIFT}Judging/{name}.swift" for name in (
    "ProofFinding", "Judgement", "ProofTarget", "Options", "Answer"))
WEBHOOKS, FORM = SWIFT + "Callbacks/StandardWebhooks.swift", SWIFT + "Callbacks/FormParameters.swift"

MUTANTS = [
    # What the shop does next.
    Mutant("a session that is not final frees the stock", VERDICT,
           "session.status.isFinal ? .release : .wait", ".release"),
    Mutant("a final session is waited for", VERDICT,
           "session.status.isFinal ? .release : .wait", ".wait"),
    Mutant("what nothing mends is waited for", VERDICT, "failure.isRetryable ? .wait : .hold", ".wait"),
    Mutant("what time mends is held", VERDICT, "failure.isRetryable ? .wait : .hold", ".hold"),

    # Values for C, and the configuration's file.
    Mutant("a NUL ends a text", SWIFT + "JSON/Escape.swift", "return point != 0", "return true", (CONTRACT,)),
    Mutant("keys are compared as they are escaped", SWIFT + "JSON/JSONText.swift",
           "let escape = Escape(bytes, index)", "let escape = Escape(bytes, 0)", (CONTRACT,)),
    Mutant("a list's elements may be counted from 00", SWIFT + "JSON/JSONText.swift",
           'step.utf8.count == 1 || !hasPrefix(step, "0")', "true", (CONTRACT,)),
    Mutant("a group may write where keys are sent", SWIFT + "Transport/ConfigurationFile.swift",
           "mode & 0o022 != 0", "mode & 0o002 != 0", (CONTRACT,)),
    Mutant("anybody may write where keys are sent", SWIFT + "Transport/Configuration.swift",
           "try file?.refuseOthers()", "", (CONTRACT,)),
    Mutant("a relative home counts", SWIFT + "Transport/ConfigurationFile.swift",
           'variable("XDG_CONFIG_HOME"), hasPrefix(home, "/")', 'variable("XDG_CONFIG_HOME")', (CONTRACT,)),
    Mutant("the first request's time is told", CALL,
           "exchange.askedAt = moment", "if exchange.askedAt == 0 { exchange.askedAt = moment }", (CONTRACT,)),
    Mutant("Retry-After is told in seconds", SWIFT + "Judging/Answer.swift",
           "retryAfter.milliseconds)", "retryAfter.milliseconds / 1000)", (CONTRACT,)),

    # What makes "paid".
    Mutant("unidentified is not held", VERDICT, "if !isIdentified { holds.insert(.unidentified) }", ""),
    Mutant("an unreadable amount is not held", VERDICT,
           "holds.insert(.amountUnreadable)", ""),
    Mutant("what a document gives reason to doubt is not held", VERDICT,
           "var holds = session.doubts", "var holds = Holds()"),
    Mutant("a negative amount is not held", VERDICT,
           "if amount.minor < 0 { holds.insert(.amountNegative) }", "_ = amount"),
    Mutant("zero is negative", VERDICT, "if amount.minor < 0 {", "if amount.minor <= 0 {"),
    Mutant("an amount in no currency is not held", VERDICT,
           "holds.insert(.currencyUnreadable)", ""),
    Mutant("it is the currency's fault, whatever the digits", VERDICT,
           "} else if session.hasAmountDigits, session.currency == nil {", "} else if session.currency == nil {"),
    Mutant("it is never the currency's fault", VERDICT,
           "} else if session.hasAmountDigits, session.currency == nil {", "} else if false {"),
    Mutant("unknown without a hold", VERDICT, "if holds.isEmpty { holds.insert(.statusUnknown) }", ""),
    Mutant("what failed is held", VERDICT, "            holds = Holds()\n            paid = .no",
           "            holds.insert(.unidentified)\n            paid = .no"),
    Mutant("pending is never in doubt", VERDICT,
           "paid = holds.isEmpty ? .no : .unknown", "paid = .no"),
    Mutant("another amount is not held", VERDICT,
           "(amount, .amountMismatch, .amountNotProvided),",
           "(amount == .mismatch ? nil : amount, .amountMismatch, .amountNotProvided),"),
    Mutant("an amount that is not provided is not held", VERDICT,
           "(amount, .amountMismatch, .amountNotProvided),",
           "(amount == .notProvided ? nil : amount, .amountMismatch, .amountNotProvided),"),
    Mutant("another currency is not held", VERDICT,
           "(currency, .currencyMismatch, .currencyNotProvided),",
           "(currency == .mismatch ? nil : currency, .currencyMismatch, .currencyNotProvided),"),
    Mutant("a currency that is not provided is not held", VERDICT,
           "(currency, .currencyMismatch, .currencyNotProvided),",
           "(currency == .notProvided ? nil : currency, .currencyMismatch, .currencyNotProvided),"),
    Mutant("another reference is not held", VERDICT,
           "(reference, .referenceMismatch, .referenceNotProvided),",
           "(reference == .mismatch ? nil : reference, .referenceMismatch, .referenceNotProvided),"),
    Mutant("a reference that is not provided is not held", VERDICT,
           "(reference, .referenceMismatch, .referenceNotProvided),",
           "(reference == .notProvided ? nil : reference, .referenceMismatch, .referenceNotProvided),"),
    Mutant("holds do not count", VERDICT,
           "paid = holds.isEmpty ? .yes : .unknown", "paid = .yes"),
    Mutant("unknown means not paid", VERDICT, "paid = .unknown\n        }", "paid = .no\n        }"),
    Mutant("identifiers are the same in any letter case", SWIFT + "Judging/Reference.swift",
           "guard told.count == 36, wanted.count == 36 else { return false }",
           "guard told.count == wanted.count else { return false }\n"
           "        if told.count != 36 { return zip(told, wanted).allSatisfy { lowerCased($0) == lowerCased($1) } }"),
    Mutant("UUIDs are the same in one letter case only", SWIFT + "Judging/Reference.swift",
           "if !isRight || lowerCased(told[place]) != lowerCased(wanted[place]) {",
           "if !isRight || told[place] != wanted[place] {"),
    Mutant("36 of anything are a UUID", SWIFT + "Judging/Reference.swift", "? told[place] == UInt8(ascii: \"-\") : hexadecimalValue(told[place]) != nil", "? true : true"),
    Mutant("another session is accepted", SWIFT + "Judging/Judgement.swift", "if isNamed, !isWanted {", "if false {"),
    Mutant("identity by length", SWIFT + "Judging/Judgement.swift",
           "isSameIdentifier(identifier, wanted)\n", "identifier.bytes.count == wanted.utf8.count\n"),
    # Status rows, and where things are read from.
    Mutant("Kustom: two rows swapped", KUSTOM, '("ACTIVE", .pending)', '("ACTIVE", .completed)'),
    Mutant("Kustom: FINALIZED is forgotten", KUSTOM, '("FINALIZED", .completed),', ""),
    Mutant("Kustom: identified by its order", KUSTOM,
           'IdentityField(path: "session_id")', 'IdentityField(path: "order_id")'),
    Mutant("Kustom: no text is an amount", KUSTOM, 'document.minorUnits("order_amount")', 'document.integer("order_amount")'),
    Mutant("Kustom: no number is a reference", KUSTOM,
           'document.reference("merchant_reference1")', 'document.exactText("merchant_reference1")'),
    Mutant("Kustom: half an identifier is one", KUSTOM,
           'session.id = document.exactText("session_id")', 'session.id = document.text("session_id")'),
    Mutant("Inbank: granted is completed", INBANK, '("granted", .actionRequired)', '("granted", .completed)'),
    Mutant("Inbank: the amount in minor units", INBANK,
           'majorUnits: document.majorUnits("totalAmount")', 'minorUnits: document.minorUnits("totalAmount")'),
    Mutant("Inbank: purchase as a text is nothing", INBANK,
           'document["purchase"].isObject ? "purchase.purchaseReference" : "purchase"', '"purchase.purchaseReference"'),
    Mutant("Ledyer: locked is completed", LEDYER, '("locked", .pending)', '("locked", .completed)'),
    Mutant("Ledyer: an advance invoice is paid", LEDYER, "session.doubts.insert(.advanceInvoice)", ""),
    Mutant("Ledyer: an advance invoice is a method like any other", LEDYER,
           'if sameBytes(word, "advanceInvoice") {', "if false {"),
    Mutant("Ledyer: an unknown method is paid", LEDYER,
           "if !paidWhenAuthorized.contains(where: { sameBytes(word, $0) }) {", "if false {"),
    Mutant("Ledyer: methods by their beginning", LEDYER,
           "paidWhenAuthorized.contains(where: { sameBytes(word, $0) })", "paidWhenAuthorized.contains(where: { hasPrefix(word.string, $0) })"),
    Mutant("Ledyer: a method that is no object is none", LEDYER,
           "isUnknown = true\n            continue", "continue"),
    Mutant("Ledyer: the method at the top is not looked at", LEDYER,
           'for method in [document["customer.paymentMethod"], document["paymentMethod"]]', 'for method in [document["customer.paymentMethod"]]'),
    Mutant("Ledyer: only the method at the top is looked at", LEDYER,
           'for method in [document["customer.paymentMethod"], document["paymentMethod"]]', 'for method in [document["paymentMethod"]]'),
    Mutant("Ledyer: a customer that cannot be read has no method", LEDYER,
           "var isUnknown = !customer.isSilent && !customer.isObject", "var isUnknown = false\n    _ = customer"),
    Mutant("Ledyer: what is not told is held", LEDYER, "if method.isObject, type.isSilent { continue }", ""),
    Mutant("Dintero: failure is not looked at", DINTERO, "    if success == false {\n", "    if false {\n"),
    Mutant("Dintero: trusted without being told to", DINTERO,
           "if !rules.trustProcessedAt { session.doubts.insert(.noPaymentState) }", ""),
    Mutant("Dintero: any success is one", DINTERO, "session.doubts.insert(.successUnreadable)", ""),
    Mutant("Dintero: success null is doubted", DINTERO,
           'success == nil, !document["success"].isAbsent, !document["success"].isNull', 'success == nil, !document["success"].isAbsent'),
    Mutant("Dintero: what cannot be read is pending", DINTERO,
           'else if document["processed_at"].isSilent {', "else if true {"),
    Mutant("Dintero: an empty time cannot be read", DINTERO,
           'else if document["processed_at"].isSilent {', 'else if document["processed_at"].isAbsent {'),
    Mutant("Dintero: any time is plausible", DINTERO, "session.doubts.insert(.timeImplausible)", ""),
    Mutant("Dintero: the time of creation does not count", DINTERO,
           "guard let createdAt, processed < createdAt.order,", "guard false, let createdAt, processed < createdAt.order,"),
    Mutant("Dintero: a wrong offset is held", DINTERO,
           "return Timestamp.Order(processedDigits.bytes) < Timestamp.Order(createdDigits.bytes)", "_ = (processedDigits, createdDigits)\n    return true"),
    Mutant("Dintero: sentinels are times like any other", DINTERO, "if processed.isSentinel { return true }", ""),
    Mutant("2014 will do", SWIFT + "Values/Timestamp.swift", "2015_00_00_00_00_00..<", "2014_00_00_00_00_00..<"),
    Mutant("2100 will do", SWIFT + "Values/Timestamp.swift", "..<2100_00_00_00_00_00", "..<2101_00_00_00_00_00"),
    Mutant("fractions of a second do not count", SWIFT + "Values/Timestamp.swift",
           "? one.nanoseconds < other.nanoseconds", "? false"),
    Mutant("a status by its beginning", SWIFT + "Providers/Provider.swift",
           "where sameBytes(word, known)", "where hasPrefix(word.string, known)"),
    # Money and time.
    Mutant("fractions of a minor unit are dropped", SWIFT + "JSON/Number.swift",
           "guard scale >= 0, scale <= 18 else { return nil }",
           "if scale < 0 { scale = 0 }\n    guard scale <= 18 else { return nil }"),
    Mutant("trailing zeros are lost", SWIFT + "JSON/Number.swift", "scale += zeros\n", ""),
    Mutant("a yen has cents", SWIFT + "Values/Money.swift", "(0, \"BIF", "(2, \"BIF"),
    Mutant("offsets the wrong way round", SWIFT + "Values/Timestamp.swift",
           "hour * 60 + minute - offset", "hour * 60 + minute + offset"),
    Mutant("a minute has 62 seconds", SWIFT + "Values/Timestamp.swift", "second <= 60", "second <= 61"),
    Mutant("a leap second cannot be read", SWIFT + "Values/Timestamp.swift", "second <= 60", "second <= 59"),
    Mutant("an offset without minutes cannot be read", SWIFT + "Values/Timestamp.swift", "length == 3 || length == 5", "length == 5"),
    Mutant("a whole number is written as an integer", DOCUMENT,
           "return parseInteger(number) ?? scaledDecimal(number, by: 0)", "return parseInteger(number)"),
    Mutant("a text is never an amount in major units", DOCUMENT,
           "return withTextBytes { isPlainDecimal($0) ? $0 : nil } ?? nil", "return nil"),
    Mutant("an amount may have an exponent in quotes", SWIFT + "JSON/Number.swift",
           'byte != UInt8(ascii: "-") || place > 0 {', 'byte != UInt8(ascii: "-") && byte != UInt8(ascii: "e") || byte == UInt8(ascii: "-") && place > 0 {'),
    Mutant("a comma is a point", SWIFT + "JSON/Number.swift", 'byte == UInt8(ascii: "."), digits > 0', 'byte == UInt8(ascii: ".") || byte == UInt8(ascii: ","), digits > 0'),
    Mutant("a reference may be any number", DOCUMENT,
           'isMade(number, of: "09--") else {', "!number.isEmpty else {"),
    Mutant("currencies in upper case only", SWIFT + "Values/Money.swift",
           "upperCased(code[0]), upperCased(code[1]), upperCased(code[2])", "code[0], code[1], code[2]"),
    # Documents.
    Mutant("a byte order mark is a mistake", DOCUMENT,
           'begins(bytes, with: "\\u{FEFF}") ? UnsafeBufferPointer(rebasing: bytes[3...]) : bytes', "bytes"),
    Mutant("half a surrogate pair costs the document", DOCUMENT,
           "? mend(from: start, isKey: isKey) : copy", "? copy(from: start, to: index) : copy"),
    Mutant("what was mended is what was said", DOCUMENT,
           "return has(JSON_STRING) ? DocumentText(Value.bytes(of: node), isPlain: false) : nil",
           "return (has(JSON_STRING) ? node : mendedText).map { DocumentText(Value.bytes(of: $0), isPlain: false) }"),
    Mutant("half a pair in a key is any half", SWIFT + "JSON/Escape.swift",
           "let number = unit & 0x7FF", "let number = unit & 0x400"),
    Mutant("an empty answer is the provider's word", DOCUMENT, "case .empty, .page: true", "case .page: true",
           (CASES, faults("retries"))),
    Mutant("a page is the provider's word", DOCUMENT, "case .empty, .page: true", "case .empty: true",
           (CASES, faults("retries"))),
    Mutant("a key may stand twice", "Sources/CJansson/shim.h", "JSON_REJECT_DUPLICATES | ", ""),
    Mutant("one level deeper", DOCUMENT, "static let deepest = 128", "static let deepest = 129"),
    Mutant("a NUL is overlooked", DOCUMENT, "throw .notJSON\n            default:", "index += 1\n            default:",
           (faults("http"),)),
    Mutant("keys are the same by their beginning", SWIFT + "JSON/KeyNumbers.swift",
           "known.count == wanted.count else", "known.count <= wanted.count else",
           (("-m", "pytest", "-q", "-x", "Tests/Proof/test_property.py"),)),
    Mutant("a backslash is plain", SWIFT + "JSON/Plain.swift", "| isBackslash ", ""),
    Mutant("what touches runs together", DOCUMENT,
           "if start > 0, !parts(bytes[start - 1]) { write(UInt8(ascii: \" \")) }", "",
           (("-m", "pytest", "-q", "-x", "Tests/Proof/test_property.py"), CASES)),
    Mutant("white space parts nothing", DOCUMENT, "if start > 0, index < bytes.count, !isBracketOrSign(bytes[start - 1]),", "if start < 0,"),
    Mutant("a key that stands twice is not noticed", DOCUMENT,
           "if keys.add(number, level: depth - 1) { hasEachKeyOnce = false }", "_ = keys.add(number, level: depth - 1)"),
    Mutant("keys beyond the ninth level stand once", SWIFT + "JSON/KeyNumbers.swift",
           "guard level >= 0, level < KeyNumbers.levels else { return true }",
           "guard level >= 0, level < KeyNumbers.levels else { return false }", (CONTRACT,)),
    Mutant("every text is plain", DOCUMENT, "DocumentText(Value.bytes(of: node), isPlain: false) : nil",
           "DocumentText(Value.bytes(of: node), isPlain: true) : nil"),
    # References.
    Mutant("an identifier may be a dot segment", SWIFT + "Providers/IdentifierPart.swift",
           'if sameBytes(identifier, ".") || sameBytes(identifier, "..") {', "if false {", (faults("http", "mixed"),)),
    Mutant("an identifier may hold a slash", SWIFT + "Providers/IdentifierPart.swift",
           "UInt8(ascii: \"_\"), UInt8(ascii: \"~\"):\n        true", "UInt8(ascii: \"_\"), UInt8(ascii: \"~\"), UInt8(ascii: \"/\"):\n        true",
           (faults("http", "mixed"), CASES)),
    # Transport.
    Mutant("certificates are not verified", TRANSFER,
           "set(CURLOPT_SSL_VERIFYPEER, 1)", "set(CURLOPT_SSL_VERIFYPEER, 0)", (faults("tls"),)),
    Mutant("the certificate's name is not", TRANSFER,
           "set(CURLOPT_SSL_VERIFYHOST, 2)", "set(CURLOPT_SSL_VERIFYHOST, 0)", (faults("tls"),)),
    Mutant("old TLS will do", TRANSFER, "set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))",
           "set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_0)); set(CURLOPT_SSL_CIPHER_LIST, \"DEFAULT@SECLEVEL=0\")",
           (faults("tls"),)),
    Mutant("redirects are followed", TRANSFER, "set(CURLOPT_FOLLOWLOCATION, 0)",
           "set(CURLOPT_FOLLOWLOCATION, 1)", (faults("http", "limits"),)),
    Mutant("a body of any length", TRANSFER, "guard chunk.count <= bodyLimit - body.count else {",
           "guard true else {", (faults("limits"),)),
    Mutant("headers of any length", HEAD, "isTooLong = length > ResponseHead.mostBytes", "isTooLong = false", (faults("limits"),)),
    Mutant("http for any host", SWIFT + "Transport/Address.swift",
           "guard Address.isLoopback(host) else { return nil }", "", (CONTRACT,)),
    Mutant("a live key for the playground", SWIFT + "Transport/Account.swift",
           "guard let prefix = other.keyPrefix else { continue }", "continue\n            let prefix = \"\"",
           (CONTRACT,)),
    Mutant("secrets keep their blanks", SWIFT + "Judging/Settings.swift",
           "let visible = withoutBlanks(bytes.bytes)", "let visible = bytes.bytes", (CONTRACT,)),
    Mutant("secrets may hold what cannot be seen", SWIFT + "Judging/Settings.swift",
           "{ $0 < 0x20 || $0 > 0x7E }", "{ $0 < 0x20 || $0 == 0x7F }", (CONTRACT,)),
    Mutant("any file is a file of certificates", SWIFT + "Transport/Configuration.swift",
           "rest(of: begun, behind: \"END \") != nil", "true", (faults("tls"),)),
    Mutant("a token's life may not be a text", SWIFT + "Exchange/TokenAnswer.swift",
           'root.at("expires_in").integerOrDigits', 'root.at("expires_in").integer', (faults("tokens"),)),
    Mutant("408 is tried once", SWIFT + "Values/Outcome.swift", "httpStatus == 408 || httpStatus == 425", "httpStatus == 425",
           (CASES, faults("retries"))),
    Mutant("425 is tried once", SWIFT + "Values/Outcome.swift", "httpStatus == 408 || httpStatus == 425", "httpStatus == 408",
           (CASES, faults("retries"))),
    Mutant("524 is tried once", SWIFT + "Exchange/Retry.swift", "520, 521, 522, 523, 524: true", "520, 521, 522, 523: true",
           (faults("retries"),)),
    Mutant("a wait ends with what may pass", SWIFT + "Transport/Client.swift",
           "guard answer.isRetryable else { return answer }", "guard answer.outcome != .malformed else { return answer }", (faults("retries"),)),
    Mutant("a proxy's 407 is tried again", SWIFT + "Transport/Breakage.swift",
           "[401, 403, 407].contains(connectStatus)", "[401, 403].contains(connectStatus)", (faults("proxy"),)),
    Mutant("status lines are libcurl's to read", HEAD,
           "flaw = flaw(\n            of: line, mustBeStatusLine: isFirst || hasEnded && isInterim, cameByHTTP2())",
           "flaw = nil\n        hasStatusLine = true", (faults("http"),)),
    Mutant("a status may have four digits", SWIFT + "Exchange/StatusLine.swift",
           'guard isEnd || begins(rest, with: " "),', 'guard isEnd || begins(rest, with: " ") || !rest.isEmpty,', (faults("http"),)),
    Mutant("a tab is a blank", SWIFT + "Exchange/StatusLine.swift",
           'guard isEnd || begins(rest, with: " "),', 'guard isEnd || begins(rest, with: " ") || begins(rest, with: "\\t"),', (faults("http"),)),
    Mutant("statuses beyond 599", SWIFT + "Exchange/StatusLine.swift", "(100...599)", "(100...999)", (faults("http"),)),
    Mutant("no connection is a connection used again", TRANSFER,
           "guard let address, address.pointee != 0 else { return nil }", "guard address != nil else { return nil }", (faults("retries"),)),
    Mutant("a redirect tells more than a host", SWIFT + "Transport/Address.swift",
           'part(url, CURLUPART_PORT).map { sentence("{}:{}", host, $0) } ?? host', 'part(url, CURLUPART_URL) ?? host', (faults("http", "proxy"),)),
    Mutant("the deadline does not end a call", CALL, "if now >= deadline {", "if false {",
           (faults("deadline"),)),
    Mutant("nothing is tried again", CALL,
           "if Retry.isWorthwhile(failure), retries", "if false, retries", (faults("retries"),)),
    Mutant("a refused token is not renewed", CALL, "if status == 401, let token, mayRenewToken {",
           "if status == 401, let token, mayRenewToken, false {", (faults("tokens"),)),
    Mutant("cancelling does nothing", DRIVER, "if state.cancellationCount != cancellations {", "if false {",
           (faults("cancel"),)),
    Mutant("credentials come back in messages", SWIFT + "Exchange/ErrorBody.swift",
           "if secret.withBytes({ bytes.starts(with: $0) }) { longest = secret.count }", "", (faults("redaction"),)),
    Mutant("secrets are not wiped", SWIFT + "Platform/Secret.swift",
           "explicit_bzero(memory.value, count + 1)\n        free", "free", (faults("redaction"),)),
    Mutant("answers are never freed", SWIFT + "Exports/AnswerExports.swift",
           "Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(answer)).release()", "_ = answer",
           (faults("threads", "mixed", "host"),)),
    Mutant("a header list is never freed", TRANSFER, "curl_slist_free_all(headerList)\n", "",
           (faults("host", "threads", "mixed"),)),
    Mutant("an epoll set is never closed", SWIFT + "Transport/Loop.swift",
           "if epoll >= 0 { cplatform_close_epoll(epoll) }\n    }\n\n    /// Nothing has come", "}\n\n    /// Nothing has come", (SOAK,)),
    Mutant("a batch's timer is never closed", SWIFT + "Transport/Loop.swift",
           "if timer >= 0 { cplatform_close_timer(timer) }  // it would", "// it would", (SOAK,)),
    Mutant("what wakes a client is never closed", SWIFT + "Transport/Client.swift",
           "        share = nil\n        state.close()\n", "        share = nil\n", (SOAK,)),
    Mutant("connections are never closed", SWIFT + "Transport/Sockets.swift",
           "return socket.close()", "return 0", (SOAK,)),
    Mutant("what happens on a connection at rest wakes a loop again and again", SWIFT + "Transport/Sockets.swift",
           "socket.isOpen, socket.wanted == 0 else { return true }", "socket.isOpen, socket.wanted == 0, false else { return true }",
           (faults("batch"),)),
    Mutant("what finds a connection full opens another", BATCH,
           "fitsOneConnection: !Batch.waitsWhenFull && loop.asksForHTTP2", "fitsOneConnection: false && loop.asksForHTTP2", (faults("batch"),)),
    Mutant("HTTP/1 is waited for like HTTP/2", BATCH,
           "if driver.call.cameByHTTP1 { lane.fitsOneConnection = false }", "", (faults("batch"),)),
    Mutant("a batch's handles stay", SWIFT + "Transport/Loop.swift",
           "while idleTransfers.count > 1 { idleTransfers.removeLast() }", "", (faults("batch"),)),
    Mutant("a batch's connections stay", SWIFT + "Transport/Client.swift",
           "loop.connectionCount <= Client.mostIdleConnections", "true", (faults("batch"),)),
    Mutant("a batch reads any number at once", BATCH, "lane.running < options.inFlight && ", "",
           (faults("batch"),)),
    Mutant("a batch keeps no rate", BATCH, "guard let rate = options.requestsPerSecond, requests != 0 else { return }",
           "return\n        let rate: Int64 = 1", (faults("batch"),)),
    Mutant("a child talks on its parent's connections", SWIFT + "Transport/Sockets.swift",
           "func disconnect() -> Bool {", "func disconnect() -> Bool {\n        return true", (faults("fork"),)),
    Mutant("a handle is used again, whatever libcurl left in it", TRANSFER,
           "if head.beganByHTTP1, hadAnswer, Quirks.remembersHeaders {", "if false {", (faults("http"),)),
    Mutant("handles are used again behind a proxy", SWIFT + "Transport/Loop.swift",
           "if transfer.head.beganByHTTP1 { hasSeenHTTP1 = true }", "", (faults("proxy"),)),
    Mutant("HTTP/2 is what the status line says", HEAD,
           "hasStatusLine = !beganByHTTP1 || cameByHTTP2()", "hasStatusLine = true", (faults("http"),)),
    Mutant("freeing an answer waits for a fork", SWIFT + "Exports/AnswerExports.swift",
           "    Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(answer)).release()",
           "    insideGate(or: ()) { Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(answer)).release() }",
           (faults("fork"),)),
    # What a provider, the host and others can do to it.
    Mutant("stacked codings are unpacked", TRANSFER,
           "if head.announcesForeignBody, hasSentRequest {", "if false {", (faults("hostile"),)),
    Mutant("a second Content-Encoding is not seen", SWIFT + "Exchange/Codings.swift",
           "hasForeignContent = content != nil || !isKnown", "hasForeignContent = !isKnown", (faults("hostile"),)),
    Mutant("any Transfer-Encoding is chunked", SWIFT + "Exchange/Codings.swift",
           'hasForeignTransfer = transfer != nil || !isWord(value, "chunked")', "hasForeignTransfer = false",
           (faults("hostile"),)),
    Mutant("a refusal in a foreign coding is malformed", TRANSFER,
           "if httpStatus != 200 { return .answered(httpStatus) }", "", (faults("hostile"),)),
    Mutant("TLS records are not counted", SWIFT + "Transport/Quirks.swift",
           "static var watchesRecords: Bool { openSSL.set_callback != nil }", "static var watchesRecords: Bool { false }",
           (faults("hostile"),)),
    Mutant("records that bring nothing may go on to the deadline", SWIFT + "Transport/Patience.swift",
           "return spare > most || isLate", "return isLate", (faults("hostile"),)),
    Mutant("a cancel is not heard in a flood", SWIFT + "Transport/Patience.swift",
           "|| cancellationCount() != cancellations", "", (faults("hostile"),)),
    Mutant("tickets without end", SWIFT + "Transport/Patience.swift",
           "messages > Patience.mostMessages", "messages < 0", (faults("hostile"),)),
    Mutant("a byte is as good as an answer", SWIFT + "Transport/Patience.swift",
           "bytes - Patience.leastGain * gain", "gain == 0 ? bytes : 0", (faults("hostile"),)),
    Mutant("single calls ask for HTTP/2", SWIFT + "Transport/Client.swift",
           "configuration.http2 ?? prefersHTTP2", "configuration.http2 ?? true", (faults("http2"),)),
    Mutant("batches ask for HTTP/1.1", SWIFT + "Transport/Client.swift",
           "configuration.http2 ?? prefersHTTP2", "configuration.http2 ?? false", (faults("http2"),)),
    Mutant("a single call takes a batch's connections", SWIFT + "Transport/Client.swift",
           "idleLoops.lastIndex { $0.asksForHTTP2 == asksForHTTP2 }", "idleLoops.indices.last", (faults("http2"),)),
    Mutant("any number of items", SWIFT + "Judging/Judgement.swift",
           "guard session.items?.count ?? 0 <= Item.most else", "guard true else", (faults("limits"),)),
    Mutant("an answer of any length", CALL,
           "guard answer.jsonLength <= terms.mostAnswerBytes else", "guard true else", (faults("limits"),)),
    Mutant("one room for all providers", BATCH,
           "guard lane.outstanding < Batch.mostWaiting + options.inFlight else",
           "guard lanes.reduce(0, { $0 + $1.outstanding }) < Batch.mostWaiting + options.inFlight else", (faults("batch"),)),
    Mutant("what was taken out still takes room", BATCH, "next.lane.outstanding -= 1", "", (faults("batch"),)),
    Mutant("a wait forgets Retry-After", SWIFT + "Transport/Client.swift",
           "if answer.retryAfter > .zero {", "if false {", (faults("retries"),)),
    Mutant("a shared client's secrets are those of the first", SWIFT + "Transport/Configuration.swift",
           "(one?.secrets ?? []).elementsEqual(other?.secrets ?? []) { $0.isSame(as: $1) }", "true", (faults("shared"),)),
    Mutant("a shared client's certificates are those of the first", SWIFT + "Transport/Configuration.swift",
           "&& one.content.bytes.elementsEqual(other.content.bytes)", "", (faults("shared"),)),
    Mutant("certificates are read with each connection", SWIFT + "Transport/Transfer.swift",
           "if Quirks.takesBytes {", "if false {", (faults("tls"),)),
    Mutant("paths go with the working directory", SWIFT + "Transport/Configuration.swift",
           'if hasPrefix(path, "/") { return path }', "if true { return path }", (faults("tls"),)),
    Mutant("an order vouches for a session", LEDYER, 'path: "orderId", prefix: "or_"', 'path: "orderId"', (CASES,)),
    Mutant("the first secret that fits is taken out", SWIFT + "Exchange/ErrorBody.swift",
           "{ longest = secret.count }", "{ return secret.count }", (faults("redaction"),)),
    Mutant("descriptors are where the host's are", "Sources/CPlatform/descriptors.h",
           "if (fd >= 0 && fd < CPLATFORM_LOWEST) {", "if (0) {", (faults("descriptors"),)),
    Mutant("libcurl's descriptors are where the host's are", SWIFT + "Transport/Loop.swift",
           "let count = cplatform_occupy(file, low.baseAddress)", "let count: Int32 = 0", (faults("descriptors"),)),
    Mutant("a lookup's descriptors are where the host's are", SWIFT + "Transport/Loop.swift",
           "if socket == CURL_SOCKET_TIMEOUT, beginsLookup {", "if false {", (faults("descriptors"),)),
    Mutant("an epoll set that is gone is asked for ever", SWIFT + "Transport/Loop.swift",
           "guard count < 0, cplatform_errno() == EBADF || cplatform_errno() == EINVAL else {", "guard false else {",
           (faults("descriptors"),)),
    Mutant("what the host put in a descriptor's place is closed", "Sources/CPlatform/descriptors.h",
           "if (is_still_ours)\n        return cplatform_close(fd);", "return cplatform_close(fd);", (faults("descriptors"),)),
    Mutant("a fork in the middle of a call waits for it", "Sources/CPlatform/gate.h",
           "|| cplatform_gate_is_inside() || cplatform_gate.is_broken)\n        return;", "|| cplatform_gate.is_broken)\n        return;",
           (faults("signals"),)),
    Mutant("a fork in the middle of a fork waits for it", "Sources/CPlatform/gate.h",
           "if (place >= CPLATFORM_FORKING || cplatform_gate_is_inside()", "if (cplatform_gate_is_inside()", (faults("signals"),)),
    Mutant("a child of a fork in the middle of a call keeps the connections", "Sources/CPlatform/gate.h",
           "    cplatform_disconnect_all();\n}", "}", (faults("signals"),)),
    Mutant("a child of a fork in the middle of a call goes on", "Sources/CPlatform/gate.h",
           "    if (cplatform_gate.is_broken)\n        return 0;\n", "", (faults("signals"),)),
    Mutant("a call in the middle of another waits for it", "Sources/CPlatform/gate.h",
           "    if (cplatform_gate_place())\n        return 0;\n", "", (faults("signals"),)),
    Mutant("a thread is cancelled in the middle of a call", "Sources/CPlatform/gate.h",
           "    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, cancel_state);\n",
           "    *cancel_state = PTHREAD_CANCEL_ENABLE;\n", (faults("signals"),)),
    Mutant("a child of _Fork() is not known", "Sources/CPlatform/gate.h",
           "if (!madvise(memory, page, MADV_WIPEONFORK))", "if (0 && !madvise(memory, page, MADV_WIPEONFORK))",
           (faults("signals", "descriptors"),)),
    # What comes to the shop.
    Mutant("a callback without a signature is a hint, whatever is configured", CALLBACK,
           "return refused(error, scheme)",
           "return error == .signatureMissing ? Callback(.unsigned) : refused(error, scheme)", (CALLBACKS,)),
    Mutant("a callback that nothing vouches for is genuine", CALLBACK,
           "let callback = Callback(.unsigned)", "let callback = Callback(.genuine)", (CALLBACKS,)),
    Mutant("any code of a callback is right", SWIFT + "Hash/HMAC.swift", "return difference == 0",
           "return difference < 255 || true", (CALLBACKS,)),
    Mutant("the last letter of a callback's code does not count", SWIFT + "Hash/HMAC.swift",
           "for place in 0..<expected.count {", "for place in 0..<expected.count - 2 {", (CALLBACKS,)),
    Mutant("only the first bit of a difference between a callback's codes counts", SWIFT + "Hash/HMAC.swift",
           "return difference == 0", "return difference & 1 == 0", (CALLBACKS,)),
    Mutant("an old callback is as good as new", CALLBACK, "if ageMs > toleranceSeconds * 1000 {", "if ageMs > Int64.max - 1 {",
           (CALLBACKS,)),
    Mutant("a callback of the future is as good as any", CALLBACK, "ageMs < -toleranceSeconds * 1000", "ageMs < Int64.min + 1",
           (CALLBACKS,)),
    Mutant("a callback may be a second older than is allowed", CALLBACK, "if ageMs > toleranceSeconds * 1000 {",
           "if ageMs > toleranceSeconds * 1000 + 1000 {", (CALLBACKS,)),
    Mutant("a callback's tolerance is always the usual one", SWIFT + "Transport/CallbackCheck.swift",
           'toleranceSeconds = try settings.integer("tolerance_s", in: 1...900) ?? toleranceSeconds',
           '_ = try settings.integer("tolerance_s", in: 1...900)', (CALLBACKS,)),
    Mutant("a callback that waited is judged as of now", SWIFT + "Transport/CallbackCheck.swift",
           "receivedAt = Timestamp.microseconds(time) ?? receivedAt", "_ = time", (CALLBACKS,)),
    Mutant("a callback that is refused tells what it says", CALLBACK, "callback = refused(.tooOld, scheme)",
           "callback = refused(.tooOld, scheme)\n            callback.mention = try table.read(request, keys.account)",
           (CALLBACKS,)),
    Mutant("only the first secret of callbacks is tried", SIGNATURE, "in secrets.enumerated()", "in secrets.prefix(1).enumerated()",
           (CALLBACKS,)),
    Mutant("only a callback's first code is looked at", SIGNATURE, "for candidate in candidates {",
           "for candidate in candidates.prefix(1) {", (CALLBACKS,)),
    Mutant("the last secret that made a callback's code is told", SIGNATURE, "if isSame, found == nil {", "if isSame {",
           (CALLBACKS,)),
    Mutant("a callback's time may begin with zeros", SIGNATURE, 'text.count == 1 || text.first != UInt8(ascii: "0")', "true",
           (CALLBACKS,)),
    Mutant("a callback's time may have twelve digits", SIGNATURE, "guard text.count <= 11", "guard text.count <= 12", (CALLBACKS,)),
    Mutant("a callback's header may come twice", REQUEST, "if found != nil { throw .repeated }", "", (CALLBACKS,)),
    Mutant("a callback's headers have names in lower case alone", REQUEST,
           "lowerCased(bytes[place]) != name.utf8Start[place]", "bytes[place] != name.utf8Start[place]", (CALLBACKS,)),
    Mutant("a callback may have any number of headers", REQUEST, "guard headers.count <= mostHeaders else", "guard true else",
           (CALLBACKS,)),
    Mutant("a callback may be of any length", SWIFT + "Transport/CallbackCheck.swift",
           "guard length <= CallbackRequest.longest else", "guard true else", (CALLBACKS,)),
    Mutant("a callback's body may be of any length", SWIFT + "Transport/CallbackCheck.swift",
           "guard body.count <= maxResponseBytes else", "guard true else", (CALLBACKS,)),
    Mutant("what is no identifier comes out of a callback", REQUEST,
           'guard let text, IdentifierPart(name: "").flaw(text) == nil else', "guard let text else", (CALLBACKS,)),
    Mutant("a webhook's body is not signed", WEBHOOKS, "body: request.body, candidates",
           "body: UnsafeBufferPointer(start: nil, count: 0), candidates", (CALLBACKS,)),
    Mutant("a webhook's id is not signed", WEBHOOKS, 'for part in [id, ".", time, "."]', 'for part in ["m", ".", time, "."]',
           (CALLBACKS,)),
    Mutant("a webhook's id may have a point in it", WEBHOOKS, 'isMade(id, of: "!-/~")', 'isMade(id, of: "!~")', (CALLBACKS,)),
    Mutant("any version of a webhook's signature will do", WEBHOOKS, 'where begins(item, with: "v1,")', 'where item.count > 3',
           (CALLBACKS,)),
    Mutant("a webhook may have any number of signatures", WEBHOOKS,
           'count(of: UInt8(ascii: " "), in: list) > 15', 'count(of: UInt8(ascii: " "), in: list) > 1500', (CALLBACKS,)),
    Mutant("Dintero: a callback may have any number of parameters", REQUEST, "< mostParameters else", "< Int.max else",
           (CALLBACKS,)),
    Mutant("a webhook's key may be short", WEBHOOKS, "key.count >= 16 ||", "key.count >= 15 ||", (CALLBACKS,)),
    Mutant("a webhook's key may have bits left over", WEBHOOKS,
           "if padding > 0, group & (padding == 1 ? 0xFF : 0xFFFF) != 0 { return false }", "", (CALLBACKS,)),
    Mutant("a webhook's key is not wiped", WEBHOOKS, "let key = Buffer(holdsSecrets: true)", "let key = Buffer()", (CALLBACKS,)),
    Mutant("Dintero: the account is not signed", SWIFT + "Callbacks/DinteroSignature.swift",
           "[time, account, request.method,", '[time, account.isEmpty ? "" : "T12345678", request.method,', (CALLBACKS,)),
    Mutant("Dintero: the method is not signed", SWIFT + "Callbacks/DinteroSignature.swift", "account, request.method, ",
           'account, "GET", ', (CALLBACKS,)),
    Mutant("Dintero: an item of the signature may come twice", SWIFT + "Callbacks/DinteroSignature.swift",
           "if values.count > 1 { throw .repeated }", "", (CALLBACKS,)),
    Mutant("Dintero: hosts are told apart by letter case", ADDRESS, "lower.append(lowerCased(byte))", "lower.append(byte)",
           (CALLBACKS,)),
    Mutant("Dintero: user info is part of a host", ADDRESS, ";;==AZ__", ";;==@Z__", (CALLBACKS,)),
    Mutant("Dintero: no path is no path", ADDRESS, 'if bytes.isEmpty { return "/" }', "", (CALLBACKS,)),
    Mutant("Dintero: parameters stay in their order", FORM, "in sorted.enumerated()", "in all.enumerated()", (CALLBACKS,)),
    Mutant("Dintero: equal names change places", FORM,
           "&& FormParameters.precedes(sorted[right].name, sorted[left].name)",
           "&& !FormParameters.precedes(sorted[left].name, sorted[right].name)", (CALLBACKS,)),
    Mutant("Dintero: parameters are sorted by bytes", FORM, "byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte", "byte",
           (CALLBACKS,)),
    Mutant("Dintero: a blank is written as %20", FORM, 'buffer.append(UInt8(ascii: "+"))', 'buffer.append("%20")', (CALLBACKS,)),
    Mutant("Dintero: one of two parameters is read", FORM, "if found != nil { return nil }", "", (CALLBACKS,)),
    Mutant("Dintero: a callback of another account is genuine", DINTERO, 'guard hasPrefix(identifier, account + ".") else',
           "guard true || account.isEmpty || identifier.isEmpty else", (CALLBACKS,)),
    Mutant("Dintero: an account by its beginning", DINTERO, 'hasPrefix(identifier, account + ".")', "hasPrefix(identifier, account)",
           (CALLBACKS,)),
    Mutant("Kustom: a callback of an order names a session", KUSTOM, 'if let event = mention.event, begins(event, with: "ipp.") {',
           "if mention.session != nil {", (CALLBACKS,)),
    Mutant("Ledyer: a callback of the payments product names a session", LEDYER, 'if begins(session, with: "se_") {',
           "if !session.isEmpty {", (CALLBACKS,)),
    Mutant("Ledyer: a callback's order is whatever it says", LEDYER, ', begins(order, with: "or_") {', " {", (CALLBACKS,)),
    Mutant("Inbank: callbacks are checked by a scheme that nobody has seen", INBANK, "callback: CallbackTable { _, _ in",
           "callback: CallbackTable(scheme: .signedMessage) { _, _ in", (CALLBACKS,)),

    # What proves payment: its words. Those that are good are forgotten, and each other one becomes good.
    row("Inbank", INBANK, "activated", ".captured", ".unknown"),
    row("Inbank", INBANK, "signed", ".pending", ".captured"),
    row("Inbank", INBANK, "unsigned", ".pending", ".captured"),
    row("Kustom", KUSTOM, "AUTHORIZED", ".secured", ".unknown"),
    row("Kustom", KUSTOM, "PART_CAPTURED", ".secured", ".unknown"),
    row("Kustom", KUSTOM, "CAPTURED", ".captured", ".secured"),
    row("Kustom", KUSTOM, "CANCELLED", ".ended", ".secured"),
    row("Kustom", KUSTOM, "EXPIRED", ".ended", ".secured"),
    row("Kustom", KUSTOM, "CLOSED", ".refunded", ".captured"),
    row("Ledyer", LEDYER, "paymentConfirmed", ".secured", ".unknown"),
    row("Ledyer", LEDYER, "orderCaptured", ".captured", ".secured"),
    row("Ledyer", LEDYER, "orderInitiated", ".pending", ".secured"),
    row("Ledyer", LEDYER, "orderPending", ".pending", ".secured"),
    row("Ledyer", LEDYER, "paymentPending", ".pending", ".secured"),
    row("Ledyer", LEDYER, "orderRefunded", ".refunded", ".captured"),
    row("Ledyer", LEDYER, "orderCancelled", ".ended", ".secured"),
    row("Ledyer", LEDYER, "unknown", ".unknown", ".secured"),
    row("Dintero", DINTERO, "AUTHORIZED", "(.secured,", "(.unknown,"),
    row("Dintero", DINTERO, "PARTIALLY_CAPTURED", "(.secured,", "(.captured,"),
    row("Dintero", DINTERO, "CAPTURED", "(.captured,", "(.secured,"),
    row("Dintero", DINTERO, "INITIATED", "(.pending, .pending", "(.secured, .completed"),
    row("Dintero", DINTERO, "ON_HOLD", "(.pending, .pending", "(.secured, .completed"),
    row("Dintero", DINTERO, "DECLINED", "(.ended, .declined", "(.ended, .completed"),
    row("Dintero", DINTERO, "FAILED", "(.ended, .failed", "(.ended, .declined"),
    row("Dintero", DINTERO, "AUTHORIZATION_VOIDED", "(.ended, .cancelled", "(.secured, .completed"),
    row("Dintero", DINTERO, "REFUNDED", "(.refunded,", "(.captured,"),
    row("Dintero", DINTERO, "PARTIALLY_REFUNDED", "(.refunded,", "(.captured,"),
    row("Dintero", DINTERO, "PARTIALLY_CAPTURED_REFUNDED", "(.refunded,", "(.captured,"),
    row("Dintero", DINTERO, "UNKNOWN", "(.unknown, .unknown", "(.secured, .completed"),

    # What makes it one of this session, and of this amount.
    Mutant("proof: pending is good", SWIFT + "Values/Proof.swift", "case .secured, .captured: true\n        case .unknown, .pending,",
           "case .secured, .captured, .pending: true\n        case .unknown,"),
    Mutant("proof: what waits is not held", FINDING, "case .pending: return .proofPending", "case .pending: return nil"),
    Mutant("proof: what was refunded is not held", FINDING, "case .refunded: return .proofRefunded", "case .refunded: return nil"),
    Mutant("proof: what is over is not held", FINDING, "case .ended: return .proofEnded", "case .ended: return nil"),
    Mutant("proof: what nobody understands is not held", FINDING, "case .unknown: return .proofUnknown", "case .unknown: return nil"),
    Mutant("proof: another resource is accepted", FINDING, "!isSameIdentifier(told, wanted) {", "!isSameIdentifier(told, wanted), false {"),
    Mutant("proof: identified by length", FINDING, "!isSameIdentifier(told, wanted) {", "told.bytes.count != wanted.utf8.count {"),
    Mutant("proof: one that says nothing of itself is accepted", FINDING,
           "identity = .notProvided\n                doubts.insert(.unidentified)", "identity = .notProvided"),
    Mutant("proof: what says nothing of itself decides", FINDING, "&& identity != .notProvided && document != nil",
           "&& document != nil"),
    Mutant("proof: another amount is not held", FINDING, "if amount == .mismatch { doubts.insert(.proofAmountMismatch) }", ""),
    Mutant("proof: more than the amount will do", FINDING, "told.minor == paid.minor", "told.minor >= paid.minor"),
    Mutant("proof: less than the amount will do", FINDING, "told.minor == paid.minor", "told.minor <= paid.minor"),
    Mutant("proof: an amount that cannot be read is not held", FINDING, "doubts.insert(.proofAmountUnreadable)", ""),
    Mutant("proof: sums that cannot be read do not count", FINDING, ", !proof.hasUnreadableSum else", " else"),
    Mutant("proof: what was reserved may be any part", FINDING, "&& !proof.fallsShort", ""),
    Mutant("proof: another currency is not held", FINDING, "if currency == .mismatch { doubts.insert(.proofCurrencyMismatch) }", ""),
    Mutant("proof: the currency expected does not count", FINDING,
           "(proof.sessionStatus == nil ? nil : expected?.currency)", "nil"),
    Mutant("proof: another order's is not held", FINDING,
           "if reference != .match { doubts.insert(.proofReferenceMismatch) }", ""),
    Mutant("proof: nobody's is not held", FINDING,
           "if reference != .match { doubts", "if reference == .mismatch { doubts"),
    Mutant("proof: another order's decides", FINDING, "(reference == nil || reference == .match) && identity", "identity"),
    Mutant("proof: the reference's order is not looked at", FINDING, "order.map { sameBytes(told, $0) } ?? false\n                    || ",
           "false || ", PROOFS),
    Mutant("proof: the reference expected is not looked at", FINDING, "|| expected?.reference.map { sameBytes(told, $0) } ?? false", ""),
    Mutant("proof: the order's number confirms the shop's reference", FINDING, "return sameBytes(told, wanted) ? true : nil",
           "return true || sameBytes(told, wanted)", PROOFS),
    Mutant("proof: fraud is not held", FINDING, "if proof.isFraudSuspected { doubts.insert(.proofFraud) }", ""),
    Mutant("proof: a link may be anything", TARGET, 'guard let text = one.value?.string, IdentifierPart(name: "link").flaw(text) == nil',
           "guard let text = one.value?.string"),
    Mutant("proof: what names nothing is accepted", JUDGEMENT, "session.doubts.insert(.proofUnnamed)", ""),
    Mutant("proof: read whatever the session says", TARGET, "guard session.status == .completed else {",
           "guard session.status == .completed || true else {"),
    Mutant("proof: an advance invoice stays one", JUDGEMENT, "                session.doubts.remove(settled)\n                if let", "                if let"),
    Mutant("proof: it settles whatever stands beside an advance invoice", JUDGEMENT,
           "if let behind = session.doubtBehind { session.doubts.insert(behind) }", ""),
    Mutant("proof: any state settles an advance invoice", JUDGEMENT, "if finding.proof.state.isGood {", "if true {"),
    Mutant("Dintero, proof: it settles nothing", JUDGEMENT, "        session.doubts.remove(settled)\n        switch status {",
           "        switch status {"),
    Mutant("Dintero, proof: what came to nothing of another amount was this payment", JUDGEMENT,
           "if finding.amount != .match || !finding.doubts.isEmpty { status = .unknown }", "status = session.status == .unknown ? .unknown : status"),
    Mutant("Dintero, proof: what came to nothing of no known amount was this payment", JUDGEMENT,
           "if finding.amount != .match || !finding.doubts.isEmpty {", "if !finding.doubts.isEmpty {"),
    Mutant("Dintero, proof: the session keeps its evidence", JUDGEMENT, 'field: "proof.status"', 'field: "processed_at"'),
    Mutant("Dintero, proof: the currency is confirmed by nobody", FINDING, "isOfSession && proof.sessionStatus != nil ? proof.amount?.currency : nil", "nil"),
    Mutant("Dintero, proof: another order's confirms the currency", FINDING, "isOfSession && proof.sessionStatus != nil ?", "proof.sessionStatus != nil ?"),
    Mutant("Dintero, proof: events that failed count", DINTERO, "guard success, sameBytes(name, event)", "guard sameBytes(name, event)"),
    Mutant("Inbank, proof: the contract under contract is not seen", INBANK,
           'document["contract"].isObject ? document.part("contract") : document', "document"),
    Mutant("Inbank, proof: terminatedAt is not looked at", INBANK, "if !terminated.isSilent {", "if false {"),
    Mutant("Kustom, proof: a refund is not looked at", KUSTOM, "refunded > 0, state.isGood", "refunded > 1, state.isGood"),
    Mutant("Kustom, proof: a refund comes before a cancellation", KUSTOM, "refunded > 0, state.isGood {", "refunded > 0 {"),
    Mutant("Kustom, proof: a check for fraud comes before a cancellation", KUSTOM, "    if proof.state.isGood {\n        proof.state = .pending",
           "    if true {\n        proof.state = .pending"),
    Mutant("Kustom, proof: what waits for a check is good", KUSTOM, 'guard sameBytes(word, "PENDING") else {',
           'if sameBytes(word, "PENDING") { return }\n    guard sameBytes(word, "PENDING") else {'),
    Mutant("Kustom, proof: fraud that is no text is none", KUSTOM,
           'guard let word = document.exactText("fraud_status") else {\n        proof.isFraudSuspected = true',
           'guard let word = document.exactText("fraud_status") else {'),
    Mutant("Kustom, proof: only the published words are fraud", KUSTOM,
           '        proof.isFraudSuspected = true\n        if !sameBytes(word, "REJECTED")',
           '        proof.isFraudSuspected = sameBytes(word, "REJECTED") || sameBytes(word, "STOPPED")\n        if !sameBytes(word, "REJECTED")'),
    Mutant("Kustom, proof: a sum below zero is none", KUSTOM, "sum >= 0 { return sum }", "true { return sum }"),
    Mutant("Kustom, proof: a sum that cannot be read is none", KUSTOM, "    proof.hasUnreadableSum = true\n", ""),
    Mutant("Kustom, proof: captured alone has to reach the amount", KUSTOM, "            remaining ?? 0)", "            0)"),
    Mutant("Kustom, proof: one less is enough", KUSTOM, "!isTooMuch && reached < total", "!isTooMuch && reached < total - 1"),
    Mutant("Kustom, proof: a sum beyond 64 bits falls short", KUSTOM, "!isTooMuch && reached < total", "isTooMuch || reached < total"),

    # How it is read.
    Mutant("proof: what is not there is a failure", CALL, "case .answered(404) where isAtProof:", "case .answered(404) where false:", OF_PROOFS),
    Mutant("proof: what is not there is no hold", FINDING, "doubts.insert(.proofNotFound)", "", OF_PROOFS),
    Mutant("proof: a failure is told of the session", CALL, 'endpoint: isAtProof ? "proof endpoint" : "session endpoint"',
           'endpoint: "session endpoint"', OF_PROOFS),
    Mutant("proof: its try is told as the session's", CALL, "case .readingProof: step = .proof", "case .readingProof: step = .session", OF_PROOFS),
    Mutant("proof: it has the tries that the session left", CALL, "                retries = 0\n", "", OF_PROOFS),
    Mutant("proof: a token is renewed once for both", CALL, "                mayRenewToken = true\n", "", OF_PROOFS),
    Mutant("proof: what waits is final", ANSWER, "&& finding?.proof.state != .pending", "", OF_PROOFS),
    Mutant("proof: another account's transaction is asked for", ASKING, 'hasPrefix(identifier, account + ".")\n', "!account.isEmpty\n", OF_PROOFS),
    Mutant("proof: an account by its beginning", ASKING, 'hasPrefix(identifier, account + ".")\n', "hasPrefix(identifier, account)\n", OF_PROOFS),
    Mutant("proof: true is nothing", ASKING, 'try settings.bool("proof") == true ? .ofSession : nil',
           'try settings.bool("proof") == nil ? nil : nil', OF_PROOFS),
    Mutant("proof: false is true", ASKING, 'try settings.bool("proof") == true ? .ofSession : nil',
           'try settings.bool("proof") != nil ? .ofSession : nil', OF_PROOFS),
    Mutant("proof: it is read where the sessions are, whatever the configuration says", SWIFT + "Transport/Account.swift",
           "if let given = try address(settings, own.setting) { return given }", "_ = try address(settings, own.setting)", OF_PROOFS),
    Mutant("proof: the rate of a batch does not count it", CALL, "wish == nil ? 1 : 2", "1", OF_PROOFS),
    Mutant("proof: a batch pays for those that are not read", BATCH,
           "pay(max(Int64(driver.call.attempts), 1) - driver.call.mostLegs, lane)", "pay(max(Int64(driver.call.attempts) - driver.call.mostLegs, 0), lane)", OF_PROOFS),
    Mutant("proof: it has a deadline of its own", CALL, "if now >= deadline { return giveUp(at: now) }",
           "if now >= (isAtProof ? deadline.adding(deadline.since(start)) : deadline) { return giveUp(at: now) }", OF_PROOFS),
    Mutant("proof: the report does not count it", CALL, "if judgement.finding != nil { proofOutcome = outcome }", "", OF_PROOFS),
    Mutant("proof: the report does not count those that failed", CALL, "if case .proof = leg { proofOutcome = failure.outcome }", "", OF_PROOFS),
    Mutant("proof: a session that names nothing is read without one", CALL, "case .unnamed: judgement.noteUnnamedProof()", "case .unnamed: break", OF_PROOFS),

    # When memory has run out.
    Mutant("there is no reserve", SWIFT + "Platform/Allocation.swift",
           "block ?? cplatform_reserve_take(size)", "block", (ALLOCATIONS,)),
    Mutant("what there is no memory to read is malformed", DOCUMENT,
           "if cplatform_is_exhausted() != 0 { throw .outOfMemory }", "", (ALLOCATIONS,)),
    Mutant("certificates that were read half are kept", SWIFT + "Transport/Loop.swift",
           "hasFailedTLS = true", "hasFailedTLS = false", (ALLOCATIONS,)),
    Mutant("a client is handed out with a failure", SWIFT + "Exports/Handover.swift",
           "guard answer.outcome == .ok else { throw .outOfMemory }", "", (ALLOCATIONS,)),
    Mutant("connections outlive exec", SWIFT + "Transport/Sockets.swift", " | Int32(bitPattern: SOCK_CLOEXEC.rawValue)", "", (faults("host", "fork"),)),
]


def copied(to: Path) -> Path:
    for name in ("Include", "Sources", "Tests", "bindings", "examples"):
        shutil.copytree(REPOSITORY / name, to / name, symlinks=True,
                        ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
    for name in ("Makefile", "Package.swift", "VERSION", "README.md", "CHANGELOG.md"):
        shutil.copy(REPOSITORY / name, to)
    (to / "build").mkdir()
    (to / "build" / "venv").symlink_to(REPOSITORY / "build" / "venv")
    return to


def built(tree: Path) -> bool:
    done = subprocess.run(["make", "build", "cli"], cwd=tree, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-2000:], file=sys.stderr)
    return done.returncode == 0


def notices(tree: Path, tests: tuple[tuple[str, ...], ...]) -> str | None:
    """The first of the tests that fails; None if all pass."""
    python = str(tree / "build" / "venv" / "bin" / "python")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for arguments in tests:
        try:
            done = subprocess.run([python, *arguments], cwd=tree, env=environment, timeout=400,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return " ".join(arguments) + " (hangs)"
        if done.returncode:
            return " ".join(arguments)
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those whose description has this regular expression in it")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="paysession-mutants-") as directory:
        tree = copied(Path(directory))
        everything = tuple(dict.fromkeys(
            tests for mutant in MUTANTS if re.search(chosen.only, mutant.about) for tests in mutant.tests))
        if not built(tree) or (failing := notices(tree, everything)):
            print("the tests fail on the unbroken library:", failing if built(tree) else "no build")
            return 2
        for mutant in MUTANTS:
            if not re.search(chosen.only, mutant.about):
                continue
            file = tree / mutant.file
            original = file.read_text("utf-8")
            if original.count(mutant.old) < 1:
                print(f"{mutant.about}: the line is not there any more")
                return 2
            begun = time.monotonic()
            file.write_text(original.replace(mutant.old, mutant.new, 1))
            caught = notices(tree, mutant.tests) if built(tree) else "the compiler"
            file.write_text(original)
            results.append({"about": mutant.about, "file": mutant.file, "caught_by": caught,
                            "seconds": round(time.monotonic() - begun, 1)})
            print(f"{'caught  ' if caught else 'SURVIVED'}  {mutant.about}  {caught or ''}", flush=True)
    survivors = [result for result in results if result["caught_by"] is None]
    compiler = [result for result in results if result["caught_by"] == "the compiler"]
    print(f"{len(results)} breaks, {len(survivors)} survived, {len(compiler)} did not compile")
    if chosen.json:
        record.write(chosen.json, results)
    return 1 if survivors or compiler else 0


if __name__ == "__main__":
    sys.exit(main())
