"""What all tests share: the database as the product sees it, and the outside services as the sandbox plays them."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from rest_framework.test import APIClient

from organizations.models import Membership
from sandbox.client import Sandbox
from sandbox.testing import running_sandbox

_LOGIN = dict(settings.DATABASES["default"])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_blocker: Any, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database is made by its owner, from roles that exist for the whole cluster."""
    with django_db_blocker.unblock():
        call_command("setup_database", verbosity=0)
        connections["owner"].close()
    _act_as(settings.DATABASES["owner"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Once it is made, tests are the same unprivileged login as production."""
    _act_as(_LOGIN)
    yield
    _act_as(settings.DATABASES["owner"])


def _act_as(login: dict[str, Any]) -> None:
    connection = connections["default"]
    connection.close()
    connection.settings_dict.update(USER=login["USER"], PASSWORD=login["PASSWORD"])


@pytest.fixture(autouse=True)
def _refused_deliveries_are_written_at_once(settings: Any) -> None:
    """Not by a thread of their own, which would outlive its test."""
    settings.WEBHOOK_REFUSED_WRITE_SECONDS = 0


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """The outside services, at the address that the settings name."""
    port = urlsplit(settings.SANDBOX_URL).port
    assert port is not None
    gateway = settings.WHATSAPP_GATEWAYS["main"]
    secrets = {
        "SANDBOX_GATEWAY_API_KEY": str(gateway["api_key"]),
        "SANDBOX_WEBHOOK_SECRET": str(gateway["webhook_secrets"][0]),
        "SANDBOX_STREAM_API_KEY": settings.STREAM_API_KEY,
        "SANDBOX_STREAM_API_SECRET": settings.STREAM_API_SECRET,
        "SANDBOX_CLERK_SECRET_KEY": settings.CLERK_SECRET_KEY,
        "SANDBOX_CLERK_WEBHOOK_SECRET": settings.CLERK_WEBHOOK_SECRETS[0],
    }
    with running_sandbox(port=port, environment=secrets) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The outside services, empty and without faults."""
    sandbox_process.reset()
    return sandbox_process


Api = Callable[..., APIClient]


@pytest.fixture
def api(sandbox_process: Sandbox) -> Api:
    """`api(membership)` is a client with that person's token for that organization; `token=` says otherwise."""

    def client(membership: Membership | None = None, *, token: str = "") -> APIClient:
        if membership:
            token = issue_token(membership.user_id, org_id=membership.organization_id)
        found = APIClient()
        if token:
            found.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return found

    return client


def issue_token(sub: str, **wishes: Any) -> str:
    """A session token as the sandbox's Clerk signs it; `wishes` as for `POST /control/tokens`."""
    return Sandbox(settings.SANDBOX_URL).issue_token(sub, **{"expires_in": 600, **wishes})
