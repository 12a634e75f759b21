# SPDX-License-Identifier: MIT
"""Shared clients: opening the byte-identical configuration again gives the same client, as long as the
secrets and files that it names are the same too, closing gives back one reference, connections and tokens outlive whoever opened it. Destructors may run in
any order.
"""

from __future__ import annotations

import itertools
import json
import os
from ctypes import byref, c_void_p
from pathlib import Path
from typing import Any

import pytest
from nginx import Nginx, nginx
from programs import RESULTS, Handle, descriptors, interface, opened, run, taken, text
from servers import Authority, Server, as_asked

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


@pytest.mark.slow
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


# ---- The same words, other secrets ---------------------------------------------------------------


def keyed_by(source: str, place: Path, server: Server, **more: Any) -> str:
    where = str(place) if source == "file" else "PAYSESSION_TEST_" + place.name.upper()
    return json.dumps({"shared": True, "timeout_ms": 10_000, **more, "kustom": {
        "base_url": server.http, "api_key": {source: where}}})


def put(source: str, place: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if source == "file":
        place.write_text(key)
    else:
        monkeypatch.setenv("PAYSESSION_TEST_" + place.name.upper(), key)


def visit(config: str) -> None:
    """Opens, reads, closes, as a request of PHP does."""
    handle = Handle(config)
    told = handle.get("kustom:x")
    assert told["result"] == "ok", told
    handle.close()


@pytest.mark.parametrize("source", ["file", "env"])
def test_a_key_that_was_renewed_is_used(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the one before it by whoever has it again, over the connection that it had."""
    place = tmp_path / "key"
    with Server(as_asked) as server:
        config = keyed_by(source, place, server)
        for key in ("kco_test_first", "kco_test_second", "kco_test_second", "kco_test_first"):
            put(source, place, key, monkeypatch)
            visit(config)
        sent = [request.authorization.rpartition(" ")[2] for request in server.requests]
        used = [request.connection for request in server.requests]
    assert sent == ["kco_test_first", "kco_test_second", "kco_test_second", "kco_test_first"]
    assert used == [1, 2, 2, 1]


@pytest.mark.parametrize("source", ["file", "env"])
def test_two_shops_of_one_configuration(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker serves both by turns, and holds both at once."""
    place = tmp_path / "key"
    with Server(as_asked) as server:
        config = keyed_by(source, place, server)
        handles = {}
        for key in ("kco_test_shop_a", "kco_test_shop_b"):
            put(source, place, key, monkeypatch)
            handles[key] = Handle(config), Handle(config)
        (a, a_too), (b, b_too) = handles.values()
        assert a.pointer == a_too.pointer != b.pointer == b_too.pointer
        for key, (handle, same) in [*handles.items()] * 2:
            assert handle.get("kustom:x")["result"] == same.get("kustom:y")["result"] == "ok"
            assert {request.authorization.rpartition(" ")[2]
                    for request in server.requests[-2:]} == {key}
        for handle in (a, a_too, b, b_too):
            handle.close()
        assert server.connections == 2


def test_a_key_that_is_gone_is_not_the_one_of_before(tmp_path: Path) -> None:
    place = tmp_path / "key"
    place.write_text("kco_test_gone")
    with Server(as_asked) as server:
        config = keyed_by("file", place, server)
        visit(config)
        place.unlink()
        assert opened(config)["result"] == "invalid_config"
        place.write_text("")
        assert opened(config)["result"] == "invalid_config"
        place.write_text("kco_test_gone")
        visit(config)
        assert [request.connection for request in server.requests] == [1, 1]


def test_a_path_is_one_from_another_directory(authority: Authority, tmp_path: Path,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    config = json.dumps({"shared": True, "ca_file": "ca.pem"})
    forger = tmp_path / "forger"
    forger.mkdir()
    (tmp_path / "ca.pem").write_bytes(Path(authority.file).read_bytes())
    (forger / "ca.pem").write_bytes(Path(Authority(forger).file).read_bytes())
    handles = []
    for directory in (tmp_path, forger, tmp_path):
        monkeypatch.chdir(directory)
        handles.append(Handle(config))
    assert handles[0].pointer == handles[2].pointer != handles[1].pointer
    for handle in handles:
        handle.close()


@pytest.mark.parametrize("key", ["ca_file", "api_key"])
def test_a_pipe_is_read_once_for_each_client(key: str, authority: Authority) -> None:
    """As `<(pass show kustom)` of a shell gives it: the same number each time, with something else in it."""
    contents = [b"kco_test_first", b"kco_test_second"]
    if key == "ca_file":
        contents = [Path(authority.file).read_bytes() + b"\n" * more for more in range(2)]
    seen, number = [], -1
    for content in [*contents, contents[1]]:
        reading, writing = os.pipe()
        if number < 0:
            number = os.dup(reading)
        os.dup2(reading, number)
        os.write(writing, content)
        os.close(reading)
        os.close(writing)
        section = {"environment": "playground", "api_key": "kco_test_x"}
        named: dict[str, Any] = {"shared": True, "kustom": section}
        if key == "ca_file":
            named[key] = f"/dev/fd/{number}"
        else:
            section[key] = {"file": f"/dev/fd/{number}"}  # type: ignore[assignment]
        seen.append(Handle(json.dumps(named)))
    os.close(number)
    assert seen[0].pointer != seen[1].pointer == seen[2].pointer
    for handle in seen:
        handle.close()


def test_an_authority_that_was_renewed_is_trusted_alone(authority: Authority, tmp_path: Path) -> None:
    trusted = tmp_path / "ca.pem"
    (tmp_path / "forger").mkdir()
    forger = Authority(tmp_path / "forger")
    with Server(as_asked, tls=authority.server()) as server:
        config = json.dumps({"shared": True, "timeout_ms": 10_000, "proxy": "", "ca_file": str(trusted), "kustom": {
            "base_url": server.https, "api_key": "kco_test_x"}})
        trusted.write_bytes(Path(authority.file).read_bytes())
        visit(config)
        trusted.write_bytes(Path(forger.file).read_bytes())
        handle = Handle(config)
        assert handle.get("kustom:x")["result"] == "tls_failed"
        handle.close()
        trusted.unlink()
        assert opened(config)["result"] == "invalid_config"
        assert len(server.requests) == 1
