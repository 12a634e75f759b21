# SPDX-License-Identifier: MIT
"""A client: one configuration, its connections and tokens.

A call on the main thread is driven in slices, so that Ctrl-C and the handlers of signals come to
their turn while a provider is slow; Python runs them on that thread alone. Calls on other threads
are the library's own.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._answer import Answer, Decision, Failure
from ._batch import SLICE_MS, Batch, Single, Wanted, options_of_batch, read_many, refuse_text
from ._callbacks import Headers, request_text
from ._calls import answer, json_of, options_text, reply, text, whole
from ._declarations import ClientPointer
from ._errors import Aborted, PaySessionError, exception_of
from ._loaded import library
from ._options import ApprovalOptions, BatchOptions, CallbackOptions, Config, Expect, ReadOptions, Transaction
from ._values import Callback, callback_of
from ._words import AnyResult, Next, Result

if TYPE_CHECKING:
    import logging

    from typing_extensions import Unpack

_log: logging.Logger | None = None
_INFO = 20  # logging.INFO


class Client:
    """Credentials, connections and tokens of one configuration; any number of threads may use it.

    `config` is a mapping (Config) or its JSON text; paysession-config(5) and paysession.h list the
    keys. Nothing is sent. Raises InvalidConfig or OutOfMemory; TypeError or ValueError if `config`
    is no mapping or text that can be passed on.

    Use it with `with`, or call close(). A client opened before os.fork() works in both processes.
    """

    def __init__(self, config: Config | Mapping[str, Any] | str) -> None:
        self._prepare()
        sealed = _Sealed(config)
        del config
        sealed.encode()
        self._open(library.session_client_open, sealed)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str] | None = None) -> Client:
        """A client of the configuration in a file.

        None looks where the shell tool looks: $PAYSESSION_CONFIG, then
        $XDG_CONFIG_HOME/paysession/config.json, then ~/.config/paysession/config.json. Raises as
        Client(); the message begins with the path and, for what is wrong in the file, line and
        column. A file that configures a provider and that others may write is refused.
        """
        name = None if path is None else whole("path", os.fsencode(path))
        client = cls.__new__(cls)
        client._prepare()
        client._open(library.session_client_open_file, name)
        return client

    def _prepare(self) -> None:
        # One for each call in flight. A list, since what is done to it is done at once for all threads:
        # who comes puts his in before he looks whether the client is closed, and close() says so
        # before it looks whether somebody is in. A lock would take longer than all the rest.
        self._calls: list[None] = []
        self._cancellations = 0
        self._closed = False
        # The one handle, or none once it is closed: taking it out of a list cannot happen twice,
        # not even where a signal handler calls close() in the middle of close().
        self._handles = [ClientPointer()]
        self._singles: list[Single] = []

    def _open(self, function: Any, argument: Any) -> None:
        answer(function, argument, ctypes.byref(self._handles[0]))
        _clients.add(self)

    def get(self, reference: str, **options: Unpack[ReadOptions]) -> Answer:
        """Reads the session that `reference` names ("kustom:550e8400-...") and judges it.

        Returns the Answer if the session was read, whatever its status: decide on `is_paid`.
        Raises a PaySessionError otherwise, which carries a Failure, and ValueError if the client
        is closed or an argument contains a NUL. Blocks for at most `timeout_ms`.
        """
        return self._get("get", reference, options)

    def wait(
        self, reference: str, *, timeout_ms: int = 15_000, interval_ms: int = 500,
        expect: Expect | None = None, traceparent: str | None = None,
        proof: bool | Transaction | None = None,
    ) -> Answer:
        """get() again and again, with growing, jittered pauses (`interval_ms` first), until the
        session is final, and with `proof` its payment is not pending any more, or `timeout_ms` is over.

        Returns the last Answer: one that is not final means that time ran out. Raises as get().
        """
        pauses = Pauses(timeout_ms, interval_ms)
        options = ReadOptions(expect=expect, traceparent=traceparent, proof=proof)
        since, name, cancellations = time.monotonic(), text("reference", reference), self._cancellations
        with self._entered() as handle:
            while True:
                options["timeout_ms"] = pauses.left_ms
                told = self._ask(handle, name, options_text("wait", ReadOptions, options))
                seconds = pauses.after(told)
                if seconds is None:
                    break
                until = time.monotonic() + seconds
                while (left := until - time.monotonic()) > 0:
                    time.sleep(min(left, SLICE_MS / 1000))
                    if self._cancellations != cancellations:
                        raise Aborted(Result.ABORTED, "the call was cancelled")
        told = pauses.last(told)
        record(reference, told, time.monotonic() - since)
        return returned(told)

    def decide(self, reference: str, **options: Unpack[ReadOptions]) -> Decision:
        """Reads a session and says what the shop does next: see Decision.

        Never raises for what happens on the way to the provider, nor for a reference or an
        expectation that is none: a timeout is not "not paid". Raises TypeError for what is no text or
        no option, ValueError if the client is closed.
        """
        try:
            name, chosen = text("reference", reference), options_text("decide", ReadOptions, options)
        except ValueError as error:
            return Decision(reference, Next.HOLD, Result.INVALID_ARGUMENT, str(error), None)
        try:
            return decision_of(reference, self._read(reference, name, chosen))
        except PaySessionError as error:
            return Decision(reference, Next.HOLD, error.result, error.message, None)

    def batch(self, **options: Unpack[BatchOptions]) -> Batch:
        """Many sessions at once, on the thread that asks: see Batch.

        Raises InvalidArgument, OutOfMemory, ValueError if the client is closed. The batch keeps what
        it needs of the client, which may be closed before it.
        """
        with self._entered() as handle:
            return Batch(handle, options_of_batch(options))

    def read_many(
        self, references: Iterable[Wanted], *, timeout_ms: int | None = None, proof: bool = False,
        **options: Unpack[BatchOptions],
    ) -> Iterator[tuple[Any, Answer | PaySessionError]]:
        """Reads them all, and yields each with its Answer, or with the error that get() would raise,
        in the order in which the answers come.

        Each of `references` is a reference; a tuple of it and what the shop expects (Expect); or
        those two behind a tag of the shop's, which is then what comes back. There may be no end of
        them: no more are taken than there is room for. `timeout_ms` is each session's own; `proof` as get() takes it, of
        all but Dintero's.
        """
        refuse_text(references)
        return self._recorded(read_many(self.batch(**options), references, timeout_ms, proof))

    def get_inbank(
        self, shop_uuid: str, pos_session_uuid: str, **options: Unpack[ReadOptions]
    ) -> Answer:
        """get() with Inbank's identifiers as they are, not encoded."""
        return self._get("get_inbank", _reference(
            "inbank", shop_uuid=shop_uuid, pos_session_uuid=pos_session_uuid), options)

    def get_kustom(self, session_id: str, **options: Unpack[ReadOptions]) -> Answer:
        """get() with Kustom's identifier as it is, not encoded."""
        return self._get("get_kustom", _reference("kustom", session_id=session_id), options)

    def get_dintero(
        self, account_id: str, order_id: str, session_id: str, **options: Unpack[ReadOptions]
    ) -> Answer:
        """get() with Dintero's identifiers as they are, not encoded."""
        return self._get("get_dintero", _reference(
            "dintero", account_id=account_id, order_id=order_id, session_id=session_id), options)

    def get_ledyer(self, session_id: str, **options: Unpack[ReadOptions]) -> Answer:
        """get() with Ledyer's identifier as it is, not encoded."""
        return self._get("get_ledyer", _reference("ledyer", session_id=session_id), options)

    def callback(
        self, provider: str, method: str, url: str, headers: Headers, body: bytes,
        **options: Unpack[CallbackOptions],
    ) -> Callback:
        """Whether a request that came to the shop is genuinely the provider's, and which session it wants looked at.
        It proves no payment: read that session next.

            call = client.callback("kustom", *paysession.Incoming.from_flask(request))
            if call.reference:
                decision = client.decide(call.reference)

        `url` is the address as the provider called it: behind a proxy the public one. `headers` are a mapping, or
        pairs, where one may come twice. `body` are the bytes as they came, before any parser saw them. Nothing is sent.

        Returns a Callback that is genuine, or one that there is nothing to check by (`is_genuine` is false, `result`
        UNSIGNED). Raises NotGenuine where it does not verify, Malformed where it is not what this provider sends,
        Mismatched where it is another account's, TooLarge, NotConfigured or InvalidArgument; TypeError for what is
        neither text nor bytes, ValueError if the client is closed.
        """
        request = request_text(method, url, headers)
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise TypeError(f"body must be bytes, as they came, not {type(body).__name__}")
        content = bytes(body)
        chosen = options_text("callback", CallbackOptions, options)
        with self._entered() as handle:
            told = reply(
                library.session_callback_verify, handle, text("provider", provider), request, content, len(content),
                chosen)
        if isinstance(told, Failure) and told.result != Result.UNSIGNED:
            raise exception_of(told)
        return callback_of(told.json)

    def approve(self, reference: str, **options: Unpack[ApprovalOptions]) -> Answer:
        """Sees to it that a session which waits for the merchant's approval is approved (Inbank; the configuration has to
        say `approvals`). `expect` with amount and currency is demanded: what has not been checked is not approved.

        One request is sent at most; what became of one whose answer is lost, the session says. So to call this again is
        safe. Returns the Answer that was read last: decide on `is_paid`; one that is held was not approved, see
        `approval`. Raises NotWaiting where it is not for the merchant to approve, otherwise as get(). Ctrl-C waits for the
        end of the call; cancel() ends it.
        """
        return self._settle("approve", library.session_approve, reference, options)

    def refuse(self, reference: str, **options: Unpack[ApprovalOptions]) -> Answer:
        """The opposite of approve(): the session is cancelled. `expect` is held against it where it is given."""
        return self._settle("refuse", library.session_refuse, reference, options)

    def _settle(self, name: str, function: Any, reference: str, options: ApprovalOptions) -> Answer:
        since = time.monotonic()
        asked, chosen = text("reference", reference), options_text(name, ApprovalOptions, options)
        with self._entered() as handle:
            told = reply(function, handle, asked, chosen)
        record(reference, told, time.monotonic() - since)
        return returned(told)

    def cancel(self) -> None:
        """Ends the calls in flight, in whatever thread, with Aborted. Later calls are not affected.

        Does nothing on a closed client that has no calls in flight. Raises nothing.
        """
        self._cancellations += 1
        self._calls.append(None)
        try:
            for handle in self._handles:
                library.session_client_cancel(handle)
        finally:
            self._leave()

    def report(self) -> dict[str, Any]:
        """What this client has seen since it was opened: calls, latencies, tokens, connections, and
        statuses or fields that nobody documented. No secrets, no personal data.

        Raises ValueError if the client is closed, OutOfMemory.
        """
        with self._entered() as handle:
            told = json.loads(answer(library.session_client_report, handle).json)
        report: dict[str, Any] = told["report"]
        return report

    def close(self) -> None:
        """Closes the client; a second time does nothing. From any thread, at any time.

        Later calls raise ValueError. Calls in flight go on to their end, and the last one out
        closes the connections: cancel() first to be rid of them at once.
        """
        self._closed = True
        self._close_if_unused()

    def __enter__(self) -> Client:
        if self._closed:
            raise ValueError("the client is closed")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<paysession.Client, {'closed' if self._closed else 'open'}>"

    # No call can be in flight here, for it would hold `self`. The default argument is still there
    # when the interpreter has already emptied this module.
    def __del__(self, _close: Any = library.session_client_close) -> None:
        for handle in getattr(self, "_handles", ()):
            _close(handle)

    def _get(self, function: str, reference: str, options: ReadOptions) -> Answer:
        name = text("reference", reference)
        told = self._read(reference, name, options_text(function, ReadOptions, options) if options else None)
        if isinstance(told, Answer):
            return told
        raise exception_of(told)

    def _read(self, reference: str, name: bytes, options: bytes | None) -> Answer | Failure:
        since = time.monotonic() if listener() else None
        calls = self._calls
        calls.append(None)  # _entered(), written out: this is the call that shops make
        try:
            if self._closed:
                raise ValueError("the client is closed")
            told = self._ask(self._handles[0], name, options)
        finally:
            calls.pop()
            if self._closed:
                self._close_if_unused()
        if since is not None:
            record(reference, told, time.monotonic() - since)
        return told

    def _ask(self, handle: Any, name: bytes, options: bytes | None) -> Answer | Failure:
        if threading.get_ident() != _main_thread:
            return reply(library.session_get, handle, name, options)
        try:
            single = self._singles.pop()
        except IndexError:
            single = Single(handle)
        try:
            told = single.read(name, options)
        except BaseException:
            single.close()
            raise
        self._singles.append(single)
        return told

    def _recorded(
        self, found: Iterator[tuple[Any, Answer | PaySessionError]]
    ) -> Iterator[tuple[Any, Answer | PaySessionError]]:
        for tag, told in found:
            record_of_many(tag, told)
            yield tag, told

    def _enter(self) -> Any:
        """The handle, which session_client_close must not take from a call in flight."""
        self._calls.append(None)
        if self._closed:
            self._leave()
            raise ValueError("the client is closed")
        return self._handles[0]

    def _leave(self) -> None:
        if self._calls:  # in a child of fork() it was forgotten
            self._calls.pop()
        if self._closed:
            self._close_if_unused()

    @contextmanager
    def _entered(self) -> Iterator[Any]:
        handle = self._enter()
        try:
            yield handle
        finally:
            self._leave()

    def _close_if_unused(self) -> None:
        if not self._calls:
            try:
                handle = self._handles.pop()
            except IndexError:
                return
            while self._singles:
                self._singles.pop().close()
            library.session_client_close(handle)

    def _forked(self) -> None:
        """In a child: the threads that were inside a call are not here, and batches are the parent's."""
        self._calls = []
        self._singles = []


