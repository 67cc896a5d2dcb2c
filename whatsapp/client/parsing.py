"""
Lenient reading of the gateway's spellings. Nothing here raises on strange values inside a well-formed answer:
what cannot be read is absent, and is counted where counting matters.
"""

import json
import re
from typing import Any

from common import phones
from whatsapp.client.results import CreatedCommunity, ListedGroup, Participant, SessionStatus, Snapshot

_INVITE = re.compile(r"^(?:https?://chat\.whatsapp\.com/(?:invite/)?)?([A-Za-z0-9_-]{8,64})/?(?:\?.*)?$")
_NO_CODE = {"undefined", "null", "none", "false", "[object object]"}
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
    if not isinstance(value, str) or value.count("@") != 1:
        return None
    user, _, server = value.strip().partition("@")
    user = user.partition(":")[0]
    return f"{user}@{'s.whatsapp.net' if server == 'c.us' else server}" if user and server else None


def count(value: Any) -> int | None:
    """A number given as a number or as digits in a text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else None


def session_status(body: dict[str, Any], *, clock_offset: float | None = None) -> SessionStatus | None:
    """None when the status is a word we do not know."""
    status = _STATUS.get(str(body.get("status", "")).lower())
    if status is None:
        return None
    phone = phones.from_whatsapp(str(body.get("phoneNumber") or ""))
    qr_code = body.get("qr") or body.get("qrCode") or ""
    return SessionStatus(
        status, phone.e164 if phone else None, qr_code if isinstance(qr_code, str) else "", clock_offset
    )


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
    people = row.get("participants")
    size = len(people) if isinstance(people, list) and people else count(people)
    stated = [count(row.get(name)) for name in ("participantsCount", "size")]
    is_admin = row.get("isAdmin", row.get("iAmAdmin"))
    link = next((row[name] for name in ("inviteLink", "invite_link", "inviteCode") if row.get(name)), "")
    return ListedGroup(
        jid=found,
        name=str(row.get("name") or row.get("subject") or "").strip(),
        is_community=row.get("isCommunity") is True,
        is_announcement=row.get("isCommunityAnnounce") is True,
        linked_parent=jid(row.get("linkedParent")),
        is_admin=is_admin if isinstance(is_admin, bool) else None,
        participant_count=next((number for number in [size, *stated] if number is not None), None),
        invite_link=invite_link(link),
    )


def created_community(body: dict[str, Any]) -> CreatedCommunity | None:
    """None when the answer names no JID. `groupId` is often the parent, never taken for the announcement group."""
    announcement = jid(body.get("announcementGroupId"))
    parent = jid(body.get("communityId")) or jid(body.get("groupId"))
    if parent is None:
        return None
    link = body.get("inviteLink") or body.get("invite_link") or body.get("inviteCode")
    return CreatedCommunity(parent, announcement if announcement != parent else None, invite_link(link))


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
        try:
            value = json.loads(value)
        except ValueError:
            return None
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
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    if "@" in text:
        found = jid(text)
        if found is None or not found.endswith("@s.whatsapp.net"):
            return None
        text = found.partition("@")[0]
    digits = text.removeprefix("+")
    return None if lid and digits == lid[:-4] else phones.from_whatsapp(digits)
