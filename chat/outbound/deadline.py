"""How long somebody waits, and how pauses and calls fit into that."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from common.vendors import RetryLater, RetrySoon, VendorError

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
#: A call that has less time than this cannot end well.
_SHORTEST_CALL = 0.2
_Answer = TypeVar("_Answer")


class Deadline:
    """A moment `seconds` from now. Pauses between attempts double, with jitter, and never reach beyond it."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds
        self._pauses = 0

    def left(self) -> float:
        """Seconds, never fewer than a call needs."""
        return max(self._ends_at - time.monotonic(), _SHORTEST_CALL)

    @property
    def is_open(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self._ends_at

    def pause(self, error: VendorError) -> None:
        """Wait before the next attempt. :raises VendorError: `error`, as there is no time for another one"""
        asked = error.after.total_seconds() if isinstance(error, RetryLater) else 0.0
        pause = min(_FIRST_PAUSE * 2**self._pauses, _LONGEST_PAUSE)
        wait = max(asked, pause * random.uniform(0.5, 1.0))
        if time.monotonic() + wait + _SHORTEST_CALL > self._ends_at:
            raise error
        self._pauses += 1
        time.sleep(wait)

    def retry(self, ask: Callable[[], _Answer]) -> _Answer:
        """The answer of the first attempt that succeeds. :raises VendorError: time cannot cure it, or none is left"""
        while True:
            try:
                return ask()
            except (RetrySoon, RetryLater) as error:
                self.pause(error)
