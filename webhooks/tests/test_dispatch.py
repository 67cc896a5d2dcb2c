"""What becomes of what was kept."""

import random
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AppUser
from common import tenancy
from webhooks import dispatch, services
from webhooks.models import Batch, Delivery
from webhooks.tests.conftest import Post, let_time_pass, only, people, queued
from webhooks.tests.source import event

pytestmark = pytest.mark.django_db


def drain() -> int:
    """As a worker does."""
    return dispatch.drain(source="test")


def mend() -> None:
    """`person.failing` works from now on."""
    with tenancy.system():
        AppUser.objects.filter(pk="broken").delete()


def test_an_event_is_handled_once_however_often_it_comes(post: Post) -> None:
    for _ in range(3):
        post(event("e1"))
        drain()
    done = only()
    assert (done.status, done.run_after, people()) == ("done", None, ["e1"])
    assert done.handled_at is not None


def test_events_are_handled_in_the_order_in_which_they_came(post: Post) -> None:
    keys = [f"e{number}" for number in range(20)]
    random.shuffle(keys)
    for key in keys:
        post(event(key))
    assert drain() == 20
    written = sorted(AppUser.objects.values_list("pk", flat=True), key=lambda pk: int(pk.split("#")[1]))
    assert [pk.split("#")[0] for pk in written] == keys


def test_an_event_of_a_type_that_nobody_handles_is_ignored(post: Post) -> None:
    post(event("e1", "never.heard"))
    drain()
    assert (only().status, only().error) == ("ignored", "nobody handles this type")


def test_a_handler_may_ignore_an_event_with_a_reason_and_its_writes_are_undone(post: Post) -> None:
    post(event("e1", "person.ignored"))
    drain()
    assert (only().status, only().error, people()) == ("ignored", "nothing to do", [])


def test_f32_an_event_whose_handler_fails_is_kept_tried_again_and_seen(post: Post) -> None:
    """Fails without `except Exception` in `dispatch._handle`, which notes the error outside of the savepoint."""
    AppUser.objects.create(pk="broken")
    assert post(event("e1", "person.failing")).status_code == 200
    drain()
    failed = only()
    assert (failed.status, failed.attempts, failed.error) == ("failed", 1, "ValueError: the handler� broke")
    assert failed.run_after is not None
    assert timedelta(seconds=8) < failed.run_after - timezone.now() < timedelta(seconds=13)
    assert people() == []
    assert drain() == 0
    mend()
    let_time_pass()
    drain()
    done = only()
    assert (done.status, done.attempts, done.error, people()) == ("done", 1, "", ["e1"])


def test_f32_an_event_that_fails_too_often_is_dead_and_can_be_replayed(post: Post, settings: Any) -> None:
    """Fails without `services.process_again`."""
    AppUser.objects.create(pk="broken")
    post(event("e1", "person.failing"))
    for _ in range(settings.WEBHOOK_MAX_ATTEMPTS):
        let_time_pass()
        assert drain() == 1
    assert (only().status, only().attempts, only().run_after) == ("dead", 10, None)
    assert [trouble.kind for trouble in services.troubles()] == ["webhooks_dead"]
    mend()
    assert services.process_again(deliveries=Delivery.objects.all()) == 1
    drain()
    assert (only().status, only().attempts, people()) == ("done", 0, ["e1"])


def test_pauses_double_up_to_an_hour_and_differ(post: Post) -> None:
    post(event("e1"))
    pauses = []
    for attempts in range(9):
        outcome = dispatch._failed(Delivery(pk=1, attempts=attempts), "")
        assert outcome.pause is not None
        pauses.append(outcome.pause.total_seconds())
    for attempts, pause in enumerate(pauses):
        assert min(10 * 2**attempts, 3600) <= pause <= min(10 * 2**attempts, 3600) * 1.2
    assert len({dispatch._failed(Delivery(pk=1, attempts=1), "").pause for _ in range(5)}) == 5


def test_one_that_fails_does_not_disturb_the_others_of_its_batch(post: Post) -> None:
    AppUser.objects.create(pk="broken")
    post(event("e1"), event("e2", "person.failing"), event("e3"), event("e4", "person.undone"), event("e5"))
    drain()
    statuses = dict(Delivery.objects.values_list("dedupe_key", "status"))
    assert statuses == {"e1": "done", "e2": "failed", "e3": "done", "e4": "failed", "e5": "done"}
    assert sorted(people()) == ["e1", "e3", "e5"]


def test_what_waits_for_somebody_unknown_is_parked_and_placed_when_they_appear(
    post: Post, django_capture_on_commit_callbacks: Any
) -> None:
    post(event("e1", "person.waiting", **{"for": "ada"}), event("e2", "person.waiting", **{"for": "bob"}))
    drain()
    parked = Delivery.objects.get(dedupe_key="e1")
    assert (parked.status, parked.waits_for, parked.error) == ("parked", "ada", "this person is not known yet")
    assert people() == []
    AppUser.objects.create(pk="ada")
    before = len(queued())
    with django_capture_on_commit_callbacks(execute=True):
        assert services.unpark(waits_for="ada") == 1
    assert len(queued()) >= before
    assert services.unpark(waits_for="ada") == 0
    drain()
    assert dict(Delivery.objects.values_list("dedupe_key", "status")) == {"e1": "done", "e2": "parked"}
    assert people() == ["e1"]


