"""What the gateway's answers mean, once read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """
    `status` in our words (Session.Status); `full_phone` is E.164; `qr_code` is a data URL or the code's text.

    `clock_offset` is by how many seconds the gateway's clock is ahead of ours, None where that is not known.
    """

    status: str
    full_phone: str | None
    qr_code: str = ""
    clock_offset: float | None = None


@dataclass(frozen=True, slots=True)
class ListedGroup:
    """One row of the group list. What is None is what the gateway does not say."""

    jid: str
    name: str
    is_community: bool | None
    is_announcement: bool | None
    linked_parent: str | None
    is_admin: bool | None
    participant_count: int | None
    invite_link: str


@dataclass(frozen=True, slots=True)
class CreatedCommunity:
    """
    The answer to a create. `announcement_jid` is None when it must be looked up.

    `uninvited`: the admins (E.164) that WhatsApp did not let the gateway invite, as far as it says so.
    """

    parent_jid: str
    announcement_jid: str | None
    invite_link: str
    uninvited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Participant:
    """
    A person in a snapshot: `lid` with its `@lid`, phone as E.164 with its national digits; at least one of both.

    `is_admin` is None where the gateway does not say.
    """

    lid: str | None
    full_phone: str | None
    phone_number: str | None
    is_admin: bool | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A group's full list as the gateway gave it: `total` as it claims, `unreadable` entries that named nobody."""

    participants: list[Participant]
    total: int | None
    unreadable: int
