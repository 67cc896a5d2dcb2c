"""Columns that hold ids of app users without a key. The database finds the others by their keys."""

from typing import Any

from django.conf import settings
from django.db import connections

_STORE = """
INSERT INTO user_id_columns (table_name, column_name, kind, detail)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING
"""


def store_declared_columns(*, using: str, **_: Any) -> None:
    """`post_migrate` receiver: the database's functions know `settings.USER_ID_COLUMNS`."""
    rows = [(_qualified(table), *rest) for table, *rest in settings.USER_ID_COLUMNS]
    tables, columns, kinds, details = ([row[place] for row in rows] for place in range(4))
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('user_id_columns') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        cursor.execute("DELETE FROM user_id_columns")
        cursor.execute(_STORE, [tables, columns, kinds, details])


def _qualified(table: str) -> str:
    return table if "." in table else f"public.{table}"
