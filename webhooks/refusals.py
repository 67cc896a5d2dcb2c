"""
Counting what was refused, cheaply: whoever floods us with forgeries makes one small statement a second, and one line
of log a minute for each source and reason.
"""

import atexit
import logging
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime

from django.conf import settings
from django.db import DatabaseError, connection

from webhooks.cleaning import text
from webhooks.models import RefusedCount

log = logging.getLogger(__name__)

_LOG_EVERY = 60.0
#: Reasons are constants, so there are few; should they not be, the rest is counted together.
_MOST_KINDS = 200
_MAX_REASON = 100

_lock = threading.Lock()
_pending: Counter[tuple[date, str, str]] = Counter()
_next_line: dict[tuple[str, str], float] = {}
_timer: threading.Timer | None = None


def count(source: str, reason: str) -> None:
    """Count one refused delivery. It is written within a second, by another thread."""
    reason = text(reason)[:_MAX_REASON]
    with _lock:
        kind = (datetime.now(UTC).date(), source, reason)
        if kind not in _pending and len(_pending) >= _MOST_KINDS:
            kind = (*kind[:2], "others")
        _pending[kind] += 1
        _start_timer()
    if is_news(source, reason):
        log.warning("deliveries of %s are refused: %s (said once a minute; the admin has the counts)", source, reason)
    if not settings.WEBHOOK_REFUSED_WRITE_SECONDS:
        write()


def is_news(source: str, reason: str) -> bool:
    """Whether the log has not heard of this for a minute. Asking makes it old."""
    now = time.monotonic()
    kind = (source, reason)
    if now < _next_line.get(kind, 0.0):
        return False
    if len(_next_line) >= _MOST_KINDS:
        _next_line.clear()
    _next_line[kind] = now + _LOG_EVERY
    return True


def write() -> None:
    """Write what has been counted in this process. Without a database it is kept for the next time."""
    global _timer  # one per process, guarded by the lock
    with _lock:
        _timer = None
        counted = dict(_pending)
        _pending.clear()
    if not counted:
        return
    try:
        RefusedCount.objects.add([(*kind, number) for kind, number in counted.items()])
    except DatabaseError:
        with _lock:
            _pending.update(counted)


def _start_timer() -> None:
    global _timer  # one per process, guarded by the lock
    seconds = settings.WEBHOOK_REFUSED_WRITE_SECONDS
    if _timer is None and seconds:
        _timer = threading.Timer(seconds, _write_and_hang_up)
        _timer.daemon = True
        _timer.start()


def _write_and_hang_up() -> None:
    try:
        write()
    finally:
        connection.close()


def forget() -> None:
    """Drop what has not been written, and what the log has heard."""
    global _timer  # one per process, guarded by the lock
    with _lock:
        _pending.clear()
        if _timer:
            _timer.cancel()
        _timer = None
    _next_line.clear()


atexit.register(write)
