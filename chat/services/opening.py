"""A conversation is asked for: found or made with its participants, and claimed by whoever will bring it about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from chat.models import Conversation, Kind, Participant
from chat.services import identities, profiles
from chat.services.identities import Person
from chat.services.profiles import Party
from common import tenancy
from common.errors import DomainError
from common.jobs import soon

_FEWEST, _MOST = 2, 100
#: Participants whom Stream does not have in the channel, as far as we know, or who have left.
_AMISS = Participant.objects.filter(Q(is_member=False) | Q(left_at__isnull=False), conversation=OuterRef("pk"))


class WrongParticipants(DomainError):
    """Too few, too many, or no company among them."""

    code = "wrong_participants"


class NotAParticipant(DomainError):
    """The caller speaks for none of the participants."""

    code = "not_a_participant"
    status = 403
    message = "You can only open conversations that you take part in, as yourself or for your active organization."


class ParticipantsGone(DomainError):
    """Stream has deactivated or deleted some of them."""

    code = "participants_gone"
    status = 409


@dataclass(frozen=True, slots=True)
class Plan:
    """
    A conversation to bring about. `is_mine`: this caller has claimed it; otherwise it is ready, or somebody else is at
    it. `is_settled`: it is ready, and everybody was in it when we last looked.
    """

    conversation: Conversation
    people: Sequence[Person]
    is_new: bool
    is_mine: bool
    is_settled: bool = False

    @property
    def members(self) -> dict[str, str]:
        """Who should be in the channel: id in Stream → role in the channel."""
        return {person.stream_id: person.role for person in self.people}

    @property
    def speaker(self) -> Person:
        """Who opened it; somebody else once they have left."""
        own = (person for person in self.people if person.pk == self.conversation.speaker_id)
        return next(own, self.people[0])


def open_conversation(
    *, parties: Collection[Party], speaker: Party, name: str, context: str, requested_by: str
) -> Plan:
    """
    The one conversation of these participants in this context, with everybody in it who had left.

    :raises WrongParticipants: fewer than two, more than a hundred, or no company
    :raises ParticipantsNotFound: some are not in our database
    :raises ParticipantsGone: some are known to be deactivated or deleted in Stream
    """
    unique = set(parties)
    _check(unique)
    with tenancy.system():
        people = identities.found_or_made(unique)
        check_gone(people)
        channel_id = profiles.channel_id([person.stream_id for person in people], context)
        found = Conversation.objects.filter(channel_id=channel_id).annotate(is_settled=~Exists(_AMISS))
        conversation = next(iter(found), None)
        if conversation is None:
            speaking = next(person for person in people if person.party == speaker)
            return _make(Conversation(
                channel_id=channel_id, name=name, context=context, speaker_id=speaking.pk, requested_by=requested_by,
                run_after=soon(),
            ), people)  # fmt: skip
        return _rejoined(conversation, people)


def _check(parties: Collection[Party]) -> None:
    if not _FEWEST <= len(parties) <= _MOST:
        raise WrongParticipants(f"A conversation has between {_FEWEST} and {_MOST} different participants.")
    if not any(party.kind == Kind.COMPANY for party in parties):
        raise WrongParticipants("At least one participant is a company.")


def check_gone(people: Collection[Person]) -> None:
    """:raises ParticipantsGone: some are known to be deactivated or deleted in Stream"""
    if gone := [f"{person.party} is {person.state}" for person in people if person.is_gone]:
        raise ParticipantsGone(f"In Stream, {' and '.join(gone)}. Let them back in there, then try again.")


def _make(conversation: Conversation, people: Sequence[Person]) -> Plan:
    """A new one, claimed; another request may make the same one at this moment."""
    made = Conversation.objects.bulk_create([conversation], ignore_conflicts=True)
    found = Conversation.objects.get(channel_id=made[0].channel_id)
    is_new = found.pk == conversation.pk
    if is_new:
        Participant.objects.bulk_create([_participant(found, person) for person in people])
    return _claimed(found, people, is_new=is_new)


def _participant(conversation: Conversation, person: Person) -> Participant:
    is_company = person.party.kind == Kind.COMPANY
    key = {"company_id": person.party.id} if is_company else {"person_id": person.party.id}
    return Participant(conversation=conversation, identity_id=person.pk, **key)


def _rejoined(conversation: Conversation, people: Sequence[Person]) -> Plan:
    """One that exists, with everybody in it who had left."""
    is_settled = conversation.is_ready and bool(getattr(conversation, "is_settled", False))
    if not is_settled:
        Participant.objects.filter(conversation=conversation, left_at__isnull=False).update(left_at=None)
    return replace(_claimed(conversation, people, is_new=False), is_settled=is_settled)


def _claimed(conversation: Conversation, people: Sequence[Person], *, is_new: bool) -> Plan:
    """A ready conversation needs no claim: what is done with it may be done by several at once."""
    if conversation.is_ready:
        return Plan(conversation, people, is_new=is_new, is_mine=True)
    is_given_up = conversation.status == Conversation.Status.FAILED
    claimed = Conversation.objects.claim(
        conversation.pk, conversation.attempt, lease=Conversation.LEASE, status=Conversation.Status.CREATING,
        failures=0 if is_given_up else conversation.failures,
    )  # fmt: skip
    return Plan(claimed or conversation, people, is_new=is_new, is_mine=claimed is not None)


@transaction.atomic
def claim(*, conversation_id: UUID, attempt: int | None = None, forgives: bool = False) -> Plan | None:
    """
    A conversation that exists, claimed; None when somebody is at it, everybody has left, or `attempt` is not the one
    it counts.

    `forgives` gives those another chance who are known to be gone, for a person who knows better.
    """
    with tenancy.system():
        conversation = Conversation.objects.filter(pk=conversation_id).first()
        if conversation is None or (attempt is not None and conversation.attempt != attempt):
            return None
        people = _joined(conversation)
        claimed = people and Conversation.objects.claim(
            conversation.pk, conversation.attempt, lease=Conversation.LEASE, status=Conversation.Status.CREATING
        )
        if not claimed:
            return None
    if not forgives:
        return Plan(claimed, people, is_new=False, is_mine=True)
    return Plan(claimed, [identities.forgiven(person) for person in people], is_new=False, is_mine=True)


def _joined(conversation: Conversation) -> list[Person]:
    """Who takes part, and has not left."""
    rows = Participant.objects.filter(conversation=conversation, left_at=None)
    found = (identities.ready(row.identity) for row in rows.select_related("identity__company", "identity__person"))
    return sorted(found, key=lambda person: person.stream_id)
