# SPDX-License-Identifier: MIT
"""The functions of the library, with Python's types and exceptions.

All of them may be called from any thread. The library is loaded with ctypes.CDLL, which gives up
the GIL while a call lasts, so threads really read sessions side by side. Python runs no signal
handler while the main thread is inside a call: what should react to Ctrl-C at once reads in
another thread and cancels from the main one.
"""

from __future__ import annotations

import ctypes
import json
import os
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._declarations import AnswerPointer, BatchPointer, ClientPointer
from ._errors import PaySessionError, error_of
from ._library import load
from ._model import (
    Answer,
    BatchOptions,
    NormalizeOptions,
    Paid,
    ReadOptions,
    Result,
    Status,
    WaitOptions,
    answer_of,
    result_of,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

_library = load()


class Client:
    """Credentials, connections and tokens of one configuration; any number of threads may use it.

    `config` is a mapping or its JSON text, see paysession.h. Nothing is sent. Raises InvalidConfig
    or OutOfMemory; TypeError or ValueError if `config` is no mapping or text that can be passed on.

    Use it with `with`, or call close(). A client opened before os.fork() works in both processes.
    """

    def __init__(self, config: Mapping[str, Any] | str) -> None:
        self._prepare()
        sealed = _Sealed(config)
        del config
        sealed.encode()
        self._open(_library.session_client_open, sealed)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str] | None = None) -> Client:
        """A client of the configuration in a file.

        None looks where the shell tool looks: $PAYSESSION_CONFIG, then
        $XDG_CONFIG_HOME/paysession/config.json, then ~/.config/paysession/config.json. Raises as
        Client(); the message begins with the path and, for what is wrong in the file, line and
        column. A file that configures a provider and that others may write is refused.
        """
        name = None if path is None else _bytes("path", os.fsencode(path))
        client = cls.__new__(cls)
        client._prepare()
        client._open(_library.session_client_open_file, name)
        return client

    def _prepare(self) -> None:
        self._lock = threading.RLock()
        self._calls = 0
        self._closed = False
        # The one handle, or none once it is closed: taking it out of a list cannot happen twice,
        # not even where a signal handler calls close() in the middle of close().
        self._handles = [ClientPointer()]

    def _open(self, function: Any, argument: Any) -> None:
        _answer(function, argument, ctypes.byref(self._handles[0]))
        _clients.add(self)

    def get(self, reference: str, **options: Unpack[ReadOptions]) -> Answer:
        """Reads the session that `reference` names ("kustom:550e8400-...") and judges it.

        Returns the Answer if the session was read, whatever its status: decide on `is_paid`.
        Raises a PaySessionError otherwise, which carries the answer, and ValueError if the client
        is closed or an argument contains a NUL. Blocks for at most `timeout_ms`.
        """
        return self._read(
            _library.session_get, _options("get", ReadOptions, options), reference=reference)

    def wait(self, reference: str, **options: Unpack[WaitOptions]) -> Answer:
        """get() again and again, with growing, jittered pauses (`interval_ms` first), until the
        session is final or `timeout_ms` is over.

        Returns the last Answer: one that is not final means that time ran out. Raises as get().
        """
        return self._read(
            _library.session_wait, _options("wait", WaitOptions, options), reference=reference)

    def batch(self, **options: Unpack[BatchOptions]) -> Batch:
        """Many sessions at once, on the thread that asks: see Batch.

        Raises InvalidArgument, OutOfMemory, ValueError if the client is closed. The batch keeps what
        it needs of the client, which may be closed before it.
        """
        text = _options("batch", BatchOptions, options)
        handle = BatchPointer()
        with self._entered():
            _answer(_library.session_batch_open, self._open_handle(), text, ctypes.byref(handle))
        return Batch(handle)

    def read_many(
        self, references: Iterable[str], **options: Unpack[BatchOptions]
    ) -> Iterator[tuple[str, Answer | PaySessionError]]:
        """Reads them all, and yields each with its Answer, or with the error that get() would raise,
        in the order in which the answers come. `references` may be endless: no more of it is taken
        than there is room for.
        """
        with self.batch(**options) as batch:
            waiting = iter(references)
            held: str | None = None
            more = True
            while True:
                while more:
                    if held is None:
                        held = next(waiting, None)
                    if held is None:
                        more = False
                    elif batch.add(held, tag=held):
                        held = None
                    else:
                        break
                found = batch.next()
                if found is None:
                    return
                yield found

    def get_inbank(
        self, shop_uuid: str, pos_session_uuid: str, **options: Unpack[ReadOptions]
    ) -> Answer:
        """get() with Inbank's identifiers as they are, not encoded."""
        return self._read(
            _library.session_get_inbank, _options("get_inbank", ReadOptions, options),
            shop_uuid=shop_uuid, pos_session_uuid=pos_session_uuid)

    def get_kustom(self, session_id: str, **options: Unpack[ReadOptions]) -> Answer:
        """get() with Kustom's identifier as it is, not encoded."""
        return self._read(
            _library.session_get_kustom, _options("get_kustom", ReadOptions, options),
            session_id=session_id)

    def get_dintero(
        self, account_id: str, order_id: str, session_id: str, **options: Unpack[ReadOptions]
    ) -> Answer:
        """get() with Dintero's identifiers as they are, not encoded."""
        return self._read(
            _library.session_get_dintero, _options("get_dintero", ReadOptions, options),
            account_id=account_id, order_id=order_id, session_id=session_id)

    def get_ledyer(self, session_id: str, **options: Unpack[ReadOptions]) -> Answer:
        """get() with Ledyer's identifier as it is, not encoded."""
        return self._read(
            _library.session_get_ledyer, _options("get_ledyer", ReadOptions, options),
            session_id=session_id)

    def cancel(self) -> None:
        """Ends the calls in flight, in whatever thread, with Aborted. Later calls are not affected.

        Does nothing on a closed client that has no calls in flight. Raises nothing.
        """
        with self._entered():
            if self._handles:
                _library.session_client_cancel(self._handles[0])

    def report(self) -> dict[str, Any]:
        """What this client has seen since it was opened: calls, latencies, tokens, connections, and
        statuses or fields that nobody documented. No secrets, no personal data.

        Raises ValueError if the client is closed, OutOfMemory.
        """
        with self._entered():
            told = json.loads(_answer(_library.session_client_report, self._open_handle()).json)
        report: dict[str, Any] = told["report"]
        return report

    def close(self) -> None:
        """Closes the client; a second time does nothing. From any thread, at any time.

        Later calls raise ValueError. Calls in flight go on to their end, and the last one out
        closes the connections: cancel() first to be rid of them at once.
        """
        with self._lock:
            self._closed = True
            self._close_if_unused()

    def __enter__(self) -> Client:
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
    def __del__(self, _close: Any = _library.session_client_close) -> None:
        for handle in getattr(self, "_handles", ()):
            _close(handle)

    def _read(self, function: Any, options: bytes | None, **identifiers: str) -> Answer:
        texts = [_text(name, value) for name, value in identifiers.items()]
        with self._entered():
            return _answer(function, self._open_handle(), *texts, options)

    def _open_handle(self) -> Any:
        if self._closed or not self._handles:
            raise ValueError("the client is closed")
        return self._handles[0]

    @contextmanager
    def _entered(self) -> Iterator[None]:
        """Keeps the handle alive within, for session_client_close allows no call in flight."""
        with self._lock:
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._closed and self._calls == 0:
            try:
                handle = self._handles.pop()
            except IndexError:
                return
            _library.session_client_close(handle)

    def _forked(self) -> None:
        """In a child: the threads that held the lock or were inside a call are not here."""
        self._lock = threading.RLock()
        self._calls = 0


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


