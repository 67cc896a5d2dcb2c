"""Everybody's profile compared with what Stream has."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from accounts.models import AppUser
from chat.models import Kind
from chat.services.identities import Person, differs
from chat.services.profiles import Party
from common import tenancy
from organizations.models import Membership, Organization

_PAGE = 1_000


class Drift(StrEnum):
    """How Stream's user stands to the profile it should have."""

    SAME = "same"
    MISSING = "missing"
    DIFFERENT = "different"
    DEACTIVATED = "deactivated"


def compare(*, person: Person, fields: Mapping[str, Any] | None, is_deactivated: bool) -> Drift:
    """`fields` are what Stream has; None: it has no such user, or a deleted one, which it does not tell."""
    if fields is None:
        return Drift.MISSING
    if is_deactivated:
        return Drift.DEACTIVATED
    return Drift.DIFFERENT if differs(person.profile, fields) else Drift.SAME


def organization_parties(organization_id: str) -> Iterator[Party]:
    """An organization and its members."""
    with tenancy.system():
        companies = Organization.objects.filter(pk=organization_id).values_list("pk", flat=True)
        members = Membership.objects.filter(organization=organization_id, user__deleted_in_auth_at=None)
        found = [Party(Kind.COMPANY, pk) for pk in companies]
        found += [Party(Kind.USER, pk) for pk in members.order_by("user").values_list("user", flat=True)]
    yield from found


def everybody() -> Iterator[Party]:
    """All organizations, then all people, a page at a time."""
    for kind, rows in (
        (Kind.COMPANY, Organization.objects.all()),
        (Kind.USER, AppUser.objects.filter(deleted_in_auth_at=None)),
    ):
        last = ""
        while page := _page(rows, last):
            yield from (Party(kind, pk) for pk in page)
            last = page[-1]


def _page(rows: Any, after: str) -> Sequence[str]:
    with tenancy.system():
        return list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_PAGE])
