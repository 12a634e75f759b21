# SPDX-License-Identifier: MIT
"""One exception for each result that is not "ok", in a tree by who can do something about it."""

from __future__ import annotations

from typing import Any

from ._answer import Answer, Failure
from ._values import Callback, callback_of
from ._words import AnyResult, Next, Result


class PaySessionError(Exception):
    """The answer could not be learnt. That is never "not paid".

    str() is the library's message and the reference: no personal data, no credentials. `answer` is
    None only where there was no memory for one. `result` is a plain word where the library knows a
    result that this package does not.
    """

    def __init__(self, result: AnyResult, message: str, answer: Failure | None = None) -> None:
        super().__init__(message)
        self.result = result
        self.message = message
        self.answer = answer

    def __str__(self) -> str:
        return f"{self.message} ({self.reference})" if self.reference else self.message

    @property
    def reference(self) -> str | None:
        """The session that was asked for; None where there was no reference, or it was none."""
        return self.answer.reference if self.answer is not None else None

    @property
    def provider(self) -> str | None:
        """The provider's name."""
        return self.answer.provider if self.answer is not None else None

    @property
    def http_status(self) -> int | None:
        """The last HTTP status; None where nobody answered."""
        return self.answer.error.http_status if self.answer is not None else None

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.answer.error.retryable if self.answer is not None else False

    @property
    def retry_after(self) -> float | None:
        """Seconds that the provider asked to wait (Retry-After)."""
        milliseconds = self.answer.error.retry_after_ms if self.answer is not None else None
        return None if milliseconds is None else milliseconds / 1000

    @property
    def next(self) -> Next:
        """What the shop does next: WAIT where a later attempt may bring an answer, HOLD otherwise."""
        return self.answer.next if self.answer is not None else Next.HOLD

    @property
    def advice(self) -> str | None:
        """What to do about it, in a sentence."""
        return self.answer.error.advice if self.answer is not None else None

    # Exception's own way would call __init__ with the message alone.
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.result, self.message, self.answer)


class UsageError(PaySessionError):
    """The caller can mend it: nothing was sent."""


class InvalidArgument(UsageError):
    """Bad argument, identifier, reference or options."""


class InvalidConfig(UsageError):
    """The configuration is wrong; the message names the key."""


class NotConfigured(UsageError):
    """That provider has no credentials here."""


class Aborted(PaySessionError):
    """Client.cancel() ended the call."""


class OutOfMemory(PaySessionError):
    """No memory, or no descriptors."""


class NetworkError(PaySessionError):
    """The provider was not heard."""


class Unreachable(NetworkError, ConnectionError):
    """No connection, or it broke. A ConnectionError, too."""


class TLSFailed(NetworkError):
    """The peer could not be verified."""


class TimedOut(NetworkError, TimeoutError):
    """The deadline passed. A TimeoutError, too."""


class HTTPError(PaySessionError):
    """The provider answered something other than 200."""


class Unauthorized(HTTPError):
    """401, or the token endpoint refused the credentials."""


class Forbidden(HTTPError):
    """403."""


class NotFound(HTTPError):
    """404."""


class RateLimited(HTTPError):
    """429."""


class ProviderError(HTTPError):
    """5xx."""


class UnexpectedHTTP(HTTPError):
    """Anything else that is not 200, redirects included."""


class DocumentError(PaySessionError):
    """There is a document, but it cannot be used."""


class Malformed(DocumentError):
    """Not a JSON object, too deep, a key twice, or not UTF-8."""


class TooLarge(DocumentError):
    """Longer than max_response_bytes."""


class Mismatched(DocumentError):
    """About another session than the one asked for; a callback, genuine, about another account."""


class NotGenuine(PaySessionError):
    """A request that came to the shop, and that does not verify: `callback.reason` says why. A forged one needs no
    answer but 400; raise the alarm on "too_old" and "too_new", which are genuine."""

    @property
    def callback(self) -> Callback:
        """What is known of it: nothing that it said itself."""
        assert self.answer is not None
        return callback_of(self.answer.json)


class Unsigned(PaySessionError):
    """Nothing to check a callback by. Not raised: Client.callback() returns such a one, as a hint."""


class NotWaiting(PaySessionError):
    """The session is not, or no longer, for the merchant to approve or to refuse. `answer.approval` says whether the
    provider was asked."""


_KINDS: dict[str, type[PaySessionError]] = {
    Result.INVALID_ARGUMENT: InvalidArgument,
    Result.INVALID_CONFIG: InvalidConfig,
    Result.NOT_CONFIGURED: NotConfigured,
    Result.ABORTED: Aborted,
    Result.OUT_OF_MEMORY: OutOfMemory,
    Result.UNREACHABLE: Unreachable,
    Result.TLS_FAILED: TLSFailed,
    Result.TIMED_OUT: TimedOut,
    Result.UNAUTHORIZED: Unauthorized,
    Result.FORBIDDEN: Forbidden,
    Result.NOT_FOUND: NotFound,
    Result.RATE_LIMITED: RateLimited,
    Result.PROVIDER_ERROR: ProviderError,
    Result.UNEXPECTED_HTTP: UnexpectedHTTP,
    Result.MALFORMED: Malformed,
    Result.TOO_LARGE: TooLarge,
    Result.MISMATCHED: Mismatched,
    Result.NOT_GENUINE: NotGenuine,
    Result.UNSIGNED: Unsigned,
    Result.NOT_WAITING: NotWaiting,
}


def exception_of(failure: Failure) -> PaySessionError:
    """The exception for it, not raised."""
    return _KINDS.get(failure.result, PaySessionError)(
        failure.result, failure.error.message, failure)


def out_of_memory() -> OutOfMemory:
    """The exception where there is not even memory for an answer."""
    return OutOfMemory(Result.OUT_OF_MEMORY, "out of memory")


def reply_of(code: int, pointer: Any) -> Answer | Failure:
    """What the library gave, which is freed with it. Raises OutOfMemory where it gave nothing."""
    if not pointer:
        raise out_of_memory()
    return Answer(pointer, code) if code == 0 else Failure(pointer, code)
