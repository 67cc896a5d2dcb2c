"""Who we are in Stream, and the conversations there."""

from chat.models.company_token import CompanyToken
from chat.models.conversation import Conversation, Participant
from chat.models.erasure import Erasure
from chat.models.identity import Kind, StreamIdentity

__all__ = ["CompanyToken", "Conversation", "Erasure", "Kind", "Participant", "StreamIdentity"]
