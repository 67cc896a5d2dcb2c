"""The inbox in the admin."""

import re
from typing import Any

import pytest
from django.conf import settings

from common.tests import admin_pages
from common.tests.admin_pages import act, press, staff, superuser, text_of, url
from webhooks import reasons
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
    assert "1 webhook will be processed again." in press(superuser(), "process_this_again", delivery)
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
    assert "Acknowledged by staff member" in text_of(client.get(url(Alarm, "change", two.pk)))
    assert not Alarm.objects.filter(closed_at=None, acknowledged_at=None).exists()


def test_an_alarm_s_page_says_who_was_told_and_why_not() -> None:
    alarm = AlarmFactory.create()
    client, address = superuser(), url(Alarm, "change", alarm.pk)
    assert "Nobody: neither ALARM_EMAILS nor ALARM_WEBHOOK_URL was set." in text_of(client.get(address))
    alarm.notices.create(news="opened", channel="email", status="failed", error="<b>refused</b>")
    assert "opened by e-mail: failed: <b>refused</b>" in text_of(client.get(address)).lower()


def test_messages_that_were_given_up_are_sent_again(django_capture_on_commit_callbacks: Any) -> None:
    alarm, well = AlarmFactory.create(closed_at="2026-01-01T00:00:00Z"), AlarmFactory.create()
    gone = alarm.notices.create(news="opened", channel="email", status="failed", failures=15, attempt=15, error="no")
    sent = alarm.notices.create(news="opened", channel="webhook", status="sent")
    well.notices.create(news="opened", channel="email", status="queued")
    client = superuser()
    assert "Send again" not in text_of(client.get(url(Alarm, "change", well.pk)))
    assert "Send again" in text_of(client.get(url(Alarm, "change", alarm.pk)))
    with django_capture_on_commit_callbacks() as callbacks:
        assert "1 alarm told again" in press(client, "send_this_again", alarm)
        said = act(client, "send_again", alarm, well)
    assert len(callbacks) == 1
    assert said.count("No message about this alarm was given up.") == 2
    gone.refresh_from_db()
    assert (gone.status, gone.failures, gone.error, gone.attempt) == ("queued", 0, "", 15)
    assert gone.run_after is not None
    sent.refresh_from_db()
    assert sent.status == "sent"


def test_who_may_only_look_cannot_send_again() -> None:
    alarm = AlarmFactory.create()
    alarm.notices.create(news="opened", channel="email", status="failed")
    client = staff("view_alarm")
    assert "Send again" not in text_of(client.get(url(Alarm, "change", alarm.pk)))
    client.post(url(Alarm, "send_this_again", alarm.pk))
    assert alarm.notices.get().status == "failed"


# --- refusals


def test_why_something_was_refused_is_said_in_words() -> None:
    counted = RefusedCountFactory.create(reason="wrong_signature")
    RefusedCountFactory.create(reason="error_KeyError")
    page = text_of(superuser().get(url(RefusedCount, "changelist")))
    assert "the signature is not one of our secret's" in page
    assert "our reader stumbled over it (KeyError)" in page
    assert "wrong_signature" not in page
    assert "Compare the secret" in text_of(superuser().get(url(RefusedCount, "change", counted.pk)))


def test_every_reason_that_a_source_gives_has_words() -> None:
    """Fails without a line of `_WORDS`."""
    files = [path for path in settings.BASE_DIR.glob("*/**/*.py") if "tests" not in path.parts]
    ours = [path for path in files if path.relative_to(settings.BASE_DIR).parts[0] in settings.INSTALLED_APPS]
    given = {reason for path in ours for reason in _REASON.findall(path.read_text())}
    assert {"wrong_signature", "not_json", "too_many_events"} <= given
    assert {reason for reason in given if reasons.in_words(reason) == reason.replace("_", " ")} == set()


#: `Refused(401, "…")` and `Unreadable("…")`.
_REASON = re.compile(r"(?:Refused\(\d+, |Unreadable\()\"(\w+)\"")


def test_the_side_bar_and_the_overview_count_what_is_open() -> None:
    AlarmFactory.create_batch(3)
    AlarmFactory.create(closed_at="2026-01-01T00:00:00Z")
    page = text_of(superuser().get("/admin/"))
    assert "Alarms 3" in page
    assert "Open alarms 3" in page
    assert "Open alarms" not in text_of(staff().get("/admin/"))
