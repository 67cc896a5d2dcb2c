"""Alarms: one for each cause, told once, closed when the cause is gone."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common import tenancy
from common.errors import DomainError
from common.jobs import AttemptTaken
from config import env
from webhooks import services, tasks
from webhooks.models import Alarm, Delivery, Notice
from webhooks.tests.conftest import Post, let_time_pass
from webhooks.tests.factories import AlarmFactory, DeliveryFactory, RefusedCountFactory
from webhooks.tests.mail import Receiver, mail_server, receiver
from webhooks.tests.source import event

pytestmark = pytest.mark.django_db


@pytest.fixture
def address(settings: Any) -> Iterator[Receiver]:
    """Where alarms are posted to."""
    with receiver() as found:
        settings.ALARM_WEBHOOK_URL = found.url
        yield found


def raised(subject: str = "Nobody answers", key: str = "a", **facts: str) -> Alarm:
    return services.raise_alarm(kind="test", key=key, subject=subject, detail="See the log.", **facts)


def send_all() -> None:
    """As a worker does, with whatever is queued."""
    Notice.objects.filter(status="queued").update(run_after=timezone.now() - timedelta(seconds=1), not_before=None)
    for notice in Notice.objects.filter(status="queued").order_by("pk"):
        tasks.send_notice(notice_id=notice.pk, attempt=notice.attempt)


def subjects() -> list[str]:
    """Of the alarms that are open."""
    return sorted(Alarm.objects.open().values_list("subject", flat=True))


# --- rows


def test_an_alarm_is_opened_once_and_freshened_as_often_as_its_cause_is_seen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = raised("1 is away", organization_id="org_a")
    before = Alarm.objects.get().last_seen_at
    assert raised("2 are away", organization_id="org_a").pk == first.pk
    alarm = Alarm.objects.get()
    assert (alarm.subject, alarm.organization, alarm.closed_at) == ("2 are away", "org_a", None)
    assert alarm.last_seen_at > before
    assert [record.getMessage() for record in caplog.records] == ["alarm opened: test: 1 is away"]


def test_the_database_holds_one_open_alarm_for_each_cause() -> None:
    AlarmFactory.create(kind="test", key="a")
    with pytest.raises(IntegrityError, match="alarms_one_open"), transaction.atomic():
        AlarmFactory.create(kind="test", key="a")
    AlarmFactory.create(kind="test", key="a", closed_at=timezone.now())
    AlarmFactory.create(kind="test", key="b")


def test_an_alarm_is_closed_and_a_new_cause_opens_a_new_one(caplog: pytest.LogCaptureFixture) -> None:
    raised()
    assert services.close_alarm(kind="test", key="a")
    assert not services.close_alarm(kind="test", key="a")
    assert not services.close_alarm(kind="test", key="other")
    assert "alarm closed: test: Nobody answers" in [record.getMessage() for record in caplog.records]
    raised("Again")
    assert subjects() == ["Again"]
    assert Alarm.objects.count() == 2


def test_an_alarm_can_be_raised_and_closed_in_work_for_one_organization() -> None:
    with tenancy.tenant("org_a"):
        raised(organization_id="org_a")
        assert services.close_alarm(kind="test", key="a")


def test_an_alarm_of_work_that_is_undone_is_undone_with_it(address: Receiver) -> None:
    with pytest.raises(ValueError, match="late"), tenancy.tenant("org_a"):
        raised()
        raise ValueError("late")
    assert not Alarm.objects.exists()
    assert not Notice.objects.exists()


def test_acknowledging_keeps_the_first_name_and_needs_an_open_alarm() -> None:
    alarm = raised()
    services.acknowledge_alarm(alarm=alarm, by="staff:1")
    services.acknowledge_alarm(alarm=alarm, by="staff:2")
    alarm.refresh_from_db()
    assert (alarm.acknowledged_by, alarm.closed_at) == ("staff:1", None)
    services.close_alarm(kind="test", key="a")
    with pytest.raises(DomainError, match="closed already"):
        services.acknowledge_alarm(alarm=alarm, by="staff:1")


def test_alarms_that_closed_long_ago_are_pruned_with_their_messages(address: Receiver) -> None:
    raised()
    services.close_alarm(kind="test", key="a")
    raised()
    Alarm.objects.update(opened_at="2020-01-01T00:00:00Z")
    Alarm.objects.filter(closed_at__isnull=False).update(closed_at="2020-01-01T00:00:00Z")
    services.prune(older_than=timedelta(days=90))
    assert subjects() == ["Nobody answers"]
    assert Notice.objects.count() == 1


# --- telling


def test_without_addresses_nobody_is_told() -> None:
    raised()
    assert not Notice.objects.exists()


def test_an_alarm_is_told_to_both_channels_after_commit_and_so_is_its_end(
    address: Receiver, settings: Any, mailoutbox: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.ALARM_EMAILS = ["ops@example.com", "boss@example.com"]
    with django_capture_on_commit_callbacks() as callbacks:
        raised("2 deliveries\nare refused", organization_id="org_a")
        raised("3 deliveries are refused", organization_id="org_a")
    assert len(callbacks) == 2
    send_all()
    with django_capture_on_commit_callbacks():
        services.close_alarm(kind="test", key="a")
    send_all()
    send_all()
    assert [mail.subject for mail in mailoutbox] == [
        "[Rollcall] 3 deliveries are refused",
        "[Rollcall] Over: 3 deliveries are refused",
    ]
    assert mailoutbox[0].to == ["ops@example.com", "boss@example.com"]
    assert "See the log." in mailoutbox[0].body
    assert "Organization: org_a" in mailoutbox[0].body
    assert "over since" in mailoutbox[1].body
    opened, closed = address.posts
    assert (opened["news"], opened["subject"], opened["closed_at"]) == ("opened", "3 deliveries are refused", None)
    assert (closed["news"], closed["organization_id"], closed["alarm_id"]) == ("closed", "org_a", opened["alarm_id"])
    assert len(set(address.keys)) == 2
    assert set(Notice.objects.values_list("status", "failures")) == {("sent", 0)}


def test_a_message_reaches_a_real_mail_server(settings: Any) -> None:
    with mail_server() as (port, messages):
        for name, value in env.email(f"smtp://127.0.0.1:{port}").items():
            setattr(settings, name, value)
        settings.ALARM_EMAILS = ["ops@example.com"]
        raised()
        send_all()
    assert "Subject: [Rollcall] Nobody answers" in messages[0]
    assert "To: ops@example.com" in messages[0]
    assert "Auto-Submitted: auto-generated" in messages[0]
    assert Notice.objects.get().status == "sent"


@pytest.mark.parametrize("channel", ["email", "webhook"])
def test_who_cannot_be_reached_is_tried_again_ever_later_and_the_row_says_why(settings: Any, channel: str) -> None:
    nowhere = {"email": ["ops@example.com"], "webhook": "http://127.0.0.1:9/"}
    setattr(settings, {"email": "ALARM_EMAILS", "webhook": "ALARM_WEBHOOK_URL"}[channel], nowhere[channel])
    for name, value in env.email("smtp://127.0.0.1:9").items():
        setattr(settings, name, value)
    raised()
    for pause in (30, 60, 120):
        before = timezone.now()
        send_all()
        notice = Notice.objects.get()
        assert notice.run_after is not None
        assert before <= notice.run_after - timedelta(seconds=pause) <= timezone.now()
    assert (notice.status, notice.failures, notice.lease_until) == ("queued", 3, None)
    assert "refused" in notice.error


def test_in_the_end_a_message_is_given_up_and_the_log_says_so(
    address: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    address.answers = [500]
    raised()
    for _ in range(20):
        send_all()
    notice = Notice.objects.get()
    assert (notice.status, notice.failures, notice.run_after) == ("failed", 15, None)
    assert "nobody could be told" in caplog.text
    assert len(address.posts) == 15


def test_a_message_that_was_given_up_is_sent_again_with_all_of_its_tries_and_under_its_own_name(
    address: Receiver,
) -> None:
    address.answers = [500]
    alarm = raised()
    for _ in range(15):
        send_all()
    late = Notice.objects.get()
    services.send_again(alarm=alarm)
    send_all()
    assert (Notice.objects.get().status, Notice.objects.get().failures) == ("queued", 1)
    address.answers = [200]
    send_all()
    assert Notice.objects.get().status == "sent"
    tasks.send_notice(notice_id=late.pk, attempt=late.attempt)
    assert (len(address.posts), len(set(address.keys))) == (17, 1)
    with pytest.raises(DomainError, match="given up"):
        services.send_again(alarm=alarm)


def test_an_address_that_asks_for_patience_gets_it(address: Receiver) -> None:
    address.answers = [429, 200]
    raised()
    before = timezone.now()
    send_all()
    notice = Notice.objects.get()
    assert notice.run_after is not None
    assert before <= notice.run_after - timedelta(seconds=77) <= timezone.now()
    send_all()
    assert Notice.objects.get().status == "sent"
    assert len(set(address.keys)) == 1


def test_a_channel_that_was_switched_off_meanwhile_says_so(address: Receiver, settings: Any) -> None:
    raised()
    settings.ALARM_WEBHOOK_URL = ""
    send_all()
    assert Notice.objects.get().error == "ALARM_WEBHOOK_URL is empty"


def test_a_task_that_is_delivered_twice_sends_once(address: Receiver) -> None:
    raised()
    notice = Notice.objects.get()
    for _ in range(2):
        tasks.send_notice(notice_id=notice.pk, attempt=0)
    assert len(address.posts) == 1


def test_the_sweep_starts_what_nobody_announced_and_what_a_dead_worker_held(
    address: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    raised()
    assert services.sweep_notices() == 0
    Notice.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks() as callbacks:
        tasks.sweep_notices()
        assert services.sweep_notices() == 0
    assert len(callbacks) == 1
    notice = Notice.objects.get()
    assert services.claim_notice(notice_id=notice.pk, attempt=0) is not None
    assert services.sweep_notices() == 0
    Notice.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.sweep_notices() == 1


def test_a_worker_that_wakes_up_late_writes_nothing(address: Receiver) -> None:
    raised()
    notice = Notice.objects.get()
    late = services.claim_notice(notice_id=notice.pk, attempt=0)
    assert late is not None
    Notice.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    tasks.send_notice(notice_id=notice.pk, attempt=1)
    with pytest.raises(AttemptTaken):
        services.notice_failed(notice=late, error="late")
    assert Notice.objects.get().status == "sent"


# --- what is watched


def test_f05_a_sender_whose_secret_differs_raises_an_alarm_that_closes_itself(post: Post, settings: Any) -> None:
    """Fails without `yield Trouble(REFUSED, …)` in `troubles._refused`."""
    settings.WEBHOOK_ALARM_REFUSED = 5
    for _ in range(4):
        assert post(event("e1"), headers={"X-Signature": "0" * 64}).status_code == 401
    tasks.watch()
    assert subjects() == []
    assert post(event("e1"), headers={"X-Signature": "0" * 64}).status_code == 401
    tasks.watch()
    tasks.watch()
    alarm = Alarm.objects.get()
    assert alarm.subject == "5 deliveries of test are refused since yesterday: the signature is not one of our secret's"
    assert "Compare the secret" in alarm.detail
    hours = timedelta(hours=settings.WEBHOOK_ALARM_QUIET_HOURS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE webhook_refused_counts SET last_at = %s", [timezone.now() - hours])
    tasks.watch()
    assert subjects() == []
    post(event("e1"), headers={"X-Signature": "0" * 64})
    tasks.watch()
    assert Alarm.objects.open().count() == 1


def test_refusals_of_the_day_before_yesterday_are_forgotten() -> None:
    today = timezone.now().date()
    RefusedCountFactory.create(reason="a", day=today - timedelta(days=2), number=1000)
    assert services.troubles() == []
    RefusedCountFactory.create(reason="a", day=today - timedelta(days=1), number=15)
    RefusedCountFactory.create(reason="a", day=today, number=15)
    RefusedCountFactory.create(reason="b", day=today, number=15)
    assert [trouble.key for trouble in services.troubles()] == ["test a"]


def test_dead_and_failing_and_parked_deliveries_raise_alarms_that_say_what_to_do() -> None:
    now, later = timezone.now(), timezone.now() + timedelta(hours=1)
    DeliveryFactory.create()
    DeliveryFactory.create(status="failed", run_after=None)
    DeliveryFactory.create(status="failed", attempts=5, run_after=later)
    DeliveryFactory.create(status="failed", attempts=4, run_after=later)
    for number in range(5):
        DeliveryFactory.create(
            status="parked", run_after=later, parked_at=now - timedelta(days=2), waits_for=f"group:{number}"
        )
    DeliveryFactory.create(status="parked", run_after=later, parked_at=now, waits_for="group:new")
    tasks.watch()
    assert subjects() == [
        "1 delivery of test is failing again and again",
        "2 deliveries of test are given up",
        "5 deliveries of test are waiting for long",
    ]
    parked = Alarm.objects.get(kind="webhooks_parked")
    assert "group:0 (1), group:1 (1), group:2 (1), and others" in parked.detail
    services.process_again(deliveries=Delivery.objects.all())
    tasks.watch()
    assert subjects() == []


def test_an_inbox_that_nobody_empties_raises_an_alarm(post: Post, settings: Any) -> None:
    post(event("e1"))
    tasks.watch()
    assert subjects() == []
    let_time_pass()
    tasks.watch()
    assert subjects() == ["Deliveries of test are not being handled"]
    tasks.drain(source="test")
    tasks.watch()
    assert subjects() == []


def test_alarms_of_others_are_left_alone_by_the_inbox_s_watch() -> None:
    raised()
    tasks.watch()
    assert subjects() == ["Nobody answers"]


def test_watching_costs_the_same_whatever_is_in_the_inbox() -> None:
    later = timezone.now() + timedelta(hours=1)
    parked = {"status": "parked", "run_after": later, "parked_at": timezone.now() - timedelta(days=2)}
    DeliveryFactory.create(**parked, waits_for="group:1")
    few = _queries()
    DeliveryFactory.create_batch(30, **parked, waits_for="group:2")
    RefusedCountFactory.create_batch(10, number=1)
    assert _queries() == few


def _queries() -> int:
    with CaptureQueriesContext(connection) as captured:
        services.troubles()
    return len(captured)


def test_watching_writes_one_line_of_log_at_open_and_one_at_close(caplog: pytest.LogCaptureFixture) -> None:
    DeliveryFactory.create()
    for _ in range(3):
        tasks.watch()
    Delivery.objects.all().delete()
    for _ in range(3):
        tasks.watch()
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert lines == [
        "alarm opened: webhooks_dead: 1 delivery of test is given up",
        "alarm closed: webhooks_dead: 1 delivery of test is given up",
    ]
