# SPDX-License-Identifier: MIT
"""Redaction: whatever fails, no byte that comes out contains a secret (key, client secret, token,
proxy password, or a header built of them), and personal data comes out in `session` and `raw` of a
good answer and nowhere else. After close nothing of a secret is left in memory that was ours.

The servers here are the worst there are: they quote the request's Authorization back wherever they
can, and mix it with personal data.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import paysession
import pytest
import trustme
from nginx import TOKEN, Nginx, nginx
from programs import Handle, opened, run
from paysession_sandbox.providers import PROVIDERS
from servers import Connection, Request, Server, reply

__all__ = ["nginx"]
BINDING = Path(paysession.__file__).resolve().parents[1]

# Each found only here, so that finding it anywhere is finding a leak.
KUSTOM_KEY = "kco_test_SECRET-4be09e1f6a"  # says its environment
OF_PROVIDERS = {**{name: f'SECRET-{name}-"\\5be2+</>==' for name in PROVIDERS}, "kustom": KUSTOM_KEY}
INBANK_KEY, LEDYER_SECRET = OF_PROVIDERS["inbank"], OF_PROVIDERS["ledyer"]
READY_TOKEN = "SECRET-ready-token-1b2c3d4e"
PROXY_PASSWORD = "SECRET-proxy-77aa88bb"
GIVEN_TOKEN = "SECRET-given-token.{n}.eyJhbGciOi"  # by the token endpoint, a new one each time
SECRETS = [*OF_PROVIDERS.values(), READY_TOKEN, PROXY_PASSWORD]

# Kustom's key in base64, as is usual.
USERS = {"kustom": {"username": "shop"}}
WITH_TOKENS = [name for name, provider in PROVIDERS.items() if provider.token_path]

PERSONAL = {"first": "Persona-Tove", "last": "Persona-Lindqvist",
            "email": "persona-mail@example.com", "phone": "+46700persona"}


def encoded(secret: str) -> list[str]:
    """The ways in which a secret may hide: as it is, in JSON, in an address, and in base64 with any
    neighbours, whose three alignments are looked for without their uncertain ends."""
    raw = secret.encode()
    found = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1],
             quote(secret, safe="")]
    for shift in range(3):
        # Whole groups that depend on the secret alone.
        aligned = raw[(3 - shift) % 3:]
        aligned = aligned[:len(aligned) // 3 * 3]
        found.append(base64.b64encode(aligned).decode())
        found.append(base64.urlsafe_b64encode(aligned).decode())
    return found


def assert_no_secret(out: bytes, where: str) -> None:
    told = out.decode("utf-8", "surrogateescape")
    for secret in SECRETS:
        for shape in encoded(secret):
            at = told.find(shape)
            assert at < 0, f"{where}: {secret} as {shape}: …{told[max(0, at - 200):at + 100]}…"
    at = told.find("SECRET-")  # a piece of one
    assert at < 0, f"{where}: …{told[max(0, at - 200):at + 200]}…"


def assert_no_personal_data(out: bytes, where: str) -> None:
    told = out.decode("utf-8", "surrogateescape")
    for value in PERSONAL.values():
        assert value not in told, f"{where}: {value} in {told[:2000]}"


def personal_document(name: str, **more: Any) -> dict[str, Any]:
    """Good for every provider at once, and full of what is nobody's business."""
    return {
        **{key: value for provider in PROVIDERS.values() for key, value in provider.paid(name).items()},
        "merchant_data": PERSONAL["email"], "salespersonReference": PERSONAL["last"],
        "customerDetails": {"firstName": PERSONAL["first"], "lastName": PERSONAL["last"],
                            "email": PERSONAL["email"]},
        "customer": {"firstName": PERSONAL["first"], "lastName": PERSONAL["last"],
                     "email": PERSONAL["email"], "phone": PERSONAL["phone"]}, **more}


def quoting(request: Request) -> list[str]:
    """The request's credential, in each way a thoughtless server writes it into its error."""
    header = request.authorization
    scheme, _, credential = header.partition(" ")
    found = [f"not allowed: {header}", credential, f"[{credential}]" * 3, "x" * 1010 + credential,
             f"{credential}{credential}"]
    if scheme == "Basic":
        try:
            found.append("you are " + base64.b64decode(credential).decode())
        except ValueError:
            pass  # Kustom's raw key
    return found


