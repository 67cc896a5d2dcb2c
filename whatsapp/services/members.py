"""
Applying a snapshot: one transaction that compares first and writes only the difference.

`ON CONFLICT … WHERE` would report 0 rows and still lock and log every one of them, so the comparison is made here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from whatsapp.client import Participant, Snapshot
from whatsapp.models import Group, GroupMember, Session, SyncRun

_COLUMNS = ["id", "lid", "full_phone", "phone_number", "status", "is_admin", "last_event_at"]


class WriteLost(DatabaseError):
    """The database took fewer rows than it was given, as row-level security may make it do."""


@dataclass(slots=True)
class Row:
    """A stored member, as far as the comparison needs it."""

    id: UUID
    lid: str | None
    full_phone: str | None
    phone_number: str | None
    status: str
    is_admin: bool
    last_event_at: datetime | None


@dataclass(slots=True)
class Difference:
    """What a snapshot changes. `merged` are rows that turned out to be somebody who has another row."""

    added: list[Participant] = field(default_factory=list)
    returned: list[Row] = field(default_factory=list)
    updated: list[Row] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)
    merged: list[Row] = field(default_factory=list)
    kept: int = 0
    unchanged: int = 0


@transaction.atomic
def apply_snapshot(*, run: SyncRun, snapshot: Snapshot, session: Session) -> SyncRun:
    """
    Make the group's members what `snapshot`, fetched through `session` after `run.started_at`, says.

    A snapshot that is not to be believed changes nothing, and the run ends as suspicious with its doubts.

    :raises AttemptTaken: another attempt holds the run
    :raises WriteLost: the database did not take every row; nothing is written then
    """
    _lock_group(run.group_id)
    run = SyncRun.objects.held(run)
    people = _without_doubles(snapshot.participants)
    _learn_own_lid(session, people)
    rows = _rows(run.group_id)
    run.fetched = len(snapshot.participants)
    run.hidden = sum(person.full_phone is None for person in people)
    run.doubts = sorted(set(_doubts(snapshot, people, rows, session, run.group)) - set(run.confirmed_doubts))
    if run.doubts:
        return _end(run, SyncRun.Status.SUSPICIOUS)
    difference = _compare(people, rows, _started_at(run))
    _write(run, difference)
    Group.objects.filter(pk=run.group_id).update(last_snapshot_at=run.started_at)
    return _end(run, SyncRun.Status.DONE, difference)


def _lock_group(group_id: UUID) -> None:
    """Whoever changes members of a group waits for whoever does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"group members {group_id}"])


def _started_at(run: SyncRun) -> datetime:
    assert run.started_at is not None, "a claimed run has started"
    return run.started_at


def _rows(group_id: UUID) -> list[Row]:
    return [Row(*values) for values in GroupMember.objects.filter(group=group_id).values_list(*_COLUMNS).iterator()]


def _without_doubles(people: Iterable[Participant]) -> list[Participant]:
    """One entry per person: a gateway may list somebody twice, once with a phone and once without."""
    found: dict[str, Participant] = {}
    for person in people:
        key = person.lid or person.full_phone or ""
        known = found.get(key)
        if known is None or (known.full_phone is None and person.full_phone):
            found[key] = person
    with_lid = {person.full_phone for person in found.values() if person.lid and person.full_phone}
    return [person for person in found.values() if person.lid or person.full_phone not in with_lid]


def _learn_own_lid(session: Session, people: list[Participant]) -> None:
    """The session's own LID stands in the lists it appears in, beside its number."""
    if session.lid or not session.full_phone:
        return
    own = next((person.lid for person in people if person.lid and person.full_phone == session.full_phone), None)
    if own:
        session.lid = own
        session.save(update_fields=["lid"])


def _doubts(
    snapshot: Snapshot, people: list[Participant], rows: list[Row], session: Session, group: Group
) -> Iterable[SyncRun.Doubt]:
    if not people:
        yield SyncRun.Doubt.EMPTY
        return
    if snapshot.unreadable or snapshot.total not in (None, len(snapshot.participants)):
        yield SyncRun.Doubt.TOTAL_MISMATCH
    own = [person for person in people if _is_own(person, session)]
    if not own and (session.full_phone or session.lid):
        yield SyncRun.Doubt.OWN_NUMBER_MISSING
    if own and own[0].is_admin is False and group.kind == Group.Kind.ANNOUNCEMENT:
        yield SyncRun.Doubt.NOT_ADMIN
    active = sum(row.status == GroupMember.Status.ACTIVE for row in rows)
    fall = active - len(people)
    share, number = settings.WHATSAPP_IMPLAUSIBLE_FALL_SHARE, settings.WHATSAPP_IMPLAUSIBLE_FALL_COUNT
    if fall > number and fall > share * active:
        yield SyncRun.Doubt.IMPLAUSIBLE_FALL


def _is_own(person: Participant, session: Session) -> bool:
    by_phone = session.full_phone is not None and person.full_phone == session.full_phone
    return by_phone or (bool(session.lid) and person.lid == session.lid)


def _compare(people: list[Participant], rows: list[Row], started_at: datetime) -> Difference:
    """
    Match people to rows and sort them by what happens to them.

    An event newer than the snapshot's start is kept against it, whether it says joined or left.
    """
    difference = Difference()
    newest = started_at - timedelta(seconds=settings.WHATSAPP_CLOCK_UNCERTAINTY)
    seen: set[UUID] = set()
    for person, row, bare in _match(people, rows):
        if row is None:
            difference.added.append(person)
        elif row.id not in seen:
            seen.add(row.id)
            _sort(row, person, newest, difference)
        if bare:
            seen.add(bare.id)
            difference.merged.append(bare)
    for row in rows:
        if row.id not in seen and row.status == "active":
            if row.last_event_at and row.last_event_at > newest:
                difference.kept += 1
            else:
                difference.left.append(row)
    return difference


