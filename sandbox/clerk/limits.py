"""So many requests in so many seconds, then 429 until they have passed."""

import math
import time
from dataclasses import dataclass


@dataclass
class Limits:
    """Production: 1,000 in 10 seconds; development: 100."""

    requests: int = 1000
    seconds: float = 10
    refused: int = 0
    _began: float = 0
    _count: int = 0

    def wait(self) -> int:
        """Count a request; how many seconds it has to wait, 0 when it may pass."""
        now = time.monotonic()
        if now - self._began >= self.seconds:
            self._began, self._count = now, 0
        if self._count < self.requests:
            self._count += 1
            return 0
        self.refused += 1
        return max(1, math.ceil(self._began + self.seconds - now))