def errors(provider: str, message: str) -> list[dict[str, Any]]:
    """In the provider's shape, and in the others that are read."""
    return [
        {"message": message}, {"title": "Error", "detail": message},
        {"title": message, "errors": [message, {"message": message}]},
        {"error_code": message, "error_messages": [message]},
        {"error": {"code": message, "message": message}}, {"errors": [{"message": message}]},
        {"error": message, "error_description": message}, {"Message": message},
        {"message": [message, message]}, {"code": message},
    ]


class Worst:
    """Answers by the identifier's first word; counts the tokens it gives."""

    def __init__(self) -> None:
        self.tokens = 0
        self.token_mood = "good"

    def __call__(self, connection: Connection, request: Request) -> bytes | None:
        if request.method == "POST":
            return self._token(connection, request)
        name = request.target.rpartition("/")[2]
        word = name.partition("-")[0]
        document = personal_document(name)
        if word.startswith("e"):  # e404-PROVIDER-nth-nth
            _, provider, quote_nth, shape_nth = name.split("-")
            quotes = quoting(request)
            message = quotes[int(quote_nth) % len(quotes)]
            shapes = errors(provider, message)
            body = {**document, **shapes[int(shape_nth) % len(shapes)]}
            return reply(body, int(word[1:]), [("Location", "https://elsewhere.invalid/?"
                         + quote(request.authorization)), ("WWW-Authenticate", message)])
        if word == "html":
            return reply(f"<html>{request.head.decode('latin-1')}</html>".encode(), 502)
        if word == "page":
            return reply(f"<html>{request.head.decode('latin-1')}{PERSONAL}</html>".encode())
        if word == "cut":
            return reply(json.dumps({**document, "quoted": request.authorization}).encode()[:-1])
        if word == "twice":
            whole = json.dumps(document)
            return reply((whole[:-1] + ', "session_id": "' + request.authorization + '"}').encode())
        if word == "long":
            return reply({**document, "pad": [request.authorization] * 40_000})
        if word == "deep":
            return reply(b'{"a":' * 200 + request.authorization.encode() + b"}" * 200)
        if word == "another":
            return reply(personal_document(request.authorization + PERSONAL["last"]))
        if word == "status":
            return reply({**document, "status": PERSONAL["first"] + " " + PERSONAL["last"],
                          "state": PERSONAL["email"], "order_amount": PERSONAL["phone"],
                          "created_at": PERSONAL["email"], "createdAt": PERSONAL["email"]})
        if word == "reset":
            connection.reset()
            return None
        if word == "garbage":
            return b"GARBAGE " + request.head + b"\r\n\r\n"
        if word == "slow":
            connection.say_nothing()
            return None
        return reply(document)

    def _token(self, connection: Connection, request: Request) -> bytes | None:
        self.tokens += 1
        given = GIVEN_TOKEN.replace("{n}", str(self.tokens))
        mood, _, nth = self.token_mood.partition("-")
        whole: dict[str, Any] = {"access_token": given, "expires_in": 3600}
        if mood == "good":
            return reply(whole)
        if mood.startswith("e"):
            quotes = quoting(request)
            shapes = errors("ledyer", quotes[int(nth) % len(quotes)])
            return reply({**whole, **shapes[int(nth) % len(shapes)]}, int(mood[1:]))
        if mood == "cut":
            return reply(json.dumps(whole).encode()[:-2])
        if mood == "twice":
            return reply((json.dumps(whole)[:-1] + f', "access_token": "{given}"}}').encode())
        if mood == "spaced":  # cannot go into a header
            return reply({**whole, "access_token": given + " \r\nX-Bad: 1"})
        if mood == "listed":
            return reply({**whole, "access_token": [given]})
        if mood == "long":
            return reply({**whole, "pad": given * 20_000})
        connection.say_nothing()
        return None


@pytest.fixture
def worst() -> Iterator[tuple[Worst, Server]]:
    mood = Worst()
    with Server(mood) as server:
        yield mood, server


def configuration(server: Server, **more: Any) -> dict[str, Any]:
    base = server.http
    return {
        "timeout_ms": 20_000, "attempts": 2, "max_response_bytes": 200_000,
        **{name: {**provider.section(base, OF_PROVIDERS[name]), **USERS.get(name, {})}
           for name, provider in PROVIDERS.items()},
        **more,
    }


def references(name: str) -> list[str]:
    return [provider.reference(name) for provider in PROVIDERS.values()]


