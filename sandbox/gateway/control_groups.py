"""Control of the gateway's groups and of the people in them. A parent's JID stands for its announcement group."""

from sandbox.control import Route
from sandbox.fields import Fields
from sandbox.gateway import communities, members
from sandbox.gateway.described import group_json, people_json, truth_json
from sandbox.gateway.model import Creation, Group, Person
from sandbox.gateway.world import World
from sandbox.lab import Lab
from sandbox.problems import Json

_MOST_AT_ONCE = 10_000


def add_group(lab: Lab, fields: Fields) -> Json:
    """A community or a single group, made by a session."""
    session = lab.gateway.session(fields.text("sessionId"))
    name, kind = fields.text("name"), fields.choice("kind", ("community", "group"), "community")
    general = fields.flag("general")
    fields.done()
    if kind == "group":
        return {"groupJid": communities.create_group(lab.gateway, session, name).jid}
    parent = communities.create(lab.gateway, Creation(session.session_id, name), general=general)
    linked = {group.kind: group.jid for group in lab.gateway.linked(parent)}
    return {
        "parentJid": parent.jid,
        "announcementJid": linked["announcement"],
        **({"generalJid": linked["general"]} if "general" in linked else {}),
    }


def list_groups(lab: Lab, fields: Fields) -> Json:
    """All groups, oldest first."""
    return {"groups": [group_json(group) for group in lab.gateway.groups.values()]}


def delete_group(lab: Lab, fields: Fields, jid: str) -> Json:
    """Remove a group; a parent takes its community along."""
    return {"deleted": communities.delete(lab.gateway, lab.gateway.group(jid))}


def show_group(lab: Lab, fields: Fields, jid: str) -> Json:
    """List an announcement group that a fault has left out."""
    group = lab.gateway.people_group(jid)
    communities.show(lab.gateway, group)
    return group_json(group)


def join(lab: Lab, fields: Fields, jid: str) -> Json:
    """`count` new people, or those under `people`, enter."""
    world, group = lab.gateway, lab.gateway.people_group(jid)
    rows = fields.items("people")
    if rows is None:
        count = fields.count("count", least=1, most=_MOST_AT_ONCE)
        hidden = fields.count_or_none("hidden")
        fields.done()
        return people_json("joined", members.join(world, group, members.draw_people(world, count, hidden)))
    fields.done()
    return people_json("joined", members.join(world, group, [_person(world, row) for row in rows]))


def leave(lab: Lab, fields: Fields, jid: str) -> Json:
    """The `count` ordinary members who joined first, or those under `lids`, leave."""
    world, group = lab.gateway, lab.gateway.people_group(jid)
    if fields.holds("lids"):
        lids = fields.texts("lids")
    else:
        lids = members.leavers(world, group, fields.count("count", least=1))
    fields.done()
    return people_json("left", members.leave(world, group, lids))


def promote(lab: Lab, fields: Fields, jid: str) -> Json:
    """Members become admins."""
    return people_json("promoted", members.set_admin(*_named(lab, fields, jid), is_admin=True))


def demote(lab: Lab, fields: Fields, jid: str) -> Json:
    """Admins become ordinary members."""
    return people_json("demoted", members.set_admin(*_named(lab, fields, jid), is_admin=False))


def reveal(lab: Lab, fields: Fields, jid: str) -> Json:
    """Members show their phones from now on."""
    return people_json("revealed", members.reveal(*_named(lab, fields, jid)))


def put_session(lab: Lab, fields: Fields, jid: str) -> Json:
    """Make a session's number a member."""
    group = lab.gateway.people_group(jid)
    session, is_admin = lab.gateway.session(fields.text("sessionId")), fields.flag("isAdmin")
    fields.done()
    members.put_session(lab.gateway, group, session, is_admin=is_admin)
    return group_json(group)


def truth(lab: Lab, fields: Fields, jid: str) -> Json:
    """Who is in a group, and everything that ever happened to its people."""
    return truth_json(lab.gateway, lab.gateway.people_group(jid))


def _named(lab: Lab, fields: Fields, jid: str) -> tuple[World, Group, list[str]]:
    lids = fields.texts("lids")
    fields.done()
    return lab.gateway, lab.gateway.people_group(jid), lids


def _person(world: World, row: Json) -> Person:
    fields = Fields(row, "each of people")
    lid, phone, is_hidden = fields.text_or_none("lid"), fields.text_or_none("phone"), fields.flag_or_none("hidden")
    fields.done()
    return world.person(lid, phone, is_hidden=is_hidden)


_GROUP = "/gateway/groups/<jid>"
ROUTES: list[Route] = [
    ("POST", "/gateway/groups", add_group),
    ("GET", "/gateway/groups", list_groups),
    ("DELETE", _GROUP, delete_group),
    ("POST", f"{_GROUP}/show", show_group),
    ("POST", f"{_GROUP}/join", join),
    ("POST", f"{_GROUP}/leave", leave),
    ("POST", f"{_GROUP}/promote", promote),
    ("POST", f"{_GROUP}/demote", demote),
    ("POST", f"{_GROUP}/reveal", reveal),
    ("POST", f"{_GROUP}/sessions", put_session),
    ("GET", f"{_GROUP}/members", truth),
]
