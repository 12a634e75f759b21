# SPDX-License-Identifier: MIT
"""What a Django project adds, whose orders have amount_minor, currency, session, state and why, and can ship().

    PAYSESSION = {"timeout_ms": 3000, "kustom": {"environment": "live", "api_key": {"env": "KUSTOM_API_KEY"}}}
    urlpatterns = [path("order/<uuid:pk>", payments.returned), path("callback/<uuid:pk>", payments.called)]
"""

from __future__ import annotations

import logging
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from shop.models import Order  # the project's own

from paysession import Client, Next, Result

#: What an order becomes by a decision. To wait changes nothing.
STATES = {Next.SHIP: "shipped", Next.RELEASE: "released", Next.HOLD: "held"}

log = logging.getLogger(__name__)


@cache
def pay() -> Client:
    """The client of the settings, opened when it is first asked for: one for all threads of a process."""
    return Client(settings.PAYSESSION)


def settle(order: Order) -> bool:
    """Reads the session of an order and does what the library decides, also as a job each night. Whether there was an
    answer: none is not "not paid". However often it is called, a parcel is sent once."""
    if order.state in ("shipped", "released"):  # for good
        return True
    decision = pay().decide(order.session, expect={
        "amount": order.amount_minor, "currency": order.currency, "reference": str(order.pk)})
    if decision.result is not Result.OK:
        log.warning("%s: %s", order.pk, decision.why)
    elif decision.next in STATES:
        with transaction.atomic():
            # One of many at the same moment changes the row, and ships; the others find it changed.
            changed = Order.objects.filter(pk=order.pk, state__in=["waiting", "held"]).update(
                state=STATES[decision.next], why=decision.why)
            if changed and decision.next is Next.SHIP:
                order.ship()
    order.refresh_from_db()
    return decision.result is Result.OK


@never_cache
@transaction.non_atomic_requests  # a read lasts seconds, in which no transaction is to be open
def returned(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The customer is back, whatever the outcome."""
    order = get_object_or_404(Order, pk=pk)
    settle(order)
    return HttpResponse(f"Your order is {order.state}.")


@csrf_exempt
@transaction.non_atomic_requests
def called(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The provider, or somebody who says so: a reason to look. Where nothing was learnt, it may come again."""
    return HttpResponse(status=204 if settle(get_object_or_404(Order, pk=pk)) else 503)
