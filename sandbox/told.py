"""What the control API tells, as the client gives it. Times are UTC texts of fixed width, which sort as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Json = Any


@dataclass(frozen=True, slots=True)
class Session:
    """A session; `phone_number` (digits) and `lid` are None while it is linked to nothing."""

    session_id: str
    status: str
    phone_number: str | None
    lid: str | None
    is_paired: bool
    sees_phones: bool
    qr: str | None

    @classmethod
    def read(cls, row: Mapping[str, Json]) -> Self:
        """From the control API's JSON."""
        return cls(
            session_id=row["sessionId"],
            status=row["status"],
            phone_number=row["phoneNumber"],
            lid=row["lid"],
            is_paired=row["isPaired"],
            sees_phones=row["seesPhones"],
            qr=row["qr"],
        )


@dataclass(frozen=True, slots=True)
class Community:
    """The JIDs of a community."""

    parent_jid: str
    announcement_jid: str
    general_jid: str | None

    @classmethod
    def read(cls, row: Mapping[str, Json]) -> Self:
        """From the control API's JSON."""
        return cls(row["parentJid"], row["announcementJid"], row.get("generalJid"))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with WhatsApp: `lid` with its `@lid`, `phone` as digits with the country's code, hidden or not."""

    lid: str
    phone: str
    is_hidden: bool

    @classmethod
    def read(cls, row: Mapping[str, Json]) -> Self:
        """From the control API's JSON."""
        return cls(row["lid"], row["phone"], row["isHidden"])


@dataclass(frozen=True, slots=True)
class Group:
    """
    One JID. `kind` is parent, announcement, general or group; a parent has no members of its own. `is_listed` is
    false while a fault leaves it out of group lists.
    """

    jid: str
    name: str
    kind: str
    parent_jid: str | None
    member_count: int
    description: str
    settings: dict[str, bool]
    invite_link: str
    invited_admins: list[str]
    is_listed: bool
    created_at: str

    @classmethod
    def read(cls, row: Mapping[str, Json]) -> Self:
        """From the control API's JSON."""
        return cls(
            jid=row["jid"],
            name=row["name"],
            kind=row["kind"],
            parent_jid=row["parentJid"],
            member_count=row["memberCount"],
            description=row["description"],
            settings=row["settings"],
            invite_link=row["inviteLink"],
            invited_admins=row["invitedAdmins"],
            is_listed=row["isListed"],
            created_at=row["createdAt"],
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A person who is in a group now."""

    person: Person
    is_admin: bool
    joined_at: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a person in a group: join, leave, promote or demote."""

    at: str
    action: str
    person: Person


@dataclass(frozen=True, slots=True)
class Truth:
    """A group with its members and its history, both oldest first, and with all phones."""

    group: Group
    members: list[Member]
    history: list[Change]

    @classmethod
    def read(cls, row: Mapping[str, Json]) -> Self:
        """From the control API's JSON."""
        return cls(
            group=Group.read(row),
            members=[Member(Person.read(one), one["isAdmin"], one["joinedAt"]) for one in row["members"]],
            history=[Change(one["at"], one["action"], Person.read(one)) for one in row["history"]],
        )

    @property
    def lids(self) -> set[str]:
        """Who is in the group."""
        return {member.person.lid for member in self.members}


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was sent through the gateway; `error_code` and `error_message` tell of its refusal."""

    message_id: str
    at: str
    session_id: str
    to: str
    text: str
    media_url: str | None
    error_code: int | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that is set; `times` is what is left of it, None when it has no end."""

    id: int
    service: str
    operation: str
    kind: str
    times: int | None
    skip: int
    session: str | None
    group: str | None
    params: dict[str, Json]
    created_at: str


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A request to a played service. `status` is a number, "cut", or None while it was not answered yet."""

    id: int
    at: str
    service: str
    operation: str
    method: str
    path: str
    session: str | None
    group: str | None
    status: int | str | None
    fault: str | None
    idempotency_key: str | None
    body: Json
    ended_at: str | None