def _after_fork() -> None:
    for client in list(_clients):
        client._forked()


os.register_at_fork(after_in_child=_after_fork)


class Batch:
    """Many sessions being read at once, by one thread at a time; made by Client.batch().

    add() what is to be read, next() gives the answers as they come, each exactly once. Nothing
    happens between two calls of next(). For an event loop: watch fileno() for reading, then call
    next(0) until it gives None. Use it with `with`, or call close().
    """

    def __init__(self, handle: Any) -> None:
        self._handles = [handle]
        self._tags: dict[int, Any] = {}
        self._added = 0

    def add(
        self, reference: str, tag: Any = None, **options: Unpack[ReadOptions]
    ) -> bool:
        """Adds a session to be read; next() gives it back with `tag`, any object. False if there is
        no room: take something out with next() first. A bad reference comes back as an error.

        Raises ValueError if the batch is closed, belongs to a parent process, or an argument
        contains a NUL.
        """
        number: int = _library.session_batch_add(
            self._handle(), _text("reference", reference), _options("add", ReadOptions, options),
            self._added)
        if number == Result.AGAIN.number:
            return False
        if number != Result.OK.number:
            raise ValueError("the batch belongs to the process that opened it")
        self._tags[self._added] = tag
        self._added += 1
        return True

    def next(self, timeout_ms: int = -1) -> tuple[Any, Answer | PaySessionError] | None:
        """The next answer, or the error that Client.get() would raise, with its tag. None if there
        is none within `timeout_ms` (0: only what can be done at once; negative: wait for one), or
        nothing more to come: `pending` tells which.

        Raises InvalidArgument in a forked child, ValueError if the batch is closed.
        """
        number = ctypes.c_uint64()
        pointer = AnswerPointer()
        try:
            code: int = _library.session_batch_next(
                self._handle(), timeout_ms, ctypes.byref(number), ctypes.byref(pointer))
            text: bytes | None = _library.session_answer_json(pointer, None)
        finally:
            _library.session_answer_free(pointer)
        if code in (Result.AGAIN.number, Result.DONE.number):
            return None
        try:
            found: Answer | PaySessionError = _judged(code, text)
        except PaySessionError as error:
            found = error
        if number.value not in self._tags:
            # Not an answer to a reference: the batch itself was refused.
            raise found if isinstance(found, PaySessionError) else RuntimeError("unknown tag")
        return self._tags.pop(number.value), found

    @property
    def pending(self) -> int:
        """How many were added and have not come back."""
        return len(self._tags)

    def fileno(self) -> int:
        """A descriptor that becomes readable when next(0) would make progress. Not to be read from
        or closed. Raises OutOfMemory when descriptors have run out."""
        number: int = _library.session_batch_fd(self._handle())
        if number < 0:
            raise error_of(Result.OUT_OF_MEMORY, None)
        return number

    def close(self) -> None:
        """Gives up what is under way; a second time does nothing."""
        try:
            handle = self._handles.pop()
        except IndexError:
            return
        _library.session_batch_close(handle)

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self, _close: Any = _library.session_batch_close) -> None:
        for handle in getattr(self, "_handles", ()):
            _close(handle)

    def _handle(self) -> Any:
        if not self._handles:
            raise ValueError("the batch is closed")
        return self._handles[0]


