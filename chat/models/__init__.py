"""Who we are in Stream, and the conversations there."""

from chat.models.conversation import Conversation, Participant
from chat.models.erasure import Erasure
from chat.models.identity import Kind, StreamIdentity

__all__ = ["Conversation", "Erasure", "Kind", "Participant", "StreamIdentity"]
