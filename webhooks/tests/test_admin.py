"""The inbox in the admin."""

from typing import Any

import pytest

from common.tests import admin_pages
from common.tests.admin_pages import act, press, staff, superuser, text_of, url
from webhooks.models import Alarm, Delivery, RefusedCount
from webhooks.tests.factories import AlarmFactory, DeliveryFactory, RefusedCountFactory

pytestmark = pytest.mark.django_db

MODELS = [
    (Delivery, DeliveryFactory.create),
    (RefusedCount, RefusedCountFactory.create),
    (Alarm, AlarmFactory.create),
]


@pytest.mark.parametrize(("model", "make"), MODELS)
def test_a_list_costs_the_same_with_30_rows_as_with_3(model: type[Delivery], make: Any) -> None:
    admin_pages.check_list(model, make)


@pytest.mark.parametrize("make", [make for _, make in MODELS])
def test_a_row_has_its_page(make: Any) -> None:
    admin_pages.check_row(make())


@pytest.mark.parametrize("model", [model for model, _ in MODELS])
def test_rights_are_respected(model: type[Delivery]) -> None:
    admin_pages.check_rights(model)


@pytest.mark.parametrize(
    "query",
    [
        "status__exact=dead",
        "source=test",
        "type=person.joined",
        "received_at__gte=2026-01-01+00%3A00%3A00%2B00%3A00",
        "q=key1",
        "source=gone",
    ],
)
def test_the_list_is_filtered(query: str) -> None:
    DeliveryFactory.create()
    assert superuser().get(f"{url(Delivery, 'changelist')}?{query}").status_code == 200


def test_a_payload_is_shown_as_text_whatever_is_in_it() -> None:
    delivery = DeliveryFactory.create(payload={"name": "<script>alert(1)</script>", "list": [1, {"deep": "é"}]})
    page = superuser().get(url(Delivery, "change", delivery.pk)).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "é" in page


def test_a_selection_is_processed_again_and_counted() -> None:
    dead, done = DeliveryFactory.create(), DeliveryFactory.create(status="done")
    waiting = DeliveryFactory.create(status="received", run_after="2026-01-01T00:00:00Z")
    said = act(superuser(), "process_again", dead, done, waiting)
    assert "2 of 3 will be processed again; 1 were waiting already." in said
    assert set(Delivery.objects.values_list("status", flat=True)) == {"received"}


def test_one_is_processed_again_from_its_page() -> None:
    delivery = DeliveryFactory.create()
    assert "1 delivery will be processed again." in press(superuser(), "process_this_again", delivery)
    delivery.refresh_from_db()
    assert delivery.status == "received"


def test_who_may_only_look_finds_no_button() -> None:
    delivery = DeliveryFactory.create()
    client = staff("view_delivery")
    assert "Process again" not in text_of(client.get(url(Delivery, "change", delivery.pk)))
    act(client, "process_again", delivery)
    delivery.refresh_from_db()
    assert delivery.status == "dead"
    assert "Process again" in text_of(staff("view_delivery", "change_delivery").get(url(Delivery, "changelist")))


def test_the_list_says_what_is_wrong() -> None:
    DeliveryFactory.create()
    RefusedCountFactory.create(number=1234)
    page = text_of(superuser().get(url(Delivery, "changelist")))
    assert "1,234 deliveries of test are refused since yesterday" in page
    assert "1 delivery of test is given up" in page


# --- alarms


def test_open_alarms_stand_first_and_are_filtered() -> None:
    AlarmFactory.create(subject="Long over", closed_at="2026-01-01T00:00:00Z")
    AlarmFactory.create(subject="Still open")
    AlarmFactory.create(subject="Just over", closed_at="2026-02-01T00:00:00Z")
    AlarmFactory.create(subject="Known", acknowledged_at="2026-02-01T00:00:00Z")
    client, address = superuser(), url(Alarm, "changelist")
    page = text_of(client.get(address))
    assert page.index("Still open") < page.index("Known") < page.index("Just over") < page.index("Long over")
    assert "Long over" not in text_of(client.get(address, {"state": "open"}))
    assert "Known" not in text_of(client.get(address, {"state": "new"}))
    assert "Still open" not in text_of(client.get(address, {"state": "closed"}))
    assert "Still open" in text_of(client.get(address, {"kind": "test", "q": "open"}))


def test_an_alarm_is_acknowledged_from_the_list_and_on_its_page() -> None:
    one, two, over = AlarmFactory.create(), AlarmFactory.create(), AlarmFactory.create(closed_at="2026-01-01T00:00:00Z")
    client = superuser()
    said = act(client, "acknowledge", one, over)
    assert "1 alarm acknowledged" in said
    assert f"{over}: This alarm is closed already" in said
    assert "1 alarm acknowledged" in press(client, "acknowledge_this", two)
    assert "staff:" in text_of(client.get(url(Alarm, "change", two.pk)))
    assert not Alarm.objects.filter(closed_at=None, acknowledged_at=None).exists()


def test_an_alarm_s_page_says_who_was_told_and_why_not() -> None:
    alarm = AlarmFactory.create()
    client, address = superuser(), url(Alarm, "change", alarm.pk)
    assert "Nobody: neither ALARM_EMAILS nor ALARM_WEBHOOK_URL was set." in text_of(client.get(address))
    alarm.notices.create(news="opened", channel="email", status="failed", error="<b>refused</b>")
    assert "opened by e-mail: failed: <b>refused</b>" in text_of(client.get(address)).lower()


def test_the_side_bar_and_the_overview_count_what_is_open() -> None:
    AlarmFactory.create_batch(3)
    AlarmFactory.create(closed_at="2026-01-01T00:00:00Z")
    page = text_of(superuser().get("/admin/"))
    assert "Alarms 3" in page
    assert "Open alarms 3" in page
    assert "Open alarms" not in text_of(staff().get("/admin/"))
