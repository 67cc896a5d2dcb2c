"""The life of a SyncRun: asked for, claimed, postponed, failed, confirmed, swept."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from common import tenancy
from common.errors import DomainError
from common.jobs import SWEEP_GRACE, backoff, soon
from common.queue import enqueue
from whatsapp.models import Group, GroupSession, Session, SyncRun
from whatsapp.services import news

LEASE = timedelta(minutes=3)
_MAX_FAILURES = 5


class GroupNotTrackable(DomainError):
    """A community's parent holds no people."""

    code = "group_is_community_parent"
    status = 409

    def __init__(self, group: Group) -> None:
        super().__init__(
            f"{group} is a community's parent, which holds no people. Its announcement group, where they are, is not "
            "known yet: it is found when the groups of its number are synced."
        )


class NothingToConfirm(DomainError):
    """Only a suspicious run can be confirmed, and only doubts that a person may overrule."""

    code = "nothing_to_confirm"
    status = 409


class NoSession(DomainError):
    """None of the organization's numbers is in the group."""

    code = "no_session"
    status = 409
    message = (
        "None of your WhatsApp numbers is known to be in this group. Add one to it in WhatsApp, then sync its list of "
        "groups."
    )


class SessionDisconnected(DomainError):
    """The number that is in the group cannot be asked."""

    code = "session_disconnected"
    status = 409

    def __init__(self, session: Session) -> None:
        super().__init__(f"The WhatsApp number {session} is not connected. Connect it again, then ask once more.")


@dataclass(frozen=True, slots=True)
class SyncJob:
    """What a claimed run needs outside: the group's JID, and the session to ask through (None: none is connected)."""

    run: SyncRun
    group_jid: str
    session: Session | None


@transaction.atomic
def request_sync(
    *, group: Group, requested_by: str, confirmed_doubts: list[str] | None = None, starts: bool = True
) -> SyncRun:
    """
    Queue a member sync of `group`, or return the one already under way.

    A community's parent is resolved to its announcement group. Without `starts`, no worker is told: the caller runs it.

    :raises GroupNotTrackable: the group is a community's parent, and its announcement group is not known
    """
    group = trackable_group(group=group)
    try:
        with transaction.atomic():
            run = SyncRun.objects.create(
                organization_id=group.organization_id, group=group, requested_by=requested_by,
                confirmed_doubts=confirmed_doubts or [], run_after=soon(),
            )  # fmt: skip
    except IntegrityError:
        under_way = SyncRun.objects.filter(group=group, status__in=SyncRun.UNDER_WAY).first()
        # It may have ended since: then there is room for a new one.
        return under_way or request_sync(
            group=group, requested_by=requested_by, confirmed_doubts=confirmed_doubts, starts=starts
        )
    if starts:
        _start(run)
    return run


def request_syncs(*, groups: Iterable[Group], requested_by: str, within: timedelta) -> int:
    """
    Queue a sync of each of `groups` that has none under way, spread over `within` by chance; the sweep starts them.

    Answers how many.
    """
    now = timezone.now()
    runs = [
        SyncRun(
            organization_id=group.organization_id, group=group, requested_by=requested_by,
            run_after=now + within * random.random(),
        )
        for group in groups
    ]  # fmt: skip
    return len(SyncRun.objects.bulk_create(runs, ignore_conflicts=True))


def trackable_group(*, group: Group) -> Group:
    """
    The group that holds the people: of a community's parent, its announcement group.

    :raises GroupNotTrackable: the group is a community's parent, and its announcement group is not known
    """
    if group.is_trackable:
        return group
    announcement = group.children.filter(kind=Group.Kind.ANNOUNCEMENT).first()
    if announcement is None:
        raise GroupNotTrackable(group)
    return announcement


def _start(run: SyncRun, *, expires: timedelta | None = None) -> None:
    ids = {"run_id": run.pk, "attempt": run.attempt, "organization_id": run.organization_id}
    enqueue("whatsapp.sync_members", expires=expires, **ids)


