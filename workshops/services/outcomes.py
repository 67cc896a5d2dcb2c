"""How an attempt at a community goes on and ends. Each end is written only while the attempt still holds the row."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from common.jobs import backoff
from whatsapp import services as whatsapp
from whatsapp.client import CreatedCommunity
from whatsapp.models import Group, Session
from workshops.models import Community, Workshop, WorkshopGroup
from workshops.services import news

_Status = Community.Status


class CommunityTaken(Exception):
    """What seemed to be this community is another one's: `owner` names it."""

    def __init__(self, group: Group, owner: str) -> None:
        super().__init__(f"The community {group.group_jid} belongs to {owner}.")


@transaction.atomic
def record_request(*, community: Community, session: Session, known_jids: list[str]) -> Community:
    """
    Write down the attempt just before its request goes out. The lease starts anew.

    :raises AttemptTaken: another attempt holds the community
    """
    community = Community.objects.held(community)
    community.session, community.known_jids, community.uninvited_admins = session, known_jids, []
    community.requested_at = timezone.now()
    community.lease_until = community.requested_at + Community.LEASE
    community.save(update_fields=["session", "known_jids", "uninvited_admins", "requested_at", "lease_until"])
    return community


@transaction.atomic
def record_created(*, community: Community, session: Session, created: CreatedCommunity) -> Community:
    """
    A community exists: store its groups and link them. The attempt goes on, and if it dies, the next one completes it.

    :raises AttemptTaken: another attempt holds the community
    :raises CommunityTaken: it is another one's
    """
    community = Community.objects.held(community)
    groups = whatsapp.store_community(session=session, name=community.name, created=created)
    for group in (groups.parent, groups.announcement):
        if group:
            _take(community, group)
    community.parent_group = groups.parent
    community.uninvited_admins = list(created.uninvited) or community.uninvited_admins
    community.save(update_fields=["parent_group", "uninvited_admins"])
    if groups.announcement and community.workshop_id:
        Workshop.objects.filter(pk=community.workshop_id).update(community_group=groups.announcement)
    return community


@transaction.atomic
def community_created(*, community: Community, session: Session, created: CreatedCommunity) -> Community:
    """
    The end of an attempt that has a community: ready with its announcement group, partial without.

    :raises AttemptTaken: another attempt holds the community
    :raises CommunityTaken: it is another one's
    """
    community = record_created(community=community, session=session, created=created)
    if created.announcement_jid is None:
        pause = backoff(community.attempt, base=timedelta(seconds=5), longest=timedelta(minutes=10))
        reason = "The community exists; its announcement group, where the people are, has not been found yet."
        return settle(community, _Status.PARTIAL, reason, run_after=timezone.now() + pause)
    community.ready_at = timezone.now()
    community.save(update_fields=["ready_at"])
    return settle(community, _Status.READY, _about_admins(community))


def _about_admins(community: Community) -> str:
    """Asking WhatsApp again would be refused again, and gets numbers banned: a link is what is left."""
    if not community.uninvited_admins:
        return ""
    numbers = ", ".join(community.uninvited_admins)
    return f"WhatsApp did not let these admins be invited: {numbers}. Send them the invite link yourself."


def _take(community: Community, group: Group) -> None:
    """Make the group this community's. Whoever else would have it waits, since storing it has locked the groups."""
    ours = {"organization_id": community.organization_id, "group": group}
    links = WorkshopGroup.objects.select_related("workshop")
    if community.workshop_id:
        links.get_or_create(**ours, defaults={"workshop_id": community.workshop_id})
    link = links.filter(**ours).first()
    if link and link.workshop_id != community.workshop_id:
        raise CommunityTaken(group, f"the workshop {link.workshop}")
    others = Community.objects.select_related("workshop").exclude(pk=community.pk)
    family = [group.pk, group.parent_id] if group.parent_id else [group.pk]
    if other := others.filter(organization_id=community.organization_id, parent_group__in=family).first():
        raise CommunityTaken(group, f"the community {other.title}")


@transaction.atomic
def community_waits(
    *,
    community: Community,
    reason: str,
    until: datetime | None = None,
    is_throttled: bool = False,
    nothing_happened: bool = False,
) -> Community:
    """
    Nothing can be done now. Without `until`, it goes on when its session is connected again.

    What was requested stays written down, so that the next step is a look-up, unless `nothing_happened`. When WhatsApp
    itself asked to wait (`is_throttled`), not even a person may start it earlier.

    :raises AttemptTaken: another attempt holds the community
    """
    community = Community.objects.held(community)
    community.not_before = until if is_throttled else None
    if nothing_happened:
        community.requested_at = None
    community.save(update_fields=["not_before", "requested_at"])
    if community.parent_group_id:
        return settle(community, _Status.PARTIAL, reason, run_after=until or timezone.now() + timedelta(seconds=30))
    return settle(community, _Status.WAITING, reason, run_after=until)


@transaction.atomic
def community_failed(*, community: Community, code: str, reason: str, may_retry: bool) -> Community:
    """
    The request surely created nothing. With `may_retry`, it is tried again by itself up to five times, ever later.

    :raises AttemptTaken: another attempt holds the community
    """
    community = Community.objects.held(community)
    community.requested_at, community.failures = None, community.failures + 1
    community.save(update_fields=["requested_at", "failures"])
    run_after = None
    if may_retry and community.failures < Community.MAX_ATTEMPTS:
        pause = backoff(community.failures, base=timedelta(seconds=10), longest=timedelta(minutes=30))
        run_after = timezone.now() + pause
    return settle(community, _Status.FAILED, reason, code=code, run_after=run_after)


@transaction.atomic
def outcome_unknown(*, community: Community, reason: str, asks_person: bool = False) -> Community:
    """
    The request went out, and nobody knows what it did: look-ups follow, unless only a person can tell.

    :raises AttemptTaken: another attempt holds the community
    """
    community = Community.objects.held(community)
    pause = backoff(community.attempt, base=timedelta(seconds=5), longest=timedelta(seconds=30))
    run_after = None if asks_person else timezone.now() + pause
    return settle(community, _Status.UNKNOWN, reason, code="unknown_outcome", run_after=run_after)


def would_be_seen(*, community: Community, at: datetime) -> bool:
    """Whether a list that was asked for at `at` would show whatever the request created."""
    assert community.requested_at is not None
    return at > community.requested_at + Community.LOOK_UP_FOR


def unclaimed(*, organization_id: str, jids: list[str]) -> set[str]:
    """Those of `jids` that no workshop and no community has yet."""
    links = WorkshopGroup.objects.filter(organization_id=organization_id, group=OuterRef("pk"))
    communities = Community.objects.filter(organization_id=organization_id)
    is_taken = (
        Exists(links)
        | Exists(communities.filter(parent_group=OuterRef("pk")))
        | Exists(communities.filter(parent_group=OuterRef("parent")))
    )
    taken = Group.objects.filter(is_taken, organization_id=organization_id, group_jid__in=jids)
    return set(jids) - set(taken.values_list("group_jid", flat=True))


def settle(
    community: Community, status: str, reason: str = "", *, code: str = "", run_after: datetime | None = None
) -> Community:
    """The end of an attempt: its state, why, and when a sweep may go on with it."""
    community.status, community.reason, community.error_code = status, reason, code
    community.run_after, community.lease_until = run_after, None
    community.save(update_fields=["status", "reason", "error_code", "run_after", "lease_until"])
    news.community_changed(community)
    return community
