"""Orders: kept raw, event by event, and placed."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from organizations.models import Organization
from workshops.models import Order, ProductMapping, Workshop
from workshops.services.locks import lock_orders_of
from workshops.services.people import read_person
from workshops.services.products import find_mapping
from workshops.services.registrations import PAID, PLACED, registration_of, settle

Status = Order.Status
#: What an order has come to, whatever order its events arrive in.
_RANK = {Status.INITIATED: 0, Status.FAILED: 1, Status.COMPLETED: 2, Status.EXPIRED: 2, Status.REFUNDED: 3}

#: What `erase_person` leaves of an order's payloads (`PERSONAL_COLUMNS`).
_ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Purchase:
    """
    What one event of a platform says of an order. Texts are as the platform wrote them, empty where it wrote none.

    `external_id` is unique per platform and organization; `raw` is the body of the event; `occurred_at` is aware.
    """

    platform: str
    external_id: str
    event: str
    status: Order.Status
    raw: dict[str, Any]
    occurred_at: datetime
    product_id: str = ""
    product_name: str = ""
    name: str = ""
    email: str = ""
    phone_text: str = ""
    dial_code: str = ""
    country: str = ""
    amount: Decimal | None = None
    currency: str = ""


@transaction.atomic(savepoint=False)  # the tenancy context that it runs in is one
def take_order(*, organization: Organization, purchase: Purchase, workshop: Workshop | None = None) -> Order:
    """
    Keep what an event says of an order and, once it is paid, place its registration; the same event twice is one.

    The workshop is what the product id or the name means; with `workshop` it is that one, and nothing is asked.
    """
    lock_orders_of(organization.pk)
    key = {"platform": purchase.platform, "external_id": purchase.external_id}
    order = Order.objects.filter(organization=organization, **key).first() or Order(organization=organization, **key)
    if order.registration_id and _ERASED in order.payloads:
        # A refund counts, and brings nobody back.
        purchase = replace(purchase, name="", email="", phone_text="", raw={})
    _merge(order, purchase)
    if order.status in PLACED and order.registration_id is None:
        _place(order, purchase, organization, workshop)
    order.save()
    if order.registration is not None:
        settle([order.registration])
    return order


def _merge(order: Order, purchase: Purchase) -> None:
    """Of several events the one that ranks highest speaks for the order; all are kept."""
    is_first = not order.payloads
    order.payloads = {**order.payloads, purchase.event: purchase.raw}
    if not is_first and (_RANK[purchase.status], purchase.event) < (_RANK[Status(order.status)], order.event):
        return
    order.status, order.event = purchase.status, purchase.event
    order.product_name, order.occurred_at = purchase.product_name, purchase.occurred_at
    order.amount, order.currency = purchase.amount, purchase.currency
    order.name, order.email = " ".join(purchase.name.split()), purchase.email.strip().lower()
    order.phone_text = purchase.phone_text.strip()


def _place(order: Order, purchase: Purchase, organization: Organization, workshop: Workshop | None) -> None:
    """An order that says nothing of anybody is kept without a registration."""
    if not (purchase.name or purchase.email or purchase.phone_text):
        return
    mapping: ProductMapping | None = None
    if workshop is None:
        mapping = find_mapping(
            organization=organization, platform=purchase.platform, product_id=purchase.product_id,
            name=purchase.product_name, ordered_at=purchase.occurred_at, is_paid=order.status in PAID,
        )  # fmt: skip
        workshop = mapping.workshop
    person = read_person(
        organization=organization, name=purchase.name, email=purchase.email, phone_text=purchase.phone_text,
        dial_code=purchase.dial_code, country=purchase.country,
    )  # fmt: skip
    order.mapping = mapping
    order.registration = registration_of(person=person, order=order, workshop=workshop, mapping=mapping)
