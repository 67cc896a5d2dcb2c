"""The one way to start a task."""

import logging
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def enqueue(name: str, **kwargs: Any) -> None:
    """
    Start the task `name` once the transaction under way has committed; it never fails its caller.

    Whatever is enqueued is also a row that a sweep finds, so a broker that is away at commit loses nothing:
    the failure is logged and the request goes on.
    """
    transaction.on_commit(partial(_send, name, kwargs), robust=True)


def _send(name: str, kwargs: dict[str, Any]) -> None:
    try:
        current_app.send_task(name, kwargs=kwargs, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("broker away: %s waits for its sweep (%s)", name, error)
