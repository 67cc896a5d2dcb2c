"""
A second seeded database, without row-level security: what `rls-tax` is measured against.

The product's statements name no organization, since the policies do, and the indexes of members begin with it. Where
no policy names it, those indexes would be of no use and the comparison would flatter the policies. So here they begin
with the group: the indexes that the same statements would have in a product without policies. All else is the same,
seeded by the same code.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from bench import seeding
from bench.seeding import Scale
from common.tenancy.checks import tenant_tables


@contextmanager
def opened(scale: Scale) -> Iterator[BaseDatabaseWrapper]:
    """The owner's connection to the database."""
    name = f"{scale.database}_unguarded"
    seeding.prepare(scale, name, alterations=[*map(_open, sorted(tenant_tables())), _SHORTEN_INDEXES])
    owner = connections["owner"].settings_dict
    connection = load_backend(owner["ENGINE"]).DatabaseWrapper({**owner, "NAME": name}, "default")
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def acting_on(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let everything that Django does go through `connection`."""
    usual = connections["default"]
    connections["default"] = connection
    try:
        yield
    finally:
        connections["default"] = usual


def _open(table: str) -> str:
    return f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"


_SHORTEN_INDEXES = """
DO $$
DECLARE found record;
BEGIN
  FOR found IN
    SELECT index.indexrelid::regclass AS name, pg_get_indexdef(index.indexrelid) AS definition, con.conname
    FROM pg_index AS index LEFT JOIN pg_constraint AS con ON con.conindid = index.indexrelid AND con.contype = 'u'
    WHERE index.indrelid = 'workshop_group_members'::regclass
      AND pg_get_indexdef(index.indexrelid) LIKE '%(organization_id, whatsapp_group_id%'
  LOOP
    IF found.conname IS NULL THEN
      EXECUTE format('DROP INDEX %s', found.name);
    ELSE
      EXECUTE format('ALTER TABLE workshop_group_members DROP CONSTRAINT %I', found.conname);
    END IF;
    EXECUTE replace(found.definition, '(organization_id, ', '(');
  END LOOP;
END $$
"""
