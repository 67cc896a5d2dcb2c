"""What the control API tells of webhooks, as the client gives it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Json = Any


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    One try to deliver. `status` is the number answered, "timeout", "connection" or "invalid" (it cannot be sent as it
    is), or None while it is under way. `signature` is the form that was used.
    """

    at: str
    url: str
    signature: str
    status: int | str | None
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    A webhook. `event` is join, leave, promote, demote, status, message_error or raw. `state` is held, waiting,
    delivered, refused, given_up, lost or taken. `body` is text with secrets masked. `copy_of` is the delivery that this
    one repeats.
    """

    id: int
    at: str
    event: str
    session: str | None
    group: str | None
    url: str
    body: str
    copy_of: int | None
    state: str
    is_forged: bool
    attempts: list[Attempt]

    @classmethod
    def read(cls, row: Mapping[str, Json]) -> Self:
        """From the control API's JSON."""
        return cls(**{**row, "attempts": [Attempt(**one) for one in row["attempts"]]})

    @property
    def content(self) -> Json:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def statuses(self) -> list[int | str | None]:
        """What became of each attempt."""
        return [attempt.status for attempt in self.attempts]


@dataclass(frozen=True, slots=True)
class Post:
    """A delivery to be made by hand: its raw body and all its headers, the signature among them."""

    id: int
    url: str
    body: bytes
    headers: dict[str, str]

    @classmethod
    def read(cls, row: Mapping[str, Json]) -> Self:
        """From the control API's JSON."""
        return cls(row["id"], row["url"], base64.b64decode(row["body_base64"]), row["headers"])


@dataclass(frozen=True, slots=True)
class Rule:
    """How deliveries misbehave; `times` is what is left of it, None when it has no end."""

    id: int
    kind: str
    times: int | None
    share: float
    seed: int
    event: str | None
    session: str | None
    group: str | None
    params: dict[str, Json]
    created_at: str


@dataclass(frozen=True, slots=True)
class Pending:
    """How many deliveries are held until they are released, and how many wait to be sent."""

    held: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Switches:
    """How webhooks are sent now; there are none without a `url`."""

    url: str
    signature: str
    holds: bool
    keeps_order: bool
    retry_seconds: list[float]
    timeout_seconds: float
    compresses: bool
    pending: Pending
    signatures: list[str]
