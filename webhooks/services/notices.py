"""Messages about alarms: rows of work, sent by a task, found again by a sweep."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from common.errors import DomainError
from common.jobs import SWEEP_GRACE, backoff, soon
from common.queue import enqueue
from webhooks.models import Alarm, Notice

log = logging.getLogger(__name__)

#: Longer than the longest call.
LEASE = timedelta(minutes=2)
#: Pauses of 30 s, doubling to an hour: given up after about 9 hours.
_MAX_FAILURES = 15
_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
_Status = Notice.Status


def tell(alarm: Alarm, news: Notice.News) -> None:
    """Queue one message for each channel that the settings have."""
    for channel in _channels():
        notice = Notice.objects.create(alarm=alarm, news=news, channel=channel, run_after=soon())
        _start(notice)


def _channels() -> list[str]:
    by_setting = {
        Notice.Channel.EMAIL: bool(settings.ALARM_EMAILS),
        Notice.Channel.WEBHOOK: bool(settings.ALARM_WEBHOOK_URL),
    }
    return [channel for channel, is_set in by_setting.items() if is_set]


def _start(notice: Notice, *, expires: timedelta | None = None) -> None:
    enqueue("webhooks.send_notice", expires=expires, notice_id=notice.pk, attempt=notice.attempt)


@transaction.atomic
def claim_notice(*, notice_id: int, attempt: int) -> Notice | None:
    """The message with a lease, its alarm loaded; None when somebody else has it or it has been sent."""
    waiting = Notice.objects.filter(status__in=[_Status.QUEUED, _Status.SENDING]).select_related("alarm")
    return waiting.claim(notice_id, attempt, lease=LEASE, status=_Status.SENDING)


@transaction.atomic
def notice_sent(*, notice: Notice) -> None:
    """It has arrived. :raises AttemptTaken: another attempt holds it"""
    notice = Notice.objects.held(notice)
    notice.status, notice.lease_until, notice.sent_at, notice.error = _Status.SENT, None, timezone.now(), ""
    notice.save(update_fields=["status", "lease_until", "sent_at", "error"])


@transaction.atomic
def notice_failed(*, notice: Notice, error: str, pause: timedelta | None = None) -> None:
    """It has not arrived: again after `pause`, or ever later. :raises AttemptTaken: another attempt holds it"""
    notice = Notice.objects.held(notice)
    notice.failures += 1
    notice.error, notice.lease_until = error, None
    if notice.failures >= _MAX_FAILURES:
        log.error("nobody could be told that alarm %s has %s: %s", notice.alarm_id, notice.news, error)
        notice.status, notice.run_after = _Status.FAILED, None
    else:
        pause = pause or backoff(notice.failures, base=_PAUSE, longest=_LONGEST_PAUSE)
        notice.status, notice.run_after = _Status.QUEUED, timezone.now() + pause
    notice.save(update_fields=["status", "failures", "error", "lease_until", "run_after"])


class NothingFailed(DomainError):
    """No message about the alarm was given up."""

    code = "nothing_failed"
    status = 409
    message = "No message about this alarm was given up."


@transaction.atomic
def send_again(*, alarm: Alarm) -> None:
    """Start the messages that were given up anew, with all of their tries. :raises NothingFailed: there are none"""
    notices = list(alarm.notices.select_for_update().filter(status=_Status.FAILED))
    if not notices:
        raise NothingFailed
    for notice in notices:
        notice.status, notice.failures, notice.error, notice.run_after = _Status.QUEUED, 0, "", soon()
        notice.save(update_fields=["status", "failures", "error", "run_after"])
        _start(notice)


@transaction.atomic
def sweep_notices() -> int:
    """Start what was left behind or is to be tried again. Answers how many."""
    due = Notice.objects.due(waiting=[_Status.QUEUED], working=[_Status.SENDING])
    notices = list(due.select_for_update(skip_locked=True).order_by("run_after")[:100])
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(run_after=timezone.now() + SWEEP_GRACE)
    for notice in notices:
        _start(notice, expires=SWEEP_GRACE)
    return len(notices)
