"""One sync of one group's members."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.jobs import Job, JobQuerySet
from common.tenancy.models import TenantModel, tenant_unique


class SyncRun(TenantModel, Job):
    """
    A sync: asked for, under way, and how it ended. At most one per group is under way.

    `doubts` says why a snapshot was not believed; a person may confirm some of them, which makes a new run with
    those in `confirmed_doubts`. `wait_reason` says what a queued run waits for.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        SUSPICIOUS = "suspicious"
        FAILED = "failed"

    class Doubt(models.TextChoices):
        EMPTY = "empty", "the list is empty"
        TOTAL_MISMATCH = "total_mismatch", "the list is not as long as its own total"
        OWN_NUMBER_MISSING = "own_number_missing", "our own number is not in the list"
        NOT_ADMIN = "not_admin", "our number is no admin there and sees only a part: make it an admin in WhatsApp"
        IMPLAUSIBLE_FALL = "implausible_fall", "far fewer people than before"

    #: Doubts that a person may overrule. An empty or mismatched list is never applied.
    CONFIRMABLE = frozenset({Doubt.OWN_NUMBER_MISSING, Doubt.NOT_ADMIN, Doubt.IMPLAUSIBLE_FALL})
    UNDER_WAY = [Status.QUEUED, Status.RUNNING]

    group = models.ForeignKey(
        "whatsapp.Group", on_delete=models.CASCADE, related_name="sync_runs", db_constraint=False, db_index=False
    )
    status = models.TextField(choices=Status, default=Status.QUEUED)
    requested_by = models.TextField()
    confirmed_doubts = ArrayField(models.TextField(choices=Doubt), default=list, blank=True)
    doubts = ArrayField(models.TextField(choices=Doubt), default=list, blank=True)
    wait_reason = models.TextField(blank=True)
    error_code = models.TextField(blank=True)
    error = models.TextField(blank=True)

    fetched = models.PositiveIntegerField(null=True, blank=True)
    added = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    hidden = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "whatsapp_sync_runs"
        verbose_name = "sync"
        constraints = [
            tenant_unique("whatsapp_sync_runs_organization_id_key"),
            models.UniqueConstraint(
                fields=["organization", "group"], condition=Q(status__in=["queued", "running"]),
                name="whatsapp_sync_runs_one_under_way",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["organization", "group", "-created_at"], name="whatsapp_sync_runs_newest"),
            models.Index(fields=["status", "run_after"], name="whatsapp_sync_runs_due"),
            models.Index(fields=["-created_at", "-id"], name="whatsapp_sync_runs_in_admin"),
        ]

    def __str__(self) -> str:
        return f"sync of {self.name_of('group')} ({self.status})"

    @property
    def doubt_texts(self) -> list[str]:
        """The doubts in words."""
        return [str(self.Doubt(doubt).label) for doubt in self.doubts]
