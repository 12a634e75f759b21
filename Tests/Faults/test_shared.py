# SPDX-License-Identifier: MIT
"""Shared clients: opening the byte-identical configuration again gives the same client, closing
gives back one reference, connections and tokens outlive whoever opened it. Destructors may run in
any order.
"""

from __future__ import annotations

import itertools
import json
from ctypes import byref, c_void_p
from pathlib import Path

import pytest
from nginx import Nginx, nginx
from programs import RESULTS, Handle, descriptors, interface, run, taken, text

__all__ = ["nginx"]


def test_the_same_bytes_are_the_same_client(nginx: Nginx) -> None:
    config = json.dumps(nginx.config(shared=True))
    one, same = Handle(config), Handle(config)
    # One byte more, which says nothing: not byte-identical.
    other = Handle(config + " ")
    apart = [Handle(json.dumps(nginx.config())) for _ in range(2)]
    off = [Handle(json.dumps(nginx.config(shared=False))) for _ in range(2)]
    try:
        assert same.pointer == one.pointer
        handles = [one, other, *apart, *off]
        assert len({handle.pointer for handle in handles}) == len(handles)
        # The other one has counts, connections and a key of its own.
        assert one.get("kustom:x")["result"] == "ok"
        assert same.report()["connections"] == {"opened": 1, "requests": 1}
        assert other.report()["connections"] == {"opened": 0, "requests": 0}
    finally:
        for handle in [one, same, other, *apart, *off]:
            handle.close()


def test_a_different_key_is_a_different_client(nginx: Nginx) -> None:
    """As long, and different in the last letter of a secret only."""
    ours = nginx.config(shared=True)
    theirs = {**ours, "kustom": {**ours["kustom"], "api_key": "kco_test_nginy"}}
    one, other = Handle(json.dumps(ours)), Handle(json.dumps(theirs))
    assert one.pointer != other.pointer
    one.close()
    other.close()


def test_closing_gives_back_one_reference(nginx: Nginx) -> None:
    config = json.dumps(nginx.config(shared=True, timeout_ms=9002))
    keeper = Handle(config)
    first = keeper.get("ledyer:x")
    # Requests of PHP come and go: each opens, reads, closes.
    for visit in range(20):
        guest = Handle(config)
        assert guest.pointer == keeper.pointer
        told = guest.get(f"ledyer:visit-{visit}")
        assert told["session"]["id"] == f"visit-{visit}"
        assert told["raw"]["connection"] == first["raw"]["connection"]
        assert told["exchange"]["reused_connection"] and not told["exchange"]["token_refreshed"]
        guest.close()
    report = keeper.report()
    assert report["connections"] == {"opened": 1, "requests": 22}
    assert report["tokens"]["fetched"] == 1 and report["tokens"]["reused"] == 20
    assert report["providers"]["ledyer"]["calls"] == {"ok": 21}
    keeper.close()


def test_it_outlives_its_last_handle(nginx: Nginx) -> None:
    """A worker of PHP serves one request after the other, and nobody holds the client in between."""
    config = json.dumps(nginx.config(shared=True, timeout_ms=9001))
    first = Handle(config)
    told = first.get("ledyer:x")
    first.close()
    for _ in range(3):
        again = Handle(config)
        answer = again.get("ledyer:x")
        assert answer["raw"]["connection"] == told["raw"]["connection"]
        assert answer["exchange"]["reused_connection"] and not answer["exchange"]["token_refreshed"]
        again.close()


def test_sixteen_that_nobody_holds_are_kept(nginx: Nginx) -> None:
    """The one that was not used for longest goes first; what is held is never among them."""
    configs = [json.dumps(nginx.config(shared=True, timeout_ms=5000 + nth)) for nth in range(18)]
    held = Handle(configs[17])
    held.get("kustom:x")
    for config in configs[:17]:
        handle = Handle(config)
        handle.get("kustom:x")
        handle.close()
    opened = []
    for config in [configs[1], configs[16], configs[0]]:
        handle = Handle(config)
        opened.append(handle.report()["connections"]["opened"])
        handle.close()
    assert opened == [1, 1, 0]
    assert held.report()["connections"]["opened"] == 1
    held.close()


def test_a_wrong_configuration_is_not_shared(nginx: Nginx) -> None:
    config = text(json.dumps(nginx.config(shared=True, attempts=99)))
    for _ in range(2):
        client, answer = c_void_p(1), c_void_p()
        result = interface().session_client_open(config, byref(client), byref(answer))
        assert result == RESULTS["invalid_config"] and not client
        assert "attempts" in taken(answer)["error"]["message"]


def test_threads_open_and_close_it(nginx: Nginx, tmp_path: Path) -> None:
    """The program checks every answer, and that nobody's client ends under him."""
    told = run("shared", nginx.write_config(tmp_path, shared=True), 3)
    assert told["opens"] > 200
    # The client stays, with what the program's threads had open at the same time.
    assert told["after"] - told["before"] <= told["threads"] * 4 + 1


@pytest.mark.parametrize("shared", [False, True])
def test_a_batch_keeps_its_closed_client(shared: bool, nginx: Nginx) -> None:
    before = descriptors()
    handle = Handle(json.dumps(nginx.config(shared=shared)))
    batch = handle.batch(in_flight=4)
    for tag in range(20):
        assert batch.add(f"ledyer:b-{tag}", tag) == RESULTS["ok"]
    result, tag, answer = batch.next()
    handle.close()
    seen = {tag: answer["session"]["id"]}
    # It can even be given more to do.
    assert batch.add("kustom:b-20", 20) == RESULTS["ok"]
    while (got := batch.next())[0] != RESULTS["done"]:
        result, tag, answer = got
        assert result == RESULTS["ok"], answer
        seen[tag] = answer["session"]["id"]
    assert seen == {tag: f"b-{tag}" for tag in range(21)}
    batch.close()
    if not shared:  # a shared one stays, with its connections
        assert descriptors() == before


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["client", "batch", "answer", "unread"])))
def test_destructors_in_any_order(order: tuple[str, ...], nginx: Nginx) -> None:
    """An answer, a batch with answers nobody took and calls under way, and their client."""
    before = descriptors()
    handle = Handle(nginx.config())
    batch = handle.batch(in_flight=2)
    for tag in range(8):
        batch.add(f"kustom:d-{tag}", tag)
    answer, unread = c_void_p(), c_void_p()
    library = interface()
    assert library.session_batch_next(batch.pointer, -1, None, byref(answer)) == 0
    assert library.session_get(handle.pointer, b"kustom:d", None, byref(unread)) == 0
    for name in order:
        if name == "client":
            handle.close()
        elif name == "batch":
            batch.close()
        elif name == "answer":
            assert taken(answer)["result"] == "ok"
        else:
            assert taken(unread)["session"]["id"] == "d"
    assert descriptors() == before


def test_destructors_take_null() -> None:
    library = interface()
    for name in ("client_close", "batch_close", "answer_free", "client_cancel"):
        getattr(library, "session_" + name)(None)
