"""
Ctrl-C and its relatives.

A signal is only remembered; it takes effect at the safe points, `check` and `wait_until`, so that no process is started
and then forgotten. The second one ends everything at once.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """The person at the terminal, or the system, asked us to end."""

    @property
    def exit_code(self) -> int:
        """What a shell expects of a command that a signal ended."""
        return 128 + received()


_received: list[int] = []


def watch(*, at_the_second: Callable[[], None]) -> None:
    """Take over the signals; `at_the_second` is called before the process leaves at the second one."""

    def remember(signum: int, _frame: FrameType | None) -> None:
        _received.append(signum)
        if len(_received) > 1:
            at_the_second()
            os._exit(128 + signum)

    for signum in WATCHED:
        signal.signal(signum, remember)


@contextmanager
def left_to_others(signum: signal.Signals) -> Iterator[None]:
    """Overlook a signal for a while."""
    former = signal.signal(signum, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signum, former)


def received() -> int:
    """The first signal that came, or 0."""
    return _received[0] if _received else 0


def check() -> None:
    """
    A safe point.

    :raises Interrupted: a signal came
    """
    if _received:
        raise Interrupted


def wait_until(probe: Callable[[], bool], *, within: float, every: float = 0.05, heed: bool = True) -> bool:
    """
    Ask `probe` until it agrees, for at most `within` seconds; tell whether it did.

    :raises Interrupted: a signal came, unless `heed` is off, as it must be while things are being ended
    """
    deadline = time.monotonic() + within
    while not probe():
        if time.monotonic() > deadline:
            return False
        if heed:
            check()
        time.sleep(every)
    return True
