"""What Clerk's answers and events mean, once read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from organizations.models.membership import MembershipFacts
from organizations.models.organization import OrganizationFacts

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """
    One page of a list. `total` is how long Clerk says the whole list is, None where it does not say. `size` counts the
    rows that came; those that name nothing are missing in `rows`.
    """

    rows: Sequence[Row]
    size: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as a membership shows them."""

    id: str
    full_name: str
    profile_image: str


@dataclass(frozen=True, slots=True)
class ListedMembership:
    """
    A membership with what comes along: its organization, and its person where Clerk says who that is.

    The organization is version 0: what is embedded may be old.
    """

    id: str
    organization: OrganizationFacts
    person: Profile | None
    role: str
    created_at: datetime | None
    updated_at: datetime | None

    def facts_for(self, user_id: str) -> MembershipFacts:
        """The membership as that person's."""
        return MembershipFacts(
            id=self.id, organization_id=self.organization.id, user_id=user_id, role=self.role,
            created_at=self.created_at, updated_at=self.updated_at,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListedUser:
    """A user. `email` is the primary one, None when there is none; `phone` likewise, as Clerk writes it (E.164)."""

    id: str
    email: str | None
    is_email_confirmed: bool
    phone: str
    full_name: str
    username: str | None
    profile_image: str
    created_at: datetime | None
    updated_at: datetime | None


ListedOrganizations = Page[OrganizationFacts]
