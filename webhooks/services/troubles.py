"""What is wrong with the inbox right now, and the alarms that say so."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone

from webhooks import reasons
from webhooks.models import Delivery, RefusedCount
from webhooks.services.alarms import Trouble, settle_alarms

REFUSED, DEAD, FAILED, PARKED, WAITING = KINDS = (
    "webhooks_refused", "webhooks_dead", "webhooks_failed", "webhooks_parked", "webhooks_waiting",
)  # fmt: skip
_MOST_REASONS = 50
_MOST_NAMES = 3


def watch() -> None:
    """Open an alarm for each trouble, and close those whose cause is gone."""
    settle_alarms(kinds=KINDS, found=troubles())


def troubles() -> list[Trouble]:
    """What an operator should know of the inbox at this moment, by source."""
    return [*_refused(), *_stuck(), *_waiting()]


def _refused() -> Iterator[Trouble]:
    """Many since yesterday's midnight (UTC), and still going on: a sender whose secret differs does not stop."""
    now = timezone.now()
    recent = RefusedCount.objects.filter(day__gte=(now - timedelta(days=1)).date())
    counted = recent.values("source", "reason").annotate(total=Sum("number"), last=Max("last_at"))
    quiet = timedelta(hours=settings.WEBHOOK_ALARM_QUIET_HOURS)
    going_on = counted.filter(total__gte=settings.WEBHOOK_ALARM_REFUSED, last__gte=now - quiet).order_by("-total")
    for found in going_on[:_MOST_REASONS]:
        source, reason, number = found["source"], found["reason"], found["total"]
        subject = f"{_many(number, source)} refused since yesterday: {reasons.in_words(reason)}"
        yield Trouble(REFUSED, f"{source} {reason}", subject, reasons.advice(reason))


def _stuck() -> Iterator[Trouble]:
    """What ended without effect, keeps failing, or has waited for long."""
    failed = Q(status=Delivery.Status.FAILED)
    keeps_failing = failed & Q(run_after__isnull=False, attempts__gte=settings.WEBHOOK_ALARM_FAILED_ATTEMPTS)
    is_given_up = Q(status=Delivery.Status.DEAD) | failed & Q(run_after=None)
    not_done = [Delivery.Status.DEAD, Delivery.Status.FAILED, Delivery.Status.PARKED]
    sources = Delivery.objects.filter(status__in=not_done).order_by("source").values("source")
    counted = sources.annotate(
        dead=Count("pk", filter=is_given_up),
        failed=Count("pk", filter=keeps_failing),
        parked=Count("pk", filter=_parked_for_long()),
    )
    for found in counted:
        source = found["source"]
        if number := found["dead"]:
            advice = (
                "Open them in the admin (Webhooks, status dead, or failed without a next try), mend what their error "
                "says, and process them again."
            )
            yield Trouble(DEAD, source, f"{_many(number, source)} given up", advice)
        if number := found["failed"]:
            advice = "Their error is in the admin (Webhooks, status failed). They are tried again by themselves."
            yield Trouble(FAILED, source, f"{_many(number, source)} failing again and again", advice)
        if number := found["parked"]:
            yield Trouble(PARKED, source, f"{_many(number, source)} waiting for long", _what_is_missing(source))


def _parked_for_long() -> Q:
    long_ago = timezone.now() - timedelta(hours=settings.WEBHOOK_ALARM_PARKED_HOURS)
    return Q(status=Delivery.Status.PARKED, parked_at__lt=long_ago)


def _what_is_missing(source: str) -> str:
    parked = Delivery.objects.filter(_parked_for_long(), source=source).values("waits_for")
    missing = parked.annotate(number=Count("pk")).order_by("-number", "waits_for")
    names = [f"{found['waits_for']} ({found['number']:,})" for found in missing[: _MOST_NAMES + 1]]
    more = ", and others" if len(names) > _MOST_NAMES else ""
    days = settings.WEBHOOK_PARKED_DAYS
    return (
        f"They speak of what we do not know: {', '.join(names[:_MOST_NAMES])}{more}. Once it is here, they are handled "
        f"by themselves; after {days} days they are given up. If it is not ours, switch it off at the sender."
    )


def _waiting() -> Iterator[Trouble]:
    """Nobody handles what is due. The oldest counts, so that a burst is no trouble as long as it flows."""
    limit = timezone.now() - timedelta(seconds=settings.WEBHOOK_ALARM_WAIT_SECONDS)
    for source in settings.WEBHOOK_SOURCES:
        late = Delivery.objects.open().filter(source=source, run_after__lt=limit)
        oldest = late.order_by(F("run_after")).values_list("run_after", flat=True).first()
        if oldest:
            advice = (
                f"The oldest is due since {oldest:%Y-%m-%d %H:%M} UTC. See whether the workers of the queue `webhooks` "
                "run and what their log says; start more of them if they are merely busy."
            )
            yield Trouble(WAITING, source, f"Deliveries of {source} are not being handled", advice)


def _many(number: int, source: str) -> str:
    return f"1 delivery of {source} is" if number == 1 else f"{number:,} deliveries of {source} are"
