"""
The states of a community, and who may move it from one to the next.

Creating is not idempotent and can succeed while looking failed. So before the request goes out, the attempt is
written down (name, session, the JIDs that exist already); and as long as its outcome is not known, what comes next is
a look-up and never a second create.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from common import tenancy
from common.errors import DomainError
from common.jobs import GRACE, backoff, soon
from common.queue import enqueue
from organizations import placeholders
from organizations.models import Organization
from whatsapp import services as whatsapp
from whatsapp.client import CreatedCommunity
from whatsapp.models import Group, Session
from workshops.models import Community, Workshop, WorkshopGroup

#: WhatsApp's limits; a longer text would come back cut, and would not be found again by its name.
_NAME_CHARS = 100
_DESCRIPTION_CHARS = 2000
_Status = Community.Status


class CommunityNotRetryable(DomainError):
    """The community is ready, or being created right now."""

    code = "community_not_retryable"
    status = 409


@dataclass(frozen=True, slots=True)
class CommunityJob:
    """A claimed community, and what is said to the gateway about it beside its name."""

    community: Community
    session: Session
    description: str
    admin_numbers: list[str]


@transaction.atomic
def queue_community(*, workshop: Workshop) -> Community:
    """The workshop's community, queued now if there was none. Safe to call again."""
    community, is_new = Community.objects.get_or_create(
        workshop=workshop, defaults={"organization_id": workshop.organization_id, "run_after": soon()}
    )
    if is_new:
        _start(community)
    return community


def _start(community: Community) -> None:
    enqueue(
        "workshops.create_community",
        community_id=community.pk, attempt=community.attempt, organization_id=community.organization_id,
    )  # fmt: skip


@transaction.atomic
def retry_community(*, community: Community) -> Community:
    """
    A person's "again". What is unknown or partial is looked up, everything else is created anew.

    :raises CommunityNotRetryable: it is ready, or being created right now
    """
    community = Community.objects.select_for_update(of=("self",)).get(pk=community.pk)
    if community.status not in Community.RETRYABLE:
        raise CommunityNotRetryable(f"This community is {community.get_status_display()}: there is nothing to retry.")
    if community.status in (_Status.SKIPPED, _Status.WAITING, _Status.FAILED):
        community.status = _Status.QUEUED
    community.failures, community.run_after, community.reason, community.error_code = 0, soon(), "", ""
    community.save(update_fields=["status", "failures", "run_after", "reason", "error_code"])
    _start(community)
    return community


@transaction.atomic
def claim_community(*, community_id: UUID, attempt: int) -> CommunityJob | None:
    """
    The community with a lease, ready to be worked on.

    None when there is nothing to do now: somebody else has it, or it is skipped or waits (the row says so).
    """
    unfinished = Community.objects.exclude(status__in=[_Status.READY, _Status.SKIPPED])
    community = unfinished.select_related("parent_group", "session").claim(
        community_id, attempt, lease=Community.LEASE,
        status=Case(
            When(parent_group__isnull=False, then=Value(_Status.PARTIAL)),
            When(requested_at__isnull=False, then=Value(_Status.UNKNOWN)),
            default=Value(_Status.CREATING),
        ),
    )  # fmt: skip
    if community is None:
        return None
    workshop = Workshop.objects.select_related("organization__community_session").get(pk=community.workshop_id)
    organization = workshop.organization
    session = (community.session if community.requested_at else None) or organization.community_session
    if community.requested_at is None:
        community.name = _name(workshop, organization)
        community.save(update_fields=["name"])
    if session is None:
        reason = f"{organization} has chosen no WhatsApp session for communities. Choose one, then retry."
        _settle(community, _Status.SKIPPED, reason, code="no_session")
        return None
    if not _may_go_on(community, session):
        return None
    description = placeholders.fill(organization.community_description_template, _texts(workshop, organization))
    return CommunityJob(community, session, description[:_DESCRIPTION_CHARS], organization.community_admin_numbers)


def _may_go_on(community: Community, session: Session) -> bool:
    """Whether nothing stands in the way; what does is written down."""
    if not session.is_connected:
        community_waits(community=community, reason=f"The WhatsApp session {session} is not connected.")
        return False
    if _has_twin(community, session):
        reason = "Another community of this name is being created, and the two could not be told apart."
        community_waits(community=community, reason=reason, until=timezone.now() + timedelta(seconds=5))
        return False
    return True


def _has_twin(community: Community, session: Session) -> bool:
    """Whether another request for the same name is open. Claims through one session wait for each other here."""
    if community.requested_at:
        return False
    Session.objects.select_for_update().get(pk=session.pk)
    is_open = Q(status=_Status.CREATING) | Q(requested_at__isnull=False)
    same_name = Community.objects.filter(organization_id=community.organization_id, name=community.name)
    return same_name.filter(is_open, parent_group=None).exclude(pk=community.pk).exists()


def _name(workshop: Workshop, organization: Organization) -> str:
    name = placeholders.fill(organization.community_name_template, _texts(workshop, organization)).strip()
    return (name or workshop.title)[:_NAME_CHARS].strip()


def _texts(workshop: Workshop, organization: Organization) -> dict[str, str]:
    starts_at = workshop.starts_at.astimezone(organization.zone)
    return {
        "workshop_name": workshop.title,
        "workshop_title": workshop.title,
        "workshop_date": f"{starts_at:%d %B %Y}".lstrip("0"),
        "start_time": f"{starts_at:%H:%M}",
    }


