"""Applying a snapshot: one transaction that compares first and writes only the difference."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from whatsapp.client import Participant, Snapshot
from whatsapp.models import Group, GroupMember, Session, SyncRun
from whatsapp.services import history, news
from whatsapp.services.difference import Difference, Row, compare
from whatsapp.services.groups import learn_admin
from whatsapp.services.locks import lock_group
from whatsapp.services.sync import request_sync

_COLUMNS = [
    "id", "lid", "full_phone", "phone_number", "status", "is_admin", "last_event_at", "last_admin_event_at",
]  # fmt: skip


class WriteLost(DatabaseError):
    """The database took fewer rows than it was given, as row-level security may make it do."""


@transaction.atomic
def apply_snapshot(*, run: SyncRun, snapshot: Snapshot, session: Session) -> SyncRun:
    """
    Make the group's members what `snapshot`, fetched through `session` after `run.started_at`, says.

    A snapshot that is not to be believed changes nothing, and the run ends as suspicious with its doubts.

    :raises AttemptTaken: another attempt holds the run
    :raises WriteLost: the database did not take every row; nothing is written then
    """
    lock_group(run.group_id)
    run = SyncRun.objects.held(run)
    people = _without_doubles(snapshot.participants)
    _learn_own_lid(session, people)
    _learn_own_role(run.group, session, people)
    rows = _rows(run.group_id)
    run.fetched = len(snapshot.participants)
    run.hidden = sum(person.full_phone is None for person in people)
    run.doubts = sorted(set(_doubts(snapshot, people, rows, session, run.group)) - set(run.confirmed_doubts))
    if run.doubts:
        return _end(run, SyncRun.Status.SUSPICIOUS)
    difference = compare(people, rows, _started_at(run))
    _write(run, difference, is_first=run.group.last_snapshot_at is None)
    Group.objects.filter(pk=run.group_id).update(last_snapshot_at=run.started_at)
    run = _end(run, SyncRun.Status.DONE, difference)
    if difference.close:
        request_sync(group=run.group, requested_by="sync")
    return run


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


def _learn_own_role(group: Group, session: Session, people: list[Participant]) -> None:
    """Its list of groups need not say where the session is an admin; its own entry among the people does."""
    own = next((person for person in people if _is_own(person, session)), None)
    if own and own.is_admin is not None:
        learn_admin(group=group, session=session, is_admin=own.is_admin)


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


def _write(run: SyncRun, difference: Difference, *, is_first: bool) -> None:
    """The order keeps the unique keys: a merged row goes before its phone is written elsewhere."""
    now = timezone.now()
    scope = [run.organization_id, run.group_id]
    with connection.cursor() as cursor:
        for survivor, merged in difference.merged:
            history.move(survivor=survivor.id, merged=merged.id)
            cursor.execute(_ABSORB, [survivor.id, merged.id])
            cursor.execute(_JOINED, [survivor.id, merged.id])
        _run(cursor, _DELETE, [[merged.id for _, merged in difference.merged]], len(difference.merged))
        _run(cursor, _LEAVE, [run.started_at, now, [row.id for row in difference.left]], len(difference.left))
        _run(cursor, _UPDATE, [now, *_row_columns(difference.updated)], len(difference.updated))
        returned = [run.started_at, now, *_row_columns(difference.returned)]
        _run(cursor, _RETURN, returned, len(difference.returned))
        _run(cursor, _INSERT, [*scope, run.started_at, *_person_columns(difference.added)], len(difference.added))
        added = [row[0] for row in cursor.fetchall()] if difference.added else []
    if not is_first:
        _remember(run, difference, added)


def _remember(run: SyncRun, difference: Difference, added: list[UUID]) -> None:
    changes = {
        "join": [*added, *(row.id for row in difference.returned)],
        "leave": [row.id for row in difference.left],
        "promote": [row.id for row in difference.promoted],
        "demote": [row.id for row in difference.demoted],
    }
    history.record_snapshot(run=run, changes=changes)


def _run(cursor: CursorWrapper, sql: str, parameters: list[Any], expected: int) -> None:
    if not expected:
        return
    cursor.execute(sql, parameters)
    written = cursor.rowcount
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
    news.run_has_ended(run)
    return run


_FROM_MERGED = "FROM workshop_group_members AS merged WHERE survivor.id = %s AND merged.id = %s"
_ABSORB = f"""
UPDATE workshop_group_members AS survivor
SET status = merged.status, left_at = merged.left_at, last_event_at = merged.last_event_at
{_FROM_MERGED} AND merged.last_event_at > coalesce(survivor.last_event_at, '-infinity')
"""
_JOINED = f"""
UPDATE workshop_group_members AS survivor SET joined_at = least(survivor.joined_at, merged.joined_at) {_FROM_MERGED}
"""
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
RETURNING id
"""
