# SPDX-License-Identifier: MIT
"""Many sessions over one loop of the library: session_batch."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional, Union, cast

from ._answer import Answer, Failure
from ._calls import options_text, reply, text
from ._declarations import AnswerPointer, BatchPointer
from ._errors import PaySessionError, exception_of, out_of_memory, reply_of
from ._loaded import library
from ._options import BatchOptions, Expect, ReadOptions
from ._words import Result

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: What read_many() takes: a reference; with what the shop expects; with a tag of the shop's before.
Wanted = Union[str, "tuple[str, _Expected]", "tuple[Any, str, _Expected]"]
_Expected = Optional[Mapping[str, object]]  # an Expect; a checker takes a dict in a tuple for nothing better

#: How long a signal waits at most for its handler.
SLICE_MS = 100

#: How many answers make room enough to try again: with each one nearly every reference is refused once.
REFILL = 64

_add, _next = library.session_batch_add, library.session_batch_next
# As C has them: ctypes makes an object of each int in each call.
_TAG, _SLICE = ctypes.c_uint64(), ctypes.c_int64(SLICE_MS)
_OK, _AGAIN, _DONE = Result.OK.number, Result.AGAIN.number, Result.DONE.number


class Batch:
    """Many sessions being read at once, by one thread at a time; made by Client.batch().

    add() what is to be read, next() gives the answers as they come, each exactly once. Nothing
    happens between two calls of next(). For an event loop: watch fileno() for reading, then call
    next(0) until it gives None. Use it with `with`, or call close().
    """

    def __init__(self, client: Any, options: bytes | None) -> None:
        self._handles: list[Any] = []
        self._tags: dict[int, Any] = {}
        self._added = 0
        handle = BatchPointer()
        told = reply(library.session_batch_open, client, options, ctypes.byref(handle))
        if isinstance(told, Failure):
            raise exception_of(told)
        self._handles.append(handle)

    def add(
        self, reference: str, tag: Any = None, **options: Unpack[ReadOptions]
    ) -> bool:
        """Adds a session to be read; next() gives it back with `tag`, any object. False if there is
        no room: take something out with next() first. A bad reference comes back as an error.

        Raises ValueError if the batch is closed, belongs to a parent process, or an argument
        contains a NUL; OutOfMemory.
        """
        number: int = library.session_batch_add(
            self._handle(), text("reference", reference), options_text("add", ReadOptions, options),
            self._added)
        if number == _AGAIN:
            return False
        if number != _OK:
            raise _refusal(number)
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
        code: int = library.session_batch_next(
            self._handle(), timeout_ms, ctypes.byref(number), ctypes.byref(pointer))
        if code in (_AGAIN, _DONE):
            return None
        told = reply_of(code, pointer)
        found = exception_of(told) if isinstance(told, Failure) else told
        if number.value not in self._tags:
            # Not an answer to a reference: the batch itself was refused.
            raise found if isinstance(found, PaySessionError) else RuntimeError("unknown tag")
        return self._tags.pop(number.value), found

    @property
    def pending(self) -> int:
        """How many were added and have not come back."""
        return len(self._tags)

    @property
    def tags(self) -> list[Any]:
        """Of those that have not come back."""
        return list(self._tags.values())

    def fileno(self) -> int:
        """A descriptor that becomes readable when next(0) would make progress. Not to be read from
        or closed. Raises OutOfMemory when descriptors have run out."""
        number: int = library.session_batch_fd(self._handle())
        if number < 0:
            raise out_of_memory()
        return number

    def close(self) -> None:
        """Gives up what is under way; a second time does nothing."""
        try:
            handle = self._handles.pop()
        except IndexError:
            return
        library.session_batch_close(handle)

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # The default argument is still there when the interpreter has already emptied this module.
    def __del__(self, _close: Any = library.session_batch_close) -> None:
        for handle in getattr(self, "_handles", ()):
            _close(handle)

    def _handle(self) -> Any:
        if not self._handles:
            raise ValueError("the batch is closed")
        return self._handles[0]


class Single:
    """A batch of one, which reads as session_get() does, and comes back in between: Python runs the
    handlers of signals between two calls of next(), and one that raises ends the read."""

    def __init__(self, client: Any) -> None:
        self._batch = Batch(client, b'{"in_flight":1,"http2":false}')
        self._handle = self._batch._handle()

    def read(self, reference: bytes, options: bytes | None) -> Answer | Failure:
        """The answer. Whatever this raises, the read is over only when this object is closed."""
        pointer = AnswerPointer()
        place = ctypes.byref(pointer)
        if (number := _add(self._handle, reference, options, _TAG)) != _OK:
            raise _refusal(number)
        while (code := _next(self._handle, _SLICE, None, place)) == _AGAIN:
            pass
        return Answer(pointer, _OK) if code == _OK else reply_of(code, pointer)

    def close(self) -> None:
        self._batch.close()


def _refusal(number: int) -> Exception:
    """Why session_batch_add took nothing."""
    if number == Result.OUT_OF_MEMORY.number:
        return out_of_memory()
    return ValueError("the batch belongs to the process that opened it")


def wanted(each: object) -> tuple[Any, str, ReadOptions]:
    """Tag, reference and options of one that read_many() was given."""
    if not isinstance(each, tuple):
        return each, each, {}  # type: ignore[return-value]  # add() says what is no reference
    if len(each) == 2:
        return each[0], each[0], {"expect": cast("Expect", each[1])}
    if len(each) == 3:
        return each[0], each[1], {"expect": cast("Expect", each[2])}
    raise TypeError(
        "references: expected a str, (reference, expect) or (tag, reference, expect), got a tuple of"
        f" {len(each)}")


def refuse_text(references: object) -> None:
    """One reference in place of many would be read letter by letter."""
    if isinstance(references, (str, bytes)):
        raise TypeError("references: expected an iterable of references, got one")


def filled(
    batch: Batch, waiting: Iterator[Wanted], held: list[Wanted], timeout_ms: int | None, proof: bool
) -> bool:
    """Adds what there is room for; the one that there was none for is held. Whether there is more."""
    while True:
        if not held:
            try:
                held.append(next(waiting))
            except StopIteration:
                return False
        tag, reference, options = wanted(held[0])
        if timeout_ms is not None:
            options["timeout_ms"] = timeout_ms
        if proof:
            options["proof"] = True
        if not batch.add(reference, tag, **options):
            return True
        held.clear()


def read_many(
    batch: Batch, references: Iterable[Wanted], timeout_ms: int | None, proof: bool
) -> Iterator[tuple[Any, Answer | PaySessionError]]:
    """See Client.read_many()."""
    waiting, held, more = iter(references), [], True  # type: ignore[var-annotated]
    full: float = math.inf
    with batch:
        while True:
            if more and batch.pending <= full:
                more = filled(batch, waiting, held, timeout_ms, proof)
                full = batch.pending - REFILL
            found = batch.next(SLICE_MS)
            if found is not None:
                yield found
            elif not more and not batch.pending:
                return


def options_of_batch(options: BatchOptions) -> bytes | None:
    """As JSON."""
    return options_text("batch", BatchOptions, options)
