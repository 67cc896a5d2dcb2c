"""
Rows that stand for work.

Work is claimed by a conditional UPDATE with a lease longer than its longest call. Whoever claims gets the number of
the attempt, and may write its end only while that number still stands: a worker that was thought dead and wakes up
late writes nothing. A sweep takes over what has expired and starts what was left behind.
"""

from datetime import datetime, timedelta
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils import timezone

#: How long a sweep leaves a row alone after a task for it was started.
GRACE = timedelta(seconds=15)
#: The same for a task that a sweep started, which expires then: a backlog is not doubled.
SWEEP_GRACE = timedelta(seconds=60)
_Job = TypeVar("_Job", bound="Job")


class JobQuerySet(models.QuerySet[_Job]):
    """Claiming and finding work."""

    def claim(self, pk: UUID | int, attempt: int, *, lease: timedelta, **changes: Any) -> _Job | None:
        """
        The row with `changes`, leased to the caller; None when it is not to be had.

        `attempt` is what the row counted when the task was started: a task delivered twice claims once.
        """
        now = timezone.now()
        is_free = Q(lease_until=None) | Q(lease_until__lt=now)
        may_start = Q(not_before=None) | Q(not_before__lte=now)
        claimed = self.filter(is_free, may_start, pk=pk, attempt=attempt).update(
            attempt=attempt + 1, lease_until=now + lease, run_after=None, not_before=None, **changes
        )
        return self.get(pk=pk) if claimed else None

    def due(self, *, waiting: list[str], working: list[str]) -> Self:
        """What should run now: waiting rows whose time has come, and working rows whose worker is gone."""
        now = timezone.now()
        is_ripe = Q(run_after__lt=now)
        is_orphan = Q(lease_until__lt=now) & (is_ripe | Q(run_after=None))
        return self.filter(Q(status__in=waiting) & is_ripe | Q(status__in=[*waiting, *working]) & is_orphan)

    def held(self, job: _Job) -> _Job:
        """
        The row locked for writing the end of the attempt `job`.

        :raises AttemptTaken: another attempt holds it, or it is gone
        """
        found = (
            self.select_for_update(of=("self",))
            .filter(pk=job.pk, attempt=job.attempt, lease_until__isnull=False)
            .first()
        )
        if found is None:
            raise AttemptTaken
        return found


class AttemptTaken(Exception):
    """The attempt that speaks no longer holds the row: its end is not written."""


class Job(models.Model):
    """
    A piece of work.

    `attempt` counts claims, `failures` the passing faults in a row, `run_after` is when a sweep may start it (None:
    not by itself), `not_before` when anybody may, `lease_until` how long its worker is believed to be alive.
    """

    attempt = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    run_after = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_leased(self) -> bool:
        """Whether a worker is at it."""
        return self.lease_until is not None and self.lease_until > timezone.now()


def soon() -> datetime:
    """When a sweep may take over a row whose task is being started now."""
    return timezone.now() + GRACE


def backoff(times: int, *, base: timedelta, longest: timedelta) -> timedelta:
    """How long to wait after the `times`-th time: doubling from `base`, never over `longest`."""
    doublings = min(max(times - 1, 0), 20)
    return min(base * (1 << doublings), longest)
