"""
The life of a community: queued, claimed by a worker, retried by a person, swept.

Creating is not idempotent and can succeed while looking failed. So before the request goes out, the attempt is
written down (name, session, the JIDs that exist already); and as long as its outcome is not known, what comes next is
a look-up and never a second create.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from common import tenancy
from common.errors import DomainError
from common.jobs import GRACE, SWEEP_GRACE, JobQuerySet, backoff, soon
from common.queue import enqueue
from common.words import inside
from organizations.models import Organization
from whatsapp.models import Group, Session
from workshops.models import Community, Workshop
from workshops.services import news
from workshops.services.outcomes import community_waits, outcome_unknown, settle
from workshops.services.plans import CommunityPlan, plan_of

#: The error code of a community that was not created because its workshop was called off.
CANCELLED = "workshop_cancelled"
_Status = Community.Status


class CommunityNotRetryable(DomainError):
    """The community is ready, being created right now, or WhatsApp asked to wait."""

    code = "community_not_retryable"
    status = 409


@dataclass(frozen=True, slots=True)
class CommunityJob:
    """A claimed community, and what is said to the gateway about it beside its name."""

    community: Community
    session: Session
    plan: CommunityPlan
    admin_numbers: list[str]


@transaction.atomic
def queue_community(*, workshop: Workshop) -> Community:
    """The workshop's community, queued now if there was none. Safe to call again."""
    community, is_new = Community.objects.get_or_create(
        workshop=workshop, defaults={"organization_id": workshop.organization_id, "run_after": soon()}
    )
    if is_new:
        start(community)
    return community


def start(community: Community, *, expires: timedelta | None = None) -> None:
    """Tell a worker of it after commit. One that is told and never comes is the sweep's."""
    enqueue(
        "workshops.create_community", expires=expires,
        community_id=community.pk, attempt=community.attempt, organization_id=community.organization_id,
    )  # fmt: skip


@transaction.atomic
def retry_community(*, community: Community, is_anew: bool = False) -> Community:
    """
    A person's "again". What may exist already is looked up, everything else is created.

    `is_anew` forgets an earlier request whose outcome is not known: for a person who has looked in WhatsApp.

    :raises CommunityNotRetryable: it is ready, being created right now, or WhatsApp asked to wait
    """
    community = Community.objects.select_for_update(of=("self",)).get(pk=community.pk)
    _check_retryable(community)
    if is_anew and not community.parent_group_id:
        community.requested_at, community.session, community.status = None, None, _Status.QUEUED
    if community.status in (_Status.SKIPPED, _Status.UNLINKED, _Status.WAITING, _Status.FAILED):
        community.status = _Status.QUEUED
    community.failures, community.run_after, community.reason, community.error_code = 0, soon(), "", ""
    community.save(update_fields=["requested_at", "session", "status", "failures", "run_after", "reason", "error_code"])
    start(community)
    news.community_changed(community)
    return community


def _check_retryable(community: Community) -> None:
    if community.status not in Community.RETRYABLE or community.is_leased:
        state = inside(community.get_status_display())
        raise CommunityNotRetryable(f"This community is {state}: there is nothing to retry.")
    if community.not_before and community.not_before > timezone.now():
        moment = f"{community.not_before:%H:%M:%S} UTC"
        raise CommunityNotRetryable(f"WhatsApp asked us to slow down. It goes on by itself at {moment}.")


@transaction.atomic
def claim_community(*, community_id: UUID, attempt: int) -> CommunityJob | None:
    """
    The community with a lease, ready to be worked on.

    None when there is nothing to do now: somebody else has it, or it is skipped or waits (the row says so).
    """
    unfinished = Community.objects.exclude(status__in=[_Status.READY, _Status.SKIPPED, _Status.UNLINKED])
    related = ("parent_group", "session", "workshop__organization", "workshop__tag", "organization__community_session")
    community = unfinished.select_related(*related).claim(
        community_id, attempt, lease=Community.LEASE,
        status=Case(
            When(parent_group__isnull=False, then=Value(_Status.PARTIAL)),
            When(requested_at__isnull=False, then=Value(_Status.UNKNOWN)),
            default=Value(_Status.CREATING),
        ),
    )  # fmt: skip
    if community is None:
        return None
    news.community_changed(community)
    if _is_called_off(community):
        return None
    session, plan = _session(community, community.organization), plan_of(community=community)
    if session is None or not _may_go_on(community, session, plan):
        return None
    return CommunityJob(community, session, plan, community.organization.community_admin_numbers)


def _is_called_off(community: Community) -> bool:
    """Nobody will come to a cancelled workshop; what was requested before is still looked up."""
    is_cancelled = community.workshop and community.workshop.status == Workshop.Status.CANCELLED
    if not is_cancelled or community.requested_at or community.parent_group_id:
        return False
    settle(community, _Status.SKIPPED, "The workshop was cancelled before this was created.", code=CANCELLED)
    return True


