"""Celery's door to organizations."""

from typing import Any
from uuid import UUID

from celery import shared_task

from organizations import outbound, services


@shared_task(name="organizations.reconcile")
def reconcile(*, run_id: str, attempt: int, **_: Any) -> None:
    """Work at a reconcile for a while."""
    outbound.reconcile(run_id=UUID(str(run_id)), attempt=attempt)


@shared_task(name="organizations.sweep_reconciles")
def sweep_reconciles(**_: Any) -> None:
    """Start reconciles that were left behind."""
    services.sweep_reconciles()


@shared_task(name="organizations.reconcile_nightly")
def reconcile_nightly(**_: Any) -> None:
    """Compare everything with Clerk."""
    services.reconcile_nightly()


@shared_task(name="organizations.watch")
def watch(**_: Any) -> None:
    """Open and close the alarms of the mirror."""
    services.watch()