@transaction.atomic
def confirm_run(*, run: SyncRun, requested_by: str) -> SyncRun:
    """
    Overrule the doubts of a suspicious run: a new run fetches afresh and applies despite them, and despite no others.

    :raises NothingToConfirm: the run is not suspicious, or its list was empty or mismatched
    """
    newest = SyncRun.objects.select_for_update().filter(group=run.group).order_by("-created_at").first()
    if run.status != SyncRun.Status.SUSPICIOUS:
        raise NothingToConfirm("This sync is not suspicious: there is nothing to confirm.")
    if newest != run:
        raise NothingToConfirm("A newer sync of this group was asked for since: look at that one.")
    if not set(run.doubts) <= SyncRun.CONFIRMABLE:
        raise NothingToConfirm(f"This cannot be confirmed: {run.doubt_texts[0]}. Sync again instead.")
    doubts = sorted({*run.doubts, *run.confirmed_doubts})
    return request_sync(group=run.group, requested_by=requested_by, confirmed_doubts=doubts)


@transaction.atomic
def claim_run(*, run_id: UUID, attempt: int) -> SyncJob | None:
    """The run with a lease, and where to ask; None when somebody else has it or it has ended."""
    under_way = SyncRun.objects.filter(status__in=SyncRun.UNDER_WAY).select_related("group__session")
    run = under_way.claim(
        run_id, attempt, lease=LEASE, status=SyncRun.Status.RUNNING, started_at=timezone.now(), wait_reason=""
    )
    if run is None:
        return None
    return SyncJob(run, run.group.group_jid, _session_for(run.group))


def session_to_ask(*, group: Group) -> Session:
    """
    The number to ask about a group.

    :raises SessionDisconnected: none that is in it is connected
    :raises NoSession: none is in it
    """
    if session := _session_for(group):
        return session
    absent = group.session or Session.objects.filter(sees__group=group).order_by("pk").first()
    raise SessionDisconnected(absent) if absent else NoSession


def _session_for(group: Group) -> Session | None:
    """A connected number: an admin of the group first, since others may be shown only a part, then the group's own."""
    seen = GroupSession.objects.filter(organization=group.organization_id, group=group, session=OuterRef("pk"))
    is_own = Case(When(pk=group.session_id, then=Value(True)), default=Value(False))
    sessions = Session.objects.filter(organization=group.organization_id, status=Session.Status.CONNECTED)
    usable = sessions.filter(Q(pk=group.session_id) | Exists(seen))
    return usable.order_by(Exists(seen.filter(is_admin=True)).desc(), is_own.desc(), "pk").first()


@transaction.atomic
def postpone_run(*, run: SyncRun, reason: str, until: datetime | None = None, is_failure: bool = False) -> SyncRun:
    """
    Back to the queue, visibly: not before `until`, or after a pause that grows. Waiting does no harm, and has no end.

    A passing fault (`is_failure`) is forgiven five times; then the run fails with `reason`.

    :raises AttemptTaken: another attempt holds the run
    """
    if is_failure and run.failures + 1 >= _MAX_FAILURES:
        return fail_run(run=run, code="retry_soon", error=reason)
    run = SyncRun.objects.held(run)
    run.failures += is_failure
    pause = backoff(run.attempt, base=timedelta(seconds=10), longest=timedelta(minutes=5))
    run.status, run.lease_until, run.wait_reason = SyncRun.Status.QUEUED, None, reason
    run.run_after, run.not_before = until or timezone.now() + pause, until
    run.save(update_fields=["status", "failures", "lease_until", "wait_reason", "run_after", "not_before"])
    return run


@transaction.atomic
def fail_run(*, run: SyncRun, code: str, error: str, fetched: int | None = None) -> SyncRun:
    """
    The end of a run that changed nothing, with the reason.

    :raises AttemptTaken: another attempt holds the run
    """
    run = SyncRun.objects.held(run)
    run.status, run.lease_until, run.finished_at = SyncRun.Status.FAILED, None, timezone.now()
    run.error_code, run.error, run.fetched = code, error, fetched
    run.save(update_fields=["status", "lease_until", "finished_at", "error_code", "error", "fetched"])
    news.run_has_ended(run)
    return run


def sweep_runs() -> int:
    """Start what was left behind: no task announced it, or its worker is gone. Answers how many. System-wide."""
    with tenancy.system():
        due = SyncRun.objects.due(waiting=[SyncRun.Status.QUEUED], working=[SyncRun.Status.RUNNING])
        runs = list(due.select_for_update(skip_locked=True).order_by("run_after")[:500])
        SyncRun.objects.filter(pk__in=[run.pk for run in runs]).update(run_after=timezone.now() + SWEEP_GRACE)
        for run in runs:
            _start(run, expires=SWEEP_GRACE)
    return len(runs)
