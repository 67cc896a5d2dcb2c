"""
Handling what the inbox holds.

A batch is one transaction, and each of its deliveries a savepoint: what a handler wrote and the mark that it is done
are there together or not at all. Which deliveries a batch is about to handle is written down before, and committed, so
that something is left when a worker is killed: the next drain finds it, and those deliveries are then handled one by
one. The one that kills its worker each time is alone with it, and ends as dead.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from common import tenancy
from common.jobs import backoff
from webhooks import sources, waking
from webhooks.models import Batch, Delivery, Outcome
from webhooks.sources import Event, Ignore, Invalid, Park

log = logging.getLogger(__name__)

Handlers = Mapping[str, Callable[[Event], None]]
Status = Delivery.Status

#: A batch this old whose row nobody holds was left by a dead worker; a younger one may be about to begin.
_ORPHAN_AFTER = timedelta(seconds=1)
#: Batches in a row of which nothing was left for us: somebody is changing those deliveries.
_MOST_MISSES = 3
#: A dead worker leaves a hundred suspects, most of them innocent: they came first, and must not wait for all others.
_SUSPECTS_PER_BATCH = 10
#: Payloads held at once; each may be as large as a request.
_LOADED_AT_ONCE = 10
_LONGEST_PAUSE = timedelta(hours=1)
_SHORTEST_PARKING = timedelta(seconds=10)
_LONGEST_PARKING = timedelta(minutes=30)


class RolledBack(Exception):
    """A handler marked its transaction for rollback and returned as if all were well."""


def drain(*, source: str, is_last_look: bool = False) -> int:
    """
    Handle everything that is due of `source`, or as much as there is time for; answers how many deliveries that was.

    One works at a time: whoever comes while another is at work leaves it to them. Afterwards one more look is due, for
    events whose wake-up was swallowed.
    """
    rules = sources.get(source)
    if rules is None:
        log.error("there is no source called %s", source)
        return 0
    deadline = time.monotonic() + settings.WEBHOOK_DRAIN_SECONDS
    _take_over_orphans()
    total = misses = 0
    while misses < _MOST_MISSES and (handled := _step(source, rules.handlers)) is not None:
        total += handled
        misses = 0 if handled else misses + 1
        if time.monotonic() > deadline:
            waking.start(source)
            return total
    if not is_last_look:
        waking.look_once_more(source)
    return total


def _step(source: str, handlers: Handlers) -> int | None:
    """One batch, then some suspects: neither keeps the other waiting. Answers how many; None when nothing is due."""
    handled = None
    for size, is_suspect in ((settings.WEBHOOK_BATCH_SIZE, False), *[(1, True)] * _SUSPECTS_PER_BATCH):
        batch = Batch.objects.claim(source, size=size, is_suspect=is_suspect)
        if batch:
            handled = (handled or 0) + _run(batch, handlers)
        elif is_suspect:
            break
    return handled


def _run(batch: Batch, handlers: Handlers) -> int:
    """
    Handle a batch in one transaction; answers how many deliveries were its own in the end.

    Whatever breaks the transaction as a whole (a deferred constraint at COMMIT, a deadlock, a lost connection) may be
    the fault of any of its deliveries: they become suspects, and are handled one by one.
    """
    try:
        with tenancy.system():
            _limit_waiting()
            outcomes = [_handle(delivery, handlers) for delivery in _take(batch)]
            Delivery.objects.conclude(outcomes)
    except Exception as error:
        log.exception("batch %s broke", batch)
        if not connection.in_atomic_block and not connection.is_usable():
            connection.close()
        _give_back(batch.pk, _in_words(error))
        return len(batch.delivery_ids)
    return len(outcomes)


def _limit_waiting() -> None:
    """
    For this transaction: others wait for the source until it ends.

    A lock that is not to be had fails the one delivery that wants it. A worker that hangs or cannot be reached any more
    loses its session, and then its batch.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LIMITS, [f"{settings.WEBHOOK_LOCK_SECONDS}s", f"{settings.WEBHOOK_IDLE_SECONDS}s"])


