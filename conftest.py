"""What all tests share: the database as the product sees it, and the outside services as the sandbox plays them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_blocker: Any) -> None:
    """The test database is made by its owner, from roles that exist for the whole cluster."""
    with django_db_blocker.unblock():
        call_command("setup_database", verbosity=0)
        connections["owner"].close()
    _act_as("owner")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Once it is made, tests are the same unprivileged login as production."""
    _act_as("default")
    yield
    _act_as("owner")


def _act_as(alias: str) -> None:
    """Give the connection `default` the login of `alias`, as the environment names it."""
    login = settings.DATABASES["owner"] if alias == "owner" else _LOGIN
    connection = connections["default"]
    connection.close()
    connection.settings_dict.update(USER=login["USER"], PASSWORD=login["PASSWORD"])


_LOGIN = dict(settings.DATABASES["default"])
