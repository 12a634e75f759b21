# SPDX-License-Identifier: MIT
"""What a client and its calls can be told, for type checkers; the library checks the values."""

# No annotations as text here: a TypedDict compiles each.
import os
from collections.abc import Mapping
from typing import Any, Optional, TypedDict, Union


class FromEnvironment(TypedDict):
    """A secret that an environment variable holds."""

    env: str


class FromFile(TypedDict):
    """A secret that a file holds."""

    file: Union[str, os.PathLike[str]]


Secret = Union[str, FromEnvironment, FromFile]


class InbankConfig(TypedDict, total=False):
    """The section `inbank` of a configuration."""

    environment: str
    base_url: str
    country: str
    api_key: Secret
    #: Client.approve() and Client.refuse() may be called.
    approvals: bool


class KustomConfig(TypedDict, total=False):
    """The section `kustom` of a configuration."""

    environment: str
    base_url: str
    api_key: Secret
    username: str
    callback_secret: Union[Secret, list[Secret]]


class DinteroConfig(TypedDict, total=False):
    """The section `dintero` of a configuration."""

    base_url: str
    checkout_url: str
    auth_url: str
    client_id: str
    client_secret: Secret
    token: Secret
    account_id: str
    callback_secret: Union[Secret, list[Secret]]
    trust_processed_at: bool


class LedyerConfig(TypedDict, total=False):
    """The section `ledyer` of a configuration."""

    environment: str
    base_url: str
    auth_url: str
    client_id: str
    client_secret: Secret
    token: Secret


class Config(TypedDict, total=False):
    """A configuration; paysession-config(5) and paysession.h say what each key means."""

    timeout_ms: int
    connect_timeout_ms: int
    attempts: int
    max_response_bytes: int
    user_agent: str
    proxy: str
    no_proxy: str
    ca_file: Union[str, os.PathLike[str]]
    ca_path: Union[str, os.PathLike[str]]
    client_certificate: Union[str, os.PathLike[str]]
    client_key: Union[str, os.PathLike[str]]
    http2: bool
    shared: bool
    inbank: InbankConfig
    kustom: KustomConfig
    dintero: DinteroConfig
    ledyer: LedyerConfig


class Expect(TypedDict, total=False):
    """What the shop knows of the order. What differs or cannot be confirmed is never paid."""

    amount: int  # minor units
    currency: str
    reference: str


class Transaction(TypedDict):
    """Which transaction is Dintero's proof of payment: as the callback or the return address names it."""

    transaction: str


class ProofDocument(TypedDict):
    """The proof of payment that the caller has: its JSON text, or what `Proof.raw` gives."""

    document: Union[str, bytes, Mapping[str, Any]]


class ReadOptions(TypedDict, total=False):
    """What a call that reads a session can be told; each may be left out, or None."""

    expect: Optional[Expect]
    timeout_ms: Optional[int]
    traceparent: Optional[str]
    #: True: the proof of payment is read too, into the same answer; of Dintero's sessions, whose transaction it is.
    proof: Optional[Union[bool, Transaction]]


class ApprovalOptions(TypedDict, total=False):
    """What Client.approve() and Client.refuse() can be told; `interval_ms` is the first pause between two reads."""

    expect: Optional[Expect]
    timeout_ms: Optional[int]
    interval_ms: Optional[int]
    traceparent: Optional[str]


class BatchOptions(TypedDict, total=False):
    """What a batch can be told: how many are read at once, and how many begin in a second, of each
    provider."""

    in_flight: Optional[int]
    requests_per_second: Optional[int]


class NormalizeOptions(TypedDict, total=False):
    """What normalize() can be told: `id` is the identifier that the document must carry,
    `trust_processed_at` is Dintero's, `proof` is judged with the document."""

    expect: Optional[Expect]
    id: Optional[str]
    trust_processed_at: Optional[bool]
    proof: Optional[ProofDocument]


class CallbackOptions(TypedDict, total=False):
    """What Client.callback() can be told: `tolerance_s`, how far from the clock a signature's time may be (300);
    `received_at`, RFC 3339, when a callback came that waited in a queue."""

    tolerance_s: Optional[int]
    received_at: Optional[str]