def looked_through(answer: dict[str, Any], where: str, result: str | None = None) -> None:
    """A failure has nothing of anybody's in it; a good answer, personal data in session and raw."""
    if result is not None:
        assert answer["result"] == result, (where, answer)
    out = json.dumps(answer, ensure_ascii=False).encode() + json.dumps(answer).encode()
    assert_no_secret(out, where)
    outside = {key: value for key, value in answer.items()
               if answer["result"] != "ok" or key not in ("session", "raw")}
    assert_no_personal_data(json.dumps(outside, ensure_ascii=False).encode(), where)


def test_the_search_finds_what_it_looks_for() -> None:
    for secret in SECRETS:
        for hidden in (secret, json.dumps(secret), quote(secret),
                       base64.b64encode(f"shop:{secret}".encode()).decode(),
                       base64.b64encode(f"me:{secret}more".encode()).decode()):
            with pytest.raises(AssertionError):
                assert_no_secret(hidden.encode(), "here")
    assert_no_secret(b"nothing of the kind", "here")


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 302])
def test_an_error_that_quotes_the_request(status: int, worst: tuple[Worst, Server]) -> None:
    """Each provider, each quotation, each shape of an error. What is left of the provider's words
    is still there."""
    handle = Handle(configuration(worst[1], attempts=1))
    redacted = 0
    for provider in PROVIDERS:
        for quote_nth in range(6):
            for shape_nth in range(10):
                name = f"e{status}-{provider}-{quote_nth}-{shape_nth}"
                wanted = next(r for r in references(name) if r.startswith(provider))
                answer = handle.get(wanted)
                assert answer["error"]["http_status"] == status
                looked_through(answer, wanted)
                redacted += "[redacted]" in json.dumps(answer)
    looked_through(handle.call("client_report"), "report")
    handle.close()
    assert redacted > 20


def test_a_raw_key_of_kustom(worst: tuple[Worst, Server]) -> None:
    config = configuration(worst[1])
    del config["kustom"]["username"]
    handle = Handle(config)
    for nth in range(60):
        looked_through(handle.get(f"kustom:e403-kustom-{nth % 6}-{nth // 6}"), "raw key")
    handle.close()


def test_a_ready_made_token(worst: tuple[Worst, Server]) -> None:
    config = configuration(worst[1])
    for name in WITH_TOKENS:
        config[name] = PROVIDERS[name].ready(worst[1].http, READY_TOKEN)
    handle = Handle(config)
    for nth in range(60):
        for name in WITH_TOKENS:
            status = 401 if nth % 2 else 403
            wanted = PROVIDERS[name].reference(f"e{status}-{name}-{nth % 6}-{nth // 6}")
            looked_through(handle.get(wanted), "ready token")
    handle.close()


@pytest.mark.parametrize(("word", "result"), [
    ("html", "provider_error"), ("page", "malformed"), ("cut", "malformed"), ("twice", "malformed"),
    ("long", "too_large"), ("deep", "malformed"), ("another", "mismatched"),
    ("reset", "unreachable"), ("garbage", None), ("good", "ok"), ("status", None)])
def test_every_other_way_to_fail(
    word: str, result: str | None, worst: tuple[Worst, Server]
) -> None:
    handle = Handle(configuration(worst[1], attempts=1))
    for wanted in references(f"{word}-x"):
        # Ledyer's and Dintero's documents have no session_id: a key twice is none there.
        looked_through(handle.get(wanted), wanted, result)
    looked_through(handle.call("client_report"), "report")
    handle.close()


@pytest.mark.slow
def test_out_of_time_and_cancelled(worst: tuple[Worst, Server]) -> None:
    import threading

    handle = Handle(configuration(worst[1]))
    for wanted in references("slow-x"):
        looked_through(handle.get(wanted, timeout_ms=150), wanted, "timed_out")
        timer = threading.Timer(0.15, handle.cancel)
        timer.start()
        looked_through(handle.get(wanted), wanted, "aborted")
        timer.join()
    handle.close()


@pytest.mark.parametrize("mood", [
    *(f"e{status}-{nth}" for status in (400, 401, 403, 500, 418) for nth in range(10)),
    "cut", "twice", "spaced", "listed", "long", "silent"])
