# SPDX-License-Identifier: MIT
"""TLS 1.2 at least, to a peer that is who it says: verification cannot be switched off. A peer that
fails it never sees a request. Own authorities by file and by directory, and a client's own
certificate.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import paysession
import pytest
from asking import apart, ask, keyed, told
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from servers import Authority, Connection, Server, as_asked, kustom, reply

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
VERSION = r"\bversion\b"
WANTED = r"client('s)? certificate|client_certificate|certificate (of|from) (the|this) client"


def self_signed(directory: Path) -> ssl.SSLContext:
    """Right in everything but that nobody vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256()))
    file = directory / "self-signed.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                          serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def peer(kind: str, authority: Authority, directory: Path) -> ssl.SSLContext:
    if kind == "expired":
        return authority.server(not_before=NOW - 9 * DAY, not_after=NOW - DAY)
    if kind == "not yet valid":
        return authority.server(not_before=NOW + DAY, not_after=NOW + 9 * DAY)
    if kind == "wrong host":
        return authority.server("pay.example.com", "localhost", "127.0.0.2")
    if kind == "wrong host, right common name":
        return authority.server("pay.example.com", common_name="127.0.0.1")
    if kind == "unknown authority":
        return Authority(directory).server()
    assert kind == "self-signed"
    return self_signed(directory)


# Each with the word that tells it from the others.
UNTRUSTED = {"expired": "expired", "not yet valid": "not yet valid", "wrong host": r"\bnames?\b",
             "wrong host, right common name": r"\bnames?\b", "unknown authority": "issuer",
             "self-signed": "issuer|self-signed"}


@pytest.mark.parametrize("kind", UNTRUSTED)
def test_a_peer_that_cannot_be_verified(kind: str, authority: Authority, tmp_path: Path) -> None:
    with Server(as_asked, tls=peer(kind, authority, tmp_path)) as server:
        ended = ask(keyed(server.https, ca_file=authority.file), "kustom:x")
        assert ended.result == "tls_failed" and ended.tries == ["tls_failed"]
        assert ended.error["http_status"] is None and ended.error["retryable"] is False
        assert server.connections == 1 and server.requests == []


def told_apart(message: str, wanted: str) -> None:
    """It says this, and nothing of the others."""
    assert re.search(wanted, message), message
    for other in {"expired", "not yet valid", "issuer", VERSION, WANTED} - set(wanted.split("|")):
        assert other == wanted or not re.search(other, message), message


@pytest.mark.parametrize("kind", UNTRUSTED)
def test_why_a_peer_cannot_be_verified(kind: str, authority: Authority, tmp_path: Path) -> None:
    with Server(as_asked, tls=peer(kind, authority, tmp_path)) as server:
        ended = ask(keyed(server.https, ca_file=authority.file), "kustom:x")
        told_apart(ended.error["message"], UNTRUSTED[kind])


@pytest.mark.parametrize("kind", UNTRUSTED)
def test_a_token_endpoint_that_cannot_be_verified(
    kind: str, authority: Authority, tmp_path: Path,
) -> None:
    with Server(as_asked, tls=peer(kind, authority, tmp_path)) as server:
        config = {"ca_file": authority.file, "ledyer": {
            "base_url": server.https, "auth_url": server.https + "/token", "client_id": "a",
            "client_secret": "b"}}
        ended = ask(config, "ledyer:x")
        assert ended.result == "tls_failed" and "token endpoint" in ended.error["message"]
        told_apart(ended.error["message"], UNTRUSTED[kind])
        assert server.connections == 1 and server.requests == []


@pytest.mark.parametrize("switch", ["verify", "insecure", "verify_peer", "ssl_verify"])
def test_there_is_no_switch(switch: str) -> None:
    with pytest.raises(paysession.InvalidConfig, match=switch):
        paysession.Client({switch: False})


def test_one_that_can_be_verified(authority: Authority) -> None:
    """What the others fail by is all that they lack."""
    for names in (("127.0.0.1",), ("pay.example.com", "127.0.0.1")):
        with Server(as_asked, tls=authority.server(*names)) as server:
            assert ask(keyed(server.https, ca_file=authority.file), "kustom:x").paid == "yes"
    with Server(as_asked, tls=authority.server("localhost")) as server:
        config = keyed(f"https://localhost:{server.port}", ca_file=authority.file)
        assert ask(config, "kustom:x").paid == "yes"


