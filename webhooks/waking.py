"""
Waking the drain, at most about once a second for each source.

The first event of a second is announced at once. Events of the same second are not: the drain that the first one woke
sends one more after itself, late enough to see them. What nobody announced, because Redis was away, the sweep finds.
"""

import time
from functools import lru_cache

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

#: Seconds in which one wake-up of a source is enough, by Redis.
WINDOW = 1
#: Seconds in which a process does not even ask Redis again, whatever it answered.
QUIET = 0.25
#: Seconds in which a Redis that is away is not asked.
AWAY = 1.0
_TIMEOUT = 0.2
_EXPIRES = 60.0

_quiet_until: dict[str, float] = {}


def wake(source: str) -> None:
    """See that a drain of `source` starts within about a second. Never raises, and hardly ever waits."""
    now = time.monotonic()
    if now < _quiet_until.get(source, 0.0):
        return
    _quiet_until[source] = now + QUIET
    try:
        if not _client(settings.REDIS_URL).set(f"webhooks:awake:{source}", 1, nx=True, ex=WINDOW):
            return
        _send(source, is_last_look=False)
    except (redis.RedisError, OperationalError, OSError):
        _quiet_until[source] = now + AWAY


def look_once_more(source: str) -> None:
    """See that a drain starts after every event that was kept quiet by the last wake-up."""
    start(source, is_last_look=True, after=WINDOW + QUIET)


def start(source: str, *, is_last_look: bool = False, after: float = 0.0) -> None:
    """Send a drain, whatever was sent before. Without a broker nothing happens: the sweep will."""
    try:
        _send(source, is_last_look=is_last_look, after=after)
    except (OperationalError, OSError):
        return


def forget() -> None:
    """Ask Redis again at the next wake-up."""
    _quiet_until.clear()


def _send(source: str, *, is_last_look: bool, after: float = 0.0) -> None:
    # Drains that waited for a busy worker would only find what others have done: they expire instead of piling up.
    current_app.send_task(
        "webhooks.drain", kwargs={"source": source, "is_last_look": is_last_look}, countdown=after or None,
        expires=_EXPIRES, retry=False, ignore_result=True,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _client(url: str) -> "redis.Redis":
    # One more try, because a server closes idle connections.
    once_more = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(url, socket_connect_timeout=_TIMEOUT, socket_timeout=_TIMEOUT, retry=once_more)
