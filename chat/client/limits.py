"""The `x-ratelimit-…` headers, whose case varies (`requests` looks them up in any)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from chat.client.results import Pace

_LONGEST_WAIT = timedelta(minutes=2)


def pace(headers: Mapping[str, str]) -> Pace | None:
    """What is left of the limit; None when the headers do not say."""
    limit, remaining = _number(headers, "limit"), _number(headers, "remaining")
    wait = reset_in(headers)
    if limit is None or remaining is None or wait is None:
        return None
    return Pace(int(limit), int(remaining), wait.total_seconds())


def wait(headers: Mapping[str, str]) -> timedelta | None:
    """After a refusal: until the limit is reset. With some of the minute left, it was the second's limit: a second."""
    return timedelta(seconds=1) if (_number(headers, "remaining") or 0) > 0 else reset_in(headers)


def reset_in(headers: Mapping[str, str]) -> timedelta | None:
    """How long until the limit is reset, by the sender's own clock where it tells the time; None: not said."""
    reset = _number(headers, "reset")
    if reset is None:
        return None
    try:
        now = parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        now = datetime.now(UTC)
    wait = timedelta(seconds=reset - now.timestamp())
    return min(max(wait, timedelta(milliseconds=100)), _LONGEST_WAIT)


def _number(headers: Mapping[str, str], name: str) -> float | None:
    """The first of several values; None for what is no number."""
    try:
        return float(headers[f"x-ratelimit-{name}"].split(",")[0])
    except (KeyError, ValueError):
        return None