# ---- Versions ------------------------------------------------------------------------------------

# What an old machine may have set for all programs: without a bound of the library's own, TLS 1.0
# would do.
PERMISSIVE = """
openssl_conf = begin
[begin]
ssl_conf = settings
[settings]
system_default = old
[old]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""


@pytest.mark.slow
@pytest.mark.parametrize(("version", "result"), [
    (ssl.TLSVersion.TLSv1, "tls_failed"), (ssl.TLSVersion.TLSv1_1, "tls_failed"),
    (ssl.TLSVersion.TLSv1_2, "ok"), (ssl.TLSVersion.TLSv1_3, "ok"),
])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_1_2_at_least(
    version: ssl.TLSVersion, result: str, authority: Authority, tmp_path: Path,
) -> None:
    context = authority.server()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    settings = tmp_path / "openssl.cnf"
    settings.write_text(PERMISSIVE)
    with Server(as_asked, tls=context) as server:
        # A client without that bound does get through.
        client = ssl.create_default_context(cafile=authority.file)
        client.minimum_version = ssl.TLSVersion.TLSv1
        client.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", server.port)) as plain, \
                client.wrap_socket(plain, server_hostname="127.0.0.1") as bare:
            assert bare.version()
        (ended,) = apart(keyed(server.https, ca_file=authority.file), "kustom:x",
                         environment={"OPENSSL_CONF": str(settings)})
        assert ended["result"] == result
        assert len(server.requests) == (1 if result == "ok" else 0)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_a_version_that_is_too_old_is_told(version: ssl.TLSVersion, authority: Authority) -> None:
    context = authority.server()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with Server(as_asked, tls=context) as server:
        ended = ask(keyed(server.https, ca_file=authority.file), "kustom:x")
        assert ended.result == "tls_failed" and ended.tries == ["tls_failed"]
        told_apart(ended.error["message"], VERSION)


# ---- Own authorities -----------------------------------------------------------------------------


def test_an_authority_by_directory(authority: Authority, tmp_path: Path) -> None:
    directory = tmp_path / "trusted"
    directory.mkdir()
    (directory / "ours.pem").write_bytes(Path(authority.file).read_bytes())
    with Server(as_asked, tls=authority.server()) as server:
        # Not found without its hashed name.
        assert ask(keyed(server.https, ca_path=str(directory)), "kustom:x").result == "tls_failed"
        subprocess.run(["openssl", "rehash", str(directory)], check=True)
        assert ask(keyed(server.https, ca_path=str(directory)), "kustom:x").paid == "yes"
        empty = tmp_path / "empty"
        empty.mkdir()
        assert ask(keyed(server.https, ca_path=str(empty)), "kustom:x").result == "tls_failed"


@pytest.mark.parametrize("key", ["ca_file", "ca_path"])
def test_a_relative_path_is_of_the_folder_where_the_client_was_opened(
    key: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon goes to another folder, in which somebody else has an authority under the same name."""
    for name in ("ours", "theirs"):
        (tmp_path / name / "trusted").mkdir(parents=True)
    forger = Authority(tmp_path)
    for name, file in (("ours", authority.file), ("theirs", forger.file)):
        (tmp_path / name / "trusted" / "ca.pem").write_bytes(Path(file).read_bytes())
        subprocess.run(["openssl", "rehash", str(tmp_path / name / "trusted")], check=True)
    path = "trusted/ca.pem" if key == "ca_file" else "trusted"
    with Server(as_asked, tls=authority.server()) as server, \
            Server(as_asked, tls=forger.server()) as forged:
        for place in ("theirs", "."):
            monkeypatch.chdir(tmp_path / "ours")
            with paysession.Client(keyed(server.https, **{key: path})) as client, \
                    paysession.Client(keyed(forged.https, **{key: path})) as deceived:
                monkeypatch.chdir(tmp_path / place)
                assert told(lambda: deceived.get("kustom:x")).result == "tls_failed"  # noqa: B023
                assert told(lambda: client.get("kustom:x")).paid == "yes"  # noqa: B023
        assert forged.requests == []


