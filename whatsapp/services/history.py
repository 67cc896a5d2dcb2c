"""The history of a group: changes of state, told by events or found by snapshots."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from whatsapp.models import GroupMember, MembershipEvent, SyncRun

_Action = MembershipEvent.Action
_OPPOSITES: dict[str, str] = {
    _Action.JOIN: _Action.LEAVE,
    _Action.LEAVE: _Action.JOIN,
    _Action.PROMOTE: _Action.DEMOTE,
    _Action.DEMOTE: _Action.PROMOTE,
}


def record_event(
    *, member: GroupMember, action: str, occurred_at: datetime, stamp: datetime, undone_at: datetime | None = None
) -> None:
    """
    Write down what an event told, in its place among what is known already.

    The same thing twice in a row is one change: a second "joined" is dropped, and a snapshot's guess that comes after
    the event it stands for takes the event's time. A late event that is not how things are was undone by `undone_at`,
    when we knew better: the history then says so, too.
    """
    kinds = _OPPOSITES[action], action
    events = MembershipEvent.objects.filter(member=member, action__in=kinds)
    before = events.filter(occurred_at__lte=occurred_at).order_by("-occurred_at", "-created_at").first()
    after = events.filter(occurred_at__gt=occurred_at).order_by("occurred_at", "created_at").first()
    if before and before.action == action:
        return
    if after and after.action == action:
        if after.source == MembershipEvent.Source.SNAPSHOT:
            after.occurred_at, after.stamp, after.source = occurred_at, stamp, MembershipEvent.Source.EVENT
            after.save(update_fields=["occurred_at", "stamp", "source"])
        return
    _write(member, action, MembershipEvent.Source.EVENT, occurred_at, stamp)
    if after is None and undone_at:
        _write(member, _OPPOSITES[action], MembershipEvent.Source.SNAPSHOT, undone_at, undone_at)


def _write(member: GroupMember, action: str, source: str, occurred_at: datetime, stamp: datetime) -> None:
    MembershipEvent.objects.create(
        organization_id=member.organization_id, group_id=member.group_id, member=member,
        action=action, source=source, occurred_at=occurred_at, stamp=stamp,
    )  # fmt: skip


def record_snapshot(*, run: SyncRun, changes: Mapping[str, Iterable[UUID]]) -> None:
    """Write down what a snapshot found changed: ids of members by action."""
    pairs = [(member_id, action) for action, members in changes.items() for member_id in members]
    if not pairs:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                run.organization_id, run.group_id, run.started_at, run.started_at,
                [member_id for member_id, _ in pairs], [action for _, action in pairs],
            ],
        )  # fmt: skip


def move(*, survivor: UUID, merged: UUID) -> None:
    """Two rows turned out to be one person: the history becomes one, without what both told."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP_DOUBLES, [merged, survivor])
        cursor.execute("UPDATE whatsapp_membership_events SET member_id = %s WHERE member_id = %s", [survivor, merged])


_INSERT = """
INSERT INTO whatsapp_membership_events
    (id, organization_id, group_id, member_id, action, source, occurred_at, stamp)
SELECT gen_random_uuid(), %s, %s, change.member_id, change.action, 'snapshot', %s, %s
FROM unnest(%s::uuid[], %s::text[]) AS change (member_id, action)
ON CONFLICT DO NOTHING
"""
_DROP_DOUBLES = """
DELETE FROM whatsapp_membership_events AS gone USING whatsapp_membership_events AS kept
WHERE gone.member_id = %s AND kept.member_id = %s AND gone.action = kept.action AND gone.stamp = kept.stamp
"""
