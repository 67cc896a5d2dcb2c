"""What may be done to the inbox: wake what waits, handle again, sweep, prune."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common import tenancy
from webhooks import waking
from webhooks.models import Alarm, Delivery, RefusedCount

_BATCH = 1000
#: Told how many more rows were done.
Progress = Callable[[int], object]


def unpark(*, waits_for: str) -> int:
    """
    What was parked for `waits_for` is there now: handle those deliveries once this transaction commits.

    Answers how many. To be called by whoever makes the thing, in the transaction that makes it. A delivery that is
    being tried at this very moment is passed over, rather than waited for; its own schedule tries it again.
    """
    with tenancy.system():
        parked = Delivery.objects.filter(status=Delivery.Status.PARKED, waits_for=waits_for)
        locked = dict(parked.select_for_update(skip_locked=True).values_list("pk", "source"))
        Delivery.objects.filter(pk__in=locked).reopen()
        _wake_after_commit(locked.values())
    return len(locked)


def process_again(*, deliveries: QuerySet[Delivery], progress: Progress = lambda _: None) -> int:
    """
    Handle `deliveries` once more, whatever became of them; answers how many.

    Those that are being handled, or wait for their first time, are left alone. In batches of one transaction each.
    """
    number = 0
    for keys in _in_batches(deliveries.exclude(status=Delivery.Status.RECEIVED)):
        with tenancy.system():
            chosen = Delivery.objects.filter(pk__in=keys).exclude(status=Delivery.Status.RECEIVED)
            locked = dict(chosen.select_for_update(skip_locked=True).values_list("pk", "source"))
            Delivery.objects.filter(pk__in=locked).reopen()
            _wake_after_commit(locked.values())
        number += len(locked)
        progress(len(keys))
    return number


def prunable(*, older_than: timedelta) -> QuerySet[Delivery]:
    """Deliveries that have ended and came longer ago than that."""
    return Delivery.objects.filter(run_after=None, received_at__lt=timezone.now() - older_than)


def prune(*, older_than: timedelta, progress: Progress = lambda _: None) -> int:
    """
    Delete old deliveries that have ended, old counts of refused ones and old alarms; answers how many deliveries.

    A sender that repeats a deleted one is believed to say something new. In batches of one transaction each.
    """
    number = 0
    for keys in _in_batches(prunable(older_than=older_than)):
        deleted, _ = Delivery.objects.filter(pk__in=keys, run_after=None).delete()
        number += deleted
        progress(len(keys))
    limit = timezone.now() - older_than
    RefusedCount.objects.filter(day__lt=limit.date()).delete()
    Alarm.objects.filter(closed_at__lt=limit).delete()
    return number


def erase_deliveries(*, names: Collection[str]) -> int:
    """
    Empty the deliveries whose payload has one of `names` as a whole text, in any case; answers how many.

    What had not been handled yet never will be.
    """
    texts = [json.dumps(name, ensure_ascii=False).lower() for name in names]
    with tenancy.system():
        return Delivery.objects.erase(texts)


def sweep() -> list[str]:
    """Wake the drain of each source that has something due: nobody announced it, or it is to be tried again."""
    due = [source for source in settings.WEBHOOK_SOURCES if Delivery.objects.filter(source=source).due().exists()]
    for source in due:
        waking.wake(source)
    return due


def _in_batches(deliveries: QuerySet[Delivery]) -> Iterator[list[int]]:
    """Their keys, upwards, each once although the rows may change in between."""
    keys: list[int] = []
    while True:
        later = deliveries.filter(pk__gt=keys[-1]) if keys else deliveries
        keys = list(later.order_by("pk").values_list("pk", flat=True)[:_BATCH])
        if not keys:
            return
        yield keys


def _wake_after_commit(names: Iterable[str]) -> None:
    for source in set(names):
        transaction.on_commit(partial(waking.wake, source), robust=True)
