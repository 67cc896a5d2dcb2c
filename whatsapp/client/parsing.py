"""
Lenient reading of the gateway's spellings. Nothing here raises, whatever the values: what cannot be read is absent,
and is counted where counting matters. Texts are limited to what a row and its indexes hold.
"""

import re
from typing import Any

from common import phones, wire
from whatsapp.client.results import CreatedCommunity, ListedGroup, Participant, SessionStatus, Snapshot

_INVITE = re.compile(r"^(?:https?://chat\.whatsapp\.com/(?:invite/)?)?([A-Za-z0-9_-]{8,64})/?(?:\?.*)?$")
_NO_CODE = {"undefined", "null", "none", "false", "[object object]"}
_MAX_NAME = 1_000
_MAX_QR = 20_000
_MAX_JID = 255
_MAX_DIGITS = 9
_STATUS = {
    "connected": "connected", "open": "connected", "qr": "qr_pending", "connecting": "connecting",
    "disconnected": "disconnected", "close": "disconnected", "logged_out": "logged_out", "loggedout": "logged_out",
}  # fmt: skip


def invite_link(value: Any) -> str:
    """A link from a link or a bare code; empty for what is no code, such as `undefined`."""
    found = _INVITE.match(value.strip()) if isinstance(value, str) else None
    if found is None or found.group(1).lower() in _NO_CODE:
        return ""
    return f"https://chat.whatsapp.com/{found.group(1)}"


def jid(value: Any) -> str | None:
    """A JID without its `:device`, and with `@c.us` written `@s.whatsapp.net`; None when it is none."""
    if not isinstance(value, str) or len(value) > _MAX_JID or value.count("@") != 1:
        return None
    user, _, server = value.strip().partition("@")
    user = user.partition(":")[0]
    return f"{user}@{'s.whatsapp.net' if server == 'c.us' else server}" if user and server else None


def count(value: Any) -> int | None:
    """A number of people, given as a number or as digits in a text; None beyond any group's size."""
    text = _text(value).strip()
    return int(text) if text.isdecimal() and len(text) <= _MAX_DIGITS else None


def _text(value: Any) -> str:
    """A text, or a number as one; empty for anything else."""
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18
    return str(value) if is_number else ""


def session_status(body: dict[str, Any], *, clock_offset: float | None = None) -> SessionStatus | None:
    """None when the status is a word we do not know. Too long a QR code is none: cut short, it would open nothing."""
    status = _STATUS.get(_text(body.get("status")).lower())
    if status is None:
        return None
    phone = phones.from_whatsapp(_text(body.get("phoneNumber")))
    qr_code = body.get("qr") or body.get("qrCode")
    is_usable = isinstance(qr_code, str) and len(qr_code) <= _MAX_QR
    return SessionStatus(status, phone.e164 if phone else None, str(qr_code) if is_usable else "", clock_offset)


def groups(body: Any) -> list[ListedGroup] | None:
    """The group list, bare or under `groups`; None when it is neither."""
    rows = body.get("groups") if isinstance(body, dict) else body
    if not isinstance(rows, list):
        return None
    return [found for row in rows if isinstance(row, dict) and (found := _group(row))]


def _group(row: dict[str, Any]) -> ListedGroup | None:
    found = jid(row.get("id") or row.get("jid") or row.get("groupId"))
    if found is None:
        return None
    parent = jid(row.get("linkedParent"))
    people = row.get("participants")
    size = len(people) if isinstance(people, list) and people else count(people)
    stated = [count(row.get(name)) for name in ("participantsCount", "size")]
    link = next((row[name] for name in ("inviteLink", "invite_link", "inviteCode") if row.get(name)), "")
    return ListedGroup(
        jid=found,
        name=(_text(row.get("name")) or _text(row.get("subject"))).strip()[:_MAX_NAME],
        is_community=_flag(row.get("isCommunity")),
        is_announcement=_flag(row.get("isCommunityAnnounce")),
        linked_parent=parent if parent and parent.endswith("@g.us") and parent != found else None,
        is_admin=_flag(row.get("isAdmin", row.get("iAmAdmin"))),
        participant_count=next((number for number in [size, *stated] if number is not None), None),
        invite_link=invite_link(link),
    )


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def created_community(body: dict[str, Any], *, admins: list[str]) -> CreatedCommunity | None:
    """
    None when the answer names no JID. `groupId` is often the parent, never taken for the announcement group.

    `admins` are those that it was asked to invite.
    """
    announcement = jid(body.get("announcementGroupId"))
    parent = jid(body.get("communityId")) or jid(body.get("groupId"))
    if parent is None:
        return None
    link = body.get("inviteLink") or body.get("invite_link") or body.get("inviteCode")
    group = announcement if announcement != parent else None
    return CreatedCommunity(parent, group, invite_link(link), _uninvited(body, admins))


def _uninvited(body: dict[str, Any], admins: list[str]) -> tuple[str, ...]:
    """Who is not among the invited; nobody where the gateway does not say whom it invited."""
    named = body.get("adminNumbersInvited")
    if not isinstance(named, list):
        return tuple(admins) if body.get("adminInvitesSent") is False else ()
    invited = {phone.e164 for phone in map(phones.from_whatsapp, map(_text, named)) if phone}
    return tuple(admin for admin in admins if admin not in invited)


def snapshot(body: dict[str, Any]) -> Snapshot | None:
    """None when there is no list of participants in it (a number is no list)."""
    rows = body.get("participants")
    if not isinstance(rows, list):
        return None
    read = [participant(row) for row in rows]
    total = count(body.get("totalParticipants"))
    return Snapshot([person for person in read if person], total, sum(person is None for person in read))


def participant(value: Any) -> Participant | None:
    """A person from an object, a JID or number as text, or JSON in a text; None when it names nobody."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = wire.read(value)
    if isinstance(value, str):
        value = {"id": value}
    if not isinstance(value, dict):
        return None
    lid = next((text for name in ("id", "lid", "jid") if (text := _lid(value.get(name)))), None)
    phone = next(
        (number for name in ("phone", "phoneNumber", "jid", "id") if (number := _phone(value.get(name), lid))), None
    )
    if lid is None and phone is None:
        return None
    return Participant(lid, phone.e164 if phone else None, phone.national if phone else None, _is_admin(value))


def _is_admin(value: dict[str, Any]) -> bool | None:
    """`isAdmin` and `isSuperAdmin` are flags; `admin` is a rank as text, or null."""
    stated = [value[name] for name in ("isAdmin", "isSuperAdmin", "admin") if name in value]
    return (
        any(flag is True or (isinstance(flag, str) and flag.endswith("admin")) for flag in stated) if stated else None
    )


def _lid(value: Any) -> str | None:
    found = jid(value)
    return found if found and found.endswith("@lid") and found[:-4].isdecimal() else None


def _phone(value: Any, lid: str | None) -> phones.PhoneNumber | None:
    """A phone that equals the LID's digits is no phone: gateways fill the field with them."""
    text = _text(value).strip()
    if "@" in text:
        found = jid(text)
        if found is None or not found.endswith("@s.whatsapp.net"):
            return None
        text = found.partition("@")[0]
    digits = text.removeprefix("+")
    return None if lid and digits == lid[:-4] else phones.from_whatsapp(digits)
