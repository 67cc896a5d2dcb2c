"""Clerk's world: users, organizations and memberships, and what is told of each change."""

import random
import string
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from sandbox.clerk.limits import Limits
from sandbox.clerk.model import Membership, Organization, User
from sandbox.clerk.variants import DEFAULT_STYLE
from sandbox.clock import Clock, epoch_milliseconds
from sandbox.problems import Json, not_possible, not_there

_ALPHABET = string.ascii_letters + string.digits
Row = TypeVar("Row", User, Organization, Membership)
#: Told the kind of event and its subject, as it is after the change (of a delete: as it was).
Tell = Callable[[str, User | Organization | Membership], None]


class ClerkWorld:
    """
    Holds what exists, the oldest first, as the lists of the Backend API are read.

    Not safe for threads by itself: callers hold the lock. `tell` is called with whatever happens.
    """

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self.users: dict[str, User] = {}
        self.organizations: dict[str, Organization] = {}
        self.memberships: dict[str, Membership] = {}
        self.members: dict[str, dict[str, Membership]] = {}
        self.style: dict[str, str] = dict(DEFAULT_STYLE)
        self.limits = Limits()
        self.tell: Tell = _tell_nobody
        self._dice = random.Random(f"clerk {seed}")

    def now(self) -> int:
        """An instant of its own for a change."""
        return epoch_milliseconds(self.clock.now())

    def new_id(self, prefix: str) -> str:
        """As Clerk's are: 27 letters and digits behind a prefix."""
        return f"{prefix}_{''.join(self._dice.choices(_ALPHABET, k=27))}"

    def user(self, user_id: str) -> User:
        """:raises Problem: there is no such user"""
        return _find(self.users, user_id, "user")

    def organization(self, organization_id: str) -> Organization:
        """:raises Problem: there is no such organization"""
        return _find(self.organizations, organization_id, "organization")

    def membership(self, organization_id: str, user_id: str) -> Membership:
        """:raises Problem: the user is not in the organization"""
        return _find(self.members.get(organization_id, {}), user_id, "member")

    def add_user(self, user: User) -> None:
        """:raises Problem: there is one with this id"""
        _add(self.users, user)
        self.tell("user.created", user)

    def add_organization(self, organization: Organization) -> None:
        """With its creator as its admin, if it has one. :raises Problem: there is one with this id, or no such user"""
        if organization.created_by:
            self.user(organization.created_by)
        _add(self.organizations, organization)
        self.tell("organization.created", organization)
        if organization.created_by:
            self.add_member(organization.id, organization.created_by, "org:admin")

    def add_member(self, organization_id: str, user_id: str, role: str) -> Membership:
        """:raises Problem: there is no such organization or user, or they are in it already"""
        self.organization(organization_id)
        self.user(user_id)
        if user_id in self.members.get(organization_id, {}):
            raise not_possible("already_a_member", f"{user_id} is in {organization_id} already")
        now = self.now()
        made = Membership(self.new_id("orgmem"), organization_id, user_id, role, now, now)
        self.keep(made)
        self.tell("organizationMembership.created", made)
        return made

    def keep(self, membership: Membership) -> None:
        """Put it into the world, and tell nobody."""
        self.memberships[membership.id] = membership
        self.members.setdefault(membership.organization_id, {})[membership.user_id] = membership

    def change(self, row: Row, **changes: Json) -> Row:
        """Set what is given, and tell of it."""
        for name, value in changes.items():
            setattr(row, name, value)
        row.updated_at = self.now()
        kinds = {User: "user", Organization: "organization", Membership: "organizationMembership"}
        self.tell(f"{kinds[type(row)]}.updated", row)
        return row

    def remove_member(self, organization_id: str, user_id: str, *, is_told: bool = True) -> None:
        """:raises Problem: they are not in it"""
        gone = self.membership(organization_id, user_id)
        del self.memberships[gone.id], self.members[organization_id][user_id]
        if is_told:
            self.tell("organizationMembership.deleted", gone)

    def delete_organization(self, organization_id: str) -> None:
        """With all its memberships, of which Clerk need not tell. :raises Problem: there is no such organization"""
        gone = self.organization(organization_id)
        for user_id in list(self.members.get(organization_id, {})):
            self.remove_member(organization_id, user_id, is_told=self.style["cascade"] == "told")
        del self.organizations[organization_id]
        self.tell("organization.deleted", gone)

    def delete_user(self, user_id: str) -> None:
        """With all their memberships, of which Clerk need not tell. :raises Problem: there is no such user"""
        gone = self.user(user_id)
        for one in [one for one in self.memberships.values() if one.user_id == user_id]:
            self.remove_member(one.organization_id, user_id, is_told=self.style["cascade"] == "told")
        del self.users[user_id]
        self.tell("user.deleted", gone)

    def to_json(self) -> Json:
        """For the state file; the reverse is `load`."""
        return {
            "users": [asdict(user) for user in self.users.values()],
            "organizations": [asdict(organization) for organization in self.organizations.values()],
            "memberships": [asdict(membership) for membership in self.memberships.values()],
            "style": dict(self.style),
        }

    def load(self, state: Json) -> None:
        """Become what `to_json` wrote."""
        self.users = {row["id"]: User(**row) for row in state["users"]}
        self.organizations = {row["id"]: Organization(**row) for row in state["organizations"]}
        for row in state["memberships"]:
            self.keep(Membership(**row))
        self.style = {**DEFAULT_STYLE, **state["style"]}


def _find(rows: dict[str, Row], key: str, what: str) -> Row:
    if key not in rows:
        raise not_there(f"unknown_{what}", f"there is no {what} {key}")
    return rows[key]


def _add(rows: dict[str, Row], row: Row) -> None:
    if row.id in rows:
        raise not_possible("id_taken", f"there is {row.id} already")
    rows[row.id] = row


def _tell_nobody(kind: str, subject: User | Organization | Membership) -> None:
    """For a world that nobody listens to."""
