"""Relays such as Pabbly: flat JSON that a person put together, who reads our answer."""

from typing import Any

from webhooks.sources import Event, Invalid, Request, Source, json_object
from workshops.inbound import addresses, fields, forms
from workshops.models import Order, Platform

_PAID = "order"


def verify(request: Request) -> None:
    """The token in the URL."""
    addresses.verify_token(request)


def read(request: Request) -> list[Event]:
    """
    One order. A body without an order id is the same order when it says the same.

    :raises Invalid: fields are missing or wrong
    """
    body = json_object(request.body)
    organization_id = request.known["organization_id"]
    event = Event(
        _PAID, dedupe_key=f"{organization_id}:{fields.digest(body)}", payload={"body": body},
        organization_id=organization_id,
    )  # fmt: skip
    _check(event)
    return [event]


def ordered(event: Event) -> None:
    """Somebody bought a workshop."""
    _check(event)
    body, organization = event.payload["body"], addresses.organization_of(event)
    said = fields.folded_keys(body)
    addresses.take(
        event, organization=organization, platform=Platform.RELAY, status=Order.Status.COMPLETED,
        external_id=fields.text(said.get("orderid")) or fields.digest(body),
        product_id=fields.text(said.get("mangoid")), product_name=fields.text(said.get("workshopname")),
        occurred_at=fields.moment(said.get("ordertime"), zone=organization.zone, received_at=event.received_at),
        amount=fields.amount(said.get("amount")), currency=fields.currency(said.get("currency")), **person(said),
    )  # fmt: skip


def person(said: dict[str, Any]) -> dict[str, str]:
    """Who it is; `country code` is `+91`, `91`, the number 91, or a country's two letters."""
    code = fields.text(said.get("countrycode"))
    named = {name: fields.text(said.get(name)) for name in ("name", "email")}
    where = {"country": code} if code.isalpha() else {"dial_code": code}
    return {**named, **where, "phone_text": fields.text(said.get("phone"))}


def _check(event: Event) -> None:
    if problems := forms.problems_of_relay(event.payload["body"]):
        raise Invalid(event, problems)


SOURCE = Source(
    verify=verify,
    read=read,
    handlers={_PAID: ordered},
    secret_fields=addresses.SECRET_FIELDS,
    route=("token",),
)
