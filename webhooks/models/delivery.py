"""One event that somebody sent us, and what became of it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.indexes import BrinIndex
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now

from webhooks.cleaning import Row, text
from webhooks.sources import Event

_MAX_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How handling one delivery ended. `pause`: until it is tried again, None: never; `is_suspect`: tried alone."""

    pk: int
    status: str
    attempts: int
    note: str = ""
    waits_for: str = ""
    pause: timedelta | None = None
    is_suspect: bool = False


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Reading and writing the inbox. All times are the database's."""

    def store(self, rows: Sequence[Row]) -> None:
        """Keep what is not there yet, in one statement."""
        values = [value for row in rows for value in _columns(row)]
        with connection.cursor() as cursor:
            cursor.execute(_STORE.format(", ".join([_VALUES] * len(rows))), values)

    def store_failed(self, row: Row, reason: Exception) -> None:
        """Keep what nobody will be able to handle, with the reason; a repeat changes nothing."""
        failed = Delivery(
            source=row.source, type=row.type, dedupe_key=row.dedupe_key, payload=json.loads(row.payload),
            occurred_at=row.occurred_at, organization=row.organization, status=Delivery.Status.FAILED, run_after=None,
            error=text(str(reason))[:_MAX_TEXT],
        )  # fmt: skip
        self.bulk_create([failed], ignore_conflicts=True)

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        """Write how the handling of each ended, in one statement."""
        if outcomes:
            columns = [list(column) for column in zip(*map(_ending, outcomes), strict=True)]
            with connection.cursor() as cursor:
                cursor.execute(_CONCLUDE, columns)

    def open(self) -> Self:
        """What is still to be handled, now or later."""
        return self.filter(status__in=Delivery.OPEN)

    def due(self) -> Self:
        """What is to be handled now."""
        return self.open().filter(run_after__lte=Now())

    def reopen(self) -> int:
        """Let them be handled as if they had just come, a suspect still alone; answers how many."""
        return self.update(
            status=Delivery.Status.RECEIVED, attempts=0, waits_for="", error="",
            run_after=Now(), parked_at=None, handled_at=None,
        )  # fmt: skip

    def erase(self, texts: Sequence[str]) -> int:
        """Empty those whose payload has one of these in it, in small letters as JSON writes them; answers how many."""
        with connection.cursor() as cursor:
            cursor.execute(_ERASE, [list(texts)])
            return int(cursor.rowcount)


def _columns(row: Row) -> Iterable[str | datetime | None]:
    return row.source, row.type, row.dedupe_key, row.payload, row.occurred_at, row.organization


def _ending(outcome: Outcome) -> Iterable[object]:
    note, waits_for = text(outcome.note)[:_MAX_TEXT], text(outcome.waits_for)[:_MAX_TEXT]
    return outcome.pk, outcome.status, outcome.attempts, note, waits_for, outcome.pause, outcome.is_suspect


class Delivery(models.Model):
    """
    An event in the inbox. It has no organization of its own: the inbox is the login's and the system's.

    `run_after` is when it may be handled (None: it has ended, or failed in a way that time does not heal). `attempts`
    counts tries in a row that failed.
    `is_suspect`: it was in a batch whose worker died, so it is handled alone. `organization` is what the source knew.
    """

    class Status(models.TextChoices):
        RECEIVED = "received"
        DONE = "done"
        IGNORED = "ignored"
        PARKED = "parked"
        FAILED = "failed"
        DEAD = "dead"

    OPEN = [Status.RECEIVED, Status.FAILED, Status.PARKED]

    id = models.BigAutoField(primary_key=True)
    source = models.TextField()
    type = models.TextField()
    dedupe_key = models.TextField()
    payload = models.JSONField()
    organization = models.TextField(db_column="organization_id", blank=True, db_default="")
    occurred_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    status = models.TextField(choices=Status, db_default=Status.RECEIVED)
    run_after = models.DateTimeField(null=True, blank=True, db_default=Now())
    attempts = models.PositiveIntegerField(db_default=0)
    is_suspect = models.BooleanField(db_default=False)
    waits_for = models.TextField(blank=True, db_default="")
    parked_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, db_default="")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name = "webhook"
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key", "source"], name="webhook_deliveries_once"),
            models.CheckConstraint(
                condition=Q(status__in=["received", "parked"], run_after__isnull=False)
                | Q(status__in=["done", "ignored", "dead"], run_after=None)
                | Q(status="failed"),
                name="webhook_deliveries_open_or_ended",
            ),
        ]
        indexes = [
            models.Index(
                fields=["source", "run_after", "id"], condition=Q(status__in=["received", "failed", "parked"]),
                name="webhook_deliveries_due",
            ),
            models.Index(fields=["waits_for"], condition=Q(status="parked"), name="webhook_deliveries_parked"),
            models.Index(
                fields=["status", "id"], condition=Q(status__in=["ignored", "failed", "parked", "dead"]),
                name="webhook_deliveries_not_done",
            ),
            BrinIndex(fields=["received_at"], name="webhook_deliveries_received"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.source} {self.type} {self.pk}"

    def as_event(self) -> Event:
        """What its handler gets."""
        return Event(
            type=self.type, dedupe_key=self.dedupe_key, payload=self.payload, occurred_at=self.occurred_at,
            organization_id=self.organization, received_at=self.received_at,
        )  # fmt: skip


_VALUES = "(%s, %s, %s, %s, %s, %s)"
#: Not out of unnest(): it would cost twice as much, and most requests hold one event.
_STORE = """
INSERT INTO webhook_deliveries (source, type, dedupe_key, payload, occurred_at, organization_id)
VALUES {} ON CONFLICT (dedupe_key, source) DO NOTHING
"""
_ERASE = """
UPDATE webhook_deliveries SET payload = '{"erased": true}', error = '', waits_for = '', run_after = NULL,
  status = CASE WHEN status IN ('received', 'failed', 'parked') THEN 'ignored' ELSE status END
WHERE EXISTS (SELECT FROM unnest(%s::text[]) AS name WHERE strpos(lower(payload::text), name) > 0)
"""
#: clock_timestamp(), because a batch may have taken its time.
_CONCLUDE = """
UPDATE webhook_deliveries AS delivery SET
  status = outcome.status, attempts = outcome.attempts, error = outcome.note, waits_for = outcome.waits_for,
  is_suspect = outcome.is_suspect, run_after = clock_timestamp() + outcome.pause,
  parked_at = CASE WHEN outcome.status = 'parked' THEN coalesce(parked_at, clock_timestamp()) END,
  handled_at = CASE WHEN outcome.pause IS NULL THEN clock_timestamp() END
FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::text[], %s::text[], %s::interval[], %s::boolean[])
     AS outcome (id, status, attempts, note, waits_for, pause, is_suspect)
WHERE delivery.id = outcome.id
"""
