"""Clerk's webhooks, as tests make and send them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.conf import settings
from django.test import Client
from svix.webhooks import Webhook

from common import tenancy
from organizations.models import Membership, Organization
from webhooks import dispatch
from webhooks.models import Delivery

PATH = "/webhooks/clerk"
#: 2026-01-01, in milliseconds.
EARLY = 1_767_225_600_000
LATER = EARLY + 60_000
_numbers: Iterator[int] = count(1)


def organization(pk: str = "org_1", *, updated: int | None = EARLY, **facts: Any) -> dict[str, Any]:
    """An organization as Clerk describes it."""
    return {
        "object": "organization", "id": pk, "name": "Guild", "slug": "guild", "image_url": "https://img.example/1",
        "created_by": "user_owner", "created_at": EARLY, "updated_at": updated, **facts,
    }  # fmt: skip


def membership(
    pk: str = "orgmem_1", user_id: str = "user_1", *, role: str = "org:member", created: int = EARLY,
    updated: int = EARLY, **facts: Any,
) -> dict[str, Any]:  # fmt: skip
    """A membership as Clerk describes it."""
    return {
        "object": "organization_membership", "id": pk, "role": role, "created_at": created, "updated_at": updated,
        "organization": organization(),
        "public_user_data": {"user_id": user_id, "first_name": "Ole", "last_name": "Lie", "identifier": "ole"},
        **facts,
    }  # fmt: skip


def user(pk: str = "user_1", *, updated: int = EARLY, **facts: Any) -> dict[str, Any]:
    """A user as Clerk describes them."""
    return {
        "object": "user", "id": pk, "first_name": "Ole", "last_name": "Lie", "username": None,
        "primary_email_address_id": "idn_1", "created_at": EARLY, "updated_at": updated,
        "email_addresses": [
            {"id": "idn_1", "email_address": f"{pk}@x.example", "verification": {"status": "verified"}}
        ],
        **facts,
    }  # fmt: skip


def send(kind: str, data: dict[str, Any], *, key: str = "", timestamp: int = EARLY // 1000) -> Any:
    """Post one event, signed; the answer."""
    body = json.dumps({"object": "event", "type": kind, "data": data, "timestamp": timestamp}).encode()
    return post(body, signed(body, key=key or f"msg_{next(_numbers)}"))


def post(body: bytes, headers: dict[str, str]) -> Any:
    """Post anything."""
    client = Client(raise_request_exception=False)
    return client.post(PATH, body, content_type="application/json", headers=headers)


def signed(body: bytes, *, key: str, secret: str = "", at: datetime | None = None) -> dict[str, str]:
    """Svix' headers for a body."""
    now = at or datetime.now(UTC)
    signature = Webhook(secret or settings.CLERK_WEBHOOK_SECRETS[0]).sign(key, now, body.decode())
    return {"svix-id": key, "svix-timestamp": str(int(now.timestamp())), "svix-signature": signature}


def tell(kind: str, data: dict[str, Any], **also: Any) -> Delivery:
    """Send one event and handle it; what became of it."""
    assert send(kind, data, **also).status_code == 200
    dispatch.drain(source="clerk")
    return Delivery.objects.latest("pk")


def live() -> dict[tuple[str, str], str]:
    """(organization, person) → role of all live memberships in live organizations."""
    with tenancy.system():
        rows = Membership.objects.filter(organization__deleted_at=None)
        return {(pk, user_id): role for pk, user_id, role in rows.values_list("organization_id", "user_id", "role")}


def names() -> dict[str, str]:
    """Id → name of all live organizations."""
    with tenancy.system():
        return dict(Organization.objects.values_list("pk", "name"))
