"""Applying a session's list of groups: one transaction that compares first and writes only the difference."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from webhooks.services import unpark
from whatsapp.client import ListedGroup
from whatsapp.models import Group, GroupSession, Session
from whatsapp.services.family import kinds_of
from whatsapp.services.group_lists import group_list_ended, held
from whatsapp.services.groups import waits_for_group
from whatsapp.services.locks import lock_groups_of
from whatsapp.signals import announcements_listed

log = logging.getLogger(__name__)
_FIELDS = ["name", "kind", "parent", "invite_link", "reported_count"]
_EMPTY = "The gateway gave an empty list, although this number is in groups. It was not believed; nothing changed."


@dataclass(slots=True)
class GroupListChanges:
    """What a list changed: groups that are new to us or differ, and how many the session is no longer in."""

    added: list[Group] = field(default_factory=list)
    changed: list[Group] = field(default_factory=list)
    left: int = 0


@transaction.atomic
def apply_group_list(*, session: Session, groups: list[ListedGroup]) -> GroupListChanges:
    """
    Make the organization's groups, and which of them `session` is in, what its list says.

    A group is known by its JID, whichever session sees it. Nothing known is unlearned: an empty name or link, a flag
    that is not given, leave what is there. An empty list of a session that is in groups changes nothing.

    :raises AttemptTaken: another worker has asked since, or the session is logged out
    """
    claimed, session = session, held(session)
    listed = {group.jid: group for group in reversed(groups) if group.jid.endswith("@g.us")}
    if not listed and GroupSession.objects.filter(session=session).exists():
        log.warning("session %s: %s", session.pk, _EMPTY)
        group_list_ended(session=claimed, reason=_EMPTY)
        return GroupListChanges()
    lock_groups_of(session.organization_id)
    rows, changes = _compare(session, listed)
    _write(changes)
    changes.left = _see(session, {rows[jid].pk: group.is_admin for jid, group in listed.items()})
    _tell(rows[jid] for jid in listed)
    group_list_ended(session=claimed)
    return changes


def _compare(session: Session, listed: dict[str, ListedGroup]) -> tuple[dict[str, Group], GroupListChanges]:
    """The row of each JID, new ones unsaved, with what the list says."""
    jids = {*listed, *(group.linked_parent for group in listed.values() if group.linked_parent)}
    known = Group.objects.filter(organization_id=session.organization_id, group_jid__in=jids)
    rows = {group.group_jid: group for group in known}
    before = {jid: _facts(group) for jid, group in rows.items()}
    kinds = kinds_of(listed, rows)
    changes = GroupListChanges()
    for jid in sorted(jids - rows.keys()):
        group = Group(organization_id=session.organization_id, group_jid=jid, session=session)
        rows[jid] = group
        changes.added.append(group)
    for jid, group in rows.items():
        group.kind = kinds[jid]
        if jid in listed:
            _learn(group, listed[jid], rows)
    # Compared when all have learned: a group may teach its parent a name.
    changes.changed = [rows[jid] for jid, facts in before.items() if _facts(rows[jid]) != facts]
    return rows, changes


def _facts(group: Group) -> tuple[object, ...]:
    return (group.name, group.kind, group.parent_id, group.invite_link, group.reported_count)


def _learn(group: Group, said: ListedGroup, rows: dict[str, Group]) -> None:
    group.name = said.name or group.name
    group.invite_link = said.invite_link or group.invite_link
    if said.linked_parent:
        group.parent = rows[said.linked_parent]
        if group.kind == Group.Kind.ANNOUNCEMENT:
            group.parent.name = group.parent.name or group.name
    if said.participant_count is not None and (said.is_admin is not False or group.reported_count is None):
        # Who is no admin may be told of a part only.
        group.reported_count = said.participant_count


def _write(changes: GroupListChanges) -> None:
    Group.objects.bulk_create(changes.added)
    Group.objects.bulk_update(changes.changed, _FIELDS)
    for group in changes.added:
        unpark(waits_for=waits_for_group(group.organization_id, group.group_jid))


def _see(session: Session, seen: dict[UUID, bool | None]) -> int:
    """Which groups the session is in, and where it is an admin. Answers how many it is no longer in."""
    mine = GroupSession.objects.filter(organization_id=session.organization_id, session=session)
    gone = list(mine.exclude(group__in=seen).values_list("group", flat=True))
    mine.filter(group__in=gone).delete()
    _hand_over(session, gone)
    known = dict(mine.values_list("group", "is_admin"))
    now = timezone.now()
    GroupSession.objects.bulk_create(
        GroupSession(
            organization_id=session.organization_id, session=session, group_id=group_id, is_admin=is_admin, seen_at=now
        )
        for group_id, is_admin in seen.items() if group_id not in known
    )  # fmt: skip
    mine.update(seen_at=now)
    for flag in (True, False):
        told = [group_id for group_id, is_admin in seen.items() if is_admin is flag and known.get(group_id) is not flag]
        mine.filter(group__in=told).update(is_admin=flag)
    Group.objects.filter(pk__in=list(seen), session=None).update(session=session)
    return len(gone)


@transaction.atomic
def forget_group(*, session: Session, group: Group) -> bool:
    """The gateway says that the session is not in the group. Answers whether another one may be."""
    GroupSession.objects.filter(organization_id=group.organization_id, group=group, session=session).delete()
    _hand_over(session, [group.pk])
    others = Q(session__isnull=False) & ~Q(session=session) | Q(seen_by__isnull=False)
    return Group.objects.filter(others, organization_id=group.organization_id, pk=group.pk).exists()


def _hand_over(session: Session, groups: list[UUID]) -> None:
    """Groups that the session has left are another one's that is in them; without one they stay as they are."""
    others = GroupSession.objects.filter(organization=OuterRef("organization"), group=OuterRef("pk"))
    next_one = others.order_by(F("is_admin").desc(nulls_last=True), "session").values("session")[:1]
    mine = Group.objects.filter(organization_id=session.organization_id, session=session, pk__in=groups)
    mine.filter(Exists(others)).update(session=Subquery(next_one))


def _tell(groups: Iterable[Group]) -> None:
    tied = [group for group in groups if group.kind == Group.Kind.ANNOUNCEMENT and group.parent_id]
    if tied:
        announcements_listed.send(sender=Group, groups=tied)