def test_a_file_of_authorities_is_read_once(authority: Authority, tmp_path: Path) -> None:
    """What is trusted is what was trusted when the client was opened, whatever becomes of the file."""
    file = tmp_path / "trusted.pem"
    (tmp_path / "forger").mkdir()
    forger = Authority(tmp_path / "forger")
    with Server(as_asked, tls=authority.server()) as server, \
            Server(as_asked, tls=forger.server()) as forged:
        file.write_bytes(Path(authority.file).read_bytes())
        for change in (lambda: file.write_bytes(Path(forger.file).read_bytes()), file.unlink):
            file.write_bytes(Path(authority.file).read_bytes())
            with paysession.Client(keyed(server.https, ca_file=str(file))) as client, \
                    paysession.Client(keyed(forged.https, ca_file=str(file))) as deceived:
                change()
                assert told(lambda: deceived.get("kustom:x")).result == "tls_failed"  # noqa: B023
                assert told(lambda: client.get("kustom:x")).paid == "yes"  # noqa: B023
        assert forged.requests == []


def test_a_bundle_of_authorities(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path)
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(Path(other.file).read_bytes() + Path(authority.file).read_bytes())
    for context in (authority.server(), other.server()):
        with Server(as_asked, tls=context) as server:
            assert ask(keyed(server.https, ca_file=str(bundle)), "kustom:x").paid == "yes"


@pytest.mark.slow
def test_own_authorities_stand_instead_of_the_machines(
    authority: Authority, tmp_path: Path,
) -> None:
    """Whoever names a file trusts what is in it, and not every authority that Debian knows besides.

    On a machine, that is in mounts of its own, which trusts our authority.
    """
    if subprocess.run(["unshare", "--map-root-user", "--mount", "true"],
                      capture_output=True).returncode != 0:
        pytest.skip("this machine gives no namespaces")
    machines = tmp_path / "machines"
    machines.mkdir()
    for name in ("ours.pem", "ca-certificates.crt"):
        (machines / name).write_bytes(Path(authority.file).read_bytes())
    subprocess.run(["openssl", "rehash", str(machines)], check=True)
    other_directory = tmp_path / "other"
    other_directory.mkdir()
    other = Authority(other_directory)
    subprocess.run(["openssl", "rehash", str(other_directory)], check=True)
    before = f"""
import ctypes
assert ctypes.CDLL(None).mount({str(machines)!r}.encode(), b"/etc/ssl/certs", None, 4096, None) == 0
"""
    with Server(as_asked, tls=authority.server()) as server:
        for trusted, result in (
            ({}, "ok"), ({"ca_file": other.file}, "tls_failed"),
            ({"ca_path": str(other_directory)}, "tls_failed"),
            ({"ca_file": other.file, "ca_path": str(other_directory)}, "tls_failed"),
        ):
            (ended,) = apart(keyed(server.https, **trusted), "kustom:x", before=before,
                             command=("unshare", "--map-root-user", "--mount"))
            assert ended["result"] == result, sorted(trusted)


@pytest.mark.parametrize("key", ["ca_file", "ca_path", "client_certificate", "client_key"])
def test_files_that_are_not_there_are_told_at_once(key: str, authority: Authority) -> None:
    others = {"client_certificate": authority.file} if key == "client_key" else {}
    with pytest.raises(paysession.InvalidConfig, match=key):
        paysession.Client({**others, key: "/nowhere/at/all.pem"})