def _session(community: Community, organization: Organization) -> Session | None:
    """
    Whom to ask: for what was requested, the number it was requested through, since no other sees what came of it.
    """
    if community.requested_at is None:
        if organization.community_session is None:
            reason = f"{organization} has chosen no WhatsApp session for communities. Choose one, then retry."
            settle(community, _Status.SKIPPED, reason, code="no_session")
        return organization.community_session
    if community.session is None:
        reason = "The number it was requested through is gone. Look in WhatsApp whether it exists, then create it anew."
        outcome_unknown(community=community, reason=reason, asks_person=True)
    return community.session


def _may_go_on(community: Community, session: Session, plan: CommunityPlan) -> bool:
    """Whether nothing stands in the way; what does is written down."""
    if not session.is_connected:
        community_waits(community=community, reason=f"The WhatsApp session {session} is not connected.")
        return False
    if community.requested_at:
        return True
    # Claims through one session wait for each other here, so that each sees what the one before it is at.
    session = Session.objects.select_for_update().get(pk=session.pk)
    community.name = plan.name
    community.save(update_fields=["name"])
    if twin := _twin(community, session):
        whose = twin.title if twin.is_standalone else f"of {twin.title}"
        reason = f"The community {whose} has the same name and is not finished: they could not be told apart."
        pause = backoff(community.attempt, base=timedelta(seconds=5), longest=timedelta(minutes=5))
        community_waits(community=community, reason=reason, until=timezone.now() + pause)
        return False
    return _is_in_time(community, session)


def _is_in_time(community: Community, session: Session) -> bool:
    """
    Numbers that create many groups quickly are banned: so many seconds lie between two creations through one.

    Those that wait queue up, so that not all of a hundred come back for each that is created.
    """
    spacing = timedelta(seconds=settings.WHATSAPP_CREATE_SPACING_SECONDS)
    next_at = (session.last_create_at + spacing) if session.last_create_at else timezone.now()
    if next_at > timezone.now():
        reason = f"Communities are created one after the other, {spacing.seconds} s apart, so that no number is banned."
        waiting = Community.objects.filter(organization_id=community.organization_id, status=_Status.WAITING)
        ahead = waiting.filter(run_after__gte=next_at).exclude(pk=community.pk).count()
        community_waits(community=community, reason=reason, until=next_at + ahead * (spacing + GRACE))
        return False
    Session.objects.filter(pk=session.pk).update(last_create_at=timezone.now())
    return True


def _twin(community: Community, session: Session) -> Community | None:
    """A community whose request is open and whose name a look-up could take for this one's."""
    open_statuses = [_Status.UNKNOWN, _Status.WAITING]
    is_open = Q(status=_Status.CREATING) | Q(status__in=open_statuses, requested_at__isnull=False, session=session)
    others = Community.objects.filter(is_open, parent_group=None, organization_id=community.organization_id)
    others = others.exclude(pk=community.pk).select_related("workshop")
    return next((other for other in others if other.folded_name == community.folded_name), None)


def move_communities(*, old: Session, new: Session) -> None:
    """A relinked number is a new session: look-ups of what was requested through the old one go through the new one."""
    Community.objects.filter(session=old).update(session=new)


@transaction.atomic
def complete_communities(*, groups: Iterable[Group]) -> int:
    """
    Go on at once with communities whose announcement group is among `groups`. Answers how many.

    One that somebody is at is passed over rather than waited for: it has its own schedule.
    """
    partial = Community.objects.filter(status=_Status.PARTIAL, parent_group__in=[group.parent_id for group in groups])
    free = Q(lease_until=None) | Q(lease_until__lt=timezone.now())
    communities = list(partial.filter(free, not_before=None).select_for_update(skip_locked=True, of=("self",)))
    for community in communities:
        community.run_after = soon()
        community.save(update_fields=["run_after"])
        start(community)
    return len(communities)


def sweep_communities() -> int:
    """
    Start what was left behind: workshops that no signal announced, waiting communities whose session is back, and
    whatever is due. Answers how many. System-wide.
    """
    now = timezone.now()
    with tenancy.system():
        for workshop in Workshop.objects.without_community()[:500]:
            queue_community(workshop=workshop)
        Community.objects.filter(pk__in=_resumable().values("pk")).update(run_after=now - GRACE)
        due = Community.objects.due(waiting=[str(status) for status in Community.PENDING], working=[_Status.CREATING])
        communities = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("run_after")[:500])
        Community.objects.filter(pk__in=[community.pk for community in communities]).update(run_after=now + SWEEP_GRACE)
        for community in communities:
            start(community, expires=SWEEP_GRACE)
    return len(communities)


def _resumable() -> JobQuerySet[Community]:
    """Communities that wait for a session, chosen or once asked, which is connected again."""
    chosen = Q(requested_at=None, organization__community_session__status=Session.Status.CONNECTED)
    asked = Q(requested_at__isnull=False) & (Q(session=None) | Q(session__status=Session.Status.CONNECTED))
    return Community.objects.filter(chosen | asked, status=_Status.WAITING, run_after=None)
