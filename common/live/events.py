"""Events as Redis keeps them and as pages get them."""

import json
import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.utils import timezone
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

#: About so many events of a topic are remembered, and for so long after the last one.
_LENGTH = 1000
SECONDS = 24 * 60 * 60
#: The one field of an entry. An entry without it is a mark that a first listener left, and no event.
_FIELD = "event"


@dataclass(frozen=True, slots=True)
class Event:
    """
    Something to tell. `id` is where its topic stands after it, `name` the kind of a control event, else empty.

    Control events: `ready` (events follow from here on), `reset` (some may be lost: load the page anew).
    """

    id: str
    data: str = "{}"
    name: str = ""

    @property
    def frame(self) -> str:
        """The event as text/event-stream has it (HTML standard, 9.2.6)."""
        name = f"event: {self.name}\n" if self.name else ""
        return f"id: {self.id}\n{name}data: {self.data}\n\n"

    @property
    def position(self) -> tuple[int, ...]:
        """Its id in an order: milliseconds, then a number among those of one millisecond."""
        return tuple(int(part) for part in self.id.split("-"))


class _Publishing:
    """Whether the last attempt reached Redis: an outage is logged once, not once for each event."""

    is_away = False


def publish(topic: str, **facts: Any) -> None:
    """
    Tell all pages that follow `topic`. Called after commit; it never raises, and hardly ever waits.

    While Redis is away events are lost; open pages are told to load anew when it is back.
    """
    try:
        _append(topic, json.dumps({**facts, "at": timezone.now().isoformat()}))
    except (redis.RedisError, OSError) as error:
        if not _Publishing.is_away:
            log.warning("Redis is away: live updates are lost until it is back (%s)", error)
        _Publishing.is_away = True
        return
    _Publishing.is_away = False


def _append(topic: str, data: str) -> None:
    pipeline = client().pipeline(transaction=False)
    pipeline.xadd(key_of(topic), {_FIELD: data}, maxlen=_LENGTH, approximate=True)
    pipeline.expire(key_of(topic), SECONDS)
    pipeline.execute()


def client() -> "redis.Redis":
    """Redis, for code that is not async and must not wait for it."""
    return _client(str(settings.REDIS_URL))


@lru_cache(maxsize=4)
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url, protocol=2, decode_responses=True, socket_connect_timeout=0.5, socket_timeout=1,
        retry=Retry(NoBackoff(), 1),
    )  # fmt: skip


def key_of(topic: str) -> str:
    """The name of a topic's stream in Redis."""
    return f"live:{topic}"


def event_of(entry: tuple[str, dict[str, str]]) -> Event | None:
    """The event in an entry of a stream; None for a mark."""
    data = entry[1].get(_FIELD)
    return Event(entry[0], data) if data else None