@pytest.fixture
def useless(authority: Authority, tmp_path: Path) -> dict[str, str]:
    """Files that hold none of what is looked for in them."""
    certificate, key, _ = authority.client("useless")
    files = {"empty": b"", "blank": b"\n \n", "junk": b"not a certificate",
             "DER": ssl.PEM_cert_to_DER_cert(Path(authority.file).read_text()),
             "beginning": b"-----BEGIN CERTIFICATE-----\n", "request": b"-----BEGIN CERTIFICATE "
             b"REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n", "NUL": bytes(5000)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return {"directory": str(tmp_path), "key": key, "certificate": certificate,
            **{name: str(tmp_path / name) for name in files}}


@pytest.mark.parametrize("kind", [
    "empty", "blank", "junk", "DER", "beginning", "request", "NUL", "directory", "key"])
@pytest.mark.parametrize("setting", ["ca_file", "client_certificate"])
def test_a_file_without_a_certificate_is_told_at_once(
    setting: str, kind: str, useless: dict[str, str],
) -> None:
    with pytest.raises(paysession.InvalidConfig, match=rf"^{setting}\b"):
        paysession.Client({setting: useless[kind]})


@pytest.mark.parametrize("kind", [
    "empty", "blank", "junk", "DER", "beginning", "request", "NUL", "directory", "certificate"])
def test_a_file_without_a_key_is_told_at_once(
    kind: str, useless: dict[str, str], authority: Authority,
) -> None:
    certificate, _, _ = authority.client("shop")
    with pytest.raises(paysession.InvalidConfig, match=r"^client_key\b"):
        paysession.Client({"client_certificate": certificate, "client_key": useless[kind]})


def test_a_file_with_more_than_a_certificate(authority: Authority, tmp_path: Path) -> None:
    """As bundles are: with comments, line ends of another system, and nothing behind the last."""
    pem = Path(authority.file).read_bytes()
    for content in (b"# ours\n\n" + pem, pem.replace(b"\n", b"\r\n"), pem.rstrip(b"\n"),
                    b"subject=\xff\xfe\n" * 9000 + pem, pem + b"\0" * 10):
        (tmp_path / "bundle").write_bytes(content)
        with Server(as_asked, tls=authority.server()) as server:
            config = keyed(server.https, ca_file=str(tmp_path / "bundle"))
            assert ask(config, "kustom:x").paid == "yes", content[:9]


# ---- A client's own certificate ------------------------------------------------------------------


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def demanding(request: Any, authority: Authority) -> ssl.SSLContext:
    """It asks clients for a certificate of our authority."""
    context = authority.server()
    context.maximum_version = request.param
    authority.demand_of_clients(context)
    return context


def test_a_client_with_a_certificate(demanding: ssl.SSLContext, authority: Authority) -> None:
    certificate, key, both = authority.client("shop")
    with Server(as_asked, tls=demanding) as server:
        for files in ({"client_certificate": certificate, "client_key": key},
                      {"client_certificate": both}):
            ended = ask(keyed(server.https, ca_file=authority.file, **files), "kustom:x")
            assert ended.paid == "yes", sorted(files)


def test_a_certificate_by_a_relative_path(
    demanding: ssl.SSLContext, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From another folder, and when the files are gone, the client is still who it was."""
    certificate, key, both = authority.client("moved")
    for name, file in (("certificate.pem", certificate), ("key.pem", key), ("both.pem", both)):
        (tmp_path / name).write_bytes(Path(file).read_bytes())
    for files in ({"client_certificate": "certificate.pem", "client_key": "key.pem"},
                  {"client_certificate": "both.pem"}):
        with Server(as_asked, tls=demanding) as server:
            monkeypatch.chdir(tmp_path)
            with paysession.Client(keyed(server.https, ca_file=authority.file, **files)) as client:
                monkeypatch.chdir("/")
                for name in files.values():
                    (tmp_path / name).unlink()
                assert told(lambda: client.get("kustom:x")).paid == "yes", files  # noqa: B023


def test_a_client_without_one_is_refused(
    demanding: ssl.SSLContext, authority: Authority, tmp_path: Path,
) -> None:
    """Under TLS 1.3 a client only learns it when its request is on the way."""
    _, _, anothers = Authority(tmp_path).client("stranger")
    with Server(as_asked, tls=demanding) as server:
        for files in ({}, {"client_certificate": anothers}):
            ended = ask(keyed(server.https, ca_file=authority.file, **files), "kustom:x")
            if files and demanding.maximum_version == ssl.TLSVersion.TLSv1_3:
                assert ended.result in ("tls_failed", "unreachable")
                continue
            assert ended.result == "tls_failed" and ended.tries == ["tls_failed"]
            assert ended.error["retryable"] is False
            assert files or re.search(WANTED, ended.error["message"]), ended.error
    # The server is done by now, not only the client.
    assert server.requests == [] and len(server.refused_handshakes) == server.connections


def test_a_key_of_another_certificate(demanding: ssl.SSLContext, authority: Authority) -> None:
    certificate, _, _ = authority.client("one")
    _, key, _ = authority.client("another")
    with Server(as_asked, tls=demanding) as server:
        ended = ask(keyed(server.https, ca_file=authority.file, client_certificate=certificate,
                          client_key=key), "kustom:x")
        assert ended.result == "tls_failed" and server.requests == []


# ---- Handshakes that break off -------------------------------------------------------------------


def reset_at_once(connection: Connection) -> None:
    connection.reset()


def reset_after_hello(connection: Connection) -> None:
    connection.socket.recv(65536)
    connection.reset()


def close_after_hello(connection: Connection) -> None:
    connection.socket.recv(65536)


def close_after_half_a_record(connection: Connection) -> None:
    connection.socket.recv(65536)
    connection.send(b"\x16\x03\x03\x00\x7a\x02\x00")


@pytest.mark.parametrize("breaking", [
    reset_at_once, reset_after_hello, close_after_hello, close_after_half_a_record])
def test_a_handshake_that_breaks_off_is_tried_again(breaking: Any, authority: Authority) -> None:
    """"No connection, or it broke": nobody has failed to be who he says."""
    with Server(on_connection=breaking) as server:
        ended = ask(keyed(server.https, ca_file=authority.file), "kustom:x")
        assert ended.result == "unreachable" and ended.tries == ["unreachable"] * 3
        assert server.connections == 3


def test_a_server_that_does_not_speak_tls(authority: Authority) -> None:
    with Server(on_connection=lambda one: one.send(reply(kustom("x")))) as server:
        ended = ask(keyed(server.https, ca_file=authority.file), "kustom:x")
        assert ended.result == "tls_failed" and ended.tries == ["tls_failed"]


def test_a_connection_cut_without_goodbye(authority: Authority) -> None:
    """A body that ends with the connection may have been cut by anybody on the way: what is whole
    by itself counts, and nothing less."""
    whole = reply(kustom("x"), headers=[("Connection", "close")], length=None)
    lengths = range(1, len(whole), 20)

    def cut(connection: Connection, _: Any) -> None:
        connection.send(whole[:lengths[len(server.requests) - 1]])
        connection.socket.shutdown(socket.SHUT_RDWR)  # of the socket below, so no close_notify

    with Server(cut, tls=authority.server()) as server, paysession.Client(
            keyed(server.https, ca_file=authority.file, attempts=1)) as client:
        for _ in lengths:
            assert told(lambda: client.get("kustom:x")).result in ("malformed", "unreachable")


# ---- A libcurl that cannot -----------------------------------------------------------------------


def test_a_libcurl_without_tls_is_told(preload: Path, authority: Authority) -> None:
    """It is no lack of memory, and http to this machine needs none."""
    with Server(as_asked, tls=authority.server()) as server, Server(as_asked) as plain:
        without = {"LD_PRELOAD": str(preload), "PRELOAD_NO_TLS": "1"}
        config = keyed(server.https, ca_file=authority.file)
        (ended,) = apart(config, "kustom:x", environment=without)
        (answered,) = apart(keyed(plain.http), "kustom:x", environment=without)
        assert server.requests == []
    assert ended["result"] == "tls_failed" and "no TLS" in ended["error"]["message"]
    assert ended["error"]["retryable"] is False and ended["exchange"] is None
    assert answered["session"]["paid"] == "yes"


@pytest.mark.parametrize("option", [64, 81])  # CURLOPT_SSL_VERIFYPEER, CURLOPT_SSL_VERIFYHOST
def test_a_libcurl_that_refuses_what_is_needed_is_not_asked(
    option: int, preload: Path, authority: Authority,
) -> None:
    with Server(as_asked, tls=authority.server()) as server:
        (ended,) = apart(keyed(server.https, ca_file=authority.file), "kustom:x", environment={
            "LD_PRELOAD": str(preload), "PRELOAD_REFUSED": str(option)})
        assert server.requests == []
    assert ended["result"] == "unreachable" and "refuses" in ended["error"]["message"]
    assert ended["error"]["retryable"] is False and ended["exchange"] is None
