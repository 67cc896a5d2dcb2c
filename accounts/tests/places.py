"""Tables that no model of ours knows, as a database has that was there before us; all of them point at people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection, connections

#: place → the column that says whose row it was when it was written.
TABLES = ("notes", "badges", "team_members", "team_roles", "papers")

_MAKE = """
CREATE TABLE notes (
  id serial PRIMARY KEY, marker text, user_id text REFERENCES app_users DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE badges (user_id text PRIMARY KEY REFERENCES app_users DEFERRABLE, marker text,
  updated_at timestamptz DEFAULT clock_timestamp(), shown text GENERATED ALWAYS AS (upper(marker)) STORED);
CREATE TABLE team_members (team text, user_id text REFERENCES app_users DEFERRABLE, marker text,
  joined_at timestamptz DEFAULT clock_timestamp(), is_left boolean DEFAULT false, PRIMARY KEY (team, user_id));
CREATE TABLE team_roles (id serial PRIMARY KEY, team text, user_id text, marker text,
  FOREIGN KEY (team, user_id) REFERENCES team_members (team, user_id) DEFERRABLE);
CREATE TABLE papers (id serial PRIMARY KEY, marker text, written_by text, readers text[], facts jsonb);
CREATE INDEX ON notes (user_id);
GRANT ALL ON notes, badges, team_members, team_roles, papers TO rollcall_app, rollcall_system;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO rollcall_app, rollcall_system;
"""
_DECLARE = """
INSERT INTO user_id_columns (table_name, column_name, kind, detail) VALUES
  ('public.papers', 'written_by', 'actor', 'user:'), ('public.papers', 'readers', 'array', ''),
  ('public.papers', 'facts', 'json', 'owner')
"""
_FILL = [
    "INSERT INTO notes (user_id, marker) SELECT id, id FROM app_users, generate_series(1, 2)",
    "INSERT INTO badges (user_id, marker) SELECT id, id FROM app_users",
    "INSERT INTO team_members (team, user_id, marker) SELECT t, id, id FROM app_users, unnest(ARRAY['red', 'blue']) t",
    "INSERT INTO team_roles (team, user_id, marker) SELECT 'red', id, id FROM app_users",
    "INSERT INTO papers (written_by, readers, facts, marker)"
    " SELECT 'user:' || id, ARRAY['somebody', id], jsonb_build_object('owner', id, 'n', 1), id FROM app_users",
]


def owner_connection() -> psycopg.Connection:
    """The owner of the test database, apart from Django's connections."""
    facts = connections["owner"].settings_dict
    return psycopg.connect(
        host=facts["HOST"], port=facts["PORT"], dbname=connections["default"].settings_dict["NAME"],
        user=facts["USER"], password=facts["PASSWORD"], autocommit=True,
    )  # fmt: skip


@contextmanager
def made() -> Iterator[None]:
    """The tables are there."""
    with owner_connection() as owner:
        owner.execute(_MAKE)
        try:
            yield
        finally:
            owner.execute(f"DROP TABLE {', '.join(reversed(TABLES))}")


def fill() -> None:
    """Every app user gets rows in every place, each marked with the id that it points at now."""
    with connection.cursor() as cursor:
        cursor.execute(_DECLARE)
        for statement in _FILL:
            cursor.execute(statement)


def pointers() -> list[tuple[str, str, str]]:
    """(place, marker, id that the row points at) of every row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'notes', marker, user_id FROM notes UNION ALL SELECT 'badges', marker, user_id FROM badges"
            " UNION ALL SELECT 'team_members', marker, user_id FROM team_members"
            " UNION ALL SELECT 'team_roles', marker, user_id FROM team_roles"
            " UNION ALL SELECT 'written_by', marker, substr(written_by, 6) FROM papers"
            " UNION ALL SELECT 'readers', marker, readers[2] FROM papers"
            " UNION ALL SELECT 'facts', marker, facts ->> 'owner' FROM papers ORDER BY 1, 2, 3"
        )
        return list(cursor.fetchall())


def everything() -> list[Any]:
    """All rows of app_users and of these tables."""
    with connection.cursor() as cursor:
        found: list[Any] = []
        for table in ("app_users", *TABLES):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1")
            found.append((table, cursor.fetchall()))
        return found
