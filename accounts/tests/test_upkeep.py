"""What beat does: failures tried again, the weekly report. And what must be declared."""

import csv
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings as live_settings
from django.db import models

from accounts import services
from accounts.models import AppUser, SyncFailure, UserIdColumn
from accounts.tests import planted
from accounts.tests.factories import AppUserFactory
from accounts.tests.test_identities import record

pytestmark = pytest.mark.django_db


def test_a_failure_is_resolved_once_nothing_is_in_the_way() -> None:
    AppUserFactory.create(id="old", email="ada@example.com")
    record("user_1", "ada@example.com")
    assert services.sweep_failures() == 0
    assert SyncFailure.objects.get().attempts == 1
    assert services.sweep_failures() == 0, "not again at once"
    assert SyncFailure.objects.get().attempts == 1
    AppUser.objects.all().update(email=None)
    SyncFailure.objects.update(tried_at=None)
    assert services.sweep_failures() == 1
    assert AppUser.objects.get(id="user_1").email == "ada@example.com"


def test_a_repair_resolves_the_failure() -> None:
    AppUserFactory.create(id="old", email="ada@example.com")
    record("user_1", "ada@example.com")
    services.repair(ids=["user_1"], strategy="refuse", actor="test")
    assert SyncFailure.objects.get().resolved_at is not None


def test_the_weekly_report_is_a_file_and_a_line(
    tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    planted.plant()
    settings.USER_ID_REPORT_DIR = str(tmp_path / "reports")
    path = services.write_weekly_report()
    assert path is not None
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(planted.STATES.values()) - planted.STATES["SYNCED"]


def test_a_folder_that_cannot_be_written_fails_nothing(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "file").write_text("")
    settings.USER_ID_REPORT_DIR = str(tmp_path / "file")
    assert services.write_weekly_report() is None


def test_what_beat_starts_is_registered() -> None:
    current_app.loader.import_default_modules()
    assert {"accounts.sweep_failures", "accounts.weekly_report"} <= set(current_app.tasks)
    names = {entry["task"] for entry in live_settings.CELERY_BEAT_SCHEDULE.values()}
    assert {"accounts.sweep_failures", "accounts.weekly_report"} <= names


def test_every_column_that_says_who_did_a_thing_is_declared() -> None:
    """Repairs move what the settings name, and keys. A new `…_by` column has to be added to USER_ID_COLUMNS."""
    declared = {(table, column) for table, column, *_ in live_settings.USER_ID_COLUMNS}
    found = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField) and (field.column or "").endswith("_by")
    }
    assert found <= declared, found - declared


def test_what_is_declared_is_there_and_the_database_knows_it() -> None:
    stored = set(UserIdColumn.objects.values_list("table_name", "column_name", "kind", "detail"))
    assert stored == {(f"public.{table}", *rest) for table, *rest in live_settings.USER_ID_COLUMNS}
    columns = {(m._meta.db_table, f.column) for m in apps.get_models(include_auto_created=True) for f in m._meta.fields}
    assert {(table, column) for table, column, *_ in live_settings.USER_ID_COLUMNS} <= columns
