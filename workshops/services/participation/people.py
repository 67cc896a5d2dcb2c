"""The people in a bucket: searched, in order, by pages, or one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from workshops.models import Workshop
from workshops.services.participation.buckets import CONDITIONS, Bucket, Fact, parameters_of, people_sql

_PEOPLE = people_sql(
    Fact("name", of_registration="name"),
    Fact("email", of_registration="email"),
    Fact("own_phone", of_registration="coalesce(full_phone, nullif(phone_text, ''))"),
    Fact("group_phone", of_member="full_phone"),
    Fact("registered_at", of_registration="registered_at", of_member="NULL::timestamptz"),
    Fact("joined_at", of_registration="NULL::timestamptz", of_member="joined_at"),
    Fact("left_at", of_registration="NULL::timestamptz", of_member="left_at"),
    Fact("is_admin", of_registration="NULL::integer", of_member="is_admin::integer"),
)
#: Those of `people` who fulfil the condition.
_PERSON = """
    SELECT coalesce(registration_id, member_id)::uuid AS id, registration_id::uuid, member_id::uuid,
        coalesce(name, '') AS name, coalesce(email, '') AS email, coalesce(own_phone, group_phone, '') AS phone,
        coalesce(group_phone, '') AS group_phone, registered_at, joined_at, left_at, match,
        coalesce(is_admin, 0) = 1 AS is_admin
    FROM people WHERE {condition}"""

#: What each column is ordered by, and its type. Who has no such time comes before all who have.
_SORTS = {
    "name": ("lower(name)", "text"),
    "email": ("email", "text"),
    "phone": ("phone", "text"),
    "registered_at": ("coalesce(registered_at, '-infinity')", "timestamptz"),
    "joined_at": ("coalesce(joined_at, '-infinity')", "timestamptz"),
    "left_at": ("coalesce(left_at, '-infinity')", "timestamptz"),
}
ORDERINGS = [sign + name for name in _SORTS for sign in ("", "-")]
_USUAL: dict[str, str] = {
    Bucket.REGISTERED: "-registered_at",
    Bucket.MISSING: "-registered_at",
    Bucket.LEFT: "-left_at",
}
_PHONE_SIGNS = frozenset("0123456789+-() ")


class CursorUnknown(Exception):
    """The place to go on from is not one that a page of this order has named."""


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody of a bucket. What is empty or None is not known of them.

    `phone` is the registration's, as it was written where it is no phone number; without a registration, the member's.
    `group_phone` is the member's; with a weak match the two differ. `match` is empty, `strong` or `weak`.
    """

    id: UUID
    registration_id: UUID | None
    member_id: UUID | None
    name: str
    phone: str
    group_phone: str
    email: str
    registered_at: datetime | None
    joined_at: datetime | None
    left_at: datetime | None
    match: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class People:
    """Whom to list: those of a bucket whose name, e-mail or phone has `search` in it, by `match` if one is given."""

    workshop: Workshop
    bucket: str
    search: str = ""
    match: str = ""
    ordering: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some people, and where the next page begins: None when this is the last one."""

    people: list[Person]
    next: tuple[str, str] | None


_COLUMNS = [field.name for field in fields(Person)]


def list_people(people: People, *, after: tuple[str, str] | None = None, limit: int) -> Page:
    """
    A page of `limit` people. `after` is the `next` of the page before, in the same order.

    :raises CursorUnknown: `after` is something else
    """
    query, parameters = _query(people, after)
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT %(limit)s", {**parameters, "limit": limit + 1})
        rows = cursor.fetchall()
    last = rows[limit - 1] if len(rows) > limit else None
    return Page([Person(*row[1:]) for row in rows[:limit]], (last[0], str(last[1])) if last else None)


def stream_people(people: People, *, at_once: int = 2000) -> Iterator[Person]:
    """All of them, `at_once` in memory at a time. The context and its transaction are the caller's, until the end."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(*_query(people, None))
        while rows := cursor.fetchmany(at_once):
            for row in rows:
                yield Person(*row[1:])


def _query(people: People, after: tuple[str, str] | None) -> tuple[str, dict[str, Any]]:
    ordering = people.ordering or _USUAL.get(people.bucket, "-joined_at")
    way, sign = ("DESC", "<") if ordering.startswith("-") else ("ASC", ">")
    expression, kind = _SORTS[ordering.removeprefix("-")]
    conditions, parameters = ["true"], parameters_of(people.workshop)
    for condition, values in (_searched(people.search), _matched(people.match)):
        conditions.append(condition)
        parameters |= values
    if after:
        conditions.append(f"({expression}, id) {sign} (%(after)s::{kind}, %(after_id)s)")
        parameters |= {"after": _read(after[0], kind), "after_id": _read_id(after[1])}
    query = f"""{_PEOPLE}
        SELECT ({expression})::text, {", ".join(_COLUMNS)}
        FROM ({_PERSON.format(condition=CONDITIONS[people.bucket])}) AS person
        WHERE {" AND ".join(conditions)} ORDER BY {expression} {way}, id {way}"""
    return query, parameters


def _searched(text: str) -> tuple[str, dict[str, str]]:
    """Part of a name, an e-mail or a phone as it is shown; a number is also found however it is written."""
    if not text:
        return "true", {}
    digits = "".join(filter(str.isdigit, text)) if set(text) <= _PHONE_SIGNS else ""
    parts = [f"{column} ILIKE %(search)s" for column in ("name", "email", "phone", "group_phone")]
    if digits:
        parts += [f"{column} LIKE %(digits)s" for column in ("phone", "group_phone")]
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"({' OR '.join(parts)})", {"search": f"%{escaped}%", "digits": f"%{digits}%"}


def _matched(match: str) -> tuple[str, dict[str, str]]:
    return ("match = %(match)s", {"match": "" if match == "none" else match}) if match else ("true", {})


def _read(text: str, kind: str) -> Any:
    if kind == "text" or text == "-infinity":
        return text
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CursorUnknown from error


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise CursorUnknown from error