def _take(batch: Batch) -> Iterator[Delivery]:
    """
    The batch's deliveries, each locked as it comes; none if somebody believed us dead and took it over.

    By organization: what handlers lock of one they keep until the batch ends, and batches of other sources, which do
    the same, would wait for this one crosswise.
    """
    if not Batch.objects.filter(pk=batch.pk).delete()[0]:
        return iter(())
    chosen = Delivery.objects.due().filter(pk__in=batch.delivery_ids).select_for_update(skip_locked=True)
    return chosen.order_by("organization", "run_after", "pk").iterator(chunk_size=_LOADED_AT_ONCE)


def _handle(delivery: Delivery, handlers: Handlers) -> Outcome:
    """
    Run the handler in a savepoint, whatever it raises.

    Only a deadlock breaks the whole batch: what the deliveries before have locked would block the same others again.
    """
    handler = handlers.get(delivery.type)
    if handler is None:
        return Outcome(delivery.pk, Status.IGNORED, delivery.attempts, note="nobody handles this type")
    try:
        with transaction.atomic():
            handler(delivery.as_event())
            if connection.needs_rollback:
                raise RolledBack
    except Park as parking:
        _remember(delivery, parking.remember)
        return _parked(delivery, parking)
    except Ignore as ignoring:
        _remember(delivery, ignoring.remember)
        return Outcome(delivery.pk, Status.IGNORED, delivery.attempts, note=ignoring.reason)
    except Invalid as invalid:
        return Outcome(delivery.pk, Status.FAILED, delivery.attempts + 1, note=str(invalid))
    except Exception as error:
        if isinstance(error.__cause__, DeadlockDetected):
            raise
        log.warning("%s failed", delivery, exc_info=True)
        return _failed(delivery, _in_words(error))
    return Outcome(delivery.pk, Status.DONE, delivery.attempts)


def _parked(delivery: Delivery, parking: Park) -> Outcome:
    """Tried again ever later, the first time soon: what it waits for may be being made at this moment."""
    waited = timezone.now() - (delivery.parked_at or timezone.now())
    if waited > timedelta(days=settings.WEBHOOK_PARKED_DAYS):
        note = f"waited {waited.days} days for {parking.waits_for}: {parking.reason}"
        return Outcome(delivery.pk, Status.DEAD, delivery.attempts, note, parking.waits_for)
    pause = _jittered(min(max(waited / 2, _SHORTEST_PARKING), _LONGEST_PARKING))
    return Outcome(delivery.pk, Status.PARKED, 0, parking.reason, parking.waits_for, pause)


def _remember(delivery: Delivery, remember: Callable[[], object] | None) -> None:
    """What is to stay although the handler's writes are undone; without it, the delivery ends all the same."""
    if remember is None:
        return
    try:
        with transaction.atomic():
            remember()
    except Exception:
        log.exception("what is to stay of %s was not written", delivery)


def _failed(delivery: Delivery, note: str) -> Outcome:
    attempts = delivery.attempts + 1
    if attempts >= settings.WEBHOOK_MAX_ATTEMPTS:
        return Outcome(delivery.pk, Status.DEAD, attempts, note)
    base = timedelta(seconds=settings.WEBHOOK_RETRY_SECONDS)
    pause = _jittered(backoff(attempts, base=base, longest=_LONGEST_PAUSE))
    return Outcome(delivery.pk, Status.FAILED, attempts, note, pause=pause)


def _take_over_orphans() -> None:
    """Make suspects of what dead workers held."""
    old = Batch.objects.filter(started_at__lt=Now() - _ORPHAN_AFTER)
    with tenancy.system():
        orphans = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True))
    for pk in orphans:
        _give_back(pk, "its worker died while handling it")


def _give_back(batch_pk: int, note: str) -> None:
    """Let the deliveries of a batch that broke be handled alone; one that was alone already has failed."""
    with tenancy.system():
        batch = Batch.objects.filter(pk=batch_pk).select_for_update(skip_locked=True).first()
        if batch is None:
            return
        batch.delete()
        held = Delivery.objects.due().filter(pk__in=batch.delivery_ids).select_for_update()
        if len(batch.delivery_ids) > 1:
            held.update(is_suspect=True)
        else:
            Delivery.objects.conclude([replace(_failed(delivery, note), is_suspect=True) for delivery in held])


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip()


def _jittered(pause: timedelta) -> timedelta:
    """Up to a fifth more, so that what failed together does not come back together."""
    return pause * random.uniform(1.0, 1.2)


_LIMITS = "SELECT set_config('lock_timeout', %s, true), set_config('idle_in_transaction_session_timeout', %s, true)"
