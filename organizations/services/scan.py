"""One page of what Clerk has: compared with what is here, written where it differs, and the checkpoint with it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from accounts.models import AuthUser
from organizations.client import ListedMembership, ListedOrganizations, ListedUser, Page
from organizations.models import Membership, Organization, ReconcileRun, ReconcileSeen
from organizations.models.organization import OrganizationFacts
from organizations.roles import Role, role_of
from organizations.services import mirror
from organizations.services.reconcile import LEASE

Difference, Phase = ReconcileRun.Difference, ReconcileRun.Phase
#: What a class of differences is called, and the rows in it.
Sorted = dict[str, list[Any]]


@transaction.atomic
def apply_users(*, run: ReconcileRun, page: Page[ListedUser], total: int | None) -> ReconcileRun:
    """A page of users; `total` as counted before the first page and after the last one. :raises AttemptTaken:"""
    run = ReconcileRun.objects.held(run)
    found = _sort_users(run, page.rows)
    if not run.is_dry_run:
        mirror.record_users(users=[*found[Difference.PERSON_MISSING], *found[Difference.PERSON_CHANGED]])
        accounts.adopt_identities(ids=[user.id for user in page.rows])
    _note(run, found, lambda user: user.id)
    cursor = page.rows[-1].id if page.rows else run.cursor
    run.calls += total is not None and page.size > 0
    return _checkpoint(run, Phase.PEOPLE, page, total, [user.id for user in page.rows], cursor)


@transaction.atomic
def apply_organizations(*, run: ReconcileRun, page: ListedOrganizations) -> ReconcileRun:
    """A page of organizations. :raises AttemptTaken:"""
    run = ReconcileRun.objects.held(run)
    found = _sort_organizations(run, page.rows)
    if not run.is_dry_run:
        changes = [*found[Difference.ORGANIZATION_MISSING], *found[Difference.ORGANIZATION_CHANGED]]
        mirror.record_organizations(organizations=changes)
    _note(run, found, lambda facts: f"{facts.id} {facts.name}")
    return _checkpoint(
        run, Phase.ORGANIZATIONS, page, page.total, [facts.id for facts in page.rows], _behind(run, page)
    )


@transaction.atomic
def apply_memberships(*, run: ReconcileRun, page: Page[ListedMembership]) -> ReconcileRun:
    """A page of memberships. :raises AttemptTaken:"""
    run = ReconcileRun.objects.held(run)
    found = _sort_memberships(run, page.rows)
    if not run.is_dry_run:
        changes = [*found[Difference.MEMBERSHIP_MISSING], *found[Difference.MEMBERSHIP_CHANGED]]
        mirror.record_memberships(memberships=changes)
    _note(run, found, in_words)
    return _checkpoint(run, Phase.MEMBERSHIPS, page, page.total, [one.id for one in page.rows], _behind(run, page))


@transaction.atomic
def next_phase(*, run: ReconcileRun, phase: str) -> ReconcileRun:
    """A list has been read to its end. :raises AttemptTaken:"""
    run = ReconcileRun.objects.held(run)
    run.phase, run.cursor = phase, ""
    run.save(update_fields=["phase", "cursor"])
    return run


def in_words(one: ListedMembership) -> str:
    """A membership for people: in which organization, whose, and as what."""
    return f"{one.organization.id} {one.person.id if one.person else '?'} {one.role}"


def is_read(run: ReconcileRun, page: Page[Any]) -> bool:
    """
    Whether the list has come to its end: not by a page being short, since a vendor may give less than was asked for.

    Users come without a total: there a short page is the last one if as many were seen as were counted.
    """
    totals = run.total(run.phase)
    if page.size == 0 or not totals:
        return True
    if run.phase == Phase.PEOPLE:
        return page.size < settings.CLERK_PAGE_SIZE and run.seen.filter(kind=run.phase).count() >= totals[0]
    return int(run.cursor or 0) >= totals[-1]


def _behind(run: ReconcileRun, page: Page[Any]) -> str:
    return str(int(run.cursor or 0) + page.size)


def _checkpoint(
    run: ReconcileRun, kind: str, page: Page[Any], total: int | None, keys: Sequence[str], cursor: str
) -> ReconcileRun:
    ReconcileSeen.objects.remember(run, kind, keys)
    run.note(Difference.UNREADABLE, [f"one of {kind}"] * (page.size - len(page.rows)))
    if total is not None:
        run.totals[kind] = [*run.total(kind)[:1], total]
    run.cursor, run.fetched, run.failures = cursor, run.fetched + page.size, 0
    run.calls += 1
    run.lease_until = timezone.now() + LEASE
    run.save()
    return run


def _note(run: ReconcileRun, found: Sorted, name: Callable[[Any], str]) -> None:
    for difference, rows in found.items():
        run.note(difference, map(name, rows))


def _sort_users(run: ReconcileRun, users: Sequence[ListedUser]) -> Sorted:
    rows = AuthUser.objects.filter(pk__in=[user.id for user in users]).values_list("pk", "updated_at", "deleted_at")
    stored = {pk: (updated_at, deleted_at) for pk, updated_at, deleted_at in rows}
    found = _nothing(Difference.PERSON_MISSING, Difference.PERSON_CHANGED)
    for user in users:
        if user.id not in stored:
            found[Difference.PERSON_MISSING].append(user)
            continue
        updated_at, deleted_at = stored[user.id]
        if deleted_at:
            _note_tomb(run, found, deleted_at, user)
        elif user.updated_at and user.updated_at > updated_at:
            found[Difference.PERSON_CHANGED].append(user)
    return found


def _sort_organizations(run: ReconcileRun, organizations: Sequence[OrganizationFacts]) -> Sorted:
    stored = Organization.with_deleted.in_bulk([facts.id for facts in organizations])
    found = _nothing(Difference.ORGANIZATION_MISSING, Difference.ORGANIZATION_CHANGED)
    for facts in organizations:
        row = stored.get(facts.id)
        if row is None:
            found[Difference.ORGANIZATION_MISSING].append(facts)
        elif row.deleted_at:
            _note_tomb(run, found, row.deleted_at, facts)
        elif _is_newer(facts.updated_at, row.clerk_updated_at) and _shown(row) != _shown_by(facts, row):
            found[Difference.ORGANIZATION_CHANGED].append(facts)
    return found


def _shown(row: Organization) -> tuple[Any, ...]:
    return row.name, row.slug, row.image_url, row.created_by, row.clerk_updated_at


def _shown_by(facts: OrganizationFacts, row: Organization) -> tuple[Any, ...]:
    slug, creator = facts.slug or row.slug, facts.created_by or row.created_by
    return facts.name, slug, facts.image_url, creator, facts.updated_at


def _sort_memberships(run: ReconcileRun, memberships: Sequence[ListedMembership]) -> Sorted:
    organizations = {one.organization.id for one in memberships}
    creators = dict(Organization.objects.filter(pk__in=organizations).values_list("pk", "created_by"))
    stored = Membership.with_deleted.told([(one.organization.id, one.id) for one in memberships])
    found = _nothing(Difference.MEMBERSHIP_MISSING, Difference.MEMBERSHIP_CHANGED)
    for one in memberships:
        row = stored.get(one.id)
        if row is None:
            found[Difference.MEMBERSHIP_MISSING].append(one)
        elif row.deleted_at:
            _note_tomb(run, found, row.deleted_at, one)
        elif _is_newer(one.updated_at, row.clerk_updated_at) and _is_other(row, one, creators):
            found[Difference.MEMBERSHIP_CHANGED].append(one)
    return found


def _is_other(row: Membership, one: ListedMembership, creators: dict[str, str]) -> bool:
    """By the role that it should have here, too: the table of roles may have changed since."""
    role = role_of(one.role)
    if role == Role.ADMIN and row.user_id == creators.get(row.organization_id):
        role = Role.OWNER
    return (row.clerk_role, row.role, row.clerk_updated_at) != (one.role, role, one.updated_at)


def _note_tomb(run: ReconcileRun, found: Sorted, deleted_at: datetime, row: Any) -> None:
    """Deleted here for good. What was deleted since the scan began may well be in a list of before."""
    if run.began_at and deleted_at < run.began_at:
        found[Difference.DELETED_HERE].append(row)


def _is_newer(told: Any, stored: Any) -> bool:
    return stored is None or (told is not None and told >= stored)


def _nothing(*differences: str) -> Sorted:
    return {str(difference): [] for difference in (*differences, Difference.DELETED_HERE)}
