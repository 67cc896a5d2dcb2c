"""What becomes of what was kept."""

import json
import random
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.models import AppUser
from common import tenancy
from common.tests.processes import wait_until
from webhooks import dispatch, services
from webhooks.cleaning import Row
from webhooks.models import Batch, Delivery
from webhooks.tests import source as sources
from webhooks.tests.conftest import Post, let_time_pass, only, people, queued
from webhooks.tests.source import event

pytestmark = pytest.mark.django_db


def drain() -> int:
    """As a worker does."""
    return dispatch.drain(source="test")


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    """Begin `work` on a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def ask(cursor: CursorWrapper, question: str) -> Any:
    """The one value that a query answers."""
    cursor.execute(question)
    return cursor.fetchone()[0]


_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


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
    random.Random(7).shuffle(keys)
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


def test_what_is_to_stay_of_an_ignored_event_stays_and_does_no_harm_when_it_cannot(post: Post) -> None:
    post(event("e1", "person.ignored", remember="alive"))
    drain()
    assert people() == ["alive"]
    post(event("e2", "person.ignored", remember="alive"))
    drain()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"ignored"}
    assert people() == ["alive"]


def test_what_is_to_stay_of_a_parked_event_stays_though_its_writes_are_undone(post: Post) -> None:
    """Fails without `_remember` in the branch of `Park` in `dispatch._handle`."""
    post(event("e1", "person.waiting", **{"for": "missing"}, remember="alive"))
    drain()
    assert (only().status, only().waits_for, people()) == ("parked", "missing", ["alive"])


def test_an_event_that_its_handler_finds_wrong_has_failed_for_good_until_a_person_says_again(post: Post) -> None:
    """Fails without the branch of `Invalid` in `dispatch._handle`: it would be tried ten times."""
    post(event("e1", "person.invalid"))
    drain()
    failed = only()
    assert (failed.status, failed.run_after, failed.attempts) == ("failed", None, 1)
    assert failed.error == "name: This is too short. This is no name. age: This is missing."
    assert people() == []
    assert services.process_again(deliveries=Delivery.objects.all()) == 1
    assert drain() == 1
    assert (only().status, only().run_after) == ("failed", None)


def test_f32_an_event_whose_handler_fails_is_kept_tried_again_and_seen(post: Post) -> None:
    """Fails without `except Exception` in `dispatch._handle`, which notes the error outside of the savepoint."""
    AppUser.objects.create(pk="broken")
    before = timezone.now()
    assert post(event("e1", "person.failing")).status_code == 200
    drain()
    failed = only()
    assert (failed.status, failed.attempts, failed.error) == ("failed", 1, "ValueError: the handler� broke")
    assert failed.run_after is not None
    assert failed.handled_at is None
    assert timedelta(seconds=10) <= failed.run_after - before <= timezone.now() - before + timedelta(seconds=12)
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
        before = timezone.now()
        Delivery.objects.update(parked_at=before - waited, run_after=before)
        drain()
        run_after = only().run_after
        assert run_after is not None
        pauses.append((run_after - before).total_seconds())
    assert 10 <= pauses[0] < 60
    assert 300 <= pauses[1] < 420
    assert 1800 <= pauses[2] < 2220
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
    assert drain() == 0
    Batch.objects.update(started_at="2020-01-01T00:00:00Z")
    assert drain() == 5
    assert set(Delivery.objects.values_list("status", "is_suspect", "attempts")) == {("done", False, 0)}
    assert sorted(people()) == [f"e{number}" for number in range(5)]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_believed_dead_and_wakes_up_does_nothing(post: Post) -> None:
    post(event("e1"), event("e2"))
    batch = Batch.objects.claim("test", size=10, is_suspect=False)
    assert batch is not None
    Batch.objects.update(started_at="2020-01-01T00:00:00Z")
    dispatch._take_over_orphans()
    assert list(dispatch._take(batch)) == []
    drain()
    assert people() == ["e1", "e2"]


@pytest.mark.django_db(transaction=True)
def test_drains_side_by_side_do_nothing_twice_and_never_wait_for_each_other(post: Post, settings: Any) -> None:
    """Two batches at once would lock the same five things in different orders, and each deadlock costs a second."""
    settings.WEBHOOK_BATCH_SIZE = 7
    for start in range(0, 300, 100):
        post(*(event(f"e{number}", "locks.taken", lock=number * 3 % 5) for number in range(start, start + 100)))

    threads = [in_a_thread(drain) for _ in range(4)]
    for thread in threads:
        thread.join(60)
    drain()
    assert set(Delivery.objects.values_list("status", "attempts")) == {("done", 0)}
    assert sorted(people()) == sorted(f"e{number}" for number in range(300))
    assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_source_s_second_batch_waits_for_its_first_and_another_source_s_does_not(post: Post) -> None:
    post(*(event(f"e{number}") for number in range(5)))
    Delivery.objects.filter(dedupe_key="e4").update(source="other")
    first = Batch.objects.claim("test", size=2, is_suspect=False)
    assert first is not None
    assert Batch.objects.claim("test", size=2, is_suspect=False) is None
    assert Batch.objects.claim("other", size=2, is_suspect=False) is not None
    with transaction.atomic():
        assert len(list(dispatch._take(first))) == 2
        claimed: list[Batch | None] = []
        second = in_a_thread(lambda: claimed.append(Batch.objects.claim("test", size=2, is_suspect=False)))
        second.join(5)
        assert claimed == [None]


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_with_somebody_else_fails_no_delivery(post: Post) -> None:
    """Fails without `DeadlockDetected` in `dispatch._handle`: each further delivery would run into the same others."""
    post(event("e1", "locks.taken", lock=1), event("e2", "locks.taken", lock=2), event("e3", "locks.taken", lock=2))
    holds_two = threading.Event()

    def stand_in_the_way() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(2)")
            holds_two.set()
            wait_until(lambda: ask(cursor, _WAITING), "the drain")
            cursor.execute("SELECT pg_advisory_xact_lock(1)")

    other = in_a_thread(stand_in_the_way)
    assert holds_two.wait(10)
    drain()
    other.join(10)
    assert sorted(Delivery.objects.values_list("dedupe_key", "status", "attempts")) == [
        ("e1", "done", 0), ("e2", "done", 0), ("e3", "done", 0),
    ]  # fmt: skip
    assert people() == ["e1", "e2", "e3"]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_hangs_loses_its_batch_and_others_go_on(post: Post, settings: Any) -> None:
    """Fails without `_limit_waiting` in `dispatch._run`: the source would stand still as long as the handler does."""
    settings.WEBHOOK_IDLE_SECONDS = 0.3
    post(event("e1", "person.slow", seconds=4), event("e2"))
    hanging = in_a_thread(lambda: dispatch._step("test", sources.SOURCE.handlers))
    wait_until(Batch.objects.exists, "the batch")
    time.sleep(1.2)
    drain()
    assert dict(Delivery.objects.values_list("dedupe_key", "is_suspect")) == {"e1": True, "e2": False}
    assert people() == ["e2"]
    hanging.join(10)
    assert people() == ["e2"]


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_not_to_be_had_fails_one_delivery(post: Post, settings: Any) -> None:
    settings.WEBHOOK_LOCK_SECONDS = 0.2
    post(event("e1"), event("e2", "locks.taken", lock=7), event("e3"))
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7)")
            is_held.set()
            is_over.wait(10)

    holder = in_a_thread(hold)
    assert is_held.wait(10)
    drain()
    is_over.set()
    holder.join(10)
    assert dict(Delivery.objects.values_list("dedupe_key", "status")) == {"e1": "done", "e2": "failed", "e3": "done"}
    assert people() == ["e1", "e3"]


def test_suspects_do_not_wait_for_everybody_else(post: Post, settings: Any) -> None:
    settings.WEBHOOK_BATCH_SIZE, settings.WEBHOOK_DRAIN_SECONDS = 5, -1
    post(*(event(f"e{number}") for number in range(30)))
    Delivery.objects.filter(dedupe_key__in=[f"e{number}" for number in range(12)]).update(is_suspect=True)
    assert drain() == 15
    assert Delivery.objects.filter(status="done", handled_at__isnull=False).count() == 15
    assert Delivery.objects.due().filter(is_suspect=True).count() == 2


def test_a_batch_of_large_payloads_is_not_held_at_once(post: Post) -> None:
    """Fails without `iterator(chunk_size=…)` in `dispatch._take`."""
    numbers = list(range(8_000))
    rows = [Row("test", "person.joined", f"e{key}", json.dumps({"all": numbers}), None, "") for key in range(100)]
    Delivery.objects.store(rows)
    tracemalloc.start()
    try:
        assert drain() == 100
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * len(rows[0].payload)


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
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")  # whatever the statistics say
        cursor.execute(
            "EXPLAIN SELECT id FROM webhook_deliveries WHERE source = 'test'"
            " AND status IN ('received', 'failed', 'parked') AND run_after <= now() ORDER BY run_after, id LIMIT 100"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "webhook_deliveries_due" in plan
    assert "Sort" not in plan
