"""The page of what waits, why, and when it goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.tests.admin_pages import staff, superuser, text_of
from webhooks.tests.factories import DeliveryFactory
from whatsapp.tests.factories import GroupFactory, SessionFactory, SyncRunFactory
from workshops.tests.factories import CommunityFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/waiting"


def soon() -> Any:
    return timezone.now() + timedelta(minutes=7)


def said(client: Client | None = None) -> str:
    return text_of((client or superuser()).get(ADDRESS))


def test_when_nothing_waits_the_page_says_so_of_each() -> None:
    CommunityFactory.create(status="ready")
    SyncRunFactory.create(status="done")
    DeliveryFactory.create(status="done")
    SessionFactory.create()
    assert said().count("Nothing waits.") == 4


@pytest.mark.parametrize(
    ("facts", "when"),
    [
        ({"status": "queued", "run_after": None}, "when a person says so"),
        ({"status": "waiting", "run_after": None}, "when its session is connected"),
        ({"status": "skipped", "run_after": None}, "when a person says so"),
        ({"status": "unknown", "run_after": timezone.now()}, "now"),
        ({"status": "creating", "lease_until": timezone.now() + timedelta(hours=1)}, "a worker is at it"),
    ],
)
def test_a_community_is_shown_with_its_reason_and_when_it_goes_on(facts: dict[str, Any], when: str) -> None:
    community = CommunityFactory.create(reason="The very reason.", **facts)
    page = said()
    assert f"{community.organization}" in page
    assert "The very reason." in page
    assert f"The very reason. {when}" in page


def test_what_goes_on_by_itself_says_at_which_time() -> None:
    at = soon()
    CommunityFactory.create(status="waiting", reason="Slow down.", run_after=at)
    assert f"{at:%H:%M}" in said()


def test_syncs_that_are_queued_are_shown() -> None:
    SyncRunFactory.create(status="queued", wait_reason="WhatsApp asks us to slow down.", run_after=soon())
    run = SyncRunFactory.create(status="queued", run_after=timezone.now())
    page = said()
    assert "WhatsApp asks us to slow down." in page
    assert f"{run.group}" in page
    assert "It is in line. now" in page


def test_parked_and_failed_deliveries_are_counted_by_what_they_wait_for() -> None:
    later = soon()
    DeliveryFactory.create_batch(3, status="parked", waits_for="whatsapp session main wa_1", run_after=later)
    DeliveryFactory.create(status="parked", waits_for="<b>group</b>", run_after=later)
    DeliveryFactory.create(status="failed", run_after=later)
    DeliveryFactory.create(status="received", run_after=timezone.now())
    DeliveryFactory.create(source="other", status="failed", run_after=None)
    client = superuser()
    page = said(client)
    assert "1 of other Failed It failed: see its error." in page
    assert "when a person says so" in page
    assert "3 of test Parked whatsapp session main wa_1" in page
    assert "1 of test Failed It failed: see its error." in page
    assert "1 of test Received It is in line." in page
    assert "<b>group</b>" not in client.get(ADDRESS).content.decode()


def test_sessions_that_are_away_slowed_down_or_spaced_are_shown(settings: Any) -> None:
    settings.WHATSAPP_CREATE_SPACING_SECONDS = 600
    SessionFactory.create(label="Away", status="disconnected", status_reason="its phone is off")
    SessionFactory.create(label="Slow", groups_reason="WhatsApp asks us to slow down.", groups_not_before=soon())
    SessionFactory.create(label="Spaced", last_create_at=timezone.now())
    SessionFactory.create(label="Well")
    page = said()
    assert "its phone is off when it is connected" in page
    assert "WhatsApp asks us to slow down." in page
    assert "numbers that create many quickly are banned" in page
    assert "Well" not in page


def _parked() -> None:
    DeliveryFactory.create(status="parked", run_after=soon(), waits_for=f"group:{timezone.now()}")


MAKERS: list[Callable[[], object]] = [
    lambda: CommunityFactory.create(status="waiting"),
    lambda: SyncRunFactory.create(status="queued", group=GroupFactory.create()),
    lambda: SessionFactory.create(status="disconnected"),
    _parked,
]


def test_the_page_costs_the_same_for_many_rows_as_for_few_and_shows_the_first() -> None:
    client = superuser()
    counts = []
    for number in (2, 58):
        for make in MAKERS:
            for _ in range(number):
                make()
        with CaptureQueriesContext(connection) as captured:
            page = said(client)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12
    assert page.count("See them all") == 4


def test_one_sees_what_one_may_see() -> None:
    for make in MAKERS:
        make()
    page = said(staff("view_syncrun"))
    assert "Member syncs" in page
    assert "Communities" not in page
    assert "waiting for" not in page.lower()
    assert Client().get(ADDRESS).status_code == 302
