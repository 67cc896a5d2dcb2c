"""What Stream answers, read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Channel:
    """`members`: id in Stream → role in the channel."""

    cid: str
    members: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StreamUser:
    """A user as Stream has it: all fields, and whether it was deactivated."""

    id: str
    fields: Mapping[str, Any]
    is_deactivated: bool


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A user's token, good until `expires_at`."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """What is left of a limit after a call, from its `x-ratelimit-…` headers; `reset_in` is in seconds."""

    limit: int
    remaining: int
    reset_in: float

    @property
    def pause(self) -> float:
        """Seconds to wait before the next such call: a second has a thirtieth of the minute's limit."""
        return self.reset_in if self.remaining <= 0 else 30 / max(self.limit, 1)
