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
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
VERSION = (REPOSITORY / "VERSION").read_text("utf-8").strip()

# What the run-time libraries are, by the name that the loader knows.
NEEDS = {
    "libcurl.so.4": ("curl", "pkg:deb/debian/libcurl4", "curl"),
    "libjansson.so.4": ("jansson", "pkg:deb/debian/libjansson4", "MIT"),
    "libc.so.6": ("glibc", "pkg:deb/debian/libc6", "LGPL-2.1-or-later"),
    "libm.so.6": ("glibc", "pkg:deb/debian/libc6", "LGPL-2.1-or-later"),
}

# What can be linked in, of Debian's sources.
LICENCES = {"jansson": "MIT", "curl": "curl", "openssl": "Apache-2.0", "nghttp2": "MIT", "zlib": "Zlib"}


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


def reference(name: str, version: str) -> dict[str, Any]:
    return {"externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:{name}@{version}" if version else f"pkg:{name}"}]}


def document(build: Path, contained: Mapping[str, Path] = {}) -> dict[str, Any]:
    """Of that build; `contained`: what is linked into it beside Swift's, by the folder of its Debian source."""
    swift = re.findall(r"Swift version (\S+)", output("swiftc", "--version"))[0]
    # What is used of Embedded Swift's standard library is linked in.
    parts = [package("swift", swift, "Apache-2.0 WITH Swift-exception",
                     **reference("github/swiftlang/swift", f"swift-{swift}-RELEASE"))]
    return bill("paysession", build, [build / "lib" / f"libpaysession.so.{VERSION}", build / "bin" / "paysession"],
                parts, contained)


def bill(name: str, build: Path, files: list[Path], parts: list[dict[str, Any]],
         contained: Mapping[str, Path]) -> dict[str, Any]:
    """Of those files of ours, with what is linked into them and what they need at run time."""
    ours = f"SPDXRef-{name}"
    packages = [package(name, VERSION, "MIT"), *parts]
    for part, source in contained.items():
        told = re.findall(r"^\S+ \((?:\d+:)?([^)-]+)", (source / "debian" / "changelog").read_text("utf-8"))[0]
        packages.append(package(part, told, LICENCES[part], **reference(f"deb/debian/{part}", told)))
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", ours),
                 *((ours, "STATIC_LINK", part["SPDXID"]) for part in packages[1:])]
    known = set(contained)
    for needs in sorted(set().union(*(needed(file) for file in files)) & NEEDS.keys()):
        project, purl, licence = NEEDS[needs]
        if project in known:
            continue
        known.add(project)
        packages.append(package(project, "NOASSERTION", licence, **reference(purl.removeprefix("pkg:"), "")))
        relations.append((ours, "DYNAMIC_LINK", f"SPDXRef-{project}"))
    listed: list[dict[str, Any]] = []
    for file in files:
        content = file.read_bytes()
        identifier = f"SPDXRef-File-{file.name}"
        listed.append({
            "SPDXID": identifier, "fileName": f"./{file.relative_to(build)}", "fileTypes": ["BINARY"],
            "checksums": [{"algorithm": name.upper(), "checksumValue": hashlib.new(name, content).hexdigest()}
                          for name in ("sha1", "sha256")],
            "licenseConcluded": "MIT", "licenseInfoInFiles": ["MIT"], "copyrightText": "NOASSERTION"})
        relations.append((identifier, "GENERATED_FROM", ours))
    digest = listed[0]["checksums"][1]["checksumValue"]
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{name}-{VERSION}",
        "documentNamespace": f"https://spdx.org/spdxdocs/{name}-{VERSION}-{digest}",
        "creationInfo": {"created": created(), "creators": ["Organization: libpaysession"]},
        "packages": packages, "files": listed,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in relations],
    }


if __name__ == "__main__":
    json.dump(document(Path(sys.argv[1])), sys.stdout, indent=2)
    print()
