# SPDX-License-Identifier: MIT
"""The lines for Django and for FastAPI, in each framework's own test client, against the sandbox."""

from __future__ import annotations

import importlib
import re
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import django
import pytest
from compiling import REPOSITORY
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client as Visitor
from fastapi.testclient import TestClient
from paysession_sandbox.testing import RunningSandbox

import paysession

EXAMPLES = REPOSITORY / "examples"

#: A project's own, as small as the example needs it.
MODELS = """
import uuid
from django.db import models

class Order(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    session = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, default="waiting")
    why = models.TextField(blank=True)

    def ship(self):
        self.parcel_set.create()

class Parcel(models.Model):
    order = models.ForeignKey(Order, models.PROTECT)
"""


@pytest.fixture(scope="session")
def payments(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The example for Django in a project, with the addresses that its first lines print. A process has one project."""
    project = tmp_path_factory.mktemp("django")
    (project / "shop").mkdir()
    (project / "shop" / "__init__.py").touch()
    (project / "shop" / "models.py").write_text(MODELS)
    lines = (EXAMPLES / "django" / "payments.py").read_text("utf-8")
    (printed,) = re.findall(r"^ +(urlpatterns = .*)$", lines, re.MULTILINE)
    (project / "shop" / "urls.py").write_text(f"import payments\nfrom django.urls import path\n{printed}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES / "django")
        patch.syspath_prepend(project)
        settings.configure(
            PAYSESSION=sandbox.config, INSTALLED_APPS=["shop"], ROOT_URLCONF="shop.urls", ALLOWED_HOSTS=["testserver"],
            MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"], DATABASES={"default": {
                "ENGINE": "django.db.backends.sqlite3", "NAME": project / "db", "ATOMIC_REQUESTS": True,
                "OPTIONS": {"timeout": 10, "transaction_mode": "IMMEDIATE"}}})
        django.setup()
        call_command("migrate", run_syncdb=True, verbosity=0)
        example = importlib.import_module("payments")
        yield example
        example.pay().close()
        connections.close_all()


class Ordered:
    """An order in the project's database, and the session that its customer pays in."""

    def __init__(self, payments: Any, sandbox: RunningSandbox) -> None:
        self.row = payments.Order.objects.create(amount_minor=4200, currency="SEK")
        created = sandbox.create("kustom", amount=4200, currency="SEK", reference=str(self.row.pk))
        self.session: str = created["session"]
        self.row.session = self.session
        self.row.save()

    def come_back(self) -> str:
        """What the customer reads."""
        page = Visitor().get(f"/order/{self.row.pk}")
        assert page.status_code == 200 and "no-store" in page["Cache-Control"]
        return str(page.content.decode())

    def call_back(self) -> int:
        status: int = Visitor(enforce_csrf_checks=True).post(
            f"/callback/{self.row.pk}", {"status": "FINALIZED"}, content_type="application/json").status_code
        return status

    @property
    def kept(self) -> tuple[str, str, int]:
        """Its state, why, and how many parcels were sent; nothing is read for that."""
        self.row.refresh_from_db()
        return self.row.state, self.row.why, self.row.parcel_set.count()


@pytest.fixture
def order(payments: Any, sandbox: RunningSandbox) -> Ordered:
    return Ordered(payments, sandbox)


def test_django_ships_once(order: Ordered, sandbox: RunningSandbox) -> None:
    assert (order.come_back(), order.call_back(), order.kept) == ("Your order is waiting.", 204, ("waiting", "", 0))
    sandbox.move(order.session, "completed")
    assert (order.call_back(), order.kept) == (204, ("shipped", "", 1))
    assert (order.call_back(), order.come_back(), order.kept) == (204, "Your order is shipped.", ("shipped", "", 1))


def test_django_holds_what_is_not_what_was_ordered(order: Ordered, sandbox: RunningSandbox) -> None:
    sandbox.change(order.session, amount=1, reference="another", status="completed")
    assert order.come_back() == "Your order is held."
    assert order.kept == ("held", "amount_mismatch, reference_mismatch", 0)
    sandbox.change(order.session, amount=4200, reference=str(order.row.pk))
    assert (order.call_back(), order.kept) == (204, ("shipped", "", 1))


def test_django_releases(order: Ordered, sandbox: RunningSandbox) -> None:
    sandbox.move(order.session, "cancelled")
    assert (order.come_back(), order.kept) == ("Your order is released.", ("released", "", 0))


def test_django_and_a_provider_that_is_down(order: Ordered, sandbox: RunningSandbox) -> None:
    sandbox.change(order.session, status="completed", replies=["503"] * 3)
    assert (order.call_back(), order.kept) == (503, ("waiting", "", 0))
    assert (order.call_back(), order.kept) == (204, ("shipped", "", 1))


def test_django_knows_no_other_order(payments: Any) -> None:
    for page in ("order", "callback"):
        assert Visitor().get(f"/{page}/{uuid.uuid4()}").status_code == 404


def test_django_has_no_transaction_open_while_it_reads(
    order: Ordered, payments: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though the project asks for one in each request. This is how a project tests its own pages, too."""
    seen = []

    def decide(reference: str, **options: Any) -> paysession.Decision:
        seen.append((reference, options["expect"], connection.in_atomic_block))
        return paysession.Decision(reference, paysession.Next.SHIP, paysession.Result.OK, "", None)

    monkeypatch.setattr(payments, "pay", lambda: SimpleNamespace(decide=decide))
    assert (order.call_back(), order.kept) == (204, ("shipped", "", 1))
    assert seen == [(order.session, {"amount": 4200, "currency": "SEK", "reference": str(order.row.pk)}, False)]


def test_django_ships_or_changes_nothing(
    order: Ordered, payments: Any, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ship(order: Any) -> None:
        raise ValueError("no room")

    sandbox.move(order.session, "completed")
    with monkeypatch.context() as patch, pytest.raises(ValueError, match="no room"):
        patch.setattr(payments.Order, "ship", ship)
        order.call_back()
    assert order.kept == ("waiting", "", 0)
    assert (order.call_back(), order.kept) == (204, ("shipped", "", 1))


def test_django_keeps_its_client(payments: Any) -> None:
    assert isinstance(payments.pay(), paysession.Client) and payments.pay() is payments.pay()


@pytest.mark.slow
def test_django_at_the_same_moment(payments: Any, sandbox: RunningSandbox) -> None:
    """Return page and callback: one parcel each time."""
    def asked(ask: Any) -> Any:
        try:
            return ask()
        finally:
            connections.close_all()  # this thread's

    with ThreadPoolExecutor(8) as pool:
        for _ in range(25):
            order = Ordered(payments, sandbox)
            sandbox.move(order.session, "completed")
            came = [pool.submit(asked, ask) for ask in (order.come_back, order.call_back) * 4]
            assert [one.result() for one in came] == ["Your order is shipped.", 204] * 4
            assert order.kept == ("shipped", "", 1)


# ---- FastAPI --------------------------------------------------------------------------------------


@pytest.fixture
def decisions(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(EXAMPLES / "fastapi")
    monkeypatch.setenv("PAYSESSION_CONFIG", str(sandbox.config_file))
    return importlib.import_module("decisions")


@pytest.fixture
def service(decisions: Any) -> Iterator[TestClient]:
    with TestClient(decisions.app) as opened:
        yield opened


def decided(service: TestClient, session: str, amount: int = 4200) -> tuple[str, str]:
    told = service.post("/decisions", json={
        "session": session, "amount": amount, "currency": "SEK", "reference": "A-1"})
    assert told.status_code == 200 and set(told.json()) == {"next", "why"}
    return told.json()["next"], told.json()["why"]


def test_fastapi_says_what_to_do(service: TestClient, sandbox: RunningSandbox) -> None:
    session = sandbox.create("kustom", amount=4200, currency="SEK", reference="A-1")["session"]
    assert decided(service, session) == ("wait", "")
    sandbox.move(session, "completed")
    assert decided(service, session) == ("ship", "")
    assert decided(service, session, 4300) == ("hold", "amount_mismatch")
    cancelled = sandbox.create("kustom", amount=4200, currency="SEK", reference="A-1", status="cancelled")["session"]
    assert decided(service, cancelled) == ("release", "")


def test_fastapi_and_a_provider_that_is_down(service: TestClient, sandbox: RunningSandbox) -> None:
    session = sandbox.create("kustom", amount=4200, currency="SEK", reference="A-1", status="completed",
                             replies=["503"] * 3)["session"]
    chosen, why = decided(service, session)
    assert chosen == "wait" and "503" in why
    assert decided(service, session) == ("ship", "")


def test_fastapi_is_told_what_is_no_order(service: TestClient) -> None:
    chosen, why = decided(service, "klarna:1")
    assert chosen == "hold" and why
    assert decided(service, "kustom:x", amount=-1)[0] == "hold"
    for amount in (42.5, "42.50", None):
        body = {"session": "kustom:x", "amount": amount, "currency": "SEK", "reference": "A-1"}
        assert service.post("/decisions", json=body).status_code == 422


@pytest.mark.slow
def test_fastapi_lets_none_wait_for_another(service: TestClient, sandbox: RunningSandbox) -> None:
    """Sixteen providers' seconds are not sixteen seconds."""
    sessions = [sandbox.create("kustom", amount=4200, currency="SEK", reference="A-1", status="completed",
                               replies=["delay-1000"])["session"] for _ in range(16)]
    since = time.monotonic()
    with ThreadPoolExecutor(16) as crowd:
        assert list(crowd.map(lambda session: decided(service, session), sessions)) == [("ship", "")] * 16
    assert time.monotonic() - since < 8


def test_fastapi_closes_its_client(decisions: Any) -> None:
    with TestClient(decisions.app) as service:
        service.get("/")
        pay = service.app_state["pay"]
    assert repr(pay) == "<paysession.AsyncClient, closed>"
