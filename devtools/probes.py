"""Whether a process of Rollcall answers, asked the way its users would."""

import http.client
from collections.abc import Callable
from pathlib import Path

from celery import Celery

TIMEOUT_SECONDS = 2.0

Probe = Callable[[], bool]


def health(port: int) -> Probe:
    """`GET /health` answers 200."""

    def probe() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def worker(broker: str, name: str) -> Probe:
    """The Celery worker of that name answers a ping."""
    # Not the current one: whoever asks may have tasks of its own to send.
    app = Celery(broker=broker, set_as_current=False)

    def probe() -> bool:
        return bool(app.control.ping(destination=[name], timeout=0.3))

    return probe


def said(log: Path, words: str) -> Probe:
    """The process has written the words to its log: for one that nobody can ask."""

    def probe() -> bool:
        return words in log.read_text(errors="replace")

    return probe
