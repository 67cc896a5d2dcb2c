"""A chapter: a thousand people whose ids have drifted apart from the identity provider's, and are put right."""

import re
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg

from devtools.demo.telling import Telling
from devtools.stack import Context

#: The people are demo-1 to demo-1000. The trigger gives each an app user; then these things went wrong, years ago.
_PLANT = [
    "INSERT INTO auth_users (id, email, email_confirmed_at, is_sso_user) SELECT 'demo-' || n,"
    " 'demo' || CASE WHEN n BETWEEN 311 AND 330 THEN n + n % 2 ELSE n END || '@ids.example',"
    " CASE WHEN n NOT BETWEEN 331 AND 350 THEN now() END, n BETWEEN 311 AND 330 FROM generate_series(1, 1000) n",
    "DELETE FROM app_users WHERE id LIKE 'demo-%' AND substr(id, 6)::int BETWEEN 221 AND 260",
    "DELETE FROM app_users WHERE id LIKE 'demo-%' AND substr(id, 6)::int BETWEEN 311 AND 350",
    "UPDATE app_users SET id = 'demo-old-' || substr(id, 6)"
    " WHERE id LIKE 'demo-%' AND (substr(id, 6)::int BETWEEN 101 AND 200 OR substr(id, 6)::int BETWEEN 301 AND 310)",
    "INSERT INTO app_users (id) SELECT 'demo-' || n FROM generate_series(301, 310) n",
    "INSERT INTO app_users (id, email) SELECT 'demo-old-' || n, 'demo' || n || '@ids.example'"
    " FROM generate_series(312, 330, 2) n",
    "INSERT INTO app_users (id, email)"
    " SELECT 'demo-lost-' || n, 'lost' || n || '@ids.example' FROM generate_series(1, 25) n",
    "UPDATE app_users SET id = 'demo-swap-' || substr(id, 6)"
    " WHERE id IN (SELECT 'demo-' || n FROM generate_series(201, 220) n)",
    "UPDATE app_users SET id = 'demo-' || CASE WHEN n % 2 = 0 THEN n - 1 ELSE n + 1 END"
    " FROM generate_series(201, 220) n WHERE id = 'demo-swap-' || n",
    "UPDATE app_users SET email = 'before-' || email"
    " WHERE id IN (SELECT 'demo-' || n FROM generate_series(261, 300) n)",
    "UPDATE auth_users SET deleted_at = now(), email = md5(email)"
    " WHERE id IN (SELECT 'demo-' || n FROM generate_series(351, 380) n)",
    "INSERT INTO organization_members (id, organization_id, user_id, role)"
    " SELECT md5(email)::uuid, 'org_globex', id, 'viewer' FROM app_users"
    " WHERE email IN (SELECT 'demo' || n || '@ids.example' FROM generate_series(101, 220) n)",
]
_STATES = (
    "SELECT state, count(*) FROM user_sync_status WHERE coalesce(auth_id, app_id) LIKE 'demo-%' GROUP BY 1 ORDER BY 1"
)
_PLANTED = {
    "AMBIGUOUS": 30, "DELETED_IN_AUTH": 30, "EMAIL_DRIFT": 40, "ID_MISMATCH": 100, "MISSING_APP_USER": 40,
    "ORPHAN_APP_USER": 25, "SWAPPED": 20, "SYNCED": 720, "TARGET_OCCUPIED": 10, "UNMATCHABLE": 20,
}  # fmt: skip
_REPAIRED = {
    "AMBIGUOUS": 30, "DELETED_IN_AUTH": 30, "ORPHAN_APP_USER": 25, "SYNCED": 920, "TARGET_OCCUPIED": 10,
    "UNMATCHABLE": 20,
}  # fmt: skip
_STRAYED = (
    "SELECT count(*) FROM generate_series(101, 220) n LEFT JOIN organization_members m"
    " ON m.id = md5('demo' || n || '@ids.example')::uuid AND m.user_id = 'demo-' || n WHERE m.id IS NULL"
)


def tell(context: Context, telling: Telling) -> None:
    """All of it. :raises Problem: a line is not true"""
    with closing(psycopg.connect(context.env["DATABASE_OWNER_URL"], autocommit=True)) as database:
        database.execute("SET ROLE rollcall_system")
        with database.transaction():
            for statement in _PLANT:
                database.execute(statement)
        telling.check("A thousand people drifted apart; in each state there are", _states(database), _told(_PLANTED))
        said = context.manage("sync_user_ids", "fix-all", "--dry-run")
        telling.check("A dry run plans to repair of them", _planned(said), _told(dict(_repairs())))
        telling.check("and writes nothing", _states(database), _told(_PLANTED))
        said = context.manage("sync_user_ids", "fix-all", "--yes", "--backup-taken")
        telling.check("The repair leaves behind so many rows", re.findall(r"any more: (\d+)", said), ["0"])
        telling.check("Now there are", _states(database), _told(_REPAIRED))
        telling.check("Memberships that did not follow their person", _rows(database, _STRAYED), [(0,)])
        _undo_one(context, telling, database)


def _undo_one(context: Context, telling: Telling, database: psycopg.Connection) -> None:
    [(repair,)] = _rows(database, "SELECT id FROM user_sync_audit WHERE new_id = 'demo-101' AND action = 'rekey'")
    context.manage("sync_user_ids", "undo", str(repair), "--yes")
    found = _rows(database, "SELECT id FROM app_users WHERE email = 'demo101@ids.example'")
    telling.check("One repair is undone; that person has the old id again", found, [("demo-old-101",)])
    context.manage("sync_user_ids", "fix-email", "demo101@ids.example", "--yes")
    telling.check("and is repaired alone; there are", _states(database), _told(_REPAIRED))


def _repairs() -> list[tuple[str, int]]:
    """What the plan should say: everybody in an automatic state."""
    return [(state, number) for state, number in _PLANTED.items() if state not in _REPAIRED]


def _planned(said: str) -> list[str]:
    return sorted(f"{state} {number}" for number, state in re.findall(r"^  (\d+) ([A-Z_]+) ", said, re.MULTILINE))


def _told(states: dict[str, int]) -> list[str]:
    return [f"{state} {number}" for state, number in sorted(states.items())]


def _states(database: psycopg.Connection) -> list[str]:
    return _told(dict(_rows(database, _STATES)))


def _rows(database: psycopg.Connection, question: str) -> Sequence[Any]:
    return database.execute(question).fetchall()
