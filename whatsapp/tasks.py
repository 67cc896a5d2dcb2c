"""Celery's door to WhatsApp."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import shared_task
from django.conf import settings

from common.vendors import RetryLater, RetrySoon, VendorError
from whatsapp import outbound, services


@shared_task(name="whatsapp.sync_members")
def sync_members(*, run_id: str, attempt: int, organization_id: str, **_: Any) -> None:
    """Fetch and apply one group's members."""
    outbound.sync_members(run_id=UUID(str(run_id)), attempt=attempt, organization_id=organization_id)


@shared_task(name="whatsapp.sweep_sync_runs")
def sweep_sync_runs(**_: Any) -> None:
    """Start syncs that were left behind."""
    services.sweep_runs()


@shared_task(name="whatsapp.sync_groups")
def sync_groups(*, session_id: str, organization_id: str, **_: Any) -> None:
    """Ask one session for its groups and apply the list."""
    outbound.sync_groups(session_id=UUID(str(session_id)), organization_id=organization_id)


@shared_task(name="whatsapp.sweep_group_lists")
def sweep_group_lists(**_: Any) -> None:
    """Start the lists of groups that are due."""
    services.sweep_group_lists()


@shared_task(name="whatsapp.sweep_stale_groups")
def sweep_stale_groups(**_: Any) -> None:
    """Queue syncs of groups that were not synced for long."""
    services.sweep_stale_groups()


@shared_task(name="whatsapp.prune_sync_runs")
def prune_sync_runs(**_: Any) -> None:
    """Delete what is older than the setting."""
    services.prune_runs(older_than=timedelta(days=settings.WHATSAPP_SYNC_RETENTION_DAYS))


@shared_task(name="whatsapp.watch")
def watch(**_: Any) -> None:
    """Open and close the alarms about sessions."""
    services.watch()


_PASSING = (RetrySoon, RetryLater)


@shared_task(name="whatsapp.connect_session", autoretry_for=_PASSING, retry_backoff=2, max_retries=3)
def connect_session(*, session_id: str, organization_id: str, **_: Any) -> None:
    """Start a session on its gateway."""
    outbound.connect_session(session_id=UUID(str(session_id)), organization_id=organization_id)


@shared_task(name="whatsapp.disconnect_session", autoretry_for=_PASSING, retry_backoff=2, max_retries=3)
def disconnect_session(*, session_id: str, organization_id: str, **_: Any) -> None:
    """Log a session out at its gateway."""
    outbound.disconnect_session(session_id=UUID(str(session_id)), organization_id=organization_id)


@shared_task(name="whatsapp.poll_session", throws=(VendorError,))
def poll_session(*, session_id: str, organization_id: str, **_: Any) -> None:
    """Refresh the state of one session."""
    outbound.poll_session(session_id=UUID(str(session_id)), organization_id=organization_id)


@shared_task(name="whatsapp.poll_sessions")
def poll_sessions(**_: Any) -> None:
    """Start the polls that are due."""
    services.poll_sessions()
