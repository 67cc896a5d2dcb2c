"""Celery's door to workshops."""

from typing import Any
from uuid import UUID

from celery import shared_task

from workshops import outbound, services


@shared_task(name="workshops.create_community")
def create_community(*, community_id: str, attempt: int, organization_id: str, **_: Any) -> None:
    """Take one community a step further."""
    outbound.create_community(community_id=UUID(str(community_id)), attempt=attempt, organization_id=organization_id)


@shared_task(name="workshops.sweep_communities")
def sweep_communities(**_: Any) -> None:
    """Start communities that were left behind."""
    services.sweep_communities()


@shared_task(name="workshops.import_registrations")
def import_registrations(*, import_id: str, attempt: int, organization_id: str, **_: Any) -> None:
    """Import a file's registrations, or what is left of them."""
    services.run_import(import_id=UUID(str(import_id)), attempt=attempt, organization_id=organization_id)


@shared_task(name="workshops.sweep_imports")
def sweep_imports(**_: Any) -> None:
    """Start imports that were left behind."""
    services.sweep_imports()


@shared_task(name="workshops.watch")
def watch(**_: Any) -> None:
    """Open and close the alarms about sessions that something waits for."""
    services.watch()
