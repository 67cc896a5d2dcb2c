"""Printing the story, and stopping it where it is not true."""

import time
from typing import Any

from devtools.problems import FAILED, Problem


class Telling:
    """Numbers and prints the lines."""

    def __init__(self) -> None:
        self._lines, self._began = 0, time.monotonic()

    def check(self, line: str, seen: Any, expected: Any) -> None:
        """Print `line` with what was seen. :raises Problem: it is not what was expected"""
        self._lines += 1
        if seen != expected:
            raise Problem(f"{self._lines:2}. {line}: {seen}, but expected {expected}", exit_code=FAILED)
        print(f"{self._lines:2}. {line}: {_shown(seen)}", flush=True)

    def note(self, text: str) -> None:
        """Print something beside the lines."""
        print(f"    {text}", flush=True)

    def end(self) -> None:
        """The last line."""
        print(f"All {self._lines} lines are true ({time.monotonic() - self._began:.0f} s).", flush=True)


def _shown(seen: Any) -> str:
    if isinstance(seen, bool):
        return "yes" if seen else "no"
    if isinstance(seen, list | tuple):
        return ", ".join(_shown(one) for one in seen) or "nothing"
    return str(seen)