def _match(people: list[Participant], rows: list[Row]) -> Iterator[tuple[Participant, Row | None, Row | None]]:
    """
    Each person with their row, and with the second one that merges into it when a LID's phone is learned.

    People with a LID choose first; a row known by its phone alone is given away once.
    """
    by_lid = {row.lid: row for row in rows if row.lid}
    by_phone = {row.full_phone: row for row in rows if row.full_phone and not row.lid}
    with_lid = {row.full_phone: row for row in rows if row.full_phone and row.lid and row.status == "active"}
    for person in sorted(people, key=lambda person: person.lid is None):
        phone = person.full_phone or ""
        row = by_lid.get(person.lid) if person.lid else with_lid.get(phone)
        bare = by_phone.pop(phone, None)
        yield (person, row, bare) if row else (person, bare, None)


def _sort(row: Row, person: Participant, newest: datetime, difference: Difference) -> None:
    """Into returned, updated, kept or unchanged; the row takes what the snapshot knows of the person."""
    is_learned = (
        (person.lid is not None and row.lid != person.lid)
        or (person.full_phone is not None and row.full_phone != person.full_phone)
        or (person.is_admin is not None and row.is_admin != person.is_admin)
    )
    if is_learned:
        row.lid = person.lid or row.lid
        row.is_admin = row.is_admin if person.is_admin is None else person.is_admin
        if person.full_phone:
            row.full_phone, row.phone_number = person.full_phone, person.phone_number
    is_newer = row.last_event_at is not None and row.last_event_at > newest
    if row.status == "left" and not is_newer:
        difference.returned.append(row)
        return
    difference.kept += row.status == "left"
    difference.unchanged += row.status == "active" and not is_learned
    if is_learned:
        difference.updated.append(row)


def _write(run: SyncRun, difference: Difference) -> None:
    """The order keeps the unique keys: a merged row goes before its phone is written elsewhere."""
    now = timezone.now()
    scope = [run.organization_id, run.group_id]
    with connection.cursor() as cursor:
        _run(cursor, _DELETE, [[row.id for row in difference.merged]], len(difference.merged))
        _run(cursor, _LEAVE, [run.started_at, now, [row.id for row in difference.left]], len(difference.left))
        _run(cursor, _UPDATE, [now, *_row_columns(difference.updated)], len(difference.updated))
        returned = [run.started_at, now, *_row_columns(difference.returned)]
        _run(cursor, _RETURN, returned, len(difference.returned))
        _run(cursor, _INSERT, [*scope, run.started_at, *_person_columns(difference.added)], len(difference.added))


def _run(cursor: object, sql: str, parameters: list[object], expected: int) -> None:
    if not expected:
        return
    cursor.execute(sql, parameters)  # type: ignore[attr-defined]
    written = cursor.rowcount  # type: ignore[attr-defined]
    if written != expected:
        raise WriteLost(f"{written} of {expected} rows were written")


def _row_columns(rows: list[Row]) -> list[object]:
    return [
        [row.id for row in rows], [row.lid for row in rows], [row.full_phone for row in rows],
        [row.phone_number for row in rows], [row.is_admin for row in rows],
    ]  # fmt: skip


def _person_columns(people: list[Participant]) -> list[object]:
    return [
        [person.lid for person in people], [person.full_phone for person in people],
        [person.phone_number for person in people], [bool(person.is_admin) for person in people],
    ]  # fmt: skip


def _end(run: SyncRun, status: SyncRun.Status, difference: Difference | None = None) -> SyncRun:
    run.status, run.lease_until, run.finished_at = status, None, timezone.now()
    if difference:
        run.added, run.returned, run.left = len(difference.added), len(difference.returned), len(difference.left)
        run.updated = len(difference.updated) + len(difference.merged)
        run.unchanged, run.kept = difference.unchanged, difference.kept
    run.save()
    return run


_DELETE = "DELETE FROM workshop_group_members WHERE id = ANY(%s::uuid[])"
_LEAVE = """
UPDATE workshop_group_members SET status = 'left', left_at = %s, updated_at = %s WHERE id = ANY(%s::uuid[])
"""
_FROM_ROWS = """
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::boolean[])
     AS row (id, lid, full_phone, phone_number, is_admin)
WHERE member.id = row.id
"""
_SET = "lid = row.lid, full_phone = row.full_phone, phone_number = row.phone_number, is_admin = row.is_admin"
_UPDATE = f"""
UPDATE workshop_group_members AS member SET {_SET}, updated_at = %s {_FROM_ROWS}
"""
_RETURN = f"""
UPDATE workshop_group_members AS member
SET {_SET}, status = 'active', left_at = NULL, joined_at = %s, updated_at = %s {_FROM_ROWS}
"""
_INSERT = """
INSERT INTO workshop_group_members
    (id, organization_id, whatsapp_group_id, lid, full_phone, phone_number, status, is_admin, joined_at)
SELECT gen_random_uuid(), scope.organization_id, scope.group_id, person.lid, person.full_phone, person.phone_number,
       'active', person.is_admin, scope.started_at
FROM (SELECT %s::text AS organization_id, %s::uuid AS group_id, %s::timestamptz AS started_at) AS scope,
     unnest(%s::text[], %s::text[], %s::text[], %s::boolean[]) AS person (lid, full_phone, phone_number, is_admin)
"""
