"""What exists in the gateway's world. Every field is JSON as it is; times are instants of `sandbox.clock`."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.problems import Json

GroupKind = Literal["parent", "announcement", "general", "group"]
Action = Literal["join", "leave", "promote", "demote"]
SessionStatus = Literal["connected", "connecting", "qr", "disconnected"]


@dataclass
class Person:
    """
    Somebody with WhatsApp. `lid` is the full JID, `phone` international digits without a plus. With `is_hidden`
    nobody but they themselves gets to see the phone.
    """

    lid: str
    phone: str
    is_hidden: bool


@dataclass
class Session:
    """
    A linked number. `lid` names its person; None until the QR code is scanned. `is_paired` stays true through lost
    connections and ends with a logout. A session that does not `sees_phones` gets no phone but its own.
    """

    session_id: str
    status: SessionStatus
    lid: str | None
    is_paired: bool
    sees_phones: bool
    qr_since: str


@dataclass
class Member:
    """A person in a group, now."""

    lid: str
    joined_at: str
    is_admin: bool = False


@dataclass
class Change:
    """Something that happened to a person in a group."""

    at: str
    action: Action
    lid: str


@dataclass
class Group:
    """
    One JID, made by the person `created_by`. People are in every kind but a parent, whose short list is filled up
    by `co_admin`. An announcement group is left out of the next `unlisted` group lists (-1: until it is shown).
    """

    jid: str
    name: str
    kind: GroupKind
    created_at: str
    created_by: str
    invite_code: str
    parent_jid: str | None = None
    co_admin: str | None = None
    description: str = ""
    picture_url: str | None = None
    settings: dict[str, bool] = field(default_factory=dict)
    invited_admins: list[str] = field(default_factory=list)
    unlisted: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)


@dataclass
class Message:
    """A message that was sent, with its refusal if it had one."""

    message_id: str
    at: str
    session_id: str
    to: str
    text: str
    media_url: str | None
    error_code: int | None
    error_message: str | None


@dataclass
class Creation:
    """What a request to create a community asked for, and who."""

    session_id: str
    name: str
    description: str = ""
    picture_url: str | None = None
    settings: dict[str, bool] = field(default_factory=dict)
    invited_admins: list[str] = field(default_factory=list)
    idempotency_key: str | None = None


@dataclass
class Pending:
    """A creation whose effect comes at `due`."""

    due: str
    creation: Creation


@dataclass(frozen=True)
class MembersChanged:
    """The same happened to these people of a group; it is done when this is told."""

    group: Group
    action: Action
    lids: list[str]
    at: str


@dataclass(frozen=True)
class StatusChanged:
    """A session's status or number is another."""

    session: Session
    at: str


@dataclass(frozen=True)
class SendRefused:
    """A message that was taken is refused."""

    message: Message


Happening = MembersChanged | StatusChanged | SendRefused


def group_to_json(group: Group) -> Json:
    """For the state file, a copy; the reverse is `group_from_json`."""
    members = [dict(vars(member)) for member in group.members.values()]
    return {**vars(group), "members": members, "history": [dict(vars(change)) for change in group.history]}


def group_from_json(row: Json) -> Group:
    """A group from the state file."""
    members = {member["lid"]: Member(**member) for member in row["members"]}
    return Group(**{**row, "members": members, "history": [Change(**change) for change in row["history"]]})
