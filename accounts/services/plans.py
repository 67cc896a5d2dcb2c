"""What is out of step, and what a repair would do about it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from accounts.models import SyncStatus
from accounts.services.repairs import Line, repairable
from common import tenancy

_COUNTS = "SELECT state, count(*) FROM user_sync_status WHERE {condition} GROUP BY state"
_PLAN = """
SELECT state, count(*), array_agg(app_id) FILTER (WHERE app_id IS NOT NULL AND app_id <> auth_id),
       encode(sha256(convert_to(string_agg(md5(concat_ws(' ', state, auth_id, app_id, occupant_id, auth_email)), ''
                                           ORDER BY user_id), 'UTF8')), 'hex')
FROM user_sync_status WHERE state = ANY(%s) GROUP BY state ORDER BY state
"""
_CLOSURE = "SELECT user_sync_closure(%s::text[], %s::text[])"
_LOOK = """
SELECT s.user_id, s.state, s.auth_id, s.app_id, s.occupant_id, s.auth_email, s.app_email,
       user_sync_why(s.state, s.ending)
FROM user_sync_states(%s::text[]) s ORDER BY s.user_id
"""
_LEFT = """
SELECT coalesce(sum(number), 0) FROM user_sync_count(ARRAY(
  SELECT old_id FROM user_sync_audit a WHERE id = ANY(%s) AND old_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM app_users u WHERE u.id = a.old_id)))
"""
_PLACES = "SELECT user_id, place, number FROM user_sync_count(%s) ORDER BY place"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a repair of everybody would do: people by state, rows by place, and a mark that stands for exactly this."""

    strategy: str
    states: dict[str, int]
    places: dict[str, int]
    mark: str

    @property
    def total(self) -> int:
        """How many people."""
        return sum(self.states.values())


@dataclass(frozen=True, slots=True)
class Person:
    """One person: their state, why, and how many rows of each place point at their app user."""

    user_id: str
    state: str
    auth_id: str | None
    app_id: str | None
    occupant_id: str | None
    auth_email: str | None
    app_email: str | None
    why: str
    places: dict[str, int]


def count_states(*, since: datetime | None = None) -> dict[str, int]:
    """How many people are in each state, nobody included; `since` counts only those who signed up after it."""
    with tenancy.system(), connection.cursor() as cursor:
        if since:
            cursor.execute(_COUNTS.format(condition="created_at >= %s"), [since])
        else:
            cursor.execute(_COUNTS.format(condition="true"))
        found = dict(cursor.fetchall())
    return {state.value: found.get(state.value, 0) for state in SyncStatus.State}


def people_out_of_step(*, states: Sequence[str] | None = None) -> Iterator[tuple[Any, ...]]:
    """Everybody who is not SYNCED, or who is in one of `states`, as the report shows them; streamed."""
    with tenancy.system():
        people = SyncStatus.objects.filter(state__in=states) if states else SyncStatus.objects.exclude(state="SYNCED")
        columns = ("state", "user_id", "auth_id", "app_id", "occupant_id", "auth_email", "app_email")
        yield from people.order_by("state", "user_id").values_list(*columns).iterator()


def count_left_behind(*, lines: Iterable[Line]) -> int:
    """How many rows still point at ids that these repairs have emptied. It should be none."""
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute(_LEFT, [[line.repair_id for line in lines if line.repair_id]])
        return int(cursor.fetchone()[0])


def make_plan(*, strategy: str) -> Plan:
    """What `repair_all` with this strategy would do now."""
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute(_PLAN, [repairable(strategy)])
        rows = cursor.fetchall()
        movers = [id for _, _, ids, _ in rows for id in ids or []]
        places: dict[str, int] = {}
        cursor.execute(_PLACES, [movers])
        for _, place, number in cursor:
            places[place] = places.get(place, 0) + number
    mark = "-".join(digest[:8] for *_, digest in rows) or "nothing"
    return Plan(strategy, {state: number for state, number, *_ in rows}, places, f"{strategy}-{mark}")


def look_at(*, email: str = "", ids: Iterable[str] = ()) -> list[Person]:
    """Everybody who hangs together with this e-mail or these ids, by id or by e-mail."""
    keys = [email.strip().lower()] if email.strip() else []
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute(_CLOSURE, [list(ids), keys])
        cursor.execute(_LOOK, cursor.fetchone())
        rows = cursor.fetchall()
        cursor.execute(_PLACES, [[id for row in rows for id in (row[3], row[4]) if id]])
        places: dict[str, dict[str, int]] = {}
        for id, place, number in cursor:
            places.setdefault(id, {})[place] = number
    return [Person(*(*row, places.get(row[3] or "", {}))) for row in rows]
