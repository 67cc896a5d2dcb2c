"""How communities and groups come into the world, late ones included, and how they go."""

from sandbox.clock import shift
from sandbox.gateway import members
from sandbox.gateway.model import Creation, Group, GroupKind, Pending, Session
from sandbox.gateway.world import World
from sandbox.problems import not_possible


def create(world: World, creation: Creation, *, general: bool = False) -> Group:
    """
    A community with its parent, its announcement group and perhaps a general group; returns the parent.

    Each call makes a new one, unless the world honours Idempotency-Keys and this session used this one before.
    """
    key = f"{creation.session_id} {creation.idempotency_key}" if creation.idempotency_key else None
    known = world.groups.get(world.created_by_key.get(key or "", ""))
    if known and world.style["idempotency"] == "honoured":
        return known
    parent = _add(world, creation, "parent")
    parent.co_admin = world.person(is_hidden=False).lid
    _add(world, creation, "announcement", parent)
    if general or world.style["general_group"] != "none":
        _add(world, creation, "general", parent)
    if key:
        world.created_by_key[key] = parent.jid
    return parent


def create_group(world: World, session: Session, name: str) -> Group:
    """A group that belongs to no community."""
    return _add(world, Creation(session.session_id, name), "group")


def create_later(world: World, creation: Creation, seconds: float) -> None:
    """A community that will be there `seconds` from now."""
    world.pending.append(Pending(shift(world.clock.now(), seconds), creation))


def settle(world: World) -> bool:
    """Create what is due by now, unless its session was logged out; whether there was anything."""
    now = world.clock.now()
    due = [item for item in world.pending if item.due <= now]
    world.pending = [item for item in world.pending if item.due > now]
    for item in due:
        if world.session(item.creation.session_id).lid:
            create(world, item.creation)
    return bool(due)


def show(world: World, group: Group) -> None:
    """List an announcement group again that was left out."""
    group.unlisted = 0


def delete(world: World, group: Group) -> list[str]:
    """Remove a group, and with a parent its whole community; returns the JIDs that are gone."""
    gone = [group.jid, *(linked.jid for linked in world.linked(group))]
    if group.kind == "announcement":
        raise not_possible("part_of_community", f"{group.jid} goes with its parent {group.parent_jid}")
    for jid in gone:
        del world.groups[jid]
    return gone


def _add(world: World, creation: Creation, kind: GroupKind, parent: Group | None = None) -> Group:
    session = world.session(creation.session_id)
    if session.lid is None:
        raise not_possible("not_paired", f"{session.session_id} is linked to no number")
    group = Group(
        jid=_free_jid(world),
        name="General" if kind == "general" and world.style["general_group"] != "same_name" else creation.name,
        kind=kind,
        created_at=world.clock.now(),
        created_by=session.lid,
        invite_code=parent.invite_code if parent and kind == "announcement" else world.names.invite_code(),
        parent_jid=parent.jid if parent else None,
        description=creation.description,
        picture_url=creation.picture_url,
        settings=dict(creation.settings),
        invited_admins=list(creation.invited_admins),
    )
    world.groups[group.jid] = group
    if kind != "parent":
        members.put_session(world, group, session, is_admin=True)
    return group


def _free_jid(world: World) -> str:
    jid = world.names.group_jid()
    while jid in world.groups:
        jid = world.names.group_jid()
    return jid
