"""A real `auth.users`, as Supabase's server makes it: ids that others hold, and row-level security without policy."""

import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from accounts.tests.places import owner_connection

_MAKE = """
CREATE SCHEMA auth;
CREATE TABLE auth.users (
  instance_id uuid, id uuid PRIMARY KEY, aud varchar(255), role varchar(255), email varchar(255),
  encrypted_password varchar(255), email_confirmed_at timestamptz, confirmation_token varchar(255) DEFAULT '',
  email_change varchar(255) DEFAULT '', last_sign_in_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb,
  is_super_admin boolean, created_at timestamptz, updated_at timestamptz, phone text UNIQUE DEFAULT NULL,
  phone_confirmed_at timestamptz, banned_until timestamptz, is_sso_user boolean NOT NULL DEFAULT false,
  deleted_at timestamptz, is_anonymous boolean NOT NULL DEFAULT false);
CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE is_sso_user = false;
ALTER TABLE auth.users ENABLE ROW LEVEL SECURITY;
DO $$ BEGIN
  FOR n IN 1 .. 8 LOOP
    EXECUTE format('CREATE TABLE auth.child_%s (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), '
                   'user_id uuid NOT NULL REFERENCES auth.users ON DELETE CASCADE)', n);
  END LOOP;
END $$;
"""
_SIGN_UP = """
INSERT INTO auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, raw_user_meta_data, created_at,
  updated_at, is_sso_user, is_anonymous, phone)
VALUES (%s, 'authenticated', 'authenticated', %s, '$2a$10$x', %s, %s, now(), now(), %s, %s, %s)
"""

_METADATA: list[Any] = [{}, [], "text", 7, {"username": "john"}, {"full_name": {"a": 1}}, {"username": "x" * 999}]


@contextmanager
def made() -> Iterator[None]:
    """The schema is there."""
    with owner_connection() as owner:
        owner.execute(_MAKE)
        try:
            yield
        finally:
            owner.execute("DROP SCHEMA auth CASCADE")


def connect() -> psycopg.Connection:
    """The auth server's own connection, which gives up as its does: whoever waits for us fails."""
    connection = owner_connection()
    connection.execute("SET statement_timeout = '10s'")
    return connection


def sign_up(
    server: psycopg.Connection, email: str | None, *, is_confirmed: bool = True, metadata: Any = None,
    is_sso: bool = False, is_anonymous: bool = False, phone: str | None = None,
) -> str:  # fmt: skip
    """Somebody new; answers the id."""
    id = str(uuid.uuid4())
    confirmed_at = "now" if is_confirmed and email else None
    with server.transaction():
        values = [id, email, confirmed_at, Jsonb(metadata if metadata is not None else {}), is_sso, is_anonymous, phone]
        server.execute(_SIGN_UP, values)
        server.execute("INSERT INTO auth.child_1 (user_id) VALUES (%s)", [id])
    return id


class Crowd:
    """People who sign up, confirm, change and delete themselves in several threads, with whatever may go wrong."""

    def __init__(self, *, size: int, taken: Sequence[str]) -> None:
        self._size, self._taken = size, list(taken)
        self.errors: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run, args=[number]) for number in range(4)]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def is_busy(self) -> bool:
        """Whether somebody is still coming."""
        return any(thread.is_alive() for thread in self._threads)

    def _run(self, number: int) -> None:
        chance, mine = Random(number), list[str]()
        with connect() as server:
            for turn in range(self._size // len(self._threads)):
                try:
                    mine.append(self._one(server, chance, f"{number}-{turn}"))
                    self._change(server, chance, mine)
                except psycopg.Error as error:
                    self.errors.append(error)

    def _one(self, server: psycopg.Connection, chance: Random, mark: str) -> str:
        metadata = chance.choice(_METADATA)
        kind = chance.randrange(6)
        if kind == 0 and self._taken:
            return sign_up(server, chance.choice(self._taken), is_sso=True, metadata=metadata)
        if kind == 1:
            return sign_up(server, None, is_anonymous=True, metadata=metadata)
        if kind == 2:
            return sign_up(server, None, phone=f"+91{mark}", metadata=metadata)
        return sign_up(server, f"john@{mark}.example", is_confirmed=kind > 3, metadata=metadata)

    def _change(self, server: psycopg.Connection, chance: Random, mine: list[str]) -> None:
        id, kind = chance.choice(mine), chance.randrange(8)
        if kind == 0:
            server.execute("UPDATE auth.users SET email_confirmed_at = now(), updated_at = now() WHERE id = %s", [id])
        elif kind == 1:
            server.execute(
                "UPDATE auth.users SET email = md5(id::text), phone = NULL, deleted_at = now(), updated_at = now()"
                " WHERE id = %s", [id],
            )  # fmt: skip
        elif kind == 2:
            server.execute("DELETE FROM auth.users WHERE id = %s", [id])
        elif kind == 3:
            server.execute(
                "UPDATE auth.users SET is_anonymous = false, email = %s, email_confirmed_at = now(), updated_at = now()"
                " WHERE id = %s AND is_anonymous", [f"up-{id}@x.example", id],
            )  # fmt: skip
