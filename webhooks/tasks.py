"""Celery's door to the inbox."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings

from webhooks import dispatch, outbound, services

#: A worker whose drain lasts longer hangs in it, and is replaced.
_HUNG_AFTER = int(settings.WEBHOOK_DRAIN_SECONDS + 2 * settings.WEBHOOK_IDLE_SECONDS)


@shared_task(name="webhooks.drain", time_limit=_HUNG_AFTER)
def drain(*, source: str, is_last_look: bool = False, **_: Any) -> None:
    """Handle what is due of one source."""
    dispatch.drain(source=source, is_last_look=is_last_look)


@shared_task(name="webhooks.sweep")
def sweep(**_: Any) -> None:
    """Wake the drains that nobody woke."""
    services.sweep()


@shared_task(name="webhooks.prune_deliveries")
def prune_deliveries(**_: Any) -> None:
    """Delete what is older than the setting."""
    services.prune(older_than=timedelta(days=settings.WEBHOOK_RETENTION_DAYS))


@shared_task(name="webhooks.watch")
def watch(**_: Any) -> None:
    """Open and close the alarms about the inbox."""
    services.watch()


@shared_task(name="webhooks.send_notice")
def send_notice(*, notice_id: int, attempt: int, **_: Any) -> None:
    """Tell operators of an alarm."""
    outbound.send_notice(notice_id=notice_id, attempt=attempt)


@shared_task(name="webhooks.sweep_notices")
def sweep_notices(**_: Any) -> None:
    """Start messages about alarms that were left behind."""
    services.sweep_notices()
