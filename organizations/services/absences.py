"""
What is here and was not listed: only a candidate, until Clerk was asked for it alone.

Organizations go first, since their memberships go with them. What was written since the scan began is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import AuthUser
from organizations.client import ListedMembership, ListedUser
from organizations.models import Membership, Organization, ReconcileRun, ReconcileSeen
from organizations.models.organization import OrganizationFacts
from organizations.services import mirror
from organizations.services.reconcile import LEASE, end_reconcile

Difference, Doubt, Phase = ReconcileRun.Difference, ReconcileRun.Doubt, ReconcileRun.Phase
_KINDS = [Phase.ORGANIZATIONS, Phase.MEMBERSHIPS, Phase.PEOPLE]
_GONE = {
    Phase.ORGANIZATIONS: Difference.ORGANIZATION_GONE,
    Phase.MEMBERSHIPS: Difference.MEMBERSHIP_GONE,
    Phase.PEOPLE: Difference.PERSON_GONE,
}
#: Asked for one by one, so read in small numbers.
_BATCH = 50


@dataclass(frozen=True, slots=True)
class Absentee:
    """Something that a scan did not find. `key` is Clerk's id; the other two are a membership's."""

    kind: str
    key: str
    organization_id: str = ""
    user_id: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.organization_id, self.user_id, self.key)))


@transaction.atomic
def judge_absences(*, run: ReconcileRun) -> ReconcileRun:
    """
    The lists are read: may what is missing in them be removed? A doubtful run ends here, as suspicious.

    :raises AttemptTaken: another attempt holds it
    """
    run = ReconcileRun.objects.held(run)
    ReconcileSeen.objects.compare_by_hash()
    run.doubts = [str(doubt) for doubt in _doubts(run)]
    if set(run.doubts) - (ReconcileRun.CONFIRMABLE if run.is_confirmed else frozenset()):
        for kind in _KINDS:
            run.note(_GONE[kind], map(str, _read(kind, _missing(run, kind)[:_BATCH])))
        return end_reconcile(run=run, status=ReconcileRun.Status.SUSPICIOUS)
    run.phase = Phase.REMOVALS
    run.save(update_fields=["doubts", "phase"])
    return run


def absentees(*, run: ReconcileRun) -> Sequence[Absentee]:
    """Some that are to be asked for; empty when there are no more."""
    ReconcileSeen.objects.compare_by_hash()
    for kind in _KINDS:
        if found := _read(kind, _missing(run, kind)[:_BATCH]):
            return found
    return []


@transaction.atomic
def settle_absence(
    *, run: ReconcileRun, absentee: Absentee, found: OrganizationFacts | ListedMembership | ListedUser | None
) -> ReconcileRun:
    """
    What Clerk said of one that was missing: `found` is it, or in its place the person's newer membership; None: gone.

    :raises AttemptTaken: another attempt holds the run
    """
    run = ReconcileRun.objects.held(run)
    is_gone = found is None or found.id != absentee.key
    if is_gone:
        run.note(_GONE[Phase(absentee.kind)], [str(absentee)])
    if not run.is_dry_run:
        if is_gone:
            _remove(absentee)
        _record(found)
    ReconcileSeen.objects.remember(run, _asked(absentee.kind) if is_gone else absentee.kind, [absentee.key])
    run.calls, run.failures, run.lease_until = run.calls + 1, 0, timezone.now() + LEASE
    run.save()
    return run


@transaction.atomic
def finish_reconcile(*, run: ReconcileRun) -> ReconcileRun:
    """Nothing is left to do. :raises AttemptTaken: another attempt holds the run"""
    return end_reconcile(run=ReconcileRun.objects.held(run), status=ReconcileRun.Status.DONE)


def _remove(absentee: Absentee) -> None:
    if absentee.kind == Phase.ORGANIZATIONS:
        mirror.delete_organization(organization_id=absentee.key)
    elif absentee.kind == Phase.MEMBERSHIPS:
        mirror.delete_membership(organization_id=absentee.organization_id, clerk_id=absentee.key)
    else:
        mirror.delete_user(user_id=absentee.key)


def _record(found: OrganizationFacts | ListedMembership | ListedUser | None) -> None:
    if isinstance(found, OrganizationFacts):
        mirror.record_organizations(organizations=[found])
    elif isinstance(found, ListedMembership):
        mirror.record_memberships(memberships=[found])
    elif found is not None:
        mirror.record_users(users=[found])


def _doubts(run: ReconcileRun) -> list[str]:
    """Only of lists that something is missing in: nothing would be removed by the others."""
    missing = {kind: _missing(run, kind).count() for kind in _KINDS}
    found = []
    if any(number and _moved(run, kind) for kind, number in missing.items()):
        found.append(Doubt.TOTAL_MOVED)
    if any(number and _is_implausible(number, _mirrored(run, kind).count()) for kind, number in missing.items()):
        found.append(Doubt.IMPLAUSIBLE)
    return [str(doubt) for doubt in found]


def _moved(run: ReconcileRun, kind: str) -> bool:
    """
    A list that grew at its end while it was read is whole. One that shrank has moved under our feet: what came behind
    what is gone was on a page that we had read before.
    """
    totals = run.total(kind)
    return bool(totals) and (totals[-1] < totals[0] or run.seen.filter(kind=kind).count() != totals[-1])


def _is_implausible(missing: int, stored: int) -> bool:
    return missing > settings.CLERK_IMPLAUSIBLE_COUNT and missing > settings.CLERK_IMPLAUSIBLE_SHARE * stored


def _missing(run: ReconcileRun, kind: str) -> QuerySet[AuthUser] | QuerySet[Organization] | QuerySet[Membership]:
    """Members of an organization that was not listed are not missing: they go, or stay, with it."""
    seen = ReconcileSeen.objects.filter(run=run)
    key = "clerk_id" if kind == Phase.MEMBERSHIPS else "pk"
    missing = _mirrored(run, kind).filter(~Exists(seen.filter(kind__in=[kind, _asked(kind)], key=OuterRef(key))))
    if kind != Phase.MEMBERSHIPS:
        return missing
    return missing.filter(Exists(seen.filter(kind=Phase.ORGANIZATIONS, key=OuterRef("organization_id"))))


def _asked(kind: str) -> str:
    """How it is remembered that something is gone indeed."""
    return f"{kind} that are gone"


def _mirrored(run: ReconcileRun, kind: str) -> QuerySet[AuthUser] | QuerySet[Organization] | QuerySet[Membership]:
    """What is here of Clerk's, and was when the scan began. A row made by hand is nobody's to remove."""
    if kind == Phase.PEOPLE:
        people = AuthUser.objects.filter(provider="clerk", deleted_at=None, created_at__lt=run.began_at)
        return people.none() if run.scope else people.order_by("pk")
    is_old = Q(mirrored_at__lt=run.began_at)
    if kind == Phase.ORGANIZATIONS:
        scope = Q(pk=run.scope) if run.scope else Q()
        return Organization.objects.filter(is_old, scope).order_by("pk")
    scope = Q(organization=run.scope) if run.scope else Q()
    return Membership.objects.filter(is_old, scope, clerk_id__isnull=False).order_by("organization", "pk")


def _read(kind: str, rows: QuerySet[AuthUser] | QuerySet[Organization] | QuerySet[Membership]) -> list[Absentee]:
    return [
        Absentee(kind, row.clerk_id or "", row.organization_id, row.user_id)
        if isinstance(row, Membership)
        else Absentee(kind, str(row.pk))
        for row in rows
    ]
