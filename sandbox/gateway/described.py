"""How the control API describes what exists in the gateway's world."""

from collections.abc import Sequence

from sandbox.gateway import sessions
from sandbox.gateway.model import Group, Person, Session
from sandbox.gateway.world import World
from sandbox.problems import Json


def session_json(world: World, session: Session) -> Json:
    """A session with its number and, while it waits for a scan, its QR code."""
    return {
        "sessionId": session.session_id,
        "status": session.status,
        "phoneNumber": world.own_phone(session),
        "lid": session.lid,
        "isPaired": session.is_paired,
        "seesPhones": session.sees_phones,
        "qr": sessions.qr_of(world, session),
    }


def group_json(group: Group) -> Json:
    """A group without its people; `memberCount` is 0 for a parent, whose people are in its announcement group."""
    return {
        "jid": group.jid,
        "name": group.name,
        "kind": group.kind,
        "parentJid": group.parent_jid,
        "memberCount": len(group.members),
        "description": group.description,
        "settings": group.settings,
        "inviteLink": f"https://chat.whatsapp.com/{group.invite_code}",
        "invitedAdmins": group.invited_admins,
        "isListed": group.unlisted == 0,
        "createdAt": group.created_at,
    }


def people_json(name: str, people: Sequence[Person]) -> Json:
    """People under a name, each with LID, phone and whether it is hidden."""
    return {name: [_person(person) for person in people]}


def truth_json(world: World, group: Group) -> Json:
    """A group with its members and its history, both oldest first, and with all phones."""
    return {
        **group_json(group),
        "members": [
            {**_person(world.people[lid]), "isAdmin": member.is_admin, "joinedAt": member.joined_at}
            for lid, member in group.members.items()
        ],
        "history": [
            {"at": change.at, "action": change.action, **_person(world.people[change.lid])} for change in group.history
        ],
    }


def _person(person: Person) -> dict[str, Json]:
    return {"lid": person.lid, "phone": person.phone, "isHidden": person.is_hidden}
