"""Members are synced again by themselves: about once a day, each group at a time of its own."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common import tenancy
from whatsapp import tasks
from whatsapp.models import Group, GroupSession, SyncRun
from whatsapp.services import reconcile, sweep_stale_groups
from whatsapp.tests.factories import GroupFactory, GroupSessionFactory, SessionFactory, SyncRunFactory

pytestmark = pytest.mark.django_db


def group_synced(hours_ago: float, **facts: Any) -> Group:
    moment = timezone.now() - timedelta(hours=hours_ago)
    group: Group = GroupFactory.create(last_snapshot_at=moment, **facts)
    with tenancy.system():
        Group.objects.filter(pk=group.pk).update(created_at=moment)
    return group


def many(number: int, *, hours_ago: float = 200) -> QuerySet[Group]:
    """Groups of one session that were all synced at the same moment."""
    moment = timezone.now() - timedelta(hours=hours_ago)
    made = GroupFactory.create_batch(number, session=SessionFactory.create(), last_snapshot_at=moment)
    groups = Group.objects.filter(pk__in=[group.pk for group in made])
    with tenancy.system():
        groups.update(created_at=moment)
    return groups


def age(groups: Iterable[Group]) -> None:
    """Made, or tried, three days ago."""
    long_ago = timezone.now() - timedelta(days=3)
    with tenancy.system():
        aged = Group.objects.filter(pk__in=[group.pk for group in groups])
        aged.update(created_at=long_ago)
        aged.exclude(reconciled_at=None).update(reconciled_at=long_ago)


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
    groups = many(60, hours_ago=25.2)
    assert 10 < sweep_stale_groups() < 50
    with tenancy.system():
        long_ago = timezone.now() - timedelta(hours=26.5)
        groups.filter(reconciled_at=None).update(last_snapshot_at=long_ago, created_at=long_ago)
    sweep_stale_groups()
    assert len(queued()) == 60


def test_a_backlog_is_worked_off_in_parts() -> None:
    many(reconcile._MOST + 20)
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
    group = group_synced(50)
    assert sweep_stale_groups() == 1
    with tenancy.system():
        SyncRun.objects.update(status=status, finished_at=timezone.now())
    assert sweep_stale_groups() == 0
    age([group])
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
    counts = []
    for number in (1, 30):
        many(number)
        with CaptureQueriesContext(connection) as captured:
            assert sweep_stale_groups() == number
        counts.append(len(captured))
    assert counts[0] == counts[1]


def rows_read(table: str) -> int:
    """How many rows of a table, or entries of its indexes, this transaction has read so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid)), 0)"
            " FROM pg_class WHERE oid = %s::regclass OR oid IN"
            " (SELECT indexrelid FROM pg_index WHERE indrelid = %s::regclass)",
            [table, table],
        )
        return int(cursor.fetchone()[0])


def test_the_syncs_of_the_past_are_not_read() -> None:
    """Once a minute, over all organizations: what it reads follows what is due, not what there ever was."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # whatever the statistics say
    cost = []
    for past in (1000, 4000):
        groups = many(1)
        with tenancy.system():
            group = groups.get()
            ended = {"organization_id": group.organization_id, "group": group, "status": "done", "requested_by": "test"}
            SyncRun.objects.bulk_create(SyncRun(**ended) for _ in range(past))
            before = rows_read("whatsapp_sync_runs")
        assert sweep_stale_groups() == 1
        with tenancy.system():
            cost.append(rows_read("whatsapp_sync_runs") - before)
    assert max(cost) < 500


def test_a_group_that_is_being_changed_is_left_for_the_next_minute(transactional_db: None) -> None:
    group = group_synced(50)
    with ThreadPoolExecutor(1) as pool, tenancy.system():
        Group.objects.select_for_update().get(pk=group.pk)
        assert pool.submit(sweep_elsewhere).result(10) == 0
    assert sweep_stale_groups() == 1


def sweep_elsewhere() -> int:
    try:
        return sweep_stale_groups()
    finally:
        connection.close()


def test_an_announcement_group_that_shows_us_only_a_part_is_not_asked_for_again() -> None:
    """What the first list, or the list of groups, has shown need not be shown each day."""
    group = group_synced(50, announcement=True)
    own = GroupSessionFactory.create(group=group, session=group.session, is_admin=False)
    assert sweep_stale_groups() == 0
    with tenancy.system():
        GroupSession.objects.filter(pk=own.pk).update(is_admin=None)
    assert sweep_stale_groups() == 1


def test_another_number_that_is_its_admin_and_connected_is_enough() -> None:
    group = group_synced(50, announcement=True)
    assert group.session is not None
    GroupSessionFactory.create(group=group, session=group.session, is_admin=False)
    boss = SessionFactory.create(organization=group.organization, status="disconnected")
    GroupSessionFactory.create(group=group, session=boss)
    assert sweep_stale_groups() == 0
    with tenancy.system():
        boss.status = "connected"
        boss.save()
    assert sweep_stale_groups() == 1


def test_an_ordinary_group_shows_everybody_to_everybody() -> None:
    group = group_synced(50)
    GroupSessionFactory.create(group=group, session=group.session, is_admin=False)
    assert sweep_stale_groups() == 1
