"""What a session gets to see of the world: which groups, which people in them, and whose phones."""

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.gateway.members import members_at
from sandbox.gateway.model import Group, Member, Session
from sandbox.gateway.world import World

_MOST_PARENT_ADMINS = 3
_LEAST_PARENT_ADMINS = 2


@dataclass(frozen=True)
class SeenPerson:
    """A participant as one session sees them; `phone` is None when it is hidden from it."""

    lid: str
    phone: str | None
    is_admin: bool
    is_super_admin: bool


@dataclass(frozen=True)
class SeenGroup:
    """A group as one session sees it. `people` fetches its list; `count` is that list's length."""

    group: Group
    count: int
    is_admin: bool
    people: Callable[[], list[SeenPerson]]


def group(world: World, session: Session, jid: str) -> Group | None:
    """The group, if the session is in it; of a community it sees the parent, too."""
    found = world.groups.get(jid)
    return found if found and _membership(world, session, found) else None


def groups(world: World, session: Session, as_of: str | None = None) -> list[SeenGroup]:
    """All groups that the session is in, oldest first; at the past instant `as_of` if it is given."""
    return [
        _seen(world, session, found, as_of)
        for found in world.groups.values()
        if (as_of is None or found.created_at <= as_of) and _membership(world, session, found)
    ]


def is_admin(world: World, session: Session, found: Group) -> bool:
    """Whether the session may do an admin's things there."""
    member = _membership(world, session, found)
    return member is not None and member.is_admin


def people(world: World, session: Session, found: Group, as_of: str | None = None) -> list[SeenPerson]:
    """
    The participants that the session is shown.

    Of a parent, 2 or 3 admins. Of an announcement group, only its admins and the session itself unless it is an
    admin. Of other groups, everybody.
    """
    return [_person(world, session, found, member) for member in _members(world, session, found, as_of)]


def _seen(world: World, session: Session, found: Group, as_of: str | None) -> SeenGroup:
    return SeenGroup(
        group=found,
        count=len(_members(world, session, found, as_of)),
        is_admin=is_admin(world, session, found),
        people=lambda: people(world, session, found, as_of),
    )


def _membership(world: World, session: Session, found: Group) -> Member | None:
    holder = world.announcement_of(found) if found.kind == "parent" else found
    return holder.members.get(session.lid) if session.lid else None


def _members(world: World, session: Session, found: Group, as_of: str | None) -> list[Member]:
    if found.kind == "parent":
        return _parent_members(world, found, as_of)
    members = members_at(found, as_of)
    if found.kind == "announcement" and not is_admin(world, session, found):
        return [member for member in members if member.is_admin or member.lid == session.lid]
    return members


def _parent_members(world: World, parent: Group, as_of: str | None) -> list[Member]:
    everybody = members_at(world.announcement_of(parent), as_of)
    admins = [member for member in everybody if member.is_admin][:_MOST_PARENT_ADMINS]
    if len(admins) < _LEAST_PARENT_ADMINS and parent.co_admin:
        admins.append(Member(parent.co_admin, joined_at=parent.created_at, is_admin=True))
    return admins


def _person(world: World, session: Session, found: Group, member: Member) -> SeenPerson:
    phone = world.phone_shown_to(session, member.lid)
    is_super = member.is_admin and member.lid == found.created_by
    return SeenPerson(member.lid, phone, member.is_admin, is_super)
