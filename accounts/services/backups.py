"""A copy of everything that a repair may change."""

import zipfile
from pathlib import Path

from django.db import connection, transaction
from psycopg import sql

from common import tenancy

_TABLES = "SELECT DISTINCT relation::text FROM user_sync_references() ORDER BY 1"


def write_backup(path: Path) -> list[str]:
    """
    Write a zip with one CSV per table that holds or names people, all of one moment; answers the tables.

    :raises OSError: the file cannot be written, or is there already
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with tenancy.system(), zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
            cursor.execute(_TABLES)
            tables = ["app_users", "auth_users", "user_sync_audit", *(name for (name,) in cursor.fetchall())]
            for table in tables:
                _copy(archive, table)
    return tables


def _copy(archive: zipfile.ZipFile, table: str) -> None:
    name = sql.Identifier(*table.replace('"', "").split("."))
    query = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT csv, HEADER)").format(name)
    with (
        connection.cursor() as cursor,
        archive.open(f"{table}.csv", "w", force_zip64=True) as file,
        cursor.cursor.copy(query) as rows,
    ):
        for block in rows:
            file.write(block)
