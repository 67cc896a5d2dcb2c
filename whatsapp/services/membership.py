"""
Membership by events, which come twice, late, early or never.

Per person the latest event time wins. What is older than that, or than the last snapshot, only completes the history.
Where nobody can tell which of two things came last, nothing is changed and a sync is asked for.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, TextChoices
from django.utils import timezone

from whatsapp.models import Group, GroupMember, MembershipEvent, Session
from whatsapp.services import history, news
from whatsapp.services.groups import learn_admin
from whatsapp.services.locks import lock_group
from whatsapp.services.sync import request_sync

_Action = MembershipEvent.Action
_Status = GroupMember.Status
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """What an event says. `occurred_at` is by our clock, `stamp` as the gateway wrote it; `lid` or phone is known."""

    action: str
    lid: str | None
    full_phone: str | None
    phone_number: str | None
    occurred_at: datetime
    stamp: datetime


class Outcome(TextChoices):
    """What became of an event."""

    APPLIED = "applied"
    UNCHANGED = "unchanged", "it says what we know"
    LATE = "late", "something newer is known"
    AMBIGUOUS = "ambiguous", "nobody can tell which came last: a sync is asked for"


@transaction.atomic
def record_change(*, group: Group, change: Change) -> Outcome:
    """Apply a join, leave, promotion or demotion to `group`, which is trackable."""
    lock_group(group.pk)
    group.refresh_from_db(fields=["last_snapshot_at"])
    member = _member(group, change)
    decide = _admin if change.action in (_Action.PROMOTE, _Action.DEMOTE) else _membership
    outcome = decide(group, member, change)
    if outcome == Outcome.APPLIED:
        news.members_have_changed(group)
    if outcome == Outcome.AMBIGUOUS:
        request_sync(group=group, requested_by="event")
    return outcome


def _member(group: Group, change: Change) -> GroupMember:
    """
    The person's row, having learned what the event knows of them; a new one, unsaved, for somebody unknown.

    Every copy of an event teaches: one session may see the phone that another does not.
    """
    bare = Q(lid=None, full_phone=change.full_phone) if change.full_phone else Q(pk=None)
    named = Q(lid=change.lid) if change.lid else Q(full_phone=change.full_phone)
    rows = list(group.members.filter(named | bare).order_by("status", "-joined_at"))
    member = next((row for row in rows if row.lid == change.lid), rows[0] if rows else None)
    if member is None:
        return _stranger(group, change)
    for double in rows:
        if change.lid and double is not member and double.lid is None:
            _merge(survivor=member, merged=double)
    _learn(member, change)
    return member


def _stranger(group: Group, change: Change) -> GroupMember:
    """Somebody of whom no more is known than that the last snapshot, if it is newer, did not find them."""
    return GroupMember(
        organization_id=group.organization_id, group=group, lid=change.lid, full_phone=change.full_phone,
        phone_number=change.phone_number, joined_at=change.occurred_at,
        left_at=max(change.occurred_at, group.last_snapshot_at or change.occurred_at),
        status=_Status.LEFT,
    )  # fmt: skip


def _learn(member: GroupMember, change: Change) -> None:
    is_new_phone = change.full_phone is not None and member.full_phone != change.full_phone
    if not is_new_phone and (change.lid is None or member.lid == change.lid):
        return
    member.lid = change.lid or member.lid
    if is_new_phone:
        member.full_phone, member.phone_number = change.full_phone, change.phone_number
    member.save(update_fields=["lid", "full_phone", "phone_number"])


def _merge(*, survivor: GroupMember, merged: GroupMember) -> None:
    """The row that is known by its phone alone turns out to be somebody who has a row: what it knew lives on."""
    history.move(survivor=survivor.pk, merged=merged.pk)
    if (merged.last_event_at or _NEVER) > (survivor.last_event_at or _NEVER):
        survivor.status, survivor.left_at = merged.status, merged.left_at
        survivor.last_event_at = merged.last_event_at
    survivor.joined_at = min(survivor.joined_at, merged.joined_at)
    merged.delete()
    survivor.save(update_fields=["status", "left_at", "last_event_at", "joined_at"])


def _membership(group: Group, member: GroupMember, change: Change) -> Outcome:
    """Join or leave."""
    wanted = _Status.ACTIVE if change.action == _Action.JOIN else _Status.LEFT
    is_known = not member._state.adding
    outcome = _weigh(group, change, member.last_event_at, is_known and member.status == wanted)
    if outcome == Outcome.AMBIGUOUS:
        return outcome
    if outcome == Outcome.APPLIED:
        member.status = wanted
        member.left_at = change.occurred_at if wanted == _Status.LEFT else None
        member.joined_at = change.occurred_at if wanted == _Status.ACTIVE else member.joined_at
    if outcome != Outcome.LATE:
        member.last_event_at, member.updated_at = change.occurred_at, timezone.now()
    if not is_known or outcome != Outcome.LATE:
        member.save()
    if outcome != Outcome.UNCHANGED:
        _remember(group, member, change, newest=None if member.status == wanted else member.last_event_at or _NEVER)
    return outcome


def _admin(group: Group, member: GroupMember, change: Change) -> Outcome:
    """Promotion or demotion. Of somebody unknown, only a sync can tell more."""
    if member._state.adding:
        return Outcome.AMBIGUOUS
    wanted = change.action == _Action.PROMOTE
    outcome = _weigh(group, change, member.last_admin_event_at, member.is_admin == wanted)
    if outcome == Outcome.AMBIGUOUS:
        return outcome
    if outcome != Outcome.LATE:
        member.is_admin, member.last_admin_event_at = wanted, change.occurred_at
        member.updated_at = timezone.now()
        member.save(update_fields=["is_admin", "last_admin_event_at", "updated_at"])
        _learn_own_role(group, member)
    if outcome != Outcome.UNCHANGED:
        _remember(
            group, member, change, newest=None if member.is_admin == wanted else member.last_admin_event_at or _NEVER
        )
    return outcome


def _learn_own_role(group: Group, member: GroupMember) -> None:
    """If it is a number of ours: what it may see of the group depends on it."""
    is_ours = Q(full_phone=member.full_phone) if member.full_phone else Q(pk=None)
    if member.lid:
        is_ours |= Q(lid=member.lid)
    for session in Session.objects.filter(is_ours, organization_id=group.organization_id):
        learn_admin(group=group, session=session, is_admin=member.is_admin)


def _remember(group: Group, member: GroupMember, change: Change, *, newest: datetime | None) -> None:
    """Into the history. `newest` is the last event that was told, where things are not as this one says."""
    undone_at = None if newest is None else max(newest, group.last_snapshot_at or _NEVER)
    history.record_event(
        member=member, action=change.action, occurred_at=change.occurred_at, stamp=change.stamp, undone_at=undone_at
    )


def _weigh(group: Group, change: Change, last_event_at: datetime | None, is_so_already: bool) -> Outcome:
    """What counts more: the event, what another event told before, or the last snapshot."""
    at = change.occurred_at
    if last_event_at and at < last_event_at:
        return Outcome.LATE
    if last_event_at == at:
        return Outcome.UNCHANGED if is_so_already else Outcome.AMBIGUOUS
    uncertainty = timedelta(seconds=settings.WHATSAPP_CLOCK_UNCERTAINTY)
    if group.last_snapshot_at and at < group.last_snapshot_at - uncertainty:
        return Outcome.LATE
    if is_so_already:
        return Outcome.UNCHANGED
    if group.last_snapshot_at and at <= group.last_snapshot_at + uncertainty:
        return Outcome.AMBIGUOUS
    return Outcome.APPLIED
