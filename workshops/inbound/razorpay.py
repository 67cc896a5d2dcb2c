"""
Razorpay. https://razorpay.com/docs/webhooks/ (payloads, `X-Razorpay-Signature`, `x-razorpay-event-id`)

Amounts are in the currency's smallest unit, times in seconds. What was bought stands in the notes of the payment or its
order, or is its description. `notes` is an empty list when there are none.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from webhooks import signatures
from webhooks.sources import Event, Ignore, Refused, Request, Source, Unreadable, json_object
from workshops.inbound import addresses, fields
from workshops.models import Order, Platform

Status = Order.Status
#: Decimals of currencies that have other than two (ISO 4217).
_DECIMALS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3,
    "TND": 3,
}  # fmt: skip


def verify(request: Request) -> None:
    """
    The token in the URL, and the HMAC of the raw body under one of the secrets.

    :raises Refused: either is wrong
    """
    secrets = addresses.signing_secrets(request, addresses.verify_token(request))
    given = request.headers.get("X-Razorpay-Signature", "")
    if not given:
        raise Refused(401, "no_signature")
    if not signatures.is_hex_hmac(given, body=request.body, secrets=secrets, algorithm="sha256"):
        raise Refused(401, "wrong_signature")


def read(request: Request) -> list[Event]:
    """The one event; `x-razorpay-event-id` is the same when it is sent again."""
    body = json_object(request.body)
    name, organization_id = body.get("event"), request.known["organization_id"]
    if not isinstance(name, str) or not name:
        raise Unreadable("no_event")
    identity = request.headers.get("x-razorpay-event-id") or fields.digest(body)
    key = f"{organization_id}:{identity}"
    return [Event(name, dedupe_key=key, payload={"body": body}, organization_id=organization_id)]


def _paid(status: Order.Status) -> Callable[[Event], None]:
    def handle(event: Event) -> None:
        """A payment, or the order that it is for, is at this point now."""
        _take(event, status)

    return handle


def refunded(event: Event) -> None:
    """Money went back. As long as a part of it stays, the person does too."""
    payment = _entity(event, "payment")
    if fields.amount(payment.get("amount_refunded")) != fields.amount(payment.get("amount")):
        raise Ignore("only a part was refunded")
    _take(event, Status.REFUNDED)


def _take(event: Event, status: Order.Status) -> None:
    payment, order = _entity(event, "payment"), _entity(event, "order")
    external_id = fields.text(payment.get("order_id") or order.get("id") or payment.get("id"))
    if not external_id:
        raise Ignore("it names no payment and no order")
    organization = addresses.organization_of(event)
    notes = {**_notes(order), **_notes(payment)}
    addresses.take(
        event, organization=organization, platform=Platform.RAZORPAY, status=status,
        external_id=external_id, product_id=fields.text(notes.get("productid")),
        product_name=fields.text(notes.get("workshopname") or notes.get("workshop") or payment.get("description")),
        name=fields.text(notes.get("name") or notes.get("fullname")),
        email=fields.text(notes.get("email") or payment.get("email")),
        phone_text=fields.text(notes.get("phone") or payment.get("contact")),
        occurred_at=fields.moment(
            order.get("created_at") or payment.get("created_at"), zone=organization.zone, received_at=event.received_at
        ),
        amount=_money(payment or order), currency=fields.currency((payment or order).get("currency")),
    )  # fmt: skip


def _entity(event: Event, name: str) -> dict[str, Any]:
    payload = event.payload["body"].get("payload")
    found = payload.get(name) if isinstance(payload, dict) else None
    entity = found.get("entity") if isinstance(found, dict) else None
    return entity if isinstance(entity, dict) else {}


def _notes(entity: dict[str, Any]) -> dict[str, Any]:
    notes = entity.get("notes")
    return fields.folded_keys(notes) if isinstance(notes, dict) else {}


def _money(entity: dict[str, Any]) -> Decimal | None:
    found = fields.amount(entity.get("amount"))
    return found and found.scaleb(-_DECIMALS.get(fields.currency(entity.get("currency")), 2))


SOURCE = Source(
    verify=verify,
    read=read,
    handlers={
        "payment.authorized": _paid(Status.INITIATED),
        "payment.failed": _paid(Status.FAILED),
        "payment.captured": _paid(Status.COMPLETED),
        "order.paid": _paid(Status.COMPLETED),
        "payment_link.paid": _paid(Status.COMPLETED),
        "refund.processed": refunded,
    },
    secret_fields=addresses.SECRET_FIELDS,
    route=("token",),
)
