"""What order platforms post, in their shapes, and our door."""

import base64
import hashlib
import hmac
import json
import os
import time
from datetime import timedelta
from functools import cache
from typing import Any

from django.test import Client

from common import tenancy
from organizations.models import Organization
from webhooks import dispatch
from webhooks.models import Delivery
from workshops.models import Order, Registration, Workshop
from workshops.services import issue_source_token

NAME = "Crypto Wealth Masterclass (Sh1) <> 4TH February"
COMPLETED = "order.created.completed"
SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes, or").decode()
#: 500 orders; with ROLLCALL_TEST_FULL=1 ten thousand.
MANY = 10_000 if os.environ.get("ROLLCALL_TEST_FULL") else 500
SOURCES = ("tagmango", "relay", "signed", "razorpay")


def token_of(organization: Organization, platform: str) -> str:
    """A token for its URL."""
    with tenancy.system():
        return issue_source_token(
            organization_id=organization.pk, platform=platform, issued_by="test", overlap=timedelta()
        )[1]


def mango(**values: Any) -> dict[str, Any]:
    """An order as TagMango tells it."""
    return {
        "subscriberId": "634fc35ddaf58580e2418c40", "name": "Asha Rao", "email": "asha@example.com",
        "phone": 9812345678, "country": "IN", "dialCode": "+91",
        "orderId": "o1", "orderTime": "2026-01-20T12:36:18.831Z", "amount": 100,
        "gst": 0, "discount": 20, "coupon": "CODE", "amountPayable": 90, "mangoName": NAME, "status": "completed",
        "currency": "INR", "quantity": 1, "customFields": [], **values,
    }  # fmt: skip


def relayed(**values: Any) -> dict[str, Any]:
    """An order as a relay passes it on; a value of None leaves a field out."""
    body = {
        "name": "Asha Rao", "email": "asha@example.com", "phone": "98123 45678", "workshop_name": NAME, "amount": 99,
        "Mango Id": "m1", "country code": "+91", "Utm Source": "insta", "Utm Term": 7, **values,
    }  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def payment(**values: Any) -> dict[str, Any]:
    """Razorpay's `payment.captured`; `values` are the payment's."""
    entity = {
        "id": "pay_1", "entity": "payment", "amount": 49900, "currency": "INR", "status": "captured",
        "order_id": "order_1", "amount_refunded": 0, "description": NAME, "email": "asha@example.com",
        "contact": "+919812345678", "notes": {"name": "Asha Rao"}, "created_at": 1768912578, **values,
    }  # fmt: skip
    return {
        "entity": "event", "account_id": "acc_1", "event": "payment.captured", "contains": ["payment"],
        "payload": {"payment": {"entity": entity}}, "created_at": 1768912580,
    }  # fmt: skip


def signed_order(**values: Any) -> dict[str, Any]:
    """An order in the envelope of Standard Webhooks; `values` are its data."""
    data = {
        "order_id": "s1", "workshop_name": NAME, "name": "Asha Rao", "email": "asha@example.com",
        "phone": "+91 98123 45678", "amount": "499.00", "currency": "INR", "occurred_at": "2026-01-20T12:36:18Z",
        **values,
    }  # fmt: skip
    return {"type": "order.completed", "timestamp": "2026-01-20T12:36:20Z", "data": data}


def standard_headers(body: bytes, *, secret: str = SECRET, identity: str = "msg_1", at: float = 0) -> dict[str, str]:
    """The three headers of https://www.standardwebhooks.com, made by its own recipe."""
    stamp = str(int(at or time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": identity, "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }  # fmt: skip


def razorpay_headers(body: bytes, *, secret: str = SECRET, identity: str = "ev_1") -> dict[str, str]:
    """Razorpay's two."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Razorpay-Signature": signature, "x-razorpay-event-id": identity}


def post(path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    """Send it to our door."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return _client().generic("POST", path, raw, content_type="application/json", headers=headers or {})


@cache
def _client() -> Client:
    """One for all: each loads the middleware anew, which takes longer than a request."""
    return Client(raise_request_exception=False)


def drain() -> None:
    """Let a worker handle what came, however long it takes."""
    for source in SOURCES:
        while Delivery.objects.filter(source=source).due().exists():
            dispatch.drain(source=source)


def take(path: str, *bodies: dict[str, Any]) -> None:
    """Send each, then handle them all: every one is taken and does what it says."""
    for body in bodies:
        assert post(path, body).status_code == 200
    drain()
    assert not Delivery.objects.exclude(status__in=["done", "ignored"]).values("error")


def registrations() -> list[Registration]:
    """All, the oldest first."""
    with tenancy.system():
        return list(Registration.objects.select_related("workshop", "mapping").order_by("registered_at", "name"))


def orders() -> list[Order]:
    """All, by their id."""
    with tenancy.system():
        return list(Order.objects.order_by("external_id"))


def workshops() -> list[Workshop]:
    """All, by their start."""
    with tenancy.system():
        return list(Workshop.objects.select_related("community").order_by("starts_at", "title"))
