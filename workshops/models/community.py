"""The WhatsApp community of a workshop, on its way into being."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from common.jobs import Job, JobQuerySet
from common.tenancy.models import TenantModel, tenant_unique
from workshops.models.workshop import Workshop


def fold(name: str) -> str:
    """A name without regard to case and spaces, which gateways change."""
    return " ".join(name.split()).casefold()


class Community(TenantModel, Job):
    """
    Exactly one per workshop, by constraint.

    `name`, `session`, `known_jids` and `requested_at` describe the latest attempt: what was sent, through whom, which
    JIDs existed before, and when the request went out (None: it did not). They are what a look-up goes by.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        CREATING = "creating"
        READY = "ready"
        PARTIAL = "partial", "announcement group not found yet"
        SKIPPED = "skipped", "no session chosen"
        WAITING = "waiting", "waiting for its session"
        UNKNOWN = "unknown", "outcome not known"
        FAILED = "failed"
        UNLINKED = "unlinked", "unlinked by a person"

    #: Longer than the longest call, which is the create itself (75 s).
    LEASE = timedelta(seconds=150)
    #: After this long without an effect, a request whose outcome was unknown did nothing.
    LOOK_UP_FOR = timedelta(minutes=3)
    MAX_ATTEMPTS = 5

    #: What a person may start again.
    RETRYABLE = [
        Status.SKIPPED, Status.UNLINKED, Status.WAITING, Status.FAILED, Status.UNKNOWN, Status.PARTIAL, Status.QUEUED,
    ]  # fmt: skip
    #: What the sweep starts once `run_after` has passed.
    PENDING = [Status.QUEUED, Status.WAITING, Status.UNKNOWN, Status.PARTIAL, Status.FAILED]

    workshop = models.OneToOneField(Workshop, on_delete=models.CASCADE, related_name="community", db_constraint=False)
    status = models.TextField(choices=Status, default=Status.QUEUED)
    reason = models.TextField(blank=True)
    error_code = models.TextField(blank=True)

    session = models.ForeignKey(
        "whatsapp.Session", null=True, blank=True, on_delete=models.RESTRICT, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    name = models.TextField(blank=True)
    known_jids = ArrayField(models.TextField(), default=list, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True)

    parent_group = models.ForeignKey(
        "whatsapp.Group", null=True, blank=True, on_delete=models.RESTRICT, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ready_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "workshop_communities"
        verbose_name_plural = "communities"
        constraints = [
            tenant_unique("workshop_communities_organization_id_key"),
        ]
        indexes = [
            models.Index(fields=["status", "run_after"], name="workshop_communities_due"),
            models.Index(fields=["organization", "session", "status"], name="workshop_communities_session"),
        ]

    @property
    def invite_link(self) -> str:
        """The community's link, which its parent group keeps; empty while none is known."""
        return self.parent_group.invite_link if self.parent_group else ""

    @property
    def is_open(self) -> bool:
        """Whether a request went out of which nobody knows what it did."""
        return self.requested_at is not None and self.parent_group_id is None

    @property
    def folded_name(self) -> str:
        """The name as look-ups compare it."""
        return fold(self.name)

    def __str__(self) -> str:
        return f"community of {self.name_of('workshop')} ({self.status})"
