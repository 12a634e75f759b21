# SPDX-License-Identifier: MIT
"""One exception for each result that is not "ok", in a tree by who can do something about it."""

from __future__ import annotations

from typing import Any

from ._model import Answer, AnyResult, Result


class PaySessionError(Exception):
    """The answer could not be learnt. That is never "not paid".

    str() is the answer's error.message: no personal data, no credentials. `answer` is None only
    where there was no memory for one. `result` is a plain word where the library knows a result
    that this package does not.
    """

    def __init__(self, result: AnyResult, message: str, answer: Answer | None = None) -> None:
        super().__init__(message)
        self.result = result
        self.message = message
        self.answer = answer

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        error = self.answer.error if self.answer is not None else None
        return error.retryable if error is not None else False

    @property
    def advice(self) -> str | None:
        """What to do about it, in a sentence."""
        error = self.answer.error if self.answer is not None else None
        return error.advice if error is not None else None

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


class Unreachable(NetworkError):
    """No connection, or it broke."""


class TLSFailed(NetworkError):
    """The peer could not be verified."""


class TimedOut(NetworkError):
    """The deadline passed."""


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
    """About another session than the one asked for."""


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
}


def error_of(result: AnyResult, answer: Answer | None) -> PaySessionError:
    """The exception for that result, not raised."""
    told = answer.error if answer is not None else None
    message = told.message if told is not None else str(result).replace("_", " ")
    return _KINDS.get(result, PaySessionError)(result, message, answer)
