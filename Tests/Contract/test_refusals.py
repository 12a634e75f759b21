# SPDX-License-Identifier: MIT
"""Configurations that would send a key to the wrong place are refused, by the shipped library, with
the name of the key that is wrong.
"""

from __future__ import annotations

from typing import Any

import paysession
import pytest

KEY = "kco_test_0123456789"


def refusal(config: dict[str, Any]) -> str:
    with pytest.raises(paysession.PaySessionError) as caught:
        paysession.Client(config)
    assert caught.value.result is paysession.Result.INVALID_CONFIG
    assert KEY not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("address", [
    "http://api.kustom.co", "http://127.0.0.1.example.org", "http://localhost.example.org",
    "http://128.0.0.1", "http://[::2]", "http://[fe80::1]", "ftp://127.0.0.1", "http://localhost@evil.test",
    "https://user:pass@api.kustom.co", "https://api.kustom.co?x=1", "https://api.kustom.co#x"])
@pytest.mark.parametrize(("provider", "where", "section"), [
    ("kustom", "base_url", {"api_key": KEY}),
    ("ledyer", "auth_url", {"base_url": "https://api.test", "client_id": "i", "client_secret": KEY})])
def test_an_address_that_is_not_safe(
    provider: str, where: str, section: dict[str, Any], address: str) -> None:
    told = refusal({provider: {**section, where: address}})
    assert told.startswith(f"{provider}.{where}: expected an https:// address")


@pytest.mark.parametrize("address", [
    "http://127.0.0.1:1", "http://127.9.9.9", "http://localhost:8080", "http://[::1]/x", "https://api.test"])
def test_an_address_that_is(address: str) -> None:
    paysession.Client({"kustom": {"api_key": KEY, "base_url": address}}).close()


@pytest.mark.parametrize(("environment", "key", "fits"), [
    ("playground", "kco_test_0123456789", True), ("live", "kco_live_0123456789", True),
    ("playground", "kco_live_0123456789", False), ("live", "kco_test_0123456789", False),
    ("live", "another_0123456789", True)])
def test_kustoms_key_says_its_environment(environment: str, key: str, fits: bool) -> None:
    config = {"kustom": {"environment": environment, "api_key": key}}
    if fits:
        paysession.Client(config).close()
    else:
        assert refusal(config).startswith("kustom.environment: expected")
