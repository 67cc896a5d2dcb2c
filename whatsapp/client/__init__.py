"""The gateway's client: the only code that knows its paths and spellings."""

from whatsapp.client.errors import NeedsReconnect, WrongJid
from whatsapp.client.gateway import GatewayClient
from whatsapp.client.results import CreatedCommunity, ListedGroup, Participant, SessionStatus, Snapshot

__all__ = [
    "CreatedCommunity",
    "GatewayClient",
    "ListedGroup",
    "NeedsReconnect",
    "Participant",
    "SessionStatus",
    "Snapshot",
    "WrongJid",
]
