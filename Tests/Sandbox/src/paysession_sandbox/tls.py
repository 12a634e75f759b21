# SPDX-License-Identifier: MIT
"""Certificates for this machine's names. The authority stays in its folder, so that whoever trusts it does not
have to learn a new one with each start; the server's key is made anew."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme
from cryptography import x509

NAMES = ("localhost", "127.0.0.1", "::1")
#: An authority that ends sooner than this is replaced.
SPARE = timedelta(days=30)


def write_certificates(directory: Path) -> None:
    """Leaves there ca.pem (to trust), ca.key (kept), and server.pem (key and chain)."""
    authority = kept_authority(directory) or new_authority(directory)
    server = authority.issue_cert(*NAMES)
    write_secretly(directory / "server.pem", server.private_key_and_cert_chain_pem.bytes())


def kept_authority(directory: Path) -> trustme.CA | None:
    """The one of an earlier start; None where there is none that will do."""
    try:
        certificate, key = (directory / "ca.pem").read_bytes(), (directory / "ca.key").read_bytes()
        ends = x509.load_pem_x509_certificate(certificate).not_valid_after_utc
        if ends < datetime.now(timezone.utc) + SPARE:
            return None
        return trustme.CA.from_pem(certificate, key)
    except (OSError, ValueError, TypeError):
        return None


def new_authority(directory: Path) -> trustme.CA:
    authority = trustme.CA(organization_name="paysession-sandbox")
    write_secretly(directory / "ca.key", authority.private_key_pem.bytes())
    (directory / "ca.pem").write_bytes(authority.cert_pem.bytes())
    return authority


def write_secretly(path: Path, content: bytes) -> None:
    """For its owner alone, whatever the umask is: the library takes no configuration that others may write."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    os.replace(temporary, path)
