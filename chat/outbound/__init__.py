"""What chat does in Stream: one function for each effect, safe to repeat, no transaction open during HTTP."""

from chat.outbound.drift import sync_users
from chat.outbound.erasing import erase_people
from chat.outbound.members import leave
from chat.outbound.opening import (
    ChatUnavailable,
    ConversationRefused,
    Opened,
    ParticipantsMissing,
    finish_conversation,
    look_again,
    open_conversation,
    repair_conversation,
)
from chat.outbound.pushing import push_profiles
from chat.outbound.tokens import issue_token, revoke_tokens

__all__ = [
    "ChatUnavailable",
    "ConversationRefused",
    "Opened",
    "ParticipantsMissing",
    "erase_people",
    "finish_conversation",
    "issue_token",
    "leave",
    "look_again",
    "open_conversation",
    "push_profiles",
    "repair_conversation",
    "revoke_tokens",
    "sync_users",
]
