"""The one way to start a task."""

import logging
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def enqueue(name: str, *, expires: timedelta | None = None, **kwargs: Any) -> None:
    """
    Start the task `name` once the transaction under way has committed; it never fails its caller.

    One that `expires` is dropped by the worker that takes it too late.

    Whatever is enqueued is also a row that a sweep finds, so a broker that is away at commit loses nothing:
    the failure is logged and the request goes on.
    """

    def send() -> None:  # a function and not a partial: Django names a failed hook by its __qualname__
        _send(name, kwargs, expires)

    transaction.on_commit(send, robust=True)


def _send(name: str, kwargs: dict[str, Any], expires: timedelta | None) -> None:
    seconds = expires.total_seconds() if expires else None
    try:
        current_app.send_task(name, kwargs=kwargs, expires=seconds, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("broker away: %s waits for its sweep (%s)", name, error)
