"""Members are synced again by themselves: about once a day, each group at a time of its own."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common import tenancy
from whatsapp import tasks
from whatsapp.models import Group, SyncRun
from whatsapp.services import reconcile, sweep_stale_groups
from whatsapp.tests.factories import GroupFactory, GroupSessionFactory, SessionFactory, SyncRunFactory

pytestmark = pytest.mark.django_db


def group_synced(hours_ago: float, **facts: Any) -> Group:
    group: Group = GroupFactory.create(last_snapshot_at=timezone.now() - timedelta(hours=hours_ago), **facts)
    return group


def age(groups: Iterable[Group]) -> None:
    """Made, or tried, three days ago."""
    long_ago = timezone.now() - timedelta(days=3)
    with tenancy.system():
        Group.objects.filter(pk__in=[group.pk for group in groups]).update(created_at=long_ago)
        SyncRun.objects.update(created_at=long_ago)


def queued() -> set[Any]:
    with tenancy.system():
        return set(SyncRun.objects.filter(status="queued", requested_by="schedule").values_list("group", flat=True))


def test_groups_whose_last_good_sync_is_old_are_queued_once() -> None:
    old, new = group_synced(27), group_synced(23)
    tasks.sweep_stale_groups()
    tasks.sweep_stale_groups()
    assert queued() == {old.pk}
    assert new.pk not in queued()
    with tenancy.system():
        run_after = SyncRun.objects.get().run_after
    assert run_after is not None
    assert timedelta(0) <= run_after - timezone.now() + timedelta(seconds=5) <= timedelta(seconds=65)


def test_a_group_that_was_never_synced_is_not_left_out() -> None:
    fresh, old = GroupFactory.create(), GroupFactory.create()
    age([old])
    assert sweep_stale_groups() == 1
    assert queued() == {old.pk}
    assert fresh.pk not in queued()


def test_groups_are_due_at_times_of_their_own() -> None:
    """All were synced at the same moment: a tenth of the interval later, all are due, and before that a part."""
    with tenancy.system():
        moment = timezone.now() - timedelta(hours=25, minutes=12)
        GroupFactory.create_batch(60, session=SessionFactory.create(), last_snapshot_at=moment)
    assert 10 < sweep_stale_groups() < 50
    with tenancy.system():
        Group.objects.update(last_snapshot_at=timezone.now() - timedelta(hours=26, minutes=25))
    sweep_stale_groups()
    assert len(queued()) == 60


def test_a_backlog_is_worked_off_in_parts() -> None:
    session = SessionFactory.create()
    GroupFactory.create_batch(
        reconcile._MOST + 20, session=session, last_snapshot_at=timezone.now() - timedelta(days=9)
    )
    assert sweep_stale_groups() == reconcile._MOST
    assert sweep_stale_groups() == 20
    assert sweep_stale_groups() == 0


@pytest.mark.parametrize("status", ["queued", "running"])
def test_a_sync_under_way_is_not_doubled(status: str) -> None:
    run = SyncRunFactory.create(group=group_synced(50), status=status)
    age([run.group])
    assert sweep_stale_groups() == 0


@pytest.mark.parametrize("status", ["failed", "suspicious"])
def test_one_that_did_not_succeed_is_tried_again_a_day_later_and_not_at_once(status: str) -> None:
    run = SyncRunFactory.create(group=group_synced(50), status=status)
    assert sweep_stale_groups() == 0
    age([run.group])
    assert sweep_stale_groups() == 1


def test_groups_that_no_connected_number_is_in_wait() -> None:
    away = SessionFactory.create(status="disconnected")
    group = group_synced(50, session=away)
    GroupSessionFactory.create(group=group, session=away)
    assert sweep_stale_groups() == 0
    other = SessionFactory.create(organization=away.organization)
    GroupSessionFactory.create(group=group, session=other)
    assert sweep_stale_groups() == 1


def test_parents_hold_nobody() -> None:
    announcement = group_synced(50, announcement=True)
    assert announcement.parent is not None
    age([announcement.parent])
    assert sweep_stale_groups() == 1
    assert queued() == {announcement.pk}


def test_it_can_be_switched_off(settings: Any) -> None:
    group_synced(50)
    settings.WHATSAPP_RECONCILE_HOURS = 0
    assert sweep_stale_groups() == 0


def test_it_costs_the_same_for_many_groups_as_for_one() -> None:
    session = SessionFactory.create()
    counts = []
    for number in (1, 30):
        GroupFactory.create_batch(number, session=session, last_snapshot_at=timezone.now() - timedelta(days=9))
        with CaptureQueriesContext(connection) as captured:
            assert sweep_stale_groups() == number
        counts.append(len(captured))
    assert counts[0] == counts[1]
