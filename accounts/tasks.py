"""Celery's door to people."""

from typing import Any

from celery import shared_task

from accounts import services


@shared_task(name="accounts.sweep_failures")
def sweep_failures(**_: Any) -> None:
    """Try again what the trigger could not do."""
    services.sweep_failures()


@shared_task(name="accounts.weekly_report")
def weekly_report(**_: Any) -> None:
    """Who is out of step, as a file and in the log."""
    services.write_weekly_report()
