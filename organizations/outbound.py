"""Asking Clerk: the reconcile, and the sync of one person's organization. No transaction is open during HTTP."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from common import tenancy
from common.jobs import AttemptTaken
from common.vendors import RetryLater, RetrySoon, VendorError
from organizations import services
from organizations.client import Backend, ListedMembership, ListedUser, NotFound, Page
from organizations.models import ReconcileRun
from organizations.models.locks import only_reconcile
from organizations.models.organization import OrganizationFacts

log = logging.getLogger(__name__)
Result = TypeVar("Result")

#: How long a task works at a run before it hands it to the next task: a broker thinks of long ones as lost.
SLICE_SECONDS = 60.0
_TRIES = 3
Phase, Status = ReconcileRun.Phase, ReconcileRun.Status
#: Told of the run after each step.
Progress = Callable[[ReconcileRun], object]


def reconcile(
    *, run_id: UUID, attempt: int, seconds: float = SLICE_SECONDS, progress: Progress = lambda _: None
) -> None:
    """
    Scan what Clerk has from the run's checkpoint on, and repair our side. Nothing happens when somebody else has the
    run or it has ended; after `seconds` another task goes on.
    """
    with tenancy.system():
        run = services.claim_reconcile(run_id=run_id, attempt=attempt)
    if run is None:
        return
    try:
        with only_reconcile() as is_alone:
            if is_alone:
                _work(run, time.monotonic() + seconds, progress)
            else:
                _postpone(run, "Another reconcile is under way.")
    except AttemptTaken:
        log.warning("reconcile %s was taken over by another attempt", run_id)
    except VendorError as error:
        _end_early(run, error)
    except Exception:
        # A fault of ours, once the row is claimed: it says so instead of coming back with each lease for ever.
        with tenancy.system():
            services.fail_reconcile(run=run, code="internal_error", error="Something went wrong on our side.")
        raise


def _work(run: ReconcileRun, deadline: float, progress: Progress) -> None:
    backend = Backend()
    while run.status == Status.RUNNING:
        if time.monotonic() > deadline:
            with tenancy.system():
                services.pause_reconcile(run=run)
            return
        run = _STEPS[run.phase](run, backend)
        progress(run)
    log.info("%s: %s rows in %s calls, %s", run, run.fetched, run.calls, run.found)


def _read_users(run: ReconcileRun, backend: Backend) -> ReconcileRun:
    """The list of users does not say how long it is, so they are counted before and after."""
    total = None if run.cursor else backend.count_users()
    page = backend.list_users(after=run.cursor)
    run = _write(lambda: services.apply_users(run=run, page=page, total=total))
    if not services.is_read(run, page):
        return run
    total = backend.count_users()
    nobody: Page[ListedUser] = Page([], 0, None)
    run = _write(lambda: services.apply_users(run=run, page=nobody, total=total))
    return _write(lambda: services.next_phase(run=run, phase=Phase.ORGANIZATIONS))


def _read_organizations(run: ReconcileRun, backend: Backend) -> ReconcileRun:
    page = _one_organization(run, backend) if run.scope else backend.list_organizations(offset=int(run.cursor or 0))
    run = _write(lambda: services.apply_organizations(run=run, page=page))
    if not services.is_read(run, page):
        return run
    return _write(lambda: services.next_phase(run=run, phase=Phase.MEMBERSHIPS))


def _one_organization(run: ReconcileRun, backend: Backend) -> Page[OrganizationFacts]:
    try:
        return Page([backend.get_organization(run.scope)], 1, 1)
    except NotFound:
        return Page([], 0, 0)


def _read_memberships(run: ReconcileRun, backend: Backend) -> ReconcileRun:
    try:
        page = backend.list_memberships(offset=int(run.cursor or 0), organization_id=run.scope)
    except NotFound:
        page = Page([], 0, 0)  # the organization is gone, and they with it
    run = _write(lambda: services.apply_memberships(run=run, page=page))
    if not services.is_read(run, page):
        return run
    return _write(lambda: services.judge_absences(run=run))


def _remove(run: ReconcileRun, backend: Backend) -> ReconcileRun:
    """Ask for each of what was not listed; what is gone indeed is removed."""
    with tenancy.system():
        missing = services.absentees(run=run)
    if not missing:
        return _write(lambda: services.finish_reconcile(run=run))
    for absentee in missing:
        found = _ask_for(backend, absentee)
        run = _write(partial(services.settle_absence, run=run, absentee=absentee, found=found))
    return run


def _ask_for(backend: Backend, absentee: services.Absentee) -> OrganizationFacts | ListedMembership | ListedUser | None:
    """None: it is gone. A membership has no address of its own, and its person may have come back by another one."""
    try:
        if absentee.kind == Phase.ORGANIZATIONS:
            return backend.get_organization(absentee.key)
        if absentee.kind == Phase.PEOPLE:
            return backend.get_user(absentee.key)
        return find_membership(backend, absentee.organization_id, absentee.user_id)
    except NotFound:
        return None


def find_membership(backend: Backend, organization_id: str, user_id: str) -> ListedMembership | None:
    """A person's membership in an organization, None when they are not in it. :raises VendorError:"""
    rows = backend.list_memberships(offset=0, organization_id=organization_id, user_id=user_id).rows
    return next((one for one in rows if one.person and one.person.id == user_id), None)


