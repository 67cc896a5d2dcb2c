"""Tasks: started after commit, by a name that is registered, without ever failing their caller."""

import re
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import transaction

from common.queue import enqueue

ROOT = Path(settings.BASE_DIR)
APPS = ("accounts", "chat", "organizations", "webhooks", "whatsapp", "workshops")


def _names_in_code() -> set[str]:
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "tests" not in path.parts]
    return {name for path in sources for name in re.findall(r'enqueue\(\s*"([^"]+)"', path.read_text())}


def test_every_name_that_is_enqueued_or_scheduled_is_a_task() -> None:
    current_app.loader.import_default_modules()
    scheduled = {str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    names = _names_in_code() | scheduled | {name for name in settings.CELERY_TASK_ROUTES if "*" not in name}
    assert len(names) >= 5
    assert names <= set(current_app.tasks)


@pytest.mark.django_db
def test_a_task_is_started_after_commit_and_not_before(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        enqueue("whatsapp.sweep_sync_runs")
    assert len(callbacks) == 1


@pytest.mark.django_db
def test_a_task_of_a_transaction_that_is_rolled_back_is_never_started(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with (
        django_capture_on_commit_callbacks() as callbacks,
        pytest.raises(ValueError, match="late"),
        transaction.atomic(),
    ):
        enqueue("whatsapp.sweep_sync_runs")
        raise ValueError("late")
    assert callbacks == []
