"""Functions, triggers and views in SQL: each file can be run again whole, and a migration that changes one does."""

from pathlib import Path

from django.db import migrations

_FOLDER = Path(__file__).parent


def run_file(name: str, *, reverse_sql: str = migrations.RunSQL.noop) -> migrations.RunSQL:
    """Define anew what the file `name` defines, as it is now."""
    return migrations.RunSQL(sql=(_FOLDER / name).read_text(), reverse_sql=reverse_sql)
