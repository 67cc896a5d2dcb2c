"""Rules and rows of chat."""

from chat.services.conversations import (
    Departure,
    NothingToLeave,
    Seat,
    deletion_was_told,
    departure,
    has_left,
    membership_was_told,
    message_was_told,
    seats,
    seats_of,
)
from chat.services.drift import Drift, compare, everybody, organization_parties
from chat.services.erasing import claim_erasure, erasure_done, erasure_failed, person_erased
from chat.services.identities import (
    ParticipantsNotFound,
    Person,
    differs,
    identify,
    is_push_due,
    lease_outdated,
    preview,
    profile_was_told,
    profiles_changed,
    push_again,
    push_failed,
    record_gone,
    record_pushed,
    record_state,
)
from chat.services.opening import (
    NotAParticipant,
    ParticipantsGone,
    Plan,
    WrongParticipants,
    check_gone,
    claim,
    open_conversation,
)
from chat.services.outcomes import (
    ConversationBusy,
    conversation_failed,
    conversation_ready,
    conversation_waits,
    queue_repair,
    release,
    repairable,
    start,
    sweep_conversations,
)
from chat.services.profiles import Party
from chat.services.tokens import company_token_given, lost_tokens, tokens_revoked
from chat.services.trouble import is_refused, stream_refuses_us, stream_takes_us

__all__ = [
    "ConversationBusy", "Departure", "Drift", "NotAParticipant", "NothingToLeave", "ParticipantsGone",
    "ParticipantsNotFound", "Party", "Person", "Plan", "Seat", "WrongParticipants", "check_gone", "claim",
    "claim_erasure", "company_token_given", "compare", "conversation_failed", "conversation_ready",
    "conversation_waits", "deletion_was_told", "departure", "differs", "erasure_done", "erasure_failed", "everybody",
    "has_left", "identify", "is_push_due", "is_refused", "lease_outdated", "lost_tokens", "membership_was_told",
    "message_was_told", "open_conversation", "organization_parties", "person_erased", "preview", "profile_was_told",
    "profiles_changed", "push_again", "push_failed", "queue_repair", "record_gone", "record_pushed", "record_state",
    "release", "repairable", "seats", "seats_of", "start", "stream_refuses_us", "stream_takes_us",
    "sweep_conversations", "tokens_revoked",
]  # fmt: skip
