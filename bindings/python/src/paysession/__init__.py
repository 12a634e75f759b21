# SPDX-License-Identifier: MIT
"""Is this order paid, may the goods ship? Payment sessions of Inbank, Kustom, Dintero and Ledyer.

    with paysession.Client(config) as client:
        decision = client.decide("kustom:550e8400-e29b-41d4-a716-446655440000")
        if decision.next is paysession.Next.SHIP:
            ship()

Importing this loads libpaysession; ImportError says where it was looked for.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from ._answer import Answer, Decision, Failure
from ._batch import Batch, Wanted
from ._calls import (
    abi_version,
    normalize,
    paid_normalized,
    providers,
    status_normalized,
    version,
)
from ._callbacks import Incoming
from ._client import Client
from ._errors import (
    Aborted,
    DocumentError,
    Forbidden,
    HTTPError,
    InvalidArgument,
    InvalidConfig,
    Malformed,
    Mismatched,
    NetworkError,
    NotConfigured,
    NotFound,
    NotGenuine,
    NotWaiting,
    OutOfMemory,
    PaySessionError,
    ProviderError,
    RateLimited,
    TimedOut,
    TLSFailed,
    TooLarge,
    Unauthorized,
    UnexpectedHTTP,
    Unreachable,
    Unsigned,
    UsageError,
)
from ._options import (
    ApprovalOptions,
    BatchOptions,
    CallbackOptions,
    Config,
    DinteroConfig,
    Expect,
    InbankConfig,
    KustomConfig,
    LedyerConfig,
    NormalizeOptions,
    ProofDocument,
    ReadOptions,
    Transaction,
)
from ._values import (
    Amount,
    Approval,
    Callback,
    Checks,
    Customer,
    Error,
    Evidence,
    Exchange,
    Expectations,
    Item,
    PaymentMethod,
    Proof,
    Session,
    Try,
)
from ._words import Next, Paid, Result, Status

__version__ = "0.1.0"

__all__ = [
    "Aborted",
    "Amount",
    "Answer",
    "Approval",
    "ApprovalOptions",
    "AsyncClient",
    "Batch",
    "BatchOptions",
    "Callback",
    "CallbackOptions",
    "Checks",
    "Client",
    "Config",
    "Customer",
    "Decision",
    "DinteroConfig",
    "DocumentError",
    "Error",
    "Evidence",
    "Exchange",
    "Expect",
    "Expectations",
    "Failure",
    "Forbidden",
    "HTTPError",
    "InbankConfig",
    "Incoming",
    "InvalidArgument",
    "InvalidConfig",
    "Item",
    "KustomConfig",
    "LedyerConfig",
    "Malformed",
    "Mismatched",
    "NetworkError",
    "Next",
    "NormalizeOptions",
    "NotConfigured",
    "NotFound",
    "NotGenuine",
    "NotWaiting",
    "OutOfMemory",
    "Paid",
    "PaySessionError",
    "PaymentMethod",
    "Proof",
    "ProofDocument",
    "ProviderError",
    "RateLimited",
    "ReadOptions",
    "Result",
    "Session",
    "Status",
    "TLSFailed",
    "TimedOut",
    "TooLarge",
    "Transaction",
    "Try",
    "Unauthorized",
    "UnexpectedHTTP",
    "Unreachable",
    "Unsigned",
    "UsageError",
    "Wanted",
    "abi_version",
    "normalize",
    "paid_normalized",
    "providers",
    "status_normalized",
    "version",
]

# Where users find them, and what a log names.
for _public in [globals().get(_name) for _name in __all__]:
    if getattr(_public, "__module__", "").startswith("paysession."):
        _public.__module__ = "paysession"

if _TYPE_CHECKING:
    from ._asyncio import AsyncClient


def __getattr__(name: str) -> object:
    """AsyncClient, when it is asked for: asyncio takes as long to import as all the rest."""
    if name != "AsyncClient":
        raise AttributeError(f"module 'paysession' has no attribute {name!r}")
    from ._asyncio import AsyncClient

    AsyncClient.__module__ = "paysession"
    globals()[name] = AsyncClient
    return AsyncClient


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
