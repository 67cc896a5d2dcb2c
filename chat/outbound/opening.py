"""Conversations are opened, finished and repaired: what the recipe's end means for the row and for the caller."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.conf import settings

from chat import services
from chat.client import Misconfigured, StreamClient, UsersGone
from chat.models import Conversation
from chat.outbound.deadline import Deadline
from chat.outbound.recipe import MembersMissing, PeopleGone, Recipe
from chat.services import Party, Plan, Seat
from common import tenancy
from common.errors import DomainError
from common.vendors import Forbidden, RetryLater, RetrySoon, VendorError

log = structlog.get_logger(__name__)

FINISH_SECONDS = 25.0
_LOOK_SECONDS = 0.05


class ChatUnavailable(DomainError):
    """Stream refuses us altogether, or cannot be reached."""

    code = "chat_unavailable"
    status = 503
    message = "Chat is not available at the moment. Staff have been told; try again later."


class ParticipantsMissing(DomainError):
    """Stream left some participants out; the message names them."""

    code = "participants_missing"
    status = 502


class ConversationRefused(DomainError):
    """Stream refuses this conversation, and will refuse it again."""

    code = "conversation_refused"
    status = 502


_REFUSALS: dict[str, type[DomainError]] = {
    "participants_gone": services.ParticipantsGone,
    "users_gone": services.ParticipantsGone,
    "members_missing": ParticipantsMissing,
    "misconfigured": ChatUnavailable,
    "retry_soon": ChatUnavailable,
    "retry_later": ChatUnavailable,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation after an attempt: ready, or still being created by a task."""

    conversation: Conversation
    is_new: bool
    seats: list[Seat]


def open_conversation(
    *, parties: Collection[Party], speaker: Party, name: str, context: str, requested_by: str
) -> Opened:
    """
    The conversation of these participants, ready, or `creating` when Stream takes too long: a task goes on with it.

    :raises DomainError: it cannot be had; the error names whom it is about
    """
    deadline = Deadline(settings.CHAT_DEADLINE_SECONDS)
    plan = services.open_conversation(
        parties=parties, speaker=speaker, name=name, context=context, requested_by=requested_by
    )
    conversation = _carry_out(plan, deadline) if plan.is_mine else _awaited(plan.conversation, deadline)
    _check(conversation)
    is_known = plan.is_settled and conversation.is_ready
    seats = services.seats_of(plan) if is_known else services.seats(conversations=[conversation])[conversation.pk]
    return Opened(conversation, is_new=plan.is_new, seats=seats)


def finish_conversation(*, conversation_id: UUID, attempt: int) -> None:
    """Go on with a conversation that a request left behind. Nothing happens when somebody else has it."""
    plan = services.claim(conversation_id=conversation_id, attempt=attempt)
    if plan is None:
        return
    try:
        _carry_out(plan, Deadline(FINISH_SECONDS))
    except DomainError as error:
        log.warning("conversation %s: %s", conversation_id, error.message)


def repair_conversation(*, conversation_id: UUID, seconds: float = FINISH_SECONDS) -> Conversation:
    """
    Push everybody anew, and bring back whoever is missing. `creating` when Stream takes too long.

    :raises DomainError: it cannot be had; the error names whom it is about
    """
    plan = services.claim(conversation_id=conversation_id, forgives=True)
    deadline = Deadline(seconds)
    conversation = _carry_out(plan, deadline) if plan else _awaited(_read(conversation_id), deadline)
    _check(conversation)
    return conversation


def _check(conversation: Conversation) -> None:
    """:raises DomainError: somebody else's attempt, or the last of many, has failed"""
    if conversation.status == Conversation.Status.FAILED:
        refusal = _REFUSALS.get(conversation.error_code, ConversationRefused)
        raise refusal(conversation.error)


def _carry_out(plan: Plan, deadline: Deadline) -> Conversation:
    try:
        channel = Recipe(plan, deadline).bring_about()
    except (RetrySoon, RetryLater) as error:
        log.warning("conversation %s waits: %s (%s)", plan.conversation.pk, error.detail, error.code)
        return services.conversation_waits(plan=plan, error=error)
    except VendorError as error:
        raise _failure(plan, error) from error
    except Exception:
        services.release(plan=plan)
        raise
    what = "channel verified" if plan.is_settled else "channel created"
    log.info(what, cid=channel.cid, members=sorted(channel.members))
    return services.conversation_ready(plan=plan, members=channel.members.keys())


def look_again() -> None:
    """While Stream refuses our key or secret, ask it whether it still does; the alarm is closed when it does not."""
    if not services.is_refused():
        return
    try:
        StreamClient().check()
    except VendorError as error:
        log.warning("Stream still refuses us: %s (%s)", error.detail, error.code)
    else:
        services.stream_takes_us()


def _failure(plan: Plan, error: VendorError) -> DomainError:
    """Write down what only a person can cure; answers what the caller is told."""
    if isinstance(error, Misconfigured | Forbidden):
        services.stream_refuses_us(detail=error.detail)
        services.conversation_failed(plan=plan, error=error)
        return ChatUnavailable()
    if isinstance(error, UsersGone):
        services.record_gone(stream_ids=error.ids, is_deleted=error.is_deleted, detail=error.detail)
    if isinstance(error, PeopleGone | UsersGone):
        services.conversation_failed(plan=plan, error=error, missing=error.ids)
        return services.ParticipantsGone(f"In Stream, {_named(plan, error.ids)} deactivated or deleted.")
    if isinstance(error, MembersMissing):
        services.conversation_failed(plan=plan, error=error, missing=error.ids)
        return ParticipantsMissing(f"Stream left out {_named(plan, error.ids)}. Repair the conversation to try again.")
    services.conversation_failed(plan=plan, error=error)
    return ConversationRefused(f"Stream refuses this conversation: {error.detail}")


def _named(plan: Plan, stream_ids: Collection[str]) -> str:
    """People as the caller named them, and by their ids in Stream."""
    found = [f"{person.party} ({person.stream_id})" for person in plan.people if person.stream_id in stream_ids]
    return ", ".join(found) or "somebody"


def _awaited(conversation: Conversation, deadline: Deadline) -> Conversation:
    """What somebody else is at: as it is once they are done, or as it is when the time is over."""
    while conversation.status == Conversation.Status.CREATING and conversation.is_leased and deadline.is_open:
        time.sleep(_LOOK_SECONDS)
        conversation = _read(conversation.pk)
    return conversation


def _read(conversation_id: UUID) -> Conversation:
    with tenancy.system():
        return Conversation.objects.get(pk=conversation_id)
