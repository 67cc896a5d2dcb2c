"""Syncs of long ago are deleted; what they changed is not."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common import tenancy
from whatsapp import tasks
from whatsapp.models import MembershipEvent, SyncRun
from whatsapp.services import pruning
from whatsapp.tests.factories import GroupFactory, MembershipEventFactory, SyncRunFactory

pytestmark = pytest.mark.django_db


def run(days_ago: float, status: str = "done", **facts: Any) -> SyncRun:
    made: SyncRun = SyncRunFactory.create(status=status, **facts)
    with tenancy.system():
        SyncRun.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(days=days_ago))
    return made


def left() -> set[Any]:
    with tenancy.system():
        return set(SyncRun.objects.values_list("pk", flat=True))


def test_what_is_older_than_the_setting_goes(settings: Any) -> None:
    settings.WHATSAPP_SYNC_RETENTION_DAYS = 30
    group = GroupFactory.create()
    for status in ("done", "failed", "suspicious"):
        run(31, status, group=group)
    kept = {run(29, "failed", group=group).pk, run(1, group=group).pk}
    tasks.prune_sync_runs()
    assert left() == kept


def test_each_group_keeps_its_latest_good_one_and_its_latest_however_old() -> None:
    group, other = GroupFactory.create(), GroupFactory.create()
    run(400, group=group)
    run(250, "failed", group=group)
    kept = {run(300, group=group).pk, run(200, "suspicious", group=group).pk}
    run(390, "suspicious", group=other)
    kept.add(run(380, "suspicious", group=other).pk)
    tasks.prune_sync_runs()
    assert left() == kept


@pytest.mark.parametrize("status", ["queued", "running"])
def test_what_has_not_ended_stays_and_is_no_reason_to_forget_the_last_end(status: str) -> None:
    group = GroupFactory.create()
    kept = {run(300, "failed", group=group).pk, run(200, status, group=group).pk}
    tasks.prune_sync_runs()
    assert left() == kept


def test_the_history_of_members_stays() -> None:
    event = MembershipEventFactory.create(occurred_at=timezone.now() - timedelta(days=2000))
    for days in (300, 200):
        run(days, group=event.group)
    tasks.prune_sync_runs()
    assert len(left()) == 1
    with tenancy.system():
        assert MembershipEvent.objects.filter(pk=event.pk).exists()


def test_more_than_a_batch_goes_in_several() -> None:
    group, now = GroupFactory.create(), timezone.now()
    facts = {"organization_id": group.organization_id, "group": group, "status": "done", "requested_by": "test"}
    number = 2 * pruning.BATCH + 1
    with tenancy.system():
        SyncRun.objects.bulk_create(
            SyncRun(**facts, created_at=now - timedelta(days=200, seconds=second)) for second in range(number)
        )
    with CaptureQueriesContext(connection) as asked:
        assert pruning.prune_runs(older_than=timedelta(days=90)) == number - 1
    assert sum('DELETE FROM "whatsapp_sync_runs"' in query["sql"] for query in asked) == 2
    assert len(left()) == 1


def test_every_night() -> None:
    assert "whatsapp.prune_sync_runs" in {entry["task"] for entry in configured.CELERY_BEAT_SCHEDULE.values()}
