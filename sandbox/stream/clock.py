"""Stream's own clock: windows of rate limits, times in rows, the Date header."""

import time
from datetime import UTC, datetime


class StreamClock:
    """
    Ours, `offset` seconds ahead. With a `step` it stands still but for so many seconds at each request: a minute then
    holds the same number of requests on every machine.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self.step: float | None = None
        self._stopped_at = 0.0

    def set(self, offset: float, step: float | None) -> None:
        """Go ahead, stop, or go on."""
        self.offset, self.step = offset, step
        self._stopped_at = time.time() + offset

    def tick(self) -> None:
        """A request has come."""
        self._stopped_at += self.step or 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.offset if self.step is None else self._stopped_at

    def moment(self) -> datetime:
        """The same as a datetime."""
        return datetime.fromtimestamp(self.now(), UTC)

    def text(self) -> str:
        """The same as rows and events have it: RFC 3339 with microseconds."""
        return f"{self.moment():%Y-%m-%dT%H:%M:%S.%fZ}"
