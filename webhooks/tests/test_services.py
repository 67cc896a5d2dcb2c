"""Sweeping, replaying in batches, counting what is wrong, and counting what was refused."""

import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common import tenancy
from webhooks import refusals, services, tasks, waking
from webhooks.models import Delivery, RefusedCount
from webhooks.tests.absent import no_database, no_redis
from webhooks.tests.conftest import Post, queued
from webhooks.tests.factories import DeliveryFactory
from webhooks.tests.source import event

pytestmark = pytest.mark.django_db


def test_the_sweep_wakes_a_source_whose_events_nobody_announced(post: Post, settings: Any) -> None:
    with no_redis(settings):
        post(event("e1"))
    assert queued() == []
    tasks.sweep()
    assert len(queued()) == 1


def test_the_sweep_leaves_alone_what_is_not_due() -> None:
    later = timezone.now() + timedelta(minutes=1)
    DeliveryFactory.create(status="failed", run_after=later)
    DeliveryFactory.create(status="parked", run_after=later)
    DeliveryFactory.create(status="dead")
    assert services.sweep() == []
    Delivery.objects.filter(status="failed").update(run_after=timezone.now())
    assert services.sweep() == ["test"]


def test_more_than_a_batch_is_processed_again_in_several() -> None:
    Delivery.objects.bulk_create(DeliveryFactory.build_batch(2100))
    told: list[int] = []
    assert services.process_again(deliveries=Delivery.objects.all(), progress=told.append) == 2100
    assert told == [1000, 1000, 100]
    assert Delivery.objects.due().count() == 2100


def test_what_is_being_handled_is_not_touched_and_not_waited_for(transactional_db: None) -> None:
    held, free = DeliveryFactory.create(), DeliveryFactory.create()
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Delivery.objects.select_for_update().get(pk=held.pk)
            holding.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(20)
    assert services.process_again(deliveries=Delivery.objects.all()) == 1
    done.set()
    thread.join()
    assert Delivery.objects.get(status="received").pk == free.pk


def test_unparking_inside_a_tenant_s_transaction_is_undone_with_it() -> None:
    DeliveryFactory.create(status="parked", waits_for="group:1", run_after=timezone.now())
    with pytest.raises(ValueError, match="late"), tenancy.tenant("org_a"):
        assert services.unpark(waits_for="group:1") == 1
        raise ValueError("late")
    assert Delivery.objects.get().status == "parked"


def test_a_flood_of_refusals_is_one_statement_and_one_line_of_log(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.WEBHOOK_REFUSED_WRITE_SECONDS = 3600
    with CaptureQueriesContext(connection) as written:
        for _ in range(1000):
            refusals.count("test", "wrong_signature")
        assert len(written) == 0
        refusals.write()
        refusals.write()
    assert len(written) == 1
    assert RefusedCount.objects.get().number == 1000
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_reasons_without_end_are_counted_together(settings: Any) -> None:
    settings.WEBHOOK_REFUSED_WRITE_SECONDS = 3600
    for number in range(1000):
        refusals.count("test", f"reason {number}\0" + "x" * 1000)
    refusals.write()
    assert RefusedCount.objects.count() == refusals._MOST_KINDS + 1
    assert RefusedCount.objects.get(reason="others").number == 1000 - refusals._MOST_KINDS


def test_counts_survive_a_database_that_is_away(transactional_db: None) -> None:
    with no_database() as phone:
        refusals.count("test", "wrong_signature")
    assert phone.calls
    refusals.count("test", "wrong_signature")
    assert RefusedCount.objects.get().number == 2


def test_counts_are_written_by_a_thread_of_their_own(transactional_db: None, settings: Any) -> None:
    settings.WEBHOOK_REFUSED_WRITE_SECONDS = 0.05
    for _ in range(3):
        refusals.count("test", "wrong_signature")
    timer = refusals._timer
    assert timer is not None
    timer.join(10)
    assert RefusedCount.objects.get().number == 3


def test_a_wake_up_that_was_swallowed_is_made_up_for_by_a_last_look(post: Post) -> None:
    tasks.drain(source="test", is_last_look=False)
    (message,) = queued_for_later()
    assert "'is_last_look': True" in message
    tasks.drain(source="test", is_last_look=True)
    assert len(queued_for_later()) == 1


def queued_for_later() -> list[str]:
    """The arguments of messages that are not to be handled at once."""
    return [message["headers"]["kwargsrepr"] for message in queued() if message["headers"]["eta"]]


def test_the_last_look_comes_after_everything_that_was_kept_quiet() -> None:
    begun = datetime.now(UTC)
    waking.look_once_more("test")
    (message,) = queued()
    assert (datetime.fromisoformat(message["headers"]["eta"]) - begun).total_seconds() >= waking.WINDOW + waking.QUIET


@pytest.mark.parametrize("path", ["webhooks.nowhere.SOURCE", "webhooks.tests.source.SECRET", "nonsense"])
def test_a_source_that_cannot_be_used_is_named_by_the_checks(settings: Any, path: str) -> None:
    assert [found.id for found in run_checks() if found.id == "webhooks.E001"] == []
    settings.WEBHOOK_SOURCES = {"broken": path}
    (found,) = [found for found in run_checks() if found.id == "webhooks.E001"]
    assert "broken" in found.msg
