"""Chat in the admin."""

from chat.admin.conversations import ConversationAdmin
from chat.admin.identities import StreamIdentityAdmin

__all__ = ["ConversationAdmin", "StreamIdentityAdmin"]
