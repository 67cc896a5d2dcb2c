"""The history of a group: changes of state, told by events or found by snapshots."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from whatsapp.models import GroupMember, MembershipEvent, SyncRun

_Action = MembershipEvent.Action


def record_event(*, member: GroupMember, action: str, occurred_at: datetime, stamp: datetime) -> None:
    """
    Write down what an event told, in its place among what is known already.

    The same thing twice in a row is one change: a second "joined" is dropped, and a snapshot's guess that comes after
    the event it stands for takes the event's time.
    """
    kinds = [_Action.PROMOTE, _Action.DEMOTE]
    kinds = kinds if action in kinds else [_Action.JOIN, _Action.LEAVE]
    events = MembershipEvent.objects.filter(member=member, action__in=kinds)
    before = events.filter(occurred_at__lte=occurred_at).order_by("-occurred_at", "-created_at").first()
    if before and before.action == action:
        return
    after = events.filter(occurred_at__gt=occurred_at).order_by("occurred_at", "created_at").first()
    if after and after.action == action:
        if after.source == MembershipEvent.Source.SNAPSHOT:
            after.occurred_at, after.stamp, after.source = occurred_at, stamp, MembershipEvent.Source.EVENT
            after.save(update_fields=["occurred_at", "stamp", "source"])
        return
    MembershipEvent.objects.create(
        organization_id=member.organization_id, group_id=member.group_id, member=member, action=action,
        source=MembershipEvent.Source.EVENT, occurred_at=occurred_at, stamp=stamp,
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
