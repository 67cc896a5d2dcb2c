"""A WhatsApp community on its way into being: a workshop's, or a standalone one."""

from datetime import timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now

from common.jobs import Job, JobQuerySet
from common.tenancy.models import TenantModel, tenant_unique
from whatsapp.models import Group
from workshops.models.workshop import Workshop

#: WhatsApp's limits; a longer text would come back cut, and would not be found again by its name.
NAME_CHARS = 100
DESCRIPTION_CHARS = 2000


def fold(name: str) -> str:
    """A name without regard to case and spaces, which gateways change."""
    return " ".join(name.split()).casefold()


class CommunityQuerySet(JobQuerySet["Community"]):
    """Reads of communities."""

    def with_announcement(self) -> Self:
        """Adds `announcement_group_id`: the group that holds the people, None until it is known."""
        groups = Group.objects.filter(
            organization=OuterRef("organization"), parent=OuterRef("parent_group"), kind=Group.Kind.ANNOUNCEMENT
        )
        return self.annotate(announcement_group_id=Subquery(groups.order_by("created_at", "pk").values("pk")[:1]))


class Community(TenantModel, Job):
    """
    Exactly one per workshop, or a standalone one with a name of its own, which may be linked to a workshop later.

    `wished_name`, `wished_description` and `created_by` are a standalone one's, and stay when it is linked.
    `wished_key` is the name folded: no two of one name are under way at once.

    `uninvited_admins` are those (E.164) whom WhatsApp let nobody invite: a person sends them the link.

    `name`, `session`, `known_jids` and `requested_at` describe the latest attempt: what was sent, through whom, which
    JIDs existed before, and when the request went out (None: it did not). They are what a look-up goes by.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        CREATING = "creating"
        READY = "ready"
        PARTIAL = "partial", "announcement group not found yet"
        SKIPPED = "skipped"
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

    workshop = models.OneToOneField(
        Workshop, null=True, blank=True, on_delete=models.CASCADE, related_name="community", db_constraint=False
    )
    wished_name = models.CharField("name", max_length=NAME_CHARS, blank=True)
    wished_description = models.TextField("description", blank=True, validators=[MaxLengthValidator(DESCRIPTION_CHARS)])
    wished_key = models.TextField(blank=True, editable=False)
    created_by = models.TextField(blank=True, editable=False)
    status = models.TextField(choices=Status, default=Status.QUEUED)
    reason = models.TextField(blank=True)
    error_code = models.TextField(blank=True)

    session = models.ForeignKey(
        "whatsapp.Session", null=True, blank=True, on_delete=models.RESTRICT, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    name = models.TextField(blank=True)
    known_jids = ArrayField(models.TextField(), default=list, blank=True)
    uninvited_admins = ArrayField(models.TextField(), default=list, db_default=[], blank=True, editable=False)
    requested_at = models.DateTimeField(null=True, blank=True)

    parent_group = models.ForeignKey(
        "whatsapp.Group", null=True, blank=True, on_delete=models.RESTRICT, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ready_at = models.DateTimeField(null=True, blank=True)

    objects = CommunityQuerySet.as_manager()

    class Meta:
        db_table = "workshop_communities"
        verbose_name_plural = "communities"
        constraints = [
            tenant_unique("workshop_communities_organization_id_key"),
            models.UniqueConstraint(
                fields=["organization", "parent_group"], name="workshop_communities_one_per_parent"
            ),
            models.CheckConstraint(
                condition=Q(workshop__isnull=False) | ~(Q(wished_name="") | Q(wished_key="")),
                name="workshop_communities_have_a_workshop_or_a_name",
            ),
            models.UniqueConstraint(
                fields=["organization", "wished_key"], condition=Q(workshop=None) & ~Q(status="ready"),
                name="workshop_communities_one_standalone_of_a_name_under_way",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="workshop_communities_newest"),
            models.Index(fields=["status", "run_after"], name="workshop_communities_due"),
            models.Index(fields=["organization", "session", "status"], name="workshop_communities_session"),
        ]

    @property
    def title(self) -> str:
        """What people call it: its workshop's title, or its own name."""
        return self.name_of("workshop") if self.workshop_id else self.wished_name

    @property
    def is_standalone(self) -> bool:
        """Whether it belongs to no workshop."""
        return self.workshop_id is None

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
        return f"community {'' if self.is_standalone else 'of '}{self.title} ({self.status})"
