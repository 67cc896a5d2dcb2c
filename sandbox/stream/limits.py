"""Rate limits: so many requests of each operation and platform a minute, and a thirtieth of that a second."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.problems import Json
from sandbox.stream.operations import OPERATIONS

_MINUTE = 60
_SECONDS_SHARE = 30


@dataclass(frozen=True)
class Quota:
    """What the `x-ratelimit-…` headers say: `reset` is when the minute ends, in seconds since 1970."""

    limit: int
    remaining: int
    reset: int
    is_exceeded: bool

    def headers(self) -> dict[str, str]:
        """In lower case, as HTTP/2 has them."""
        numbers = {"limit": self.limit, "remaining": self.remaining, "reset": self.reset}
        return {f"x-ratelimit-{name}": str(number) for name, number in numbers.items()}


@dataclass
class _Window:
    """Requests of one minute and of one second in it."""

    minute: int = -1
    second: int = -1
    in_minute: int = 0
    in_second: int = 0

    def enter(self, now: float) -> None:
        """Begin anew where a minute or a second has ended."""
        minute, second = int(now // _MINUTE), int(now)
        if minute != self.minute:
            self.minute, self.in_minute = minute, 0
        if second != self.second:
            self.second, self.in_second = second, 0


@dataclass
class Limits:
    """Counts requests; `changed` has limits other than the usual ones."""

    changed: dict[str, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)

    def limit(self, operation: str) -> int:
        """Requests a minute."""
        return self.changed.get(operation, OPERATIONS[operation].limit)

    def take(self, operation: str, platform: str, now: float) -> Quota:
        """Count a request; one beyond the limits is counted as refused."""
        window = self._windows.setdefault((operation, platform), _Window())
        window.enter(now)
        limit = self.limit(operation)
        is_exceeded = window.in_minute >= limit or window.in_second >= max(1, limit // _SECONDS_SHARE)
        if is_exceeded:
            self.refused[operation] += 1
        else:
            window.in_minute += 1
            window.in_second += 1
        return Quota(limit, limit - window.in_minute, (window.minute + 1) * _MINUTE, is_exceeded)

    def described(self, platform: str, now: float) -> Mapping[str, Json]:
        """What GET /rate_limits answers of a platform."""
        found: dict[str, Json] = {}
        for name, operation in OPERATIONS.items():
            window = self._windows.get((name, platform), _Window())
            window.enter(now)
            numbers = {"limit": self.limit(name), "remaining": self.limit(name) - window.in_minute}
            found[operation.rpc] = {**numbers, "reset": (window.minute + 1) * _MINUTE}
        return found
