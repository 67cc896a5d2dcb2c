"""Times as text: UTC, microseconds, fixed width. They sort as they are and need no conversion in JSON."""

import threading
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
_STEP = timedelta(milliseconds=1)


class Clock:
    """
    Gives each change of a world an instant of its own.

    Two instants are at least a millisecond apart, so that a service which reports milliseconds keeps their order.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> str:
        """The present, or the next millisecond that was not given yet."""
        with self._lock:
            self._last = max(datetime.now(UTC), self._last + _STEP)
            return _text(self._last)


def present() -> str:
    """The present for notes: unlike a change of a world, several may share it."""
    return _text(datetime.now(UTC))


def shift(instant: str, seconds: float) -> str:
    """The instant that is `seconds` later (earlier when negative)."""
    return _text(_moment(instant) + timedelta(seconds=seconds))


def seconds_between(earlier: str, later: str) -> float:
    """How many seconds lie between two instants."""
    return (_moment(later) - _moment(earlier)).total_seconds()


def epoch_milliseconds(instant: str) -> int:
    """An instant as JavaScript's Date.now() gives it: whole milliseconds since 1970."""
    return (_moment(instant) - _EPOCH) // timedelta(milliseconds=1)


def _moment(instant: str) -> datetime:
    return datetime.strptime(instant, _FORMAT).replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.strftime(_FORMAT)
