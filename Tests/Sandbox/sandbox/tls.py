# SPDX-License-Identifier: MIT
"""Certificates, made at start: nothing secret is kept in the repository, and nothing runs out."""

from __future__ import annotations

from pathlib import Path

import trustme


def write_certificates(directory: Path) -> None:
    """Leaves ca.pem (to trust) and server.pem (key and chain, for this machine's names) there."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    server = authority.issue_cert("localhost", "127.0.0.1", "::1")
    server.private_key_and_cert_chain_pem.write_to_path(str(directory / "server.pem"))
