"""`manage.py setup_database`: the roles of the database, once per cluster."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from common.tenancy.contexts import SYSTEM_ROLE, TENANT_ROLE
from common.tenancy.grants import APP_ROLE


class Command(BaseCommand):
    """Roles are cluster-wide, so no migration makes them: test databases made side by side would race."""

    help = "Create the login rollcall_app and the roles rollcall_tenant and rollcall_system. Safe to run again."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect as DATABASE_OWNER_URL, which needs CREATEROLE."""
        if "owner" not in settings.DATABASES:
            raise CommandError("DATABASE_OWNER_URL is not set: it names the owner of the database, with CREATEROLE.")
        login = settings.DATABASES["default"]
        if login.get("USER") != APP_ROLE:
            raise CommandError(f"DATABASE_URL must name the login {APP_ROLE}, not {login.get('USER') or 'nobody'}.")
        try:
            with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
                _create_roles(cursor, password=str(login.get("PASSWORD") or ""))
                _grant_memberships(cursor)
                _close_schema(cursor, database=str(connections["owner"].settings_dict["NAME"]))
        except DatabaseError as error:
            raise CommandError(f"The database refused: {error}".strip()) from error
        self.stdout.write(f"Roles are ready: {APP_ROLE} (login), {TENANT_ROLE}, {SYSTEM_ROLE}.")


def _create_roles(cursor: CursorWrapper, *, password: str) -> None:
    # Two setups at once wait here instead of racing for pg_authid.
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('rollcall setup_database'))")
    for role in (APP_ROLE, TENANT_ROLE, SYSTEM_ROLE):
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
        cursor.execute(sql.SQL("ALTER ROLE {} NOINHERIT NOCREATEDB NOCREATEROLE").format(sql.Identifier(role)))
    cursor.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(APP_ROLE), sql.Literal(password)))


def _grant_memberships(cursor: CursorWrapper) -> None:
    cursor.execute("SELECT current_setting('server_version_num')::int >= 160000")
    option = " WITH INHERIT FALSE, SET TRUE" if cursor.fetchone()[0] else ""
    for role in (TENANT_ROLE, SYSTEM_ROLE):
        cursor.execute(f"GRANT {role} TO {APP_ROLE}{option}")
        # The owner acts as the system role for pg_dump and for functions that it owns.
        cursor.execute(f"GRANT {role} TO CURRENT_USER{option}")


def _close_schema(cursor: CursorWrapper, *, database: str) -> None:
    cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {TENANT_ROLE}, {SYSTEM_ROLE}")
    cursor.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(APP_ROLE))
    )
