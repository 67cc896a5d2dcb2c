"""The life of a ReconcileRun: asked for, claimed, paused, postponed, failed, finished, confirmed, swept."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from common import tenancy
from common.errors import DomainError
from common.jobs import SWEEP_GRACE, backoff, soon
from common.queue import enqueue
from organizations.client import ListedMembership, ListedUser
from organizations.models import Organization, ReconcileRun
from organizations.models.organization import OrganizationFacts
from organizations.services import mirror

#: Longer than the longest step: one call, or a page's writes.
LEASE = timedelta(minutes=3)
_MAX_FAILURES = 5
_KEPT = timedelta(days=90)
Status = ReconcileRun.Status


class NothingToConfirm(DomainError):
    """Only removals that were held back for being implausibly many can be confirmed."""

    code = "nothing_to_confirm"
    status = 409
    message = "There is nothing to confirm here: only removals that were held back as implausible can be."


@transaction.atomic
def request_reconcile(
    *, requested_by: str, scope: str = "", is_dry_run: bool = False, is_confirmed: bool = False, starts: bool = True
) -> ReconcileRun:
    """
    Queue a reconcile of everything, or of one organization (`scope`), or return the one that waits or works already:
    confirmed if this one is, and gone on with if a person has stopped it.

    Without `starts`, no worker is told: the caller runs it.
    """
    try:
        with transaction.atomic():
            run = ReconcileRun.objects.create(
                scope=scope, is_dry_run=is_dry_run, is_confirmed=is_confirmed, requested_by=requested_by,
                phase=ReconcileRun.Phase.ORGANIZATIONS if scope else ReconcileRun.Phase.PEOPLE, run_after=soon(),
            )  # fmt: skip
    except IntegrityError:
        under_way = ReconcileRun.objects.filter(scope=scope, is_dry_run=is_dry_run, status__in=ReconcileRun.UNDER_WAY)
        found = under_way.select_for_update().first()
        if found is None:  # it has ended since: then there is room for a new one
            return request_reconcile(
                requested_by=requested_by, scope=scope, is_dry_run=is_dry_run, is_confirmed=is_confirmed, starts=starts
            )
        if is_confirmed:
            found.is_confirmed = True
            found.save(update_fields=["is_confirmed"])
        if not starts or found.run_after is not None or found.is_leased:
            return found
        run = _requeue(found, "", after=soon(), until=None)
    if starts:
        _start(run)
    return run


def _start(run: ReconcileRun, *, expires: timedelta | None = None) -> None:
    enqueue("organizations.reconcile", expires=expires, run_id=run.pk, attempt=run.attempt)


@transaction.atomic
def confirm_reconcile(*, run: ReconcileRun, requested_by: str) -> ReconcileRun:
    """
    Overrule the doubt that too much is gone: a newer run, under way already or queued now, scans afresh, asks for each
    once more, and removes.

    :raises NothingToConfirm: it had no such doubt, or another besides, or a newer run has had its say
    """
    ended = ReconcileRun.objects.filter(scope=run.scope, is_dry_run=False).exclude(status__in=ReconcileRun.UNDER_WAY)
    newest = ended.order_by("-created_at").first()
    if run.status != Status.SUSPICIOUS or not set(run.doubts) <= ReconcileRun.CONFIRMABLE or newest != run:
        raise NothingToConfirm
    return request_reconcile(requested_by=requested_by, scope=run.scope, is_confirmed=True)


@transaction.atomic
def claim_reconcile(*, run_id: UUID, attempt: int) -> ReconcileRun | None:
    """The run with a lease, at its checkpoint; None when somebody else has it or it has ended."""
    under_way = ReconcileRun.objects.filter(status__in=ReconcileRun.UNDER_WAY)
    run = under_way.claim(run_id, attempt, lease=LEASE, status=Status.RUNNING, wait_reason="")
    if run and run.began_at is None:
        run.began_at = run.started_at = timezone.now()
        run.save(update_fields=["began_at", "started_at"])
    return run


@transaction.atomic
def pause_reconcile(*, run: ReconcileRun) -> ReconcileRun:
    """Back to the queue, to go on at once in another task. :raises AttemptTaken: another attempt holds it"""
    run = _requeue(ReconcileRun.objects.held(run), "", after=soon(), until=None)
    _start(run)
    return run


@transaction.atomic
def postpone_reconcile(
    *, run: ReconcileRun, reason: str, until: datetime | None = None, is_failure: bool = False
) -> ReconcileRun:
    """
    Back to the queue, visibly: not before `until`, or after a pause that grows.

    A passing fault (`is_failure`) is forgiven five times in a row; then the run fails with `reason`.

    :raises AttemptTaken: another attempt holds the run
    """
    if is_failure and run.failures + 1 >= _MAX_FAILURES:
        return fail_reconcile(run=run, code="retry_soon", error=reason)
    run = ReconcileRun.objects.held(run)
    run.failures += is_failure
    pause = backoff(run.failures, base=timedelta(seconds=10), longest=timedelta(minutes=5))
    return _requeue(run, reason, after=until or timezone.now() + pause, until=until)


@transaction.atomic
def stop_reconcile(*, run: ReconcileRun) -> ReconcileRun:
    """A person has stopped it: it keeps its checkpoint, and goes on when asked for again. :raises AttemptTaken:"""
    return _requeue(ReconcileRun.objects.held(run), "It was stopped: ask again to go on.", after=None, until=None)


def _requeue(run: ReconcileRun, reason: str, *, after: datetime | None, until: datetime | None) -> ReconcileRun:
    run.status, run.lease_until, run.wait_reason = Status.QUEUED, None, reason
    run.run_after, run.not_before = after, until
    run.save(update_fields=["status", "failures", "lease_until", "wait_reason", "run_after", "not_before"])
    return run


@transaction.atomic
def fail_reconcile(*, run: ReconcileRun, code: str, error: str) -> ReconcileRun:
    """It ends without removing anything more. :raises AttemptTaken: another attempt holds it"""
    run = ReconcileRun.objects.held(run)
    run.error_code, run.error = code, error
    return end_reconcile(run=run, status=Status.FAILED)


def end_reconcile(*, run: ReconcileRun, status: str) -> ReconcileRun:
    """The held run has ended; what it remembered is forgotten."""
    run.status, run.lease_until, run.run_after, run.wait_reason = status, None, None, ""
    run.finished_at = timezone.now()
    run.save()
    run.seen.all()._raw_delete("default")
    return run


def sweep_reconciles() -> list[ReconcileRun]:
    """Start runs that were left behind."""
    with tenancy.system():
        due = ReconcileRun.objects.due(waiting=[Status.QUEUED], working=[Status.RUNNING])
        runs = list(due.select_for_update(skip_locked=True).order_by("run_after")[:10])
        ReconcileRun.objects.filter(pk__in=[run.pk for run in runs]).update(run_after=timezone.now() + SWEEP_GRACE)
        for run in runs:
            _start(run, expires=SWEEP_GRACE)
    return runs


@transaction.atomic
def record_person(*, user: ListedUser | None, organization: OrganizationFacts, membership: ListedMembership) -> None:
    """Write a person, an organization and their membership; of one that was not known, ask for the other members."""
    is_known = Organization.with_deleted.filter(pk=organization.id, clerk_updated_at__isnull=False).exists()
    if user:
        mirror.record_users(users=[user])
    mirror.record_organizations(organizations=[organization])
    mirror.record_memberships(memberships=[membership])
    if not is_known:
        request_reconcile(requested_by="sync", scope=organization.id)


def reconcile_nightly() -> ReconcileRun:
    """Queue the night's reconcile of everything; forget runs of long ago."""
    with tenancy.system():
        ReconcileRun.objects.filter(created_at__lt=timezone.now() - _KEPT, finished_at__isnull=False).delete()
        return request_reconcile(requested_by="beat")
