"""
What Clerk says, written down: each fact once, in any order, by one conditional statement.

A delete is for ever and wins even when it comes first. Whoever is named before they are known is made as a stub.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts import services as accounts
from organizations.client import ListedMembership, ListedUser
from organizations.client.results import Profile
from organizations.models import Membership, Organization
from organizations.models.membership import MembershipFacts
from organizations.models.organization import OrganizationFacts
from organizations.signals import profiles_changed


@transaction.atomic
def record_organizations(*, organizations: Sequence[OrganizationFacts]) -> list[str]:
    """Write organizations; answers the ids of those that were not stale."""
    newest = {facts.id: facts for facts in sorted(organizations, key=lambda facts: facts.updated_at or _VERSION_0)}
    written = Organization.with_deleted.mirror(list(newest.values()))
    if written.renamed:
        profiles_changed.send(sender=Organization, organization_ids=written.renamed)
    return written.ids


@transaction.atomic
def delete_organization(*, organization_id: str) -> bool:
    """Delete an organization with its memberships, for ever; False: it was deleted already."""
    return Organization.with_deleted.entomb(organization_id)


@transaction.atomic
def record_memberships(*, memberships: Sequence[ListedMembership], deleted: bool = False) -> list[str]:
    """
    Write memberships, with stubs of their organizations and people; answers the ids of those that were not stale.

    Those that name no person are written if they are known here, and left out otherwise.
    """
    named = _with_people(memberships)
    known = set(
        Organization.with_deleted.filter(pk__in={facts.organization_id for facts, _ in named}).values_list("pk")
    )
    stubs = [one.organization for one in memberships if (one.organization.id,) not in known]
    record_organizations(organizations=stubs)
    accounts.ensure_people({facts.user_id: _shown(person) for facts, person in named})
    return Membership.with_deleted.mirror(_newest_of_each(facts for facts, _ in named), deleted=deleted)


def waits_for_membership(clerk_id: str) -> str:
    """What an event waits for that names neither a person nor a membership that is known."""
    return f"membership:{clerk_id}"


def is_known_membership(*, membership: ListedMembership) -> bool:
    """Whether it is here, alive or not."""
    known = Membership.with_deleted.filter(organization_id=membership.organization.id, clerk_id=membership.id)
    return known.exists()


@transaction.atomic
def delete_membership(*, organization_id: str, clerk_id: str) -> bool | None:
    """Delete a membership that is known here; False: it was deleted already; None: it is not known."""
    found = Membership.with_deleted.filter(organization_id=organization_id, clerk_id=clerk_id)
    if found.entomb():
        return True
    return False if found.exists() else None


def record_users(*, users: Sequence[ListedUser]) -> list[str]:
    """Write users as the provider's identities; answers the ids of those that were neither stale nor deleted."""
    return accounts.record_identities(identities=list(map(_identity, users)))


def _identity(user: ListedUser) -> accounts.IdentityFacts:
    return accounts.IdentityFacts(
        id=user.id, email=user.email, is_email_confirmed=user.is_email_confirmed, phone=user.phone,
        full_name=user.full_name, username=user.username, profile_image=user.profile_image,
        created_at=user.created_at, updated_at=user.updated_at or _VERSION_0,
    )  # fmt: skip


@transaction.atomic
def delete_user(*, user_id: str, at: datetime | None = None) -> int:
    """Delete a user's identity and all their memberships, for ever; answers how many memberships that were."""
    accounts.forget_identity(id=user_id, at=at or timezone.now())
    return Membership.with_deleted.filter(user_id=user_id).entomb()


_VERSION_0 = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _with_people(memberships: Sequence[ListedMembership]) -> list[tuple[MembershipFacts, Profile | None]]:
    """The memberships whose person is told, or known here from before."""
    nameless = [one for one in memberships if one.person is None]
    rows = Membership.with_deleted.filter(
        organization_id__in={one.organization.id for one in nameless}, clerk_id__in=[one.id for one in nameless]
    )
    known = dict(rows.values_list("clerk_id", "user_id")) if nameless else {}
    people = [(one, one.person.id if one.person else known.get(one.id, "")) for one in memberships]
    return [(one.facts_for(user_id), one.person) for one, user_id in people if user_id]


def _shown(person: Profile | None) -> dict[str, str]:
    return {"full_name": person.full_name, "profile_image": person.profile_image} if person else {}


def _newest_of_each(memberships: Iterable[MembershipFacts]) -> list[MembershipFacts]:
    """One of each person in each organization: the newest, which is the one that may live."""
    ordered = sorted(memberships, key=lambda facts: (facts.created_at or _VERSION_0, facts.id))
    return list({(facts.organization_id, facts.user_id): facts for facts in ordered}.values())