class NotAMember(Exception):
    """Clerk knows no such organization, or the person is not in it."""


def sync_person(*, user_id: str, organization_id: str) -> None:
    """
    Bring one person, one organization and the one's membership in the other in step with Clerk, while they wait.

    The other members of an organization that was not known yet are fetched in the background. Nothing is removed here:
    what was made a moment ago may not be found everywhere at Clerk yet.

    :raises NotAMember: Clerk says so
    :raises VendorError: Clerk did not say
    """
    backend = Backend(timeout=settings.CLERK_INTERACTIVE_TIMEOUT)
    try:
        membership = find_membership(backend, organization_id, user_id)
        facts = backend.get_organization(organization_id)
    except NotFound as error:
        raise NotAMember from error
    if membership is None:
        raise NotAMember
    try:
        user: ListedUser | None = backend.get_user(user_id)
    except NotFound:
        user = None
    _write(partial(services.record_person, user=user, organization=facts, membership=membership))


_STEPS: dict[str, Callable[[ReconcileRun, Backend], ReconcileRun]] = {
    Phase.PEOPLE: _read_users,
    Phase.ORGANIZATIONS: _read_organizations,
    Phase.MEMBERSHIPS: _read_memberships,
    Phase.REMOVALS: _remove,
}


def _write(step: Callable[[], Result]) -> Result:
    """A step's writes, again when they met those of a webhook (a deadlock, or both wrote the same new row)."""
    for _ in range(_TRIES - 1):
        try:
            with tenancy.system():
                return step()
        except DatabaseError:
            if connection.in_atomic_block or not connection.is_usable():
                raise
            log.warning("what Clerk said is written again", exc_info=True)
    with tenancy.system():
        return step()


def _end_early(run: ReconcileRun, error: VendorError) -> None:
    log.warning("%s: %s (%s)", run, error.detail, error.code)
    if isinstance(error, RetryLater):
        with tenancy.system():
            until = timezone.now() + error.after
            services.postpone_reconcile(run=run, reason=f"Clerk asks us to slow down ({error.detail}).", until=until)
    elif isinstance(error, RetrySoon):
        _postpone(run, f"Clerk did not answer as it should: {error.detail}.", is_failure=True)
    else:
        with tenancy.system():
            services.fail_reconcile(run=run, code=error.code, error=error.detail)


def _postpone(run: ReconcileRun, reason: str, *, is_failure: bool = False) -> None:
    with tenancy.system():
        services.postpone_reconcile(run=run, reason=reason, is_failure=is_failure)
