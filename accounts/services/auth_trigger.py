"""The trigger on a real `auth.users`, put on and taken off beside live sign-ups. As the owner of the database."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from common.errors import DomainError

NAME = "rollcall_user_sync"
PROVIDER = "supabase"
#: What a change must touch for the trigger to fire. Sign-ins touch other columns.
COLUMNS = ("email", "phone", "email_confirmed_at", "is_sso_user", "is_anonymous", "deleted_at", "raw_user_meta_data")
#: While a change of the table waits for its lock, sign-ups wait behind it: it gives up after this, and tries again.
_LOCK_TIMEOUT = "200ms"
_TRIES = 100
_PAUSE_SECONDS = 0.3
#: Few, so that no sign-up waits behind a batch.
_BATCH = 200


class CannotInstall(DomainError):
    """The trigger cannot be put on, taken off or looked at; nothing was changed."""

    code = "cannot_install"


@dataclass(frozen=True, slots=True)
class Health:
    """The trigger as it is: is it there, does it fire, and who is in the source but not in our mirror."""

    is_there: bool
    is_enabled: bool
    missing: int

    @property
    def is_good(self) -> bool:
        """Nothing to do."""
        return self.is_there and self.is_enabled and self.missing == 0


@dataclass(frozen=True, slots=True)
class Source:
    """A table like Supabase's `auth.users`."""

    schema: str
    table: str = "users"

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def name(self) -> sql.Identifier:
        """Quoted."""
        return sql.Identifier(self.schema, self.table)


def install(source: Source) -> None:
    """
    Put the trigger on. Whoever signs up after this is mirrored; `backfill` then finds everybody who was there before.

    The statement waits for sign-ups under way and keeps new ones waiting meanwhile, so it waits briefly, and often.

    :raises CannotInstall: no such table, or it shows its rows to others than us, or it was busy all the time
    """
    columns = _columns(source)
    create = sql.SQL(
        "CREATE OR REPLACE TRIGGER {} AFTER INSERT OR DELETE OR UPDATE OF {} ON {} FOR EACH ROW "
        "EXECUTE FUNCTION public.user_sync_mirror({})"
    ).format(sql.Identifier(NAME), sql.SQL(", ").join(map(sql.Identifier, columns)), source.name, sql.Literal(PROVIDER))
    enable = sql.SQL("ALTER TABLE {} ENABLE TRIGGER {}").format(source.name, sql.Identifier(NAME))
    _briefly(create, enable)


def uninstall(source: Source) -> None:
    """Take the trigger off; nothing else changes. :raises CannotInstall: as for `install`"""
    _columns(source)
    _briefly(sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(sql.Identifier(NAME), source.name))


def check(source: Source) -> Health:
    """How it is. :raises CannotInstall: no such table, or it does not show us its rows"""
    _columns(source)
    with _owner().cursor() as cursor:
        cursor.execute(
            "SELECT tgenabled IN ('O', 'A') FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgname = %s",
            [source.name.as_string(None), NAME],
        )
        found = cursor.fetchone()
        cursor.execute(
            sql.SQL(
                "SELECT count(*) FROM {} u WHERE NOT EXISTS (SELECT FROM public.auth_users a WHERE a.id = u.id::text)"
            ).format(source.name)
        )
        return Health(is_there=found is not None, is_enabled=bool(found and found[0]), missing=cursor.fetchone()[0])


def count(source: Source) -> int:
    """How many people the source has."""
    with _owner().cursor() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(source.name))
        return int(cursor.fetchone()[0])


def backfill(source: Source) -> Iterator[tuple[int, int]]:
    """
    Mirror everybody who was there before the trigger, in small batches; yields (looked at, news) of each.

    To be called after `install` has committed: its lock waited for everybody who signed up without the trigger. What
    the trigger has written meanwhile is newer and stays. Safe to repeat.
    """
    last, is_more = "", True
    while is_more:
        with transaction.atomic(using="owner"), _owner().cursor() as cursor:
            ids = _page(cursor, source, last)
            if ids:
                cursor.execute("SELECT public.user_sync_pull(%s, %s, 'newer')", [source.name.as_string(None), ids])
                yield len(ids), int(cursor.fetchone()[0])
                last = ids[-1]
        is_more = len(ids) == _BATCH
    _bury_the_gone(source)


def _page(cursor: CursorWrapper, source: Source, last: str) -> list[str]:
    where = sql.SQL("WHERE u.id > %s") if last else sql.SQL("")
    query = sql.SQL("SELECT u.id::text FROM {} u {} ORDER BY u.id LIMIT {}").format(
        source.name, where, sql.Literal(_BATCH)
    )
    cursor.execute(query, [last] if last else [])
    return [id for (id,) in cursor.fetchall()]


def _bury_the_gone(source: Source) -> None:
    """Whoever was deleted while no trigger told us."""
    with transaction.atomic(using="owner"), _owner().cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT public.user_sync_bury(a.id, a.provider, now()) FROM public.auth_users a"
                " WHERE a.provider = {} AND a.deleted_at IS NULL"
                " AND NOT EXISTS (SELECT FROM {} u WHERE u.id::text = a.id)"
            ).format(sql.Literal(PROVIDER), source.name)
        )


def _columns(source: Source) -> list[str]:
    """The columns that matter and are there: older servers lack some."""
    with _owner().cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [source.name.as_string(None)])
        if cursor.fetchone()[0] is None:
            raise CannotInstall(f"There is no table {source}. Name its schema with --schema.")
        cursor.execute("SELECT row_security_active(%s)", [source.name.as_string(None)])
        if cursor.fetchone()[0]:
            text = f"Row-level security hides the rows of {source} from us. DATABASE_OWNER_URL must name a login that"
            raise CannotInstall(f"{text} owns the table or may bypass that (on Supabase: postgres).")
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = ANY(%s)",
            [source.name.as_string(None), ["id", *COLUMNS]],
        )
        found = [name for (name,) in cursor.fetchall()]
    if not {"id", "email"} <= set(found):
        raise CannotInstall(f"{source} is no table of users: it lacks id or email.")
    return [name for name in COLUMNS if name in found]


def _briefly(*statements: sql.Composed) -> None:
    for attempt in range(1, _TRIES + 1):
        try:
            with transaction.atomic(using="owner"), _owner().cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
                for statement in statements:
                    cursor.execute(statement)
            return
        except OperationalError as error:
            if attempt == _TRIES:
                raise CannotInstall(f"The table was busy all the time; nothing was changed ({error}).") from error
            time.sleep(_PAUSE_SECONDS)
        except DatabaseError as error:
            raise CannotInstall(f"The database refused: {error}".strip()) from error


def _owner() -> BaseDatabaseWrapper:
    if "owner" not in connections.databases:
        raise CannotInstall("DATABASE_OWNER_URL is not set: it names the login that may put triggers on the table.")
    return connections["owner"]
