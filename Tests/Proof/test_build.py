# SPDX-License-Identifier: MIT
"""The build can be repeated, and says what is in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import sbom
from rebuild import PRODUCTS, REPOSITORY, rebuilt

BUILD = REPOSITORY / "build"


@pytest.mark.apart
def test_another_directory_gives_the_same_bytes(tmp_path: Path) -> None:
    for product in rebuilt(tmp_path):
        assert product.sha256 == product.sha256_elsewhere, product


def test_no_path_of_the_machine_is_in_it() -> None:
    for product in PRODUCTS:
        content = (BUILD / product).read_bytes()
        assert str(REPOSITORY).encode() not in content
        assert str(Path.home()).encode() + b"/" not in content


@pytest.mark.slow
def test_the_bill_of_materials(tmp_path: Path) -> None:
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    document = sbom.document(BUILD)
    file = tmp_path / "paysession.spdx.json"
    file.write_text(json.dumps(document))
    assert validate_full_spdx_document(parse_file(str(file))) == []
    assert {package["name"] for package in document["packages"]} == {
        "paysession", "swift", "curl", "jansson", "glibc"}
    # Nothing that the products need is left out.
    for product in PRODUCTS:
        needed = {name for name in sbom.needed(BUILD / product)
                  if not name.startswith(("ld-linux", "libpaysession"))}
        assert needed <= sbom.NEEDS.keys()
    for entry, product in zip(document["files"], PRODUCTS):
        told = {one["algorithm"]: one["checksumValue"] for one in entry["checksums"]}
        assert told["SHA256"] == hashlib.sha256((BUILD / product).read_bytes()).hexdigest()
