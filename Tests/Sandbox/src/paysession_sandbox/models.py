# SPDX-License-Identifier: MIT
"""The JSON of the sandbox's own interface: what it takes and what it gives. Amounts are in minor units."""

# Names of types are resolved when this is loaded, by Python 3.9 too: Optional and Union, no bars.
from typing import Annotated, Any, Literal, Optional, Union

from pydantic import BaseModel, ConfigDict, Field

from .names import FAULTS

Amount = Annotated[int, Field(strict=True, ge=-10**12, le=10**12, description="minor units: 4200 is 42.00 EUR")]
Text = Annotated[str, Field(max_length=500)]
Url = Annotated[str, Field(max_length=2000)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217", examples=["EUR"])]


class Given(BaseModel):
    """What is sent in: a key that is none is an error."""

    model_config = ConfigDict(extra="forbid")


class Item(Given):
    name: Text
    quantity: Annotated[int, Field(strict=True)] = 1
    unit_price: Amount = Field(0, description="minor units, with tax")
    total: Optional[Amount] = Field(None, description="minor units, with tax; quantity times unit_price without it")
    tax_rate: Annotated[int, Field(strict=True, ge=0, le=100_000, description="basis points: 2500 is 25 %")] = 0
    reference: Optional[Text] = None
    type: Text = "physical"


class Customer(Given):
    first_name: Optional[Text] = None
    last_name: Optional[Text] = None
    email: Optional[Text] = None
    phone: Optional[Text] = None
    company: Optional[Text] = None


class Callback(Given):
    """Where callbacks go, and what goes wrong on their way."""

    url: Optional[Url] = Field(None, description="the shop's address; of this machine, unless --callbacks-anywhere")
    late_ms: Annotated[int, Field(strict=True, ge=0, le=600_000, description="sent so long after the change")] = 0
    twice: bool = Field(False, description="each is sent twice")
    out_of_order: bool = Field(False, description="held back until a final state, and sent after that one's")
    lost: bool = Field(False, description="none is sent")
    signature: Literal["valid", "wrong", "missing"] = Field(
        "valid", description="of a provider that signs · wrong: forged, with a secret that nobody has · missing: without it")
    stale_s: Annotated[int, Field(strict=True, ge=-86_400, le=86_400)] = Field(
        0, description="signed so many seconds before it is sent; below 0, after")
    moved_to: Optional[Text] = Field(
        None, description="another session of that provider: signed as this one's, then made to speak of that one")


class Reply(Given):
    """One answer in place of the session as it is. What is left out is as it would be."""

    http: Optional[Annotated[int, Field(strict=True, ge=200, le=599)]] = Field(
        None, description="an HTTP status; other than 200, with an error in the provider's shape")
    delay_ms: Annotated[int, Field(strict=True, ge=0, le=600_000)] = 0
    retry_after_s: Optional[Annotated[int, Field(strict=True, ge=0, le=86_400)]] = Field(
        None, description="seconds of a Retry-After header")
    body: Optional[Literal["broken", "cut", "html", "empty", "gone"]] = Field(
        None, description="broken: half a JSON text · cut: the connection ends in the middle · gone: the connection ends "
                          "without an answer · html: a proxy's page · empty")
    carried_out: bool = Field(False, description="of action_replies: what was asked for is done all the same")
    move: Optional[Text] = Field(None, description="moves the session there first, or its proof")
    status: Optional[Text] = Field(None, description="the document says this word for its status, whatever it is")
    amount: Optional[Union[int, float, str]] = Field(
        None, description="the document says this amount, in the provider's units, whatever it is")
    currency: Optional[Text] = Field(None, description="the document says this currency")
    id: Optional[Text] = Field(None, description="the document is about this session")
    reference: Optional[Text] = Field(None, description="the document says this reference of the shop's")
    times: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(1, description="for so many reads")


class Proof(Given):
    """The resource that proves payment: Inbank's contract, Kustom's order, Ledyer's payment status, Dintero's
    transaction."""

    status: Optional[Text] = Field(
        None, description="its provider's word, or paysession's state; null: it follows the session",
        examples=["CAPTURED"])
    fields: Optional[dict[str, Any]] = Field(
        None, description="what its document says besides, whatever it is; null takes a key away",
        examples=[{"refunded_amount": 1}])
    replies: Optional[list[Union[Reply, str]]] = Field(None, description="its next answers, as those of the session")


class Changes(Given):
    status: Optional[Text] = Field(None, description="its provider's word, or paysession's", examples=["FINALIZED"])
    amount: Optional[Amount] = None
    currency: Optional[Currency] = None
    reference: Optional[Text] = Field(None, description="the shop's own, as `expect` names it", examples=["A1"])
    return_url: Optional[Url] = Field(None, description="where the pay page sends the customer")
    callback: Optional[Callback] = None
    replies: Optional[list[Union[Reply, str]]] = Field(
        None, description="the next answers, in turn; then the session as it is. A text is an HTTP status, a state, "
                          "delay-MS, or one of " + ", ".join(FAULTS))


    proof: Optional[Proof] = None
    action_replies: Optional[list[Union[Reply, str]]] = Field(
        None, description="the next answers to requests that change the session (Inbank's approval and cancellation): an "
                          "HTTP status, delay-MS, cut, gone, broken, html, empty; it is not carried out then, unless "
                          "done- stands before it")


class NamedSession(Changes):
    """A session to be made. Without an amount it is the sum of the items, or 2000."""

    items: list[Item] = []
    customer: Customer = Customer()


class NewSession(NamedSession):
    provider: str = Field(examples=["kustom"])


class Proven(BaseModel):
    path: str = Field(description="where it is asked for, below the provider's base address")
    status: Optional[str] = Field(description="its provider's word; null where it is not there yet")
    normalized: Optional[str] = Field(description="paysession's word for it")
    follows: bool = Field(description="whether it is what the session's state makes it")
    replies: list[str] = Field(description="answers that are still to come, before it is told as it is")
    reads: int
    document: Optional[dict[str, Any]] = Field(description="what a read gives, unless replies say otherwise")


class Session(BaseModel):
    session: str = Field(description="for session_get(): what paysession calls the reference",
                         examples=["kustom:0f8b5d0e-7a51-4b5f-9d5c-0f5d2a5f1c55"])
    provider: str
    status: str = Field(description="the provider's word")
    normalized: str = Field(description="paysession's word for it")
    final: bool
    amount: int
    currency: str
    reference: Optional[str]
    pay_url: str = Field(description="where its customer chooses what happens")
    return_url: Optional[str]
    callback: Callback
    replies: list[str] = Field(description="answers that are still to come, before the session as it is")
    reads: int
    proof: Optional[Proven] = Field(description="the resource that proves payment")
    actions: dict[str, int] = Field(description="requests that came to change it, whatever became of them",
                                    examples=[{"merchant-approval": 1}])
    action_replies: list[str]
    created_at: str
    history: list[tuple[str, str]] = Field(description="when it became what")
    document: dict[str, Any] = Field(description="what a read gives, unless replies say otherwise")


class Entry(BaseModel):
    number: int
    at: str
    method: str
    path: str
    kind: Literal["session", "proof", "token", "create", "action", "elsewhere"]
    provider: Optional[str]
    session: Optional[str]
    status: int
    ms: float
    scripted: Optional[str] = Field(description="what was not as it would have been")
    http_version: str
    authorization: Optional[str] = Field(description="its scheme, and nothing else of it")
    headers: list[str] = Field(description="their names")
    user_agent: Optional[str]
    traceparent: Optional[str]


class Journal(BaseModel):
    counts: dict[str, int] = Field(description="by provider and kind", examples=[{"kustom session": 3}])
    entries: list[Entry] = Field(description="oldest first")


class Delivery(BaseModel):
    at: str
    session: str
    event: str
    method: str
    url: str = Field(description="without its query")
    status: Optional[int]
    error: Optional[str]
    ms: float
    scripted: Optional[str] = Field(description="what was not as the provider would have sent it")


class Again(Given):
    session: Text = Field(examples=["kustom:0f8b5d0e-7a51-4b5f-9d5c-0f5d2a5f1c55"])
    callback: Optional[Callback] = Field(None, description="for this one; without it, as the session's are")


class Provider(BaseModel):
    name: str
    statuses: dict[str, str] = Field(description="its words, and paysession's for each")
    configuration: dict[str, Any] = Field(description="the section of a configuration that reaches it here")


class Tokens(Given):
    provider: str
    action: Literal["expire", "refuse", "accept"] = Field(
        description="expire: tokens that were given out no longer count · refuse: the next requests for a token, or for "
                    "a session where a key stands in for it, are 401 · accept: that ends")
    times: Optional[Annotated[int, Field(strict=True, ge=1, le=1_000_000)]] = Field(
        None, description="refuse only so many; all without it")


class Problem(BaseModel):
    error: str = Field(description="a sentence: what it is about, and what was expected")