def normalize(
    provider: str, document: str | bytes, **options: Unpack[NormalizeOptions]
) -> Answer:
    """Judges a provider's document that the caller already has, without a request.

    Returns the Answer. Raises InvalidArgument, Malformed, Mismatched or OutOfMemory, and ValueError if an
    argument contains a NUL.
    """
    return _answer(
        _library.session_normalize, _text("provider", provider), _document(document),
        _options("normalize", NormalizeOptions, options))


def status_normalized(provider: str, document: str | bytes) -> Status:
    """The status of normalize(); UNKNOWN for whatever cannot be read.

    Raises ValueError only, if an argument contains a NUL.
    """
    return Status.of(
        _library.session_status_normalized(_text("provider", provider), _document(document)))


def paid_normalized(provider: str, document: str | bytes) -> Paid:
    """The verdict of normalize(); UNKNOWN for whatever cannot be read. Nobody said which session
    was meant: use normalize() with `id` before goods are shipped on it.

    Raises ValueError only, if an argument contains a NUL.
    """
    return Paid.of(
        _library.session_paid_normalized(_text("provider", provider), _document(document)))


def providers() -> list[dict[str, Any]]:
    """The providers that the library reads, in the order in which they are always named: name,
    title, the form of a reference, what each takes in the configuration. See paysession.h."""
    told: list[dict[str, Any]] = json.loads(_library.session_providers())
    return told


def version() -> str:
    """The library's version, "0.1.0"."""
    text: bytes = _library.session_version()
    return text.decode("ascii")


def abi_version() -> int:
    """The number of the library's binary interface, 1."""
    number: int = _library.session_abi_version()
    return number


def _answer(function: Any, *arguments: Any) -> Answer:
    """Calls `function` and takes its answer, which is freed here whatever happens."""
    pointer = AnswerPointer()
    try:
        number: int = function(*arguments, ctypes.byref(pointer))
        text: bytes | None = _library.session_answer_json(pointer, None)
    finally:
        _library.session_answer_free(pointer)
    return _judged(number, text)


def _judged(number: int, text: bytes | None) -> Answer:
    """The answer if its call succeeded; raises its error otherwise."""
    if text is None:
        raise error_of(Result.OUT_OF_MEMORY, None)
    answer = answer_of(text)
    if number != Result.OK.number:
        word: bytes = _library.session_result_name(number)
        raise error_of(result_of(word.decode("ascii")), answer)
    return answer


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
    return _text("config", _json(config) if isinstance(config, Mapping) else config)


def _text(name: str, value: object) -> bytes:
    """`value` as C text. Raises TypeError or ValueError that name the argument, not its text."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    try:
        return _bytes(name, value.encode("utf-8"))
    except UnicodeEncodeError:
        raise ValueError(f"{name} contains a lone surrogate, which UTF-8 cannot say") from None


def _document(value: object) -> bytes:
    return _bytes("document", value) if isinstance(value, bytes) else _text("document", value)


def _bytes(name: str, value: bytes) -> bytes:
    # C would take what comes before the NUL for the whole.
    if b"\0" in value:
        raise ValueError(f"{name} contains a NUL")
    return value


def _options(function: str, kind: Any, options: Mapping[str, Any]) -> bytes | None:
    """The options that were given, as JSON; None for none. Raises TypeError for one that is not of
    the kind."""
    for name in options:
        if name not in kind.__annotations__:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}")
    given = {name: value for name, value in options.items() if value is not None}
    for name, value in given.items():
        if isinstance(value, str):
            _text(name, value)
    return _json(given).encode("ascii") if given else None


def _json(value: Mapping[str, Any]) -> str:
    """JSON in ASCII; a mapping need not be a dict. Raises TypeError or ValueError for what is not
    JSON, without saying what it was."""
    return json.dumps(value, allow_nan=False, default=_as_dict)


def _as_dict(value: object) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