def test_what_is_parked_is_tried_by_itself_soon_at_first_and_then_ever_later(post: Post) -> None:
    post(event("e1", "person.waiting", **{"for": "ada"}))
    drain()
    pauses = []
    for waited in (timedelta(0), timedelta(minutes=10), timedelta(days=2)):
        Delivery.objects.update(parked_at=timezone.now() - waited, run_after=timezone.now())
        drain()
        run_after = only().run_after
        assert run_after is not None
        pauses.append((run_after - timezone.now()).total_seconds())
    assert 9 < pauses[0] < 13
    assert 290 < pauses[1] < 370
    assert 1790 < pauses[2] < 2170
    AppUser.objects.create(pk="ada")
    let_time_pass()
    drain()
    assert (only().status, only().parked_at, people()) == ("done", None, ["e1"])


def test_what_nothing_appears_for_is_given_up_after_the_days_of_the_setting(post: Post) -> None:
    post(event("e1", "person.waiting", **{"for": "ada"}))
    drain()
    Delivery.objects.update(parked_at=timezone.now() - timedelta(days=8), run_after=timezone.now())
    drain()
    assert only().status == "dead"
    assert only().error == "waited 8 days for ada: this person is not known yet"


def test_parking_forgives_failures(post: Post) -> None:
    post(event("e1", "person.waiting", **{"for": "ada"}))
    Delivery.objects.update(attempts=5)
    drain()
    assert (only().status, only().attempts) == ("parked", 0)


@pytest.mark.django_db(transaction=True)
def test_one_that_breaks_the_commit_of_its_batch_fails_alone(post: Post) -> None:
    """A deferred constraint speaks up at COMMIT, when nobody can say whose fault it is."""
    post(event("e1"), event("e2", "person.too_late"), event("e3"))
    drain()
    assert dict(Delivery.objects.values_list("dedupe_key", "status")) == {"e1": "done", "e2": "failed", "e3": "done"}
    assert "IntegrityError" in Delivery.objects.get(dedupe_key="e2").error
    assert (people(), Batch.objects.count()) == (["e1", "e3"], 0)
    assert Delivery.objects.filter(is_suspect=True).get().dedupe_key == "e2"


@pytest.mark.django_db(transaction=True)
def test_one_that_loses_the_connection_fails_alone(post: Post) -> None:
    post(event("e1"), event("e2", "connection.lost"), event("e3"))
    drain()
    assert dict(Delivery.objects.values_list("dedupe_key", "status")) == {"e1": "done", "e2": "failed", "e3": "done"}
    assert people() == ["e1", "e3"]


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_a_dead_worker_left_is_taken_over_one_by_one(post: Post) -> None:
    post(*(event(f"e{number}") for number in range(5)))
    claimed = Batch.objects.claim("test", size=3, is_suspect=False)
    assert claimed is not None
    assert drain() == 2
    Batch.objects.update(started_at="2020-01-01T00:00:00Z")
    assert drain() == 3
    assert set(Delivery.objects.values_list("status", "is_suspect", "attempts")) == {("done", False, 0)}
    assert sorted(people()) == [f"e{number}" for number in range(5)]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_believed_dead_and_wakes_up_does_nothing(post: Post) -> None:
    post(event("e1"), event("e2"))
    batch = Batch.objects.claim("test", size=10, is_suspect=False)
    assert batch is not None
    Batch.objects.update(started_at="2020-01-01T00:00:00Z")
    dispatch._take_over_orphans()
    assert dispatch._take(batch) == []
    drain()
    assert people() == ["e1", "e2"]


@pytest.mark.django_db(transaction=True)
def test_drains_side_by_side_share_the_work_and_do_nothing_twice(post: Post, settings: Any) -> None:
    settings.WEBHOOK_BATCH_SIZE = 7
    for start in range(0, 300, 100):
        post(*(event(f"e{number}") for number in range(start, start + 100)))

    def work() -> None:
        try:
            drain()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    drain()
    assert Delivery.objects.filter(status="done").count() == 300
    assert sorted(people()) == sorted(f"e{number}" for number in range(300))
    assert not Batch.objects.exists()


def test_a_drain_without_time_leaves_the_rest_to_another(post: Post, settings: Any) -> None:
    settings.WEBHOOK_BATCH_SIZE, settings.WEBHOOK_DRAIN_SECONDS = 2, -1
    post(*(event(f"e{number}") for number in range(5)))
    before = len(queued())
    assert drain() == 2
    assert len(queued()) == before + 1
    assert Delivery.objects.due().count() == 3


def test_a_drain_of_a_source_that_is_gone_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert dispatch.drain(source="gone") == 0
    assert "no source called gone" in caplog.text


def test_the_claim_of_a_batch_does_not_read_what_is_done(post: Post) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM webhook_deliveries WHERE source = 'test'"
            " AND status IN ('received', 'failed', 'parked') AND run_after <= now() ORDER BY run_after, id LIMIT 100"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "webhook_deliveries_due" in plan
    assert "Sort" not in plan
