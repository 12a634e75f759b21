# SPDX-License-Identifier: MIT
"""Is this order paid, may the goods ship? Payment sessions of Inbank, Kustom, Dintero and Ledyer.

    with paysession.Client(config) as client:
        if client.get("kustom:550e8400-e29b-41d4-a716-446655440000").is_paid:
            ship()

Importing this loads libpaysession; ImportError says where it was looked for.
"""

from ._client import (
    Batch,
    Client,
    abi_version,
    normalize,
    paid_normalized,
    status_normalized,
    version,
)
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
    UsageError,
)
from ._model import (
    Amount,
    Answer,
    Customer,
    Error,
    Evidence,
    Exchange,
    Expect,
    Expectations,
    Item,
    Paid,
    PaymentMethod,
    Result,
    Session,
    Status,
)

__version__ = "0.1.0"

__all__ = [
    "Aborted",
    "Amount",
    "Answer",
    "Batch",
    "Client",
    "Customer",
    "DocumentError",
    "Error",
    "Evidence",
    "Exchange",
    "Expect",
    "Expectations",
    "Forbidden",
    "HTTPError",
    "InvalidArgument",
    "InvalidConfig",
    "Item",
    "Malformed",
    "Mismatched",
    "NetworkError",
    "NotConfigured",
    "NotFound",
    "OutOfMemory",
    "Paid",
    "PaySessionError",
    "PaymentMethod",
    "ProviderError",
    "RateLimited",
    "Result",
    "Session",
    "Status",
    "TLSFailed",
    "TimedOut",
    "TooLarge",
    "Unauthorized",
    "UnexpectedHTTP",
    "Unreachable",
    "UsageError",
    "abi_version",
    "normalize",
    "paid_normalized",
    "status_normalized",
    "version",
]