def test_a_token_endpoint_that_quotes(mood: str, worst: tuple[Worst, Server]) -> None:
    worst[0].token_mood = mood
    timeout_ms = 200 if mood == "silent" else 9000
    handle = Handle(configuration(worst[1], attempts=1, timeout_ms=timeout_ms))
    for wanted in (PROVIDERS[name].reference("good-x") for name in WITH_TOKENS):
        answer = handle.get(wanted)
        assert answer["result"] != "ok"
        looked_through(answer, f"{mood} {wanted}")
    looked_through(handle.call("client_report"), "report")
    handle.close()


def test_a_token_that_was_renewed_is_not_told_either(worst: tuple[Worst, Server]) -> None:
    """401, a new token, 401 again, by a server that remembers the first one and quotes both."""
    seen: list[str] = []

    def answer(connection: Connection, request: Request) -> bytes | None:
        if request.method == "POST":
            return worst[0](connection, request)
        seen.append(request.authorization)
        return reply({"errors": [{"message": "not " + " nor ".join(seen)}]}, 401)

    with Server(answer) as server:
        handle = Handle(configuration(server))
        looked_through(handle.get("ledyer:x"), "renewed", "unauthorized")
        handle.close()
    assert len(set(seen)) == 2


# ---- Configurations, arguments, proxies ----------------------------------------------------------


def wrong_configurations(directory: Path) -> Iterator[Any]:
    whole = {"kustom": {"environment": "playground", "api_key": KUSTOM_KEY},
             "ledyer": {"environment": "sandbox", "client_id": "shop",
                        "client_secret": LEDYER_SECRET},
             "proxy": f"http://shop:{PROXY_PASSWORD}@127.0.0.1:1"}
    spelt = json.dumps(whole)
    for end in range(20, len(spelt), 17):
        yield spelt[:end]
    yield spelt + KUSTOM_KEY
    yield spelt.replace('"api_key": "', '"api_key": "\\x')
    yield spelt.replace('"api_key"', f'"api_key": "{INBANK_KEY}", "api_key"')
    for secret in SECRETS:
        yield {"kustom": {"environment": "live", "api_key": secret}}
        yield {"kustom": {"environment": "playground", "api_key": "kco_live_" + secret}}
        yield {"kustom": {"environment": "playground", "api_key": [secret]}}
        yield {"kustom": {"environment": "playground", "api_key": {"env": secret}}}
        yield {"kustom": {"environment": "playground", "api_key": {"value": secret}}}
        yield {"kustom": {"environment": "playground", "api_key": secret + "\n" + secret}}
        yield {"kustom": {"environment": "playground", "api_key": "\ufeff" + secret}}
        yield {"kustom": {"environment": "playground", "api_key": secret + "\u00a0" + secret}}
        yield {"kustom": {"environment": secret, "api_key": "x"}}
        yield {"kustom": {"base_url": f"https://shop:{secret}@example.com", "api_key": "x"}}
        yield {"kustom": {"base_url": f"http://example.com/?key={quote(secret)}", "api_key": "x"}}
        yield {"ledyer": {"environment": "sandbox", "client_id": secret + ":",
                          "client_secret": "x"}}
        yield {"ledyer": {"environment": "sandbox", "client_id": "x", "client_secret": secret,
                          "token": secret}}
        yield {**whole, "proxy": secret}
        yield {**whole, "proxy": f"ftp://shop:{secret}@127.0.0.1"}
        yield {**whole, "user_agent": secret + "\n"}
        yield {**whole, "timeout_ms": secret}
        yield {**whole, "shared": secret}


def test_a_wrong_configuration(tmp_path: Path) -> None:
    """Including what is a file: its path is named, its content is not."""
    several = list(wrong_configurations(tmp_path))
    file = tmp_path / "secret"
    file.write_text(KUSTOM_KEY + "\nmore\n")
    several.append({"kustom": {"environment": "live", "api_key": {"file": str(file)}}})
    refused = 0
    for config in several:
        answer = opened(config)
        refused += answer["result"] == "invalid_config"
        # A name that is no secret's place may be told: the variable's name, {"env": NAME}, is one.
        told = json.dumps(answer, ensure_ascii=False)
        if isinstance(config, dict) and '"env"' in json.dumps(config):
            continue
        assert_no_secret(told.encode(), json.dumps(config))
    assert refused >= len(several) * 0.9


