"""The life of a group's members: who joins, leaves, gets and loses rights, and how it all was at a past instant."""

from collections.abc import Iterable

from sandbox.gateway.model import Action, Change, Group, Member, MembersChanged, Person, Session
from sandbox.gateway.world import World
from sandbox.problems import not_possible, not_there


def draw_people(world: World, count: int, hidden: int | None) -> list[Person]:
    """New people; `hidden` of them hide their phone, a fifth by chance when it is None."""
    if hidden is not None and hidden > count:
        raise not_possible("too_few_people", f"{hidden} hidden phones among {count} people")
    return [world.person(is_hidden=None if hidden is None else number < hidden) for number in range(count)]


def join(world: World, group: Group, people: Iterable[Person]) -> list[Person]:
    """People enter a group, all or none. :raises Problem: somebody is in it already"""
    people = list({person.lid: person for person in people}.values())
    for person in people:
        if person.lid in group.members:
            raise not_possible("already_member", f"{person.lid} is in {group.jid} already")
    now = world.clock.now()
    for person in people:
        group.members[person.lid] = Member(person.lid, joined_at=now)
    _note(world, MembersChanged(group, "join", [person.lid for person in people], now))
    return people


def leave(world: World, group: Group, lids: Iterable[str]) -> list[Person]:
    """People leave a group, all or none."""
    lids = _members(group, lids)
    now = world.clock.now()
    for lid in lids:
        del group.members[lid]
    _note(world, MembersChanged(group, "leave", lids, now))
    return [world.people[lid] for lid in lids]


def leavers(world: World, group: Group, count: int) -> list[str]:
    """The `count` ordinary members who have been there longest; sessions and admins stay."""
    sessions = {session.lid for session in world.sessions.values()}
    ordinary = [member.lid for member in group.members.values() if not member.is_admin and member.lid not in sessions]
    if len(ordinary) < count:
        raise not_possible("too_few_people", f"{group.jid} has only {len(ordinary)} ordinary members")
    return ordinary[:count]


def set_admin(world: World, group: Group, lids: Iterable[str], *, is_admin: bool) -> list[Person]:
    """Give or take an admin's rights; returns those for whom that was a change."""
    changed = [lid for lid in _members(group, lids) if group.members[lid].is_admin != is_admin]
    action: Action = "promote" if is_admin else "demote"
    now = world.clock.now()
    for lid in changed:
        group.members[lid].is_admin = is_admin
    _note(world, MembersChanged(group, action, changed, now))
    return [world.people[lid] for lid in changed]


def reveal(world: World, group: Group, lids: Iterable[str]) -> list[Person]:
    """Members show their phones from now on, everywhere."""
    people = [world.people[lid] for lid in _members(group, lids)]
    for person in people:
        person.is_hidden = False
    return people


def put_session(world: World, group: Group, session: Session, *, is_admin: bool) -> None:
    """Make a session's number a member, with or without an admin's rights. :raises Problem: it has no number"""
    if session.lid is None:
        raise not_possible("not_paired", f"{session.session_id} is linked to no number")
    if session.lid not in group.members:
        join(world, group, [world.people[session.lid]])
    set_admin(world, group, [session.lid], is_admin=is_admin)


def members_at(group: Group, instant: str | None) -> list[Member]:
    """Who was in a group at `instant` (None: now), in the order of joining."""
    if instant is None:
        return list(group.members.values())
    found: dict[str, Member] = {}
    for change in group.history:
        if change.at > instant:
            break
        if change.action == "join":
            found[change.lid] = Member(change.lid, joined_at=change.at)
        elif change.action == "leave":
            found.pop(change.lid)
        else:
            found[change.lid].is_admin = change.action == "promote"
    return list(found.values())


def _note(world: World, change: MembersChanged) -> None:
    change.group.history += [Change(change.at, change.action, lid) for lid in change.lids]
    world.tell(change)


def _members(group: Group, lids: Iterable[str]) -> list[str]:
    lids = list(dict.fromkeys(lids))
    strangers = [lid for lid in lids if lid not in group.members]
    if strangers:
        raise not_there("unknown_member", f"not in {group.jid}: {', '.join(strangers)}")
    return lids
