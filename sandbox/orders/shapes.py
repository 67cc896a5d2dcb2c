"""How each platform tells of an order: bodies, events, signatures, oddities included."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.orders.buyers import Buyer
from sandbox.problems import Json

COMPLETED, INITIATED, FAILED = "order.created.completed", "order.created.initiated", "order.created.failed"
_JSON = {"Content-Type": "application/json"}
_PRICE = 499


@dataclass(frozen=True)
class Order:
    """One purchase. `number` counts the orders of a request, and varies their oddities."""

    number: int
    id: str
    buyer: Buyer
    workshop: str

    @property
    def at(self) -> datetime:
        """Some minutes ago, the first order longest."""
        return datetime.now(UTC) - timedelta(seconds=max(3600 - self.number, 1))


@dataclass(frozen=True)
class Told:
    """One post: where below the platform's URL, what, and with which headers."""

    event: str
    body: bytes
    headers: Mapping[str, str]


def tagmango(order: Order, event: str, secret: str) -> Told:
    """The body names no event, and always says `completed`; custom fields come in each of their three forms."""
    buyer, number = order.buyer, order.number
    body: Json = {
        "subscriberId": f"sub{buyer.national}", "name": buyer.name, "email": buyer.email, "phone": int(buyer.national),
        "country": buyer.region, "dialCode": f"+{buyer.code}", "orderId": order.id,
        "orderTime": order.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "amount": _PRICE, "gst": 0, "discount": 0,
        "coupon": "", "amountPayable": _PRICE, "mangoName": _spelled(order.workshop, number), "status": "completed",
        "currency": "INR", "quantity": 1, "affiliateId": None,
    }  # fmt: skip
    body |= ({"customFields": None}, {"customFields": [{"label": "City", "value": "Pune"}]}, {"City": "Pune"})[
        number % 3
    ]
    return Told(event, json.dumps(body).encode(), _JSON)


def relay(order: Order, event: str, secret: str) -> Told:
    """Flat JSON; phones are text or numbers, country codes have a plus, none, or are numbers."""
    buyer, number = order.buyer, order.number
    body: Json = {
        "name": buyer.name, "email": buyer.email, "phone": (buyer.national, int(buyer.national))[number % 2],
        "workshop_name": _spelled(order.workshop, number), "amount": _PRICE, "Order Id": order.id,
        "country code": (f"+{buyer.code}", buyer.code, int(buyer.code))[number % 3], "Utm Source": "instagram",
        "Utm Term": number,
    }  # fmt: skip
    return Told("", json.dumps(body).encode(), _JSON)


def signed(order: Order, event: str, secret: str) -> Told:
    """In the envelope of Standard Webhooks, signed as they say (https://www.standardwebhooks.com)."""
    buyer = order.buyer
    data: Json = {
        "order_id": order.id, "workshop_name": order.workshop, "name": buyer.name, "email": buyer.email,
        "phone": buyer.phone, "amount": f"{_PRICE}.00", "currency": "INR", "occurred_at": order.at.isoformat(),
    }  # fmt: skip
    kind = {COMPLETED: "order.completed", INITIATED: "order.initiated", FAILED: "order.failed"}[event]
    body = json.dumps({"type": kind, "timestamp": order.at.isoformat(), "data": data}).encode()
    identity, stamp = f"msg_{kind}_{order.id}", str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    signature = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": identity, "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }  # fmt: skip
    return Told("", body, {**_JSON, **headers})


def razorpay(order: Order, event: str, secret: str) -> Told:
    """As Razorpay (https://razorpay.com/docs/webhooks/): paise, seconds, notes."""
    buyer = order.buyer
    kind = {COMPLETED: "payment.captured", INITIATED: "payment.authorized", FAILED: "payment.failed"}[event]
    payment: Json = {
        "id": f"pay_{order.id}", "entity": "payment", "amount": _PRICE * 100, "currency": "INR", "order_id": order.id,
        "amount_refunded": 0, "description": order.workshop, "email": buyer.email, "contact": buyer.phone,
        "notes": {"name": buyer.name}, "created_at": int(order.at.timestamp()),
    }  # fmt: skip
    body = json.dumps({"entity": "event", "event": kind, "payload": {"payment": {"entity": payment}}}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Razorpay-Signature": signature, "x-razorpay-event-id": f"ev_{kind}_{order.id}"}
    return Told("", body, {**_JSON, **headers})


def bad(told: Told, number: int) -> Told:
    """Something that nobody can use: no JSON, no object, no fields."""
    bodies = (b"<html>502 Bad Gateway</html>", b"[1, 2]", b"{}")
    return Told(told.event, bodies[number % len(bodies)], told.headers)


SHAPES: Mapping[str, Callable[[Order, str, str], Told]] = {
    "tagmango": tagmango, "relay": relay, "signed": signed, "razorpay": razorpay,
}  # fmt: skip


def _spelled(workshop: str, number: int) -> str:
    """Platforms change case and spaces."""
    return (workshop, workshop.upper(), f" {workshop.replace(' ', '  ')}")[number % 3]