class Pauses:
    """How often a session is read until it is final, as session_wait() does it."""

    _LONGEST_MS = 10_000

    def __init__(self, timeout_ms: int, interval_ms: int) -> None:
        for name, given in (("timeout_ms", timeout_ms), ("interval_ms", interval_ms)):
            most = 600_000 if name == "timeout_ms" else 60_000
            if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
                raise ValueError(f"{name}: expected an integer from 1 to {most}, got {given!r}")
        self._end = time.monotonic() + timeout_ms / 1000
        self._interval_ms = interval_ms
        self._last: Answer | Failure | None = None

    @property
    def left_ms(self) -> int:
        """For the next read."""
        return max(1, int((self._end - time.monotonic()) * 1000))

    def after(self, told: Answer | Failure) -> float | None:
        """Seconds until the next read; None where there is none."""
        if isinstance(told, Answer):
            if told.session.final:
                proof = told.proof
                if proof is None or proof.state != "pending":
                    return None
        elif told.result == Result.TIMED_OUT or not told.error.retryable:
            return None
        # Half of it by chance: a crowd of returning customers spreads out.
        pause = self._interval_ms / 1000 * (0.5 + os.urandom(1)[0] / 512)
        if isinstance(told, Failure) and told.error.retry_after_ms:
            pause = max(pause, told.error.retry_after_ms / 1000)
        if pause >= self._end - time.monotonic():
            return None
        self._last = told
        self._interval_ms = min(self._interval_ms * 3 // 2 + 1, max(self._LONGEST_MS, self._interval_ms))
        return pause

    def last(self, told: Answer | Failure) -> Answer | Failure:
        """What was learnt. The deadline, not the provider, ends a read that times out: what was told
        before stands."""
        timed_out = isinstance(told, Failure) and told.result == Result.TIMED_OUT
        return self._last if timed_out and self._last is not None else told


def returned(told: Answer | Failure) -> Answer:
    """The Answer; raises the exception of a Failure."""
    if isinstance(told, Failure):
        raise exception_of(told)
    return told


def decision_of(reference: str, told: Answer | Failure) -> Decision:
    """What an answer comes to."""
    if isinstance(told, Failure):
        return Decision(reference, told.next, told.result, told.error.message, told)
    why = "" if told.next is Next.SHIP else ", ".join(told.session.holds)
    return Decision(reference, told.next, told.result, why, told)


def listener() -> logging.Logger | None:
    """The logger, where somebody wants to hear it. A program that has not imported logging does not, and is spared its
    import, which takes as long as that of half of this package."""
    global _log
    if _log is None:
        if "logging" not in sys.modules:
            return None
        import logging

        _log = logging.getLogger("paysession")
        _log.addHandler(logging.NullHandler())
    return _log if _log.isEnabledFor(_INFO) else None


def record(reference: str, told: Answer | Failure | None, seconds: float | None) -> None:
    """A line in the log, without secrets and personal data.

    :param seconds: of the whole call; None for what the exchange says.
    """
    log = listener()
    if log is None:
        return
    result: AnyResult = told.result if told is not None else Result.OUT_OF_MEMORY
    exchange = told.exchange if told is not None else None
    if seconds is None:
        seconds = exchange.elapsed_ms / 1000 if exchange is not None else 0
    log.info(
        "%s: %s, %s, %.0f ms, attempts: %d",
        reference if reference.isprintable() else ascii(reference), result,
        told.next if told is not None else Next.HOLD, seconds * 1000,
        exchange.attempts if exchange is not None else 0)


def record_of_many(tag: object, told: Answer | PaySessionError) -> None:
    """The same for one of read_many(), which has no time of its own but the exchange's."""
    if listener():  # a reference is decoded for it
        record(told.reference or str(tag), told.answer if isinstance(told, PaySessionError) else told, None)


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


# Asked in each call, and threading takes longer to say it than the rest of the call.
_main_thread = threading.main_thread().ident


def _after_fork() -> None:
    global _main_thread
    _main_thread = threading.get_ident()  # whichever it was, it is the child's main one
    for client in list(_clients):
        client._forked()


os.register_at_fork(after_in_child=_after_fork)


def _reference(provider: str, **identifiers: str) -> str:
    from urllib.parse import quote  # it takes long to import, and most shops ask by reference

    return provider + ":" + "/".join(
        quote(text(name, value), safe="") for name, value in identifiers.items())


class _Sealed:
    """A configuration, whose repr() does not show it.

    Reports of exceptions (Sentry, Django's error page, TracebackException with capture_locals) show
    the repr() of every variable in every frame, and a configuration has secrets in it.
    """

    def __init__(self, config: Mapping[str, Any] | str) -> None:
        self._config = config

    def encode(self) -> None:
        """Makes it what ctypes hands over as text. Raises TypeError or ValueError."""
        try:
            self._as_parameter_ = _config_text(self._config)
            return
        except Exception as error:
            problem = error
        # Raised from here it has neither frames below this one nor a cause: those have the text.
        problem.__cause__ = problem.__context__ = None
        problem.__suppress_context__ = False
        try:
            raise problem.with_traceback(None)
        finally:
            del problem  # would be in its own traceback

    def __repr__(self) -> str:
        return "<configuration>"


def _config_text(config: Mapping[str, Any] | str) -> bytes:
    return text("config", json_of(config) if isinstance(config, Mapping) else config)
