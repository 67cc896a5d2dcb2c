"""
Who may touch which table. Applied by the owner after every migrate, so that third-party tables are covered too.

Tables under row-level security: the tenant and system roles. All others: the login and the system role. The tenant
role also reads the public columns of `settings.TENANT_READABLE_COLUMNS`.
"""

from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from common.tenancy.contexts import SYSTEM_ROLE, TENANT_ROLE

APP_ROLE = "rollcall_app"
_DML = "SELECT, INSERT, UPDATE, DELETE"

_GRANT_ALL = f"""
DO $$
DECLARE found record;
BEGIN
  FOR found IN
    SELECT c.oid::regclass AS name, c.relforcerowsecurity AS is_tenant
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
      AND pg_has_role(c.relowner, 'USAGE')
  LOOP
    IF found.is_tenant THEN
      EXECUTE format('REVOKE ALL ON %s FROM {APP_ROLE}', found.name);
      EXECUTE format('GRANT {_DML} ON %s TO {TENANT_ROLE}, {SYSTEM_ROLE}', found.name);
    ELSE
      EXECUTE format('GRANT {_DML} ON %s TO {APP_ROLE}, {SYSTEM_ROLE}', found.name);
    END IF;
  END LOOP;
END $$;
GRANT USAGE ON SCHEMA public TO {APP_ROLE}, {TENANT_ROLE}, {SYSTEM_ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}, {SYSTEM_ROLE};
"""


def apply_after_migrate(*, using: str, **_: Any) -> None:
    """`post_migrate` receiver. A flush, which the login may run in tests, owns nothing and grants nothing."""
    connection = connections[using]
    if _is_owner(connection):
        apply(connection)


def apply(connection: BaseDatabaseWrapper) -> None:
    """Grant everything anew on `connection`, which belongs to the owner."""
    with connection.cursor() as cursor:
        cursor.execute(_GRANT_ALL)
        for table, columns in settings.TENANT_READABLE_COLUMNS.items():
            cursor.execute(f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {TENANT_ROLE}")
        if str(connection.settings_dict["NAME"]).startswith("test_"):
            cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}")


def _is_owner(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'django_migrations'::regclass")
        return bool(cursor.fetchone()[0])