@transaction.atomic
def record_request(*, job: CommunityJob, known_jids: list[str]) -> Community:
    """
    Write down the attempt just before its request goes out. The lease starts anew.

    :raises AttemptTaken: another attempt holds the community
    """
    community = Community.objects.held(job.community)
    community.session, community.known_jids = job.session, known_jids
    community.requested_at = timezone.now()
    community.lease_until = community.requested_at + Community.LEASE
    community.save(update_fields=["session", "known_jids", "requested_at", "lease_until"])
    return community


@transaction.atomic
def record_created(*, job: CommunityJob, created: CreatedCommunity) -> Community:
    """
    A community exists: store its groups and link them. The attempt goes on, and if it dies, the next one completes it.

    :raises AttemptTaken: another attempt holds the community
    """
    community = Community.objects.held(job.community)
    groups = whatsapp.store_community(session=job.session, name=community.name, created=created)
    community.parent_group = groups.parent
    community.invite_link = created.invite_link or community.invite_link
    community.save(update_fields=["parent_group", "invite_link"])
    for group in (groups.parent, groups.announcement):
        if group:
            _link(community, group)
    if groups.announcement:
        Workshop.objects.filter(pk=community.workshop_id).update(community_group=groups.announcement)
    return community


@transaction.atomic
def community_created(*, job: CommunityJob, created: CreatedCommunity) -> Community:
    """
    The end of an attempt that has a community: ready with its announcement group, partial without.

    :raises AttemptTaken: another attempt holds the community
    """
    community = record_created(job=job, created=created)
    if created.announcement_jid is None:
        pause = backoff(community.attempt, base=timedelta(seconds=5), longest=timedelta(minutes=10))
        reason = "The community exists; its announcement group, where the people are, has not been found yet."
        return _settle(community, _Status.PARTIAL, reason, run_after=timezone.now() + pause)
    community.ready_at = timezone.now()
    community.save(update_fields=["ready_at"])
    return _settle(community, _Status.READY)


def _link(community: Community, group: Group) -> None:
    WorkshopGroup.objects.get_or_create(
        organization_id=community.organization_id, group=group, defaults={"workshop_id": community.workshop_id}
    )


@transaction.atomic
def community_waits(*, community: Community, reason: str, until: datetime | None = None) -> Community:
    """
    Nothing can be done now. Without `until`, it goes on when its session is connected again.

    What was requested before stays written down, so that the next step is a look-up.

    :raises AttemptTaken: another attempt holds the community
    """
    community = Community.objects.held(community)
    if community.parent_group_id:
        return _settle(community, _Status.PARTIAL, reason, run_after=until or timezone.now() + timedelta(seconds=30))
    return _settle(community, _Status.WAITING, reason, run_after=until)


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
    return _settle(community, _Status.FAILED, reason, code=code, run_after=run_after)


@transaction.atomic
def outcome_unknown(*, community: Community, reason: str, asks_person: bool = False) -> Community:
    """
    The request went out, and nobody knows what it did: look-ups follow, unless only a person can tell.

    :raises AttemptTaken: another attempt holds the community
    """
    community = Community.objects.held(community)
    pause = backoff(community.attempt, base=timedelta(seconds=5), longest=timedelta(seconds=30))
    run_after = None if asks_person else timezone.now() + pause
    return _settle(community, _Status.UNKNOWN, reason, code="unknown_outcome", run_after=run_after)


def nothing_was_created(*, community: Community) -> bool:
    """Whether the request is so old that its effect would have appeared by now."""
    assert community.requested_at is not None
    return timezone.now() > community.requested_at + Community.LOOK_UP_FOR


def unclaimed(*, organization_id: str, jids: list[str]) -> set[str]:
    """Those of `jids` that no workshop has yet."""
    taken = WorkshopGroup.objects.filter(organization_id=organization_id, group__group_jid__in=jids)
    return set(jids) - set(taken.values_list("group__group_jid", flat=True))


def _settle(
    community: Community, status: str, reason: str = "", *, code: str = "", run_after: datetime | None = None
) -> Community:
    community.status, community.reason, community.error_code = status, reason, code
    community.run_after, community.lease_until = run_after, None
    community.save(update_fields=["status", "reason", "error_code", "run_after", "lease_until"])
    return community


def move_communities(*, old: Session, new: Session) -> None:
    """A relinked number is a new session: look-ups of what was requested through the old one go through the new one."""
    Community.objects.filter(session=old).update(session=new)


def sweep_communities() -> int:
    """
    Start what was left behind: workshops that no signal announced, waiting communities whose session is back, and
    whatever is due. Answers how many. System-wide.
    """
    now = timezone.now()
    with tenancy.system():
        for workshop in Workshop.objects.without_community()[:500]:
            queue_community(workshop=workshop)
        chosen = Q(requested_at=None, organization__community_session__status=Session.Status.CONNECTED)
        asked = Q(requested_at__isnull=False, session__status=Session.Status.CONNECTED)
        resumable = Community.objects.filter(chosen | asked, status=_Status.WAITING, run_after=None)
        Community.objects.filter(pk__in=resumable.values("pk")).update(run_after=now - GRACE)
        due = Community.objects.due(waiting=[str(status) for status in Community.PENDING], working=[_Status.CREATING])
        communities = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("run_after")[:500])
        Community.objects.filter(pk__in=[community.pk for community in communities]).update(run_after=now + GRACE)
        for community in communities:
            _start(community)
    return len(communities)
