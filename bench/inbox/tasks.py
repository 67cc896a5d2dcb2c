"""What one task per event would be."""

from typing import Any

from celery import shared_task

from bench.inbox.sender import do_nothing
from common import tenancy
from webhooks.sources import Event


@shared_task(name="bench.handle")
def handle(*, payload: dict[str, Any], **_: Any) -> None:
    """One event in one transaction, in the role in which handlers run."""
    with tenancy.system():
        do_nothing(Event("join", payload["id"], payload))
