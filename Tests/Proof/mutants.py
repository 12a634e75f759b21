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
SOAK = ("-m", "pytest", "-q", "-x", "Tests/Proof/test_soak.py")


def faults(*names: str) -> tuple[str, ...]:
    return ("-m", "pytest", "-q", "-x", *(f"Tests/Faults/test_{name}.py" for name in names))


OFFLINE = (ATTACK, CASES)


class Mutant(NamedTuple):
    about: str
    file: str
    old: str
    new: str
    tests: tuple[tuple[str, ...], ...] = OFFLINE


SWIFT = "Sources/PaySession/"
VERDICT, DOCUMENT = SWIFT + "Verdict.swift", SWIFT + "JSON/Document.swift"
KUSTOM, INBANK, DINTERO, LEDYER = (f"{SWIFT}Providers/{name}.swift"
                                   for name in ("Kustom", "Inbank", "Dintero", "Ledyer"))
TRANSFER, CALL, BATCH = (f"{SWIFT}Transport/{name}.swift" for name in ("Transfer", "Call", "Batch"))

MUTANTS = [
    # What makes "paid".
    Mutant("unidentified is not held", VERDICT, "if !isIdentified { holds.append(.unidentified) }", ""),
    Mutant("an unreadable amount is not held", VERDICT,
           "if session.amount == nil { holds.append(.amountUnreadable) }", ""),
    Mutant("a provider's reservation is not held", VERDICT,
           "if let reservation = session.reservation { holds.append(reservation) }\n            switch", "switch"),
    Mutant("another amount is not held", VERDICT,
           "case .mismatch: holds.append(.amountMismatch)", "case .mismatch: break"),
    Mutant("an amount that is not provided is not held", VERDICT,
           "case .notProvided: holds.append(.amountNotProvided)", "case .notProvided: break"),
    Mutant("another currency is not held", VERDICT,
           "case .mismatch: holds.append(.currencyMismatch)", "case .mismatch: break"),
    Mutant("a currency that is not provided is not held", VERDICT,
           "case .notProvided: holds.append(.currencyNotProvided)", "case .notProvided: break"),
    Mutant("another reference is not held", VERDICT,
           "case .mismatch: holds.append(.referenceMismatch)", "case .mismatch: break"),
    Mutant("a reference that is not provided is not held", VERDICT,
           "case .notProvided: holds.append(.referenceNotProvided)", "case .notProvided: break"),
    Mutant("holds do not count", VERDICT,
           "paid = holds.isEmpty ? .yes : .unknown", "paid = .yes"),
    Mutant("unknown means not paid", VERDICT, "paid = .unknown\n        }", "paid = .no\n        }"),
    Mutant("another session is accepted", SWIFT + "Judgement.swift", "if isNamed, !isWanted {", "if false {"),
    Mutant("identity by length", SWIFT + "Judgement.swift",
           "if let wanted, sameBytes(identifier, wanted)", "if let wanted, identifier.utf8.count == wanted.utf8.count"),
    # Status rows, and where things are read from.
    Mutant("Kustom: two rows swapped", KUSTOM, '("ACTIVE", .pending)', '("ACTIVE", .completed)'),
    Mutant("Kustom: FINALIZED is forgotten", KUSTOM, '("FINALIZED", .completed),', ""),
    Mutant("Kustom: identified by its order", KUSTOM,
           'identityFields: ["session_id"]', 'identityFields: ["order_id"]'),
    Mutant("Inbank: granted is completed", INBANK, '("granted", .actionRequired)', '("granted", .completed)'),
    Mutant("Inbank: the amount in minor units", INBANK,
           'document.majorUnits("totalAmount", session.currency)',
           '.minorUnits(document.integer("totalAmount"), session.currency)'),
    Mutant("Ledyer: locked is completed", LEDYER, '("locked", .pending)', '("locked", .completed)'),
    Mutant("Ledyer: an advance invoice is paid", LEDYER, "session.reservation = .advanceInvoice", ""),
    Mutant("Dintero: failure is not looked at", DINTERO, 'document.bool("success") == false', "false"),
    Mutant("Dintero: trusted without being told to", DINTERO,
           "rules.trustProcessedAt ? nil : .noPaymentState", "nil"),
    Mutant("Dintero: any processed_at will do", DINTERO,
           'let processedAt = document.timestamp("processed_at")', 'let processedAt = document.text("processed_at")'),
    Mutant("a status by its beginning", SWIFT + "Providers/Provider.swift",
           "where sameBytes(known, word)", "where hasPrefix(word, known)"),
    # Money and time.
    Mutant("fractions of a minor unit are dropped", SWIFT + "Money.swift",
           "guard scale >= 0, scale <= 18 else { return nil }",
           "if scale < 0 { scale = 0 }\n    guard scale <= 18 else { return nil }"),
    Mutant("trailing zeros are lost", SWIFT + "Money.swift", "scale += zeros\n", ""),
    Mutant("a yen has cents", SWIFT + "Money.swift", "(0, \"BIF", "(2, \"BIF"),
    Mutant("offsets the wrong way round", SWIFT + "Timestamp.swift",
           "hour * 60 + minute - offset", "hour * 60 + minute + offset"),
    Mutant("a minute has 61 seconds", SWIFT + "Timestamp.swift", "second <= 59", "second <= 60"),
    # Documents.
    Mutant("a key may stand twice", "Sources/CJansson/shim.h", "JSON_REJECT_DUPLICATES | ", ""),
    Mutant("one level deeper", DOCUMENT, "static let deepest = 128", "static let deepest = 129"),
    Mutant("a NUL is overlooked", DOCUMENT, "throw .notJSON\n        default:", "index += 1\n        default:",
           (faults("http"),)),
    Mutant("keys are the same by their beginning", SWIFT + "JSON/KeyNumbers.swift",
           "known.count == wanted.count else", "known.count <= wanted.count else",
           (("-m", "pytest", "-q", "-x", "Tests/Proof/test_property.py"),)),
    Mutant("a backslash is plain", SWIFT + "JSON/Plain.swift", "| isBackslash ", ""),
    Mutant("what touches runs together", DOCUMENT, "            room[0] = 0x20\n            let length = writeDecimal(count, to: room + 1)\n            room[length + 1] = 0x20\n            return length + 2",
           "            return writeDecimal(count, to: room)",
           (("-m", "pytest", "-q", "-x", "Tests/Proof/test_property.py"), CASES)),
    # References.
    Mutant("an identifier may be a dot segment", SWIFT + "Reference.swift",
           'if sameBytes(identifier, ".") || sameBytes(identifier, "..") {', "if false {", (faults("http", "mixed"),)),
    Mutant("an identifier may hold a slash", SWIFT + "Reference.swift",
           "0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true", "0x61...0x7A, 0x2D...0x2F, 0x5F, 0x7E: true",
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
    Mutant("headers of any length", TRANSFER, "guard headerBytes <= Transfer.mostHeaderBytes else {",
           "guard true else {", (faults("limits"),)),
    Mutant("http for any host", SWIFT + "Transport/Address.swift",
           "guard Address.isLoopback(host) else { return nil }", "", (CONTRACT,)),
    Mutant("a live key for the playground", SWIFT + "Transport/Configuration.swift",
           "guard let prefix = other.keyPrefix else { continue }", "continue\n            let prefix = \"\"",
           (CONTRACT,)),
    Mutant("the deadline does not end a call", CALL, "if now >= deadline {", "if false {",
           (faults("deadline"),)),
    Mutant("nothing is tried again", SWIFT + "Transport/Call.swift",
           "if Retry.isWorthwhile(failure), retries", "if false, retries", (faults("retries"),)),
    Mutant("a refused token is not renewed", CALL, "if status == 401, let token, !hasRenewedToken {",
           "if status == 401, let token, !hasRenewedToken, false {", (faults("tokens"),)),
    Mutant("cancelling does nothing", CALL, "if client.cancellationCount != cancellations {", "if false {",
           (faults("cancel"),)),
    Mutant("credentials come back in messages", SWIFT + "Transport/ErrorBody.swift",
           "if secret.withBytes({ bytes.starts(with: $0) }) { return secret.count }", "", (faults("redaction"),)),
    Mutant("secrets are not wiped", SWIFT + "Platform/Secret.swift",
           "explicit_bzero(memory.value, count + 1)\n        free", "free", (faults("redaction"),)),
    Mutant("answers are never freed", SWIFT + "Exports/AnswerExports.swift",
           "Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(answer)).release()", "_ = answer",
           (faults("threads", "mixed", "host"),)),
    Mutant("a header list is never freed", TRANSFER, "curl_slist_free_all(headerList)\n", "",
           (faults("host", "threads", "mixed"),)),
    Mutant("an epoll set is never closed", SWIFT + "Transport/Loop.swift",
           "if epoll >= 0 { close(epoll) }", "", (SOAK,)),
    Mutant("a batch's timer is never closed", SWIFT + "Transport/Loop.swift",
           "if timer >= 0 { close(timer) }  // it would", "// it would", (SOAK,)),
    Mutant("what wakes a client is never closed", SWIFT + "Transport/Client.swift",
           "        close(wakeDescriptor)\n", "", (SOAK,)),
    Mutant("connections are never closed", SWIFT + "Transport/Sockets.swift",
           "return close(fd)", "return 0", (SOAK,)),
    Mutant("what finds a connection full opens another", BATCH,
           "!Batch.waitsWhenFull && account?.base.isPlain == false", "false", (faults("batch"),)),
    Mutant("HTTP/1 is waited for like HTTP/2", BATCH,
           "if call.cameByHTTP1 { lane.fitsOneConnection = false }", "", (faults("batch"),)),
    Mutant("a batch's handles stay", SWIFT + "Transport/Loop.swift",
           "while idleTransfers.count > 1 { idleTransfers.removeLast() }", "", (faults("batch"),)),
    Mutant("a batch's connections stay", SWIFT + "Transport/Client.swift",
           "loop.connectionCount <= Client.mostIdleConnections", "true", (faults("batch"),)),
    Mutant("a batch reads any number at once", BATCH, "lane.running < options.inFlight && ", "",
           (faults("batch"),)),
    Mutant("a batch keeps no rate", BATCH, "guard let rate = options.requestsPerSecond, requests > 0 else { return }",
           "return\n        let rate: Int64 = 1", (faults("batch"),)),
    Mutant("a child talks on its parent's connections", SWIFT + "Transport/Sockets.swift",
           "func disconnect() -> Bool {", "func disconnect() -> Bool {\n        return true", (faults("fork"),)),
    Mutant("a handle is used again, whatever libcurl left in it", TRANSFER,
           "if beganByHTTP1, hadAnswer, Transfer.remembersHeaders {", "if false {", (faults("http"),)),
    Mutant("handles are used again behind a proxy", SWIFT + "Transport/Loop.swift",
           "if transfer.beganByHTTP1 { hasSeenHTTP1 = true }", "", (faults("proxy"),)),
    Mutant("HTTP/2 is what the status line says", "Sources/CCurl/shim.h",
           "#if LIBCURL_VERSION_NUM >= 0x075400", "#if 0", (faults("http"),)),
    Mutant("freeing an answer waits for a fork", SWIFT + "Exports/AnswerExports.swift",
           "    Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(answer)).release()",
           "    insideGate { Unmanaged<Answer>.fromOpaque(UnsafeRawPointer(answer)).release() }",
           (faults("fork"),)),
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
    for name in ("Makefile", "Package.swift", "README.md", "CHANGELOG.md"):
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
