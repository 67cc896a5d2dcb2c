"""
Databases of the benchmarks' own, beside the one that the environment names, which is left alone.

A database that is ready says so in its comment, together with the fingerprint of what made it: the next run uses it
again as long as that still stands.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from config import env

ALIASES = ("default", "owner")
ROOT = Path(__file__).resolve().parent.parent
_MADE_BY = ("*/migrations/*.py", "common/tenancy/*.py", "common/management/commands/setup_database.py")


def fingerprint(*sources: str) -> str:
    """Of the code that makes tables, and of `sources`: whatever else the content of a database depends on."""
    digest = hashlib.sha256(repr(sources).encode())
    for path in sorted(path for pattern in _MADE_BY for path in ROOT.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_ready(name: str, mark: str) -> bool:
    """Whether the database is there and was finished with this fingerprint."""
    with _server() as server:
        question = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        found = server.execute(question, [name]).fetchone()
    return found == (mark,)


def set_ready(name: str, mark: str) -> None:
    """Say that the database is finished."""
    with _server() as server:
        server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(mark)))


def create(name: str) -> None:
    """Make the database, anew if it was there."""
    drop(name)
    with _server() as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop(name: str) -> None:
    """Remove the database, if there is one."""
    with _server() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def drop_orphans(prefix: str) -> None:
    """Remove the databases whose names end in the id of a process that is no more: it was killed."""
    with _server() as server:
        question = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        names = [name for (name,) in server.execute(question, [prefix])]
    for name in names:
        process = name.removeprefix(prefix)
        if process.isdecimal() and not psutil.pid_exists(int(process)):
            drop(name)


@contextmanager
def selected(name: str) -> Iterator[None]:
    """Let Django's connections, the login's and the owner's, go to the database `name`."""
    before = {alias: connections[alias].settings_dict["NAME"] for alias in ALIASES}
    _point(dict.fromkeys(ALIASES, name).items())
    try:
        yield
    finally:
        _point(before.items())


def migrate() -> None:
    """Make roles and tables of the product in the selected database."""
    call_command("setup_database", stdout=io.StringIO())
    call_command("migrate", database="owner", verbosity=0, interactive=False)


def run_as_owner(*statements: str) -> None:
    """Run statements in the selected database, each in its own transaction, as VACUUM needs."""
    with connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _point(names: Iterable[tuple[str, str]]) -> None:
    for alias, name in names:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _server() -> psycopg.Connection:
    return psycopg.connect(env.DATABASE_OWNER_URL, autocommit=True)
