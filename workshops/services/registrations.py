"""Registrations: made of orders, and always what their orders say."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from workshops.models import Order, ProductMapping, Registration, Workshop
from workshops.services import news
from workshops.services.people import Person, find_loosely, find_registration

Status = Order.Status
#: Orders that make a registration.
PAID = frozenset({Status.COMPLETED, Status.REFUNDED})
#: Orders that have a registration.
PLACED = PAID | {Status.EXPIRED}
_DERIVED = ["status", "name", "email", "phone_text", "registered_at", "workshop", "mapping", "updated_at"]


def registration_of(
    *, person: Person, order: Order, workshop: Workshop | None, mapping: ProductMapping | None
) -> Registration:
    """The person's registration for the workshop, or held for the mapping; made where there is none."""
    among = registrations_at(organization_id=order.organization_id, workshop=workshop, mapping=mapping)
    found = find_registration(among=among, person=person)
    if found is None and order.status == Status.EXPIRED:
        found = find_loosely(among=among, person=person)
    return found or Registration.objects.create(
        organization_id=order.organization_id, workshop=workshop, mapping=mapping,
        status=Registration.Status.REGISTERED if workshop else Registration.Status.HELD,
        name=person.name, email=person.email, phone_text=person.phone_text, full_phone=person.full_phone,
        phone_number=person.phone_number, phone_tail=person.phone_tail, person_key=person.key,
        registered_at=order.occurred_at,
    )  # fmt: skip


def registrations_at(
    *, organization_id: str, workshop: Workshop | None, mapping: ProductMapping | None
) -> QuerySet[Registration]:
    """Those of a workshop, or those that a mapping holds."""
    own = Registration.objects.filter(organization_id=organization_id)
    return own.filter(workshop=workshop) if workshop else own.filter(workshop=None, mapping=mapping)


def settle(registrations: Collection[Registration]) -> None:
    """Write what the orders of each say, whatever order they came in, and tell the pages that show them."""
    orders = defaultdict(list)
    for order in Order.objects.filter(registration__in=[each.pk for each in registrations]).defer("payloads"):
        orders[order.registration_id].append(order)
    for each in registrations:
        _derive(each, orders[each.pk])
        each.updated_at = timezone.now()
    _write(registrations)
    _tell({each.workshop_id for each in registrations})


def _write(registrations: Collection[Registration]) -> None:
    """One row by itself; many as an upsert of rows that are there: a bulk update is a CASE of each row and column."""
    if len(registrations) > 1:
        Registration.objects.bulk_create(
            registrations, update_conflicts=True, unique_fields=["id"], update_fields=_DERIVED, batch_size=1000
        )
        return
    for only in registrations:
        only.save(update_fields=_DERIVED)


def _tell(workshop_ids: Iterable[UUID | None]) -> None:
    for workshop_id in workshop_ids:
        if workshop_id:
            news.registrations_changed(workshop_id)


def _derive(registration: Registration, orders: list[Order]) -> None:
    """The latest order names the person, the first one says since when, and all of them whether it still holds."""
    told = [order for order in orders if order.status in PAID] or orders
    if not told:
        return
    told.sort(key=lambda order: (order.occurred_at, order.platform, order.external_id))
    registration.registered_at = told[0].occurred_at
    registration.name = _latest(order.name for order in told) or registration.name
    registration.email = _latest(order.email for order in told) or registration.email
    if not registration.corrected_by:
        registration.phone_text = _latest(order.phone_text for order in told) or registration.phone_text
    registration.status = _status(registration, orders)


def _latest(texts: Iterable[str]) -> str:
    return next((text for text in reversed(list(texts)) if text), "")


def _status(registration: Registration, orders: list[Order]) -> Registration.Status:
    if registration.workshop_id is None:
        return Registration.Status.HELD
    bought = max((order.occurred_at for order in orders if order.status == Status.COMPLETED), default=None)
    is_over = bought is None or _expired_after(orders, bought)
    return Registration.Status.CANCELLED if is_over else Registration.Status.REGISTERED


def _expired_after(orders: list[Order], bought: datetime) -> bool:
    """Whether an expiry knows of the latest purchase; one that does not was told of an earlier one."""
    return any(order.occurred_at >= bought for order in orders if order.status == Status.EXPIRED)
