# SPDX-License-Identifier: MIT
"""The software bill of materials of a build, as SPDX 2.3 JSON: python sbom.py BUILD

What is in it is this repository alone, compiled, with the parts of Swift's standard library that it
uses; what it needs at run time is read from the built files. The same build gives the same bytes:
the date is SOURCE_DATE_EPOCH, or that of the last commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]

# What the run-time libraries are, by the name that the loader knows.
NEEDS = {
    "libcurl.so.4": ("curl", "pkg:deb/debian/libcurl4", "curl"),
    "libjansson.so.4": ("jansson", "pkg:deb/debian/libjansson4", "MIT"),
    "libc.so.6": ("glibc", "pkg:deb/debian/libc6", "LGPL-2.1-or-later"),
    "libm.so.6": ("glibc", "pkg:deb/debian/libc6", "LGPL-2.1-or-later"),
}


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY).stdout


def created() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct").strip()
    return datetime.fromtimestamp(int(epoch), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def needed(file: Path) -> set[str]:
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-dW", str(file))))


def package(name: str, version: str, licence: str, **more: Any) -> dict[str, Any]:
    return {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name), "name": name,
        "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": "NOASSERTION", **more,
    }


def document(build: Path) -> dict[str, Any]:
    version = (REPOSITORY / "VERSION").read_text("utf-8").strip()
    files = [build / "lib" / f"libpaysession.so.{version}", build / "bin" / "paysession"]
    swift = re.findall(r"Swift version (\S+)", output("swiftc", "--version"))[0]
    packages = [
        package("paysession", version, "MIT"),
        # Linked in: what is used of Embedded Swift's standard library.
        package("swift", swift, "Apache-2.0 WITH Swift-exception",
                externalRefs=[{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                               "referenceLocator": f"pkg:github/swiftlang/swift@swift-{swift}-RELEASE"}]),
    ]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-paysession"),
                 ("SPDXRef-paysession", "STATIC_LINK", "SPDXRef-swift")]
    known = set()
    for name in sorted(set().union(*(needed(file) for file in files)) & NEEDS.keys()):
        project, purl, licence = NEEDS[name]
        if project in known:
            continue
        known.add(project)
        packages.append(package(project, "NOASSERTION", licence, externalRefs=[
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}]))
        relations.append(("SPDXRef-paysession", "DYNAMIC_LINK", f"SPDXRef-{project}"))
    listed: list[dict[str, Any]] = []
    for file in files:
        content = file.read_bytes()
        identifier = f"SPDXRef-File-{file.name}"
        listed.append({
            "SPDXID": identifier, "fileName": f"./{file.relative_to(build)}", "fileTypes": ["BINARY"],
            "checksums": [{"algorithm": name.upper(), "checksumValue": hashlib.new(name, content).hexdigest()}
                          for name in ("sha1", "sha256")],
            "licenseConcluded": "MIT", "licenseInfoInFiles": ["MIT"], "copyrightText": "NOASSERTION"})
        relations.append((identifier, "GENERATED_FROM", "SPDXRef-paysession"))
    digest = listed[0]["checksums"][1]["checksumValue"]
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"paysession-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/paysession-{version}-{digest}",
        "creationInfo": {"created": created(), "creators": ["Organization: libpaysession"]},
        "packages": packages, "files": listed,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in relations],
    }


if __name__ == "__main__":
    json.dump(document(Path(sys.argv[1])), sys.stdout, indent=2)
    print()
