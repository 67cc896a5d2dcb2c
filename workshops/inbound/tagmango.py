"""
TagMango: one URL per event, no signature. https://docs.tagmango.com

The body names no event, so the URL is believed: a *failed* order has been seen that said `status: "completed"`. Whoever
has the URL gets exactly 200, whatever the body is. `customFields` (null, a list, or flattened into the body) is kept,
and nothing is read from it.
"""

from collections.abc import Callable
from typing import Any

from webhooks.sources import Event, Request, Source, json_object
from workshops.inbound import addresses, fields
from workshops.models import Order, Platform

Status = Order.Status
_EXPIRED = "subscription.expired"
#: A renewal may carry the id of the order that began the subscription.
_RENEWED = "order.recurring.created"


def verify(request: Request) -> None:
    """The token in the URL."""
    addresses.verify_token(request)


def read(request: Request) -> list[Event]:
    """One event; its identity is organization, event and order id. Without an order id it is all that it says."""
    body = json_object(request.body)
    name, organization_id = request.route["event"], request.known["organization_id"]
    key = f"{organization_id}:{name}:{fields.text(body.get('orderId')) or fields.digest(body)}"
    return [Event(name, dedupe_key=key, payload={"body": body}, organization_id=organization_id)]


def _ordered(status: Order.Status) -> Callable[[Event], None]:
    def handle(event: Event) -> None:
        """An order was begun, failed, was paid or renewed."""
        body, organization = event.payload["body"], addresses.organization_of(event)
        addresses.take(
            event, organization=organization, platform=Platform.TAGMANGO, status=status,
            external_id=_order_id(event), product_name=fields.text(body.get("mangoName")),
            product_id=fields.text(_first(body, "mangoId", "mango_id", "Mango Id")),
            occurred_at=fields.moment(body.get("orderTime"), zone=organization.zone, received_at=event.received_at),
            amount=fields.amount(_first(body, "amountPayable", "amount")),
            currency=fields.currency(body.get("currency")), **_person(body),
        )  # fmt: skip

    return handle


def subscription_expired(event: Event) -> None:
    """Somebody's subscription is over, unless they bought again since the day it speaks of."""
    body, organization = event.payload["body"], addresses.organization_of(event)
    addresses.take(
        event, organization=organization, platform=Platform.TAGMANGO, status=Status.EXPIRED,
        external_id=_order_id(event), product_name=fields.text(_first(body, "mangoTitle", "mangoName")),
        product_id=fields.text(body.get("mangoLink")).rstrip("/").rpartition("/")[2],
        occurred_at=fields.end_of_day(
            body.get("lastPurchaseDate"), zone=organization.zone, received_at=event.received_at
        ),
        **_person(body),
    )  # fmt: skip


def _order_id(event: Event) -> str:
    body = event.payload["body"]
    found = fields.text(body.get("orderId")) or fields.digest(body)
    return f"{event.type}:{found}" if event.type in (_RENEWED, _EXPIRED) else found


def _person(body: dict[str, Any]) -> dict[str, str]:
    """`phone` is a JSON number: `+` and zeros are lost, and `dialCode` or `country` stand beside it."""
    named = {"name": "name", "email": "email", "phone_text": "phone", "dial_code": "dialCode", "country": "country"}
    return {name: fields.text(body.get(key)) for name, key in named.items()}


def _first(body: dict[str, Any], *names: str) -> Any:
    return next((body[name] for name in names if body.get(name) not in (None, "")), None)


SOURCE = Source(
    verify=verify,
    read=read,
    handlers={
        "order.created.completed": _ordered(Status.COMPLETED),
        "order.created.initiated": _ordered(Status.INITIATED),
        "order.created.failed": _ordered(Status.FAILED),
        _RENEWED: _ordered(Status.COMPLETED),
        _EXPIRED: subscription_expired,
    },
    secret_fields=addresses.SECRET_FIELDS,
    route=("token", "event"),
    is_forgiving=True,
)