def test_secrets_from_environment_and_file(
    worst: tuple[Worst, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", INBANK_KEY)
    (tmp_path / "file").write_text(LEDYER_SECRET + "\n")
    config = configuration(worst[1])
    config["inbank"]["api_key"] = {"env": "A_SECRET"}
    config["ledyer"]["client_secret"] = {"file": str(tmp_path / "file")}
    handle = Handle(config)
    for nth in range(60):
        name = f"{nth % 6}-{nth // 6}"
        looked_through(handle.get(f"inbank:shop/e403-inbank-{name}"), "env")
        looked_through(handle.get(f"ledyer:e403-ledyer-{name}"), "file")
    worst[0].token_mood = "e401-5"
    looked_through(Handle(config).get("ledyer:x"), "file", "unauthorized")
    handle.close()


def test_wrong_arguments(worst: tuple[Worst, Server]) -> None:
    """Options hold what a shop knows of its customer's order."""
    handle = Handle(configuration(worst[1]))
    name = PERSONAL["last"]
    for options in ({"expect": {"reference": [name]}}, {"expect": {"currency": name}},
                    {"expect": {"amount": name}}, {"timeout_ms": name}, {"traceparent": name},
                    {"expect": {"reference": name + "\x01"}}):
        answer = handle.get("kustom:x", **options)
        assert_no_personal_data(json.dumps(answer["error"]).encode(), str(options))
        looked_through({**answer, "session": None, "raw": None}, str(options))
    assert handle.get("kustom:x", expect={"reference": name})["session"]["paid"] == "unknown"
    handle.close()


@pytest.mark.parametrize("status", ["407", "403", "502", "garbage", "reset", "nobody"])
def test_a_proxy_that_quotes(status: str) -> None:
    """CONNECT refused, with Proxy-Authorization quoted in the status line, in headers and in the
    body."""
    asked: list[str] = []

    def refuse(connection: Connection, request: Request) -> bytes | None:
        given = ", ".join(request.all("proxy-authorization"))
        asked.append(given)
        # The key is for the far end: the proxy never sees it.
        assert not request.authorization
        if status == "reset":
            connection.reset()
            return None
        if status == "garbage":
            return b"GARBAGE " + given.encode() + b"\r\n\r\n"
        return reply({"message": given, "detail": PROXY_PASSWORD}, f"HTTP/1.1 {status} {given}",
                     [("Proxy-Authenticate", f'Basic realm="{given}"'), ("X-Was", PROXY_PASSWORD)])

    with Server(refuse) as server:
        port = 1 if status == "nobody" else server.port
        handle = Handle({
            "timeout_ms": 5000, "attempts": 1,
            "proxy": f"http://shop:{PROXY_PASSWORD}@127.0.0.1:{port}",
            "kustom": {"base_url": "https://shop.invalid", "api_key": KUSTOM_KEY}})
        answer = handle.get("kustom:x")
        looked_through(answer, status, "malformed" if status == "garbage" else "unreachable")
        looked_through(handle.call("client_report"), "report")
        handle.close()
    if status != "nobody":
        assert base64.b64encode(f"shop:{PROXY_PASSWORD}".encode()).decode() in asked[0]


def test_a_peer_that_cannot_be_trusted(tmp_path: Path) -> None:
    """The name in its certificate is somebody's."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority = trustme.CA(organization_name=PERSONAL["last"])
    certificate = authority.issue_cert("persona-tove.example", common_name=PERSONAL["first"])
    certificate.configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with Server(Worst(), tls=context) as server:
        for trusted in ({"ca_file": str(tmp_path / "ca.pem")}, {}):
            config = configuration(server, attempts=1, proxy="", **trusted)
            config["kustom"]["base_url"] = server.https
            handle = Handle(config)
            answer = handle.get("kustom:x")
            looked_through(answer, "tls", "tls_failed")
            handle.close()


# ---- The process ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_nothing_is_written_anywhere(worst: tuple[Worst, Server], tmp_path: Path) -> None:
    """stdout, stderr, files in the folder, and the Python binding's own words: exceptions with
    their tracebacks, repr() of all there is, and what logging at its most talkative brings up."""
    script = f"""
import json, logging, os, sys, traceback, warnings
logging.basicConfig(level=0)
warnings.simplefilter("always")
sys.path.insert(0, {str(BINDING)!r})
import paysession
config = json.loads(sys.stdin.read())
client = paysession.Client(config)
print(client, repr(client), vars(client))
for provider in {[provider.reference("") for provider in PROVIDERS.values()]!r}:
    for name in ("good-x", "e401-x-0-0", "e404-x-5-1", "e500-x-1-5", "page-x", "cut-x", "another-x",
                 "long-x", "deep-x", "html-x", "reset-x", "garbage-x"):
        try:
            print(repr(client.get(provider + name)))
        except paysession.PaySessionError as error:
            traceback.print_exc()
            print(str(error), repr(error), error.args, repr(error.answer))
print(client.report())
try:
    paysession.Client({{**config, "timeout_ms": -1}})
except paysession.PaySessionError as error:
    traceback.print_exc()
client.close()
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", script], cwd=tmp_path, capture_output=True, timeout=60,
        input=json.dumps(configuration(worst[1], attempts=1)).encode(),
        env={**os.environ, "CURL_DEBUG": "all", "PYTHONDEVMODE": "1"})
    assert done.returncode == 0, done.stderr
    for name, out in (("stdout", done.stdout), ("stderr", done.stderr)):
        assert len(out) > 1000
        assert_no_secret(out, name)
        assert_no_personal_data(out, name)
    assert list(tmp_path.iterdir()) == []


# ---- Memory --------------------------------------------------------------------------------------


def masked(secret: str) -> str:
    return bytes(byte ^ 0xA5 for byte in secret.encode()).hex()


def copies(server: Nginx, directory: Path, how: str, **more: Any) -> dict[str, Any]:
    """What c/memory.c finds of each secret. One that is only ever sent in another form is apart."""
    config = server.config()
    ledyer = config["ledyer"]
    known = {
        "key": config["inbank"]["api_key"], "client_secret": ledyer["client_secret"], "token": TOKEN,
        "basic": base64.b64encode(f"{ledyer['client_id']}:{ledyer['client_secret']}".encode()).decode(),
        "raw_key": config["kustom"]["api_key"]}
    return run("memory", server.write_config(directory, attempts=1, **more), how,
               *[f"{who}={masked(secret)}" for who, secret in known.items()])


@pytest.mark.slow
def test_no_memory_of_ours_keeps_a_secret(nginx: Nginx, tmp_path: Path) -> None:
    """Whatever this library and jansson, on its behalf, give back to malloc has been wiped, and
    what they still hold after the last close has none. The search works: while the client is open
    each secret is found."""
    told = copies(nginx, tmp_path, "wipe")
    for who, found in told.items():
        assert found["after_calls"] >= 1, who
        freed_by = {name.partition(".so")[0] for name in found["freed_by"]}
        assert freed_by.isdisjoint({"libpaysession", "libjansson", "memory"}), (who, found)
        assert found["after_close"] == 0, (who, found)


@pytest.mark.slow
def test_what_others_leave_behind(nginx: Nginx, tmp_path: Path) -> None:
    """libcurl, nghttp2 and OpenSSL do not wipe what they sent and received. That is theirs; here it
    is known, and bounded: memory that malloc has not given to anyone since. A client secret is
    never sent as it is, and leaves nothing."""
    told = copies(nginx, tmp_path, "leave")
    assert told["client_secret"]["after_close"] == 0
    for who, found in told.items():
        assert found["stack"] == found["file"] == 0, (who, found)
        assert found["after_close"] <= 8, (who, found)


@pytest.mark.parametrize(("secret", "token"), [
    ("secretkey123", "secretkey123-REST-OF-IT"), ("secretkey123-REST-OF-IT", "secretkey123")])
@pytest.mark.parametrize("separator", [" ", '"', "", "x"])
def test_a_secret_that_begins_another(secret: str, token: str, separator: str) -> None:
    """The longer one is what stands there: none of its rest is told."""
    quoted = separator.join(["bad token ", token, secret, token, " of yours"])

    def answer(_: Connection, request: Request) -> bytes:
        if request.method == "POST":
            return reply({"access_token": token, "expires_in": 3600})
        return reply({"error_description": quoted}, 403)

    with Server(answer) as server:
        handle = Handle({"timeout_ms": 5000, "ledyer": {
            "base_url": server.http, "auth_url": server.http + "/token", "client_id": "me",
            "client_secret": secret}})
        told = handle.get("ledyer:x")
        handle.close()
    assert told["result"] == "forbidden"
    assert told["error"]["provider_message"] == separator.join(["bad token ", *["[redacted]"] * 3, " of yours"])
    assert "secretkey123" not in json.dumps(told) and "REST-OF-IT" not in json.dumps(told)
