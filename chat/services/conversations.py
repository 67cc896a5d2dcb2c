"""Conversations as their participants see them, leaving them, and what Stream tells of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from chat.models import Conversation, Participant
from chat.services import profiles
from chat.services.opening import Plan
from chat.services.profiles import Party
from common import tenancy
from common.errors import DomainError

_Status = Conversation.Status


class NothingToLeave(DomainError):
    """The caller does not take part, or has left already."""

    code = "not_found"
    status = 404
    message = "You take no part in this conversation."


@dataclass(frozen=True, slots=True)
class Seat:
    """A participant as others see them."""

    kind: str
    id: str
    name: str
    stream_id: str
    is_member: bool
    has_left: bool


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody who is about to leave."""

    participant_id: UUID
    channel_type: str
    channel_id: str
    stream_id: str


def seats(*, conversations: Iterable[Conversation]) -> dict[UUID, list[Seat]]:
    """
    Who takes part in each of these conversations.

    To be asked for conversations that the caller was shown: names of other companies are read as the system.
    """
    found: dict[UUID, list[Seat]] = {conversation.pk: [] for conversation in conversations}
    with tenancy.system():
        rows = Participant.objects.filter(conversation__in=list(found)).order_by("identity__stream_id")
        for row in rows.select_related("identity__company", "identity__person"):
            found[row.conversation_id].append(_seat(row))
    return found


def seats_of(plan: Plan) -> list[Seat]:
    """The same of a conversation that is settled, from what is known already."""
    return [
        Seat(person.party.kind, person.party.id, person.name, person.stream_id, is_member=True, has_left=False)
        for person in plan.people
    ]


def _seat(row: Participant) -> Seat:
    identity = row.identity
    return Seat(
        kind=identity.kind, id=identity.owner_id, name=profiles.payload(identity)["name"],
        stream_id=identity.stream_id, is_member=row.is_member, has_left=row.left_at is not None,
    )  # fmt: skip


def departure(*, conversation_id: UUID, speakers: Sequence[Party]) -> Departure:
    """
    Who of `speakers`, the first that takes part, is about to leave the conversation.

    :raises NothingToLeave: none of them takes part
    """
    with tenancy.system():
        rows = Participant.objects.filter(conversation=conversation_id, left_at=None)
        by_party = {
            Party(row.identity.kind, row.identity.owner_id): row
            for row in rows.select_related("identity", "conversation")
        }
    row = next((by_party[party] for party in speakers if party in by_party), None)
    if row is None:
        raise NothingToLeave
    return Departure(row.pk, row.conversation.channel_type, row.conversation.channel_id, row.identity.stream_id)


def has_left(*, departure: Departure) -> None:
    """They are out of the channel."""
    now = timezone.now()
    with tenancy.system():
        Participant.objects.filter(pk=departure.participant_id).update(left_at=now, is_member=False, member_at=now)


def membership_was_told(*, cid: str, stream_id: str, is_member: bool, at: datetime) -> bool:
    """
    Stream told that somebody came into a channel or was taken out; False: not one of ours, or older news than we have.

    Somebody taken out who did not leave through us is missing: the next opening or repair brings them back.
    """
    with tenancy.system():
        rows = Participant.objects.filter(_channel(cid, "conversation__"), identity__stream_id=stream_id)
        known = rows.filter(Q(member_at=None) | Q(member_at__lt=at))
        return bool(known.update(is_member=is_member, member_at=at))


def message_was_told(*, cid: str, at: datetime) -> bool:
    """Somebody spoke; False: not in a conversation of ours."""
    with tenancy.system():
        last = Greatest(Coalesce("last_message_at", at), at)
        return bool(Conversation.objects.filter(_channel(cid)).update(
            last_message_at=last, active_at=Greatest("active_at", at)
        ))  # fmt: skip


def deletion_was_told(*, cid: str, at: datetime) -> bool:
    """
    The channel was deleted in Stream; False: not one of ours, or it was made again since.

    It is not made again by itself: somebody wanted it gone. Opening or repairing the conversation does.
    """
    with tenancy.system():
        rows = Conversation.objects.filter(_channel(cid), Q(ready_at=None) | Q(ready_at__lt=at))
        text = "The channel was deleted in Stream. Opening the conversation again makes it anew, without its messages."
        is_ours = rows.update(status=_Status.DELETED, error=text, error_code="channel_deleted", ready_at=None)
        Participant.objects.filter(conversation__in=rows).update(is_member=False, member_at=at)
        return bool(is_ours)


def _channel(cid: str, path: str = "") -> Q:
    channel_type, _, channel_id = cid.partition(":")
    return Q(**{f"{path}channel_type": channel_type, f"{path}channel_id": channel_id})
