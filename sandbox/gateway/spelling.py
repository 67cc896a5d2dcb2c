"""The gateway's answers in JSON, in the spelling that its style asks for."""

import json
from collections.abc import Mapping, Sequence

from sandbox.gateway.model import Group
from sandbox.gateway.seen import SeenGroup, SeenPerson
from sandbox.problems import Json

Style = Mapping[str, str]
_DEVICE = ":12"


def group_list(style: Style, groups: Sequence[SeenGroup], *, with_links: bool) -> Json:
    """The answer to a request for a session's groups."""
    rows = [_group(style, seen, with_links=with_links) for seen in groups]
    return rows if style["group_list"] == "list" else {"groups": rows}


def participants(style: Style, group: Group, people: Sequence[SeenPerson], total: int) -> Json:
    """The answer to a request for a group's participants."""
    return {
        "success": True,
        "groupName": group.name,
        "groupJid": group.jid,
        **_total(style, total),
        "participants": [_participant(style, person) for person in people],
    }


def invite(style: Style, group: Group) -> Json:
    """The answer to a request for a group's invite link."""
    return {"success": True, style["invite"]: _invite(style, group, style["invite"])}


def created(style: Style, parent: Group, announcement: Group, *, has_admins: bool) -> Json:
    """
    The answer to a creation, which had admins to invite or had not.

    An announcement group that is not listed is not named here either.
    """
    is_announced = announcement.unlisted == 0
    is_swapped = style["created_group_id"] == "announcement" and is_announced
    answer: dict[str, Json] = {"success": True, "groupId": announcement.jid if is_swapped else parent.jid}
    if style["created_community_id"] == "given":
        answer["communityId"] = parent.jid
    if style["created_announcement_id"] == "given" and is_announced:
        answer["announcementGroupId"] = announcement.jid
    if style["created_invite"] == "given":
        answer["inviteLink"] = _invite(style, parent, "inviteLink")
    if has_admins:
        answer |= {"adminInvitesSent": bool(parent.invited_admins), "adminNumbersInvited": parent.invited_admins}
    return answer


def _group(style: Style, seen: SeenGroup, *, with_links: bool) -> Json:
    group = seen.group
    row: dict[str, Json] = {style["group_id"]: group.jid, style["group_name"]: group.name}
    row |= _people_of_row(style, seen)
    if style["group_size"] != "absent":
        row[style["group_size"]] = seen.count
    if style["group_marks"] == "given":
        row |= {"isCommunity": group.kind == "parent", "isCommunityAnnounce": group.kind == "announcement"}
        row |= {"linkedParent": group.parent_jid} if group.parent_jid else {}
    if style["group_admin"] != "absent":
        row[style["group_admin"]] = seen.is_admin
    if with_links and seen.is_admin:
        row[style["group_invite"]] = _invite(style, group, style["group_invite"])
    return row


def _people_of_row(style: Style, seen: SeenGroup) -> dict[str, Json]:
    match style["group_participants"]:
        case "absent":
            return {}
        case "empty":
            return {"participants": []}
        case "text":
            return {"participants": str(seen.count)}
        case "list":
            return {"participants": [_participant(style, person) for person in seen.people()]}
        case _:
            return {"participants": seen.count}


def _total(style: Style, total: int) -> dict[str, Json]:
    if style["total"] == "absent":
        return {}
    return {"totalParticipants": str(total) if style["total"] == "text" else total}


def event_participant(style: Style, person: SeenPerson) -> Json:
    """The person of an event."""
    return _shaped(style, person, {})


def _participant(style: Style, person: SeenPerson) -> Json:
    return _shaped(style, person, {"isAdmin": person.is_admin, "isSuperAdmin": person.is_super_admin})


def _shaped(style: Style, person: SeenPerson, rights: dict[str, Json]) -> Json:
    jid = _participant_jid(style["participant_id"], person)
    if style["participant"] == "text":
        return jid
    row = {"id": jid, **_phone(style, person), **rights}
    return json.dumps(row) if style["participant"] == "json" else row


def _participant_jid(spelling: str, person: SeenPerson) -> str:
    if spelling in ("c.us", "s.whatsapp.net") and person.phone:
        return f"{person.phone}@{spelling}"
    if spelling == "lid_device":
        return person.lid.replace("@", f"{_DEVICE}@")
    return person.lid


def _phone(style: Style, person: SeenPerson) -> dict[str, Json]:
    if person.phone is None:
        hidden: dict[str, dict[str, Json]] = {
            "absent": {}, "null": {"phone": None}, "empty": {"phone": ""},
            "lid_digits": {"phone": person.lid.removesuffix("@lid")},
        }  # fmt: skip
        return hidden[style["hidden_phone"]]
    shown = {"digits": person.phone, "plus": f"+{person.phone}", "jid": f"{person.phone}@s.whatsapp.net"}
    return {"phone": shown[style["participant_phone"]]}


def _invite(style: Style, group: Group, key: str) -> str:
    code = group.invite_code if style["invite_code"] == "real" else "undefined"
    return code if key == "inviteCode" else f"https://chat.whatsapp.com/{code}"
