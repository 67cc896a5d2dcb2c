"""A reconcile with Clerk: one scan of all it has, compared with what is here."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now

from common.jobs import Job, JobQuerySet

_MOST_EXAMPLES = 100


class ReconcileRun(Job):
    """
    A reconcile: asked for, under way, and how it ended. At most one of a scope waits or works.

    `scope` is an organization's id, or empty for everything. `phase` and `cursor` are the checkpoint: what comes
    next. `began_at` is when the scan began (T0): what was written since is left alone. `totals` are what Clerk
    claimed first and last, `found` how many differences there were by class, `examples` some of each in words.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        SUSPICIOUS = "suspicious"
        FAILED = "failed"

    class Phase(models.TextChoices):
        PEOPLE = "people"
        ORGANIZATIONS = "organizations"
        MEMBERSHIPS = "memberships"
        REMOVALS = "removals"

    class Difference(models.TextChoices):
        """What was out of step."""

        PERSON_MISSING = "person_missing", "person missing here"
        PERSON_CHANGED = "person_changed", "person changed at Clerk"
        PERSON_GONE = "person_gone", "person deleted at Clerk"
        ORGANIZATION_MISSING = "organization_missing", "organization missing here"
        ORGANIZATION_CHANGED = "organization_changed", "organization changed at Clerk"
        ORGANIZATION_GONE = "organization_gone", "organization deleted at Clerk"
        MEMBERSHIP_MISSING = "membership_missing", "membership missing here"
        MEMBERSHIP_CHANGED = "membership_changed", "membership changed at Clerk"
        MEMBERSHIP_GONE = "membership_gone", "membership ended at Clerk"
        DELETED_HERE = "deleted_here", "deleted here for good, but listed by Clerk"
        UNREADABLE = "unreadable", "named nothing that can be read"

    class Doubt(models.TextChoices):
        """Why what Clerk did not list was not removed."""

        TOTAL_MOVED = "total_moved", "the lists were not as long as Clerk said, or changed while they were read"
        IMPLAUSIBLE = "implausible", "far more is gone than is plausible"

    #: Doubts that a person may overrule.
    CONFIRMABLE = frozenset({Doubt.IMPLAUSIBLE})
    UNDER_WAY = [Status.QUEUED, Status.RUNNING]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.TextField(blank=True, default="")
    is_dry_run = models.BooleanField("dry run", default=False)
    is_confirmed = models.BooleanField("removals confirmed", default=False)
    requested_by = models.TextField()
    status = models.TextField(choices=Status, default=Status.QUEUED)
    phase = models.TextField(choices=Phase, default=Phase.PEOPLE)
    cursor = models.TextField(blank=True, default="")
    began_at = models.DateTimeField(null=True, blank=True)
    totals = models.JSONField(default=dict, blank=True)
    found = models.JSONField(default=dict, blank=True)
    examples = models.JSONField(default=dict, blank=True)
    calls = models.PositiveIntegerField(default=0)
    fetched = models.PositiveIntegerField(default=0)
    doubts = ArrayField(models.TextField(choices=Doubt), default=list, blank=True)
    wait_reason = models.TextField(blank=True)
    error_code = models.TextField(blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "organization_reconcile_runs"
        verbose_name = "reconcile with Clerk"
        verbose_name_plural = "reconciles with Clerk"
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "is_dry_run"], condition=Q(status__in=["queued", "running"]),
                name="organization_reconcile_runs_one_under_way",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["status", "run_after"], name="organization_reconciles_due"),
            models.Index(fields=["-created_at"], name="organization_reconciles_newest"),
        ]

    def __str__(self) -> str:
        dry = "dry run, " if self.is_dry_run else ""
        return f"reconcile of {self.scope or 'everything'} ({dry}{self.status})"

    @property
    def doubt_texts(self) -> list[str]:
        """The doubts in words."""
        return [str(self.Doubt(doubt).label) for doubt in self.doubts]

    def note(self, difference: str, subjects: Iterable[str]) -> None:
        """Count differences of one class, and keep some of them in words."""
        named = list(subjects)
        if named:
            kept: list[str] = self.examples.setdefault(difference, [])
            kept += named[: _MOST_EXAMPLES - len(kept)]
            self.found[difference] = self.found.get(difference, 0) + len(named)

    def total(self, kind: str) -> list[int]:
        """What Clerk claimed: the first and the last total of a list."""
        return list(self.totals.get(kind, []))


class ReconcileSeenQuerySet(models.QuerySet["ReconcileSeen"]):
    """Remembering what Clerk listed."""

    def remember(self, run: ReconcileRun, kind: str, keys: Iterable[str]) -> None:
        """So much of a list was read; what is told twice counts once."""
        rows: list[Any] = [ReconcileSeen(run=run, kind=kind, key=key) for key in keys]
        self.bulk_create(rows, ignore_conflicts=True)

    def compare_by_hash(self) -> None:
        """
        Until the transaction ends, join by hashing: rows of this minute have no statistics yet, and the planner, who
        thinks them few, would compare each with each.
        """
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_nestloop = off")


class ReconcileSeen(models.Model):
    """An id that Clerk listed in a run that is under way: what is here and not among them may be gone."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(ReconcileRun, on_delete=models.CASCADE, related_name="seen", db_index=False)
    kind = models.TextField()
    key = models.TextField()

    objects = ReconcileSeenQuerySet.as_manager()

    class Meta:
        db_table = "organization_reconcile_seen"
        constraints = [
            models.UniqueConstraint(fields=["run", "kind", "key"], name="organization_reconcile_seen_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
