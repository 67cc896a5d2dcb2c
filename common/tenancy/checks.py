"""`manage.py check --deploy --database default`: is the database really closed?"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from common.tenancy.contexts import SYSTEM_ROLE, TENANT_ROLE
from common.tenancy.grants import APP_ROLE


def tenant_tables() -> set[str]:
    """Tables of models that carry an organization, and the organizations themselves."""
    return {model._meta.db_table for model in apps.get_models() if is_tenant(model)}


def is_tenant(model: type[Model]) -> bool:
    """Whether rows of `model` belong to one organization."""
    names = {field.attname for field in model._meta.concrete_fields}
    return "organization_id" in names or model._meta.db_table == "organizations"


@register(Tags.database, deploy=True)
def check_tenancy(app_configs: Any = None, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The login has no power over policies, and every tenant table has its own."""
    return [message for alias in databases or [] if alias == "default" for message in _check(connections[alias])]


def _check(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    yield from _check_login(connection)
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, {"tenant": TENANT_ROLE, "system": SYSTEM_ROLE, "app": APP_ROLE})
        state = {name: (forced, policies, is_open) for name, forced, policies, is_open in cursor.fetchall()}
    for table in sorted(tenant_tables()):
        forced, policies, is_open = state.get(table, (False, 0, False))
        if not forced:
            yield Error(f"{table} has no forced row-level security.", hint=_MIGRATE, id="tenancy.E002")
        if policies < 2:
            yield Error(f"{table} lacks a policy of {TENANT_ROLE} or {SYSTEM_ROLE}.", hint=_MIGRATE, id="tenancy.E003")
        if is_open:
            yield Error(f"{APP_ROLE} can read {table} outside a tenancy context.", hint=_MIGRATE, id="tenancy.E004")


def _check_login(connection: BaseDatabaseWrapper) -> Iterator[CheckMessage]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        name, is_above = cursor.fetchone()
    if is_above:
        hint = "DATABASE_URL must name rollcall_app, as `manage.py setup_database` makes it."
        yield Error(f"The login {name} is superuser or bypasses row-level security.", hint=hint, id="tenancy.E001")


_MIGRATE = "Run `manage.py migrate` as the owner; a new tenant table's migration calls tenant_table()."
_TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
       (SELECT count(DISTINCT r.rolname) FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
        WHERE p.polrelid = c.oid AND r.rolname IN (%(tenant)s, %(system)s)),
       has_table_privilege(%(app)s, c.oid, 'SELECT')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
