"""
Any sender that signs as Standard Webhooks does (https://www.standardwebhooks.com): `{type, timestamp, data}`.

`data` has order_id, workshop_name and/or product_id, phone and/or email, and, if known, name, country_code, amount,
currency, occurred_at.
"""

from collections.abc import Callable
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from webhooks.sources import Event, Invalid, Refused, Request, Source, Unreadable, json_object
from workshops.inbound import addresses, fields, forms
from workshops.inbound.relay import person
from workshops.models import Order, Platform

Status = Order.Status
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
_STATUSES = {
    "order.completed": Status.COMPLETED,
    "order.initiated": Status.INITIATED,
    "order.failed": Status.FAILED,
    "order.refunded": Status.REFUNDED,
    "subscription.expired": Status.EXPIRED,
}


def verify(request: Request) -> None:
    """
    The token in the URL, and the signature over id, time (five minutes) and body under one of the secrets.

    :raises Refused: either is wrong
    """
    secrets = addresses.signing_secrets(request, addresses.verify_token(request))
    headers = {name: request.headers.get(name, "") for name in _HEADERS}
    if not all(headers.values()):
        raise Refused(401, "no_signature")
    if not any([_is_signed(secret, request.body, headers) for secret in secrets if secret]):  # noqa: C419  # all are compared
        raise Refused(401, "wrong_signature")


def _is_signed(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except (WebhookVerificationError, ValueError):  # what is no base64, no UTF-8 or no "v1,…" is a ValueError
        return False
    return True


def read(request: Request) -> list[Event]:
    """
    The one event; `webhook-id` is the same when it is sent again.

    :raises Invalid: it is one that we handle, and its data is not complete
    """
    body = json_object(request.body)
    name, organization_id = body.get("type"), request.known["organization_id"]
    if not isinstance(name, str) or not name:
        raise Unreadable("no_type")
    key = f"{organization_id}:{request.headers['webhook-id']}"
    event = Event(name, dedupe_key=key, payload={"body": body}, organization_id=organization_id)
    if name in _STATUSES:
        _data(event)
    return [event]


def _told(status: Order.Status) -> Callable[[Event], None]:
    def handle(event: Event) -> None:
        """An order is at this point now."""
        body, said, organization = event.payload["body"], _data(event), addresses.organization_of(event)
        external_id = fields.text(said.get("orderid"))
        told_at = said.get("occurredat") or body.get("timestamp")
        addresses.take(
            event, organization=organization, platform=Platform.SIGNED, status=status,
            external_id=f"{event.type}:{external_id}" if status == Status.EXPIRED else external_id,
            product_id=fields.text(said.get("productid")), product_name=fields.text(said.get("workshopname")),
            occurred_at=fields.moment(told_at, zone=organization.zone, received_at=event.received_at),
            amount=fields.amount(said.get("amount")), currency=fields.currency(said.get("currency")), **person(said),
        )  # fmt: skip

    return handle


def _data(event: Event) -> dict[str, Any]:
    data = event.payload["body"].get("data")
    if not isinstance(data, dict):
        raise Invalid(event, {"data": ["This must be an object."]})
    if problems := forms.problems_of_order(data):
        raise Invalid(event, {f"data.{name}": texts for name, texts in problems.items()})
    return fields.folded_keys(data)


SOURCE = Source(
    verify=verify,
    read=read,
    handlers={name: _told(status) for name, status in _STATUSES.items()},
    secret_fields=addresses.SECRET_FIELDS,
    route=("token",),
)
