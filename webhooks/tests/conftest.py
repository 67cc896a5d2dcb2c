"""The tests' sender in the settings, and nothing remembered from the test before."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.test import Client

from accounts.models import AppUser
from common import tenancy
from webhooks import refusals, waking
from webhooks.models import Delivery
from webhooks.tests import source

Post = Callable[..., Any]
_REDIS = redis.Redis.from_url(django_settings.REDIS_URL)


@pytest.fixture(autouse=True)
def sender(settings: Any) -> Iterator[None]:
    """One source."""
    settings.WEBHOOK_SOURCES = {"test": source.DOTTED}
    settings.WEBHOOK_RETRY_SECONDS = 10.0
    _forget()
    yield
    _forget()


def _forget() -> None:
    waking.forget()
    refusals.forget()
    _REDIS.flushdb()


@pytest.fixture
def post() -> Post:
    """`post(event, …)` sends events as the sender does; `body=` and `headers=` say otherwise."""

    client = Client(raise_request_exception=False)

    def send(*events: dict[str, Any], body: bytes | None = None, path: str = source.PATH, headers: Any = None) -> Any:
        sent = source.body_of(*events) if body is None else body
        signed = {source.HEADER: source.signature(sent)} if headers is None else headers
        return client.generic(
            "POST",
            path,
            sent,
            content_type="application/json",
            headers=signed,
        )

    return send


def only() -> Delivery:
    """The one delivery there is."""
    return Delivery.objects.get()


def let_time_pass() -> None:
    """Whatever is to be tried again is due now."""
    Delivery.objects.open().update(run_after="2020-01-01T00:00:00Z")


def people() -> list[str]:
    """Who was written, in order: one name for each time an event took effect."""
    with tenancy.system():
        return list(AppUser.objects.exclude(full_name="").order_by("pk").values_list("full_name", flat=True))


def queued() -> list[dict[str, Any]]:
    """The messages that wait for a worker."""
    messages: Any = _REDIS.lrange("webhooks", 0, -1)
    return [json.loads(message) for message in messages]
