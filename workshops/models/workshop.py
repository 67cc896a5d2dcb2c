"""A workshop, and the WhatsApp groups linked to it."""

from datetime import UTC, datetime
from typing import ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from common.errors import DomainError
from common.tenancy.models import TenantModel, tenant_unique
from whatsapp.models import GroupMember

#: Times that every time zone can show.
PLAUSIBLE = [
    MinValueValidator(datetime(2000, 1, 1, tzinfo=UTC), "A workshop is in this century."),
    MaxValueValidator(datetime(2100, 1, 1, tzinfo=UTC), "A workshop is in this century."),
]


class StepRefused(DomainError):
    """A workshop cannot go from the state it is in to the one that was asked for."""

    code = "step_refused"
    status = 409


class WorkshopQuerySet(models.QuerySet["Workshop"]):
    """Reads of workshops."""

    def unarchived(self) -> Self:
        """Workshops that nobody has put away."""
        return self.filter(archived_at=None)

    def without_community(self) -> Self:
        """Workshops that no Community row speaks of: bulk-created ones, which no signal announced."""
        return self.filter(community=None)

    def with_member_count(self) -> Self:
        """Adds `member_count`: people now in the community's announcement group, from rows."""
        active = GroupMember.objects.filter(group=OuterRef("community_group_id"), status=GroupMember.Status.ACTIVE)
        counted = active.order_by().values("group").annotate(number=Count("pk")).values("number")
        return self.annotate(member_count=Coalesce(Subquery(counted, output_field=models.IntegerField()), 0))


class Workshop(TenantModel):
    """
    A workshop. `community_group` is the announcement group of its community: its people are the workshop's.

    Its title and date are no key: several may share both. Without a `tag` it goes by the organization's default one.
    `archived_at` takes it out of lists, and changes nothing else.
    """

    class Status(models.TextChoices):
        PLANNED = "planned"
        CONFIRMED = "confirmed"
        LIVE = "live"
        DONE = "done"
        CANCELLED = "cancelled"

    #: Where a workshop may go from each state. A step taken by mistake can be taken back.
    STEPS: ClassVar[dict[str, list[str]]] = {
        Status.PLANNED: [Status.CONFIRMED, Status.LIVE, Status.CANCELLED],
        Status.CONFIRMED: [Status.LIVE, Status.PLANNED, Status.CANCELLED],
        Status.LIVE: [Status.DONE, Status.CONFIRMED, Status.CANCELLED],
        Status.DONE: [Status.LIVE],
        Status.CANCELLED: [Status.PLANNED],
    }

    title = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    starts_at = models.DateTimeField(validators=PLAUSIBLE)
    ends_at = models.DateTimeField(null=True, blank=True, validators=PLAUSIBLE)
    community_group = models.ForeignKey(
        "whatsapp.Group", null=True, blank=True, on_delete=models.RESTRICT, related_name="workshops",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    tag = models.ForeignKey(
        "workshops.Tag", null=True, blank=True, on_delete=models.SET_NULL, related_name="workshops",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    status = models.TextField(choices=Status, default=Status.PLANNED, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = WorkshopQuerySet.as_manager()

    class Meta:
        db_table = "workshops"
        constraints = [
            tenant_unique("workshops_organization_id_key"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="workshops_end_after_their_start",
                violation_error_message="A workshop ends after it starts.",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="workshops_have_a_title"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="workshops_newest"),
            models.Index(fields=["organization", "community_group"], name="workshops_community_group"),
            models.Index(fields=["organization", "tag"], name="workshops_tag"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def next_statuses(self) -> list[str]:
        """The states it may go to."""
        return [str(status) for status in self.STEPS[self.status]]

    def move_to(self, status: str) -> None:
        """
        Take the step, and save it.

        :raises StepRefused: it does not lead there from here
        """
        if status not in self.STEPS[self.status]:
            known = " or ".join(self.STEPS[self.status])
            raise StepRefused(f"This workshop is {self.status}: it cannot become {status}, only {known}.")
        self.status = status
        self.save(update_fields=["status", "updated_at"])


class WorkshopGroup(TenantModel):
    """A WhatsApp group linked to a workshop. One group belongs to one workshop."""

    workshop = models.ForeignKey(
        Workshop, on_delete=models.CASCADE, related_name="group_links", db_constraint=False, db_index=False
    )
    group = models.ForeignKey(
        "whatsapp.Group", on_delete=models.CASCADE, related_name="workshop_links",
        db_column="whatsapp_group_id", db_constraint=False, db_index=False,
    )  # fmt: skip
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "workshop_whatsapp_groups"
        constraints = [
            models.UniqueConstraint(fields=["organization", "group"], name="workshop_whatsapp_groups_one_workshop"),
        ]
        indexes = [models.Index(fields=["organization", "workshop"], name="workshop_whatsapp_groups_of")]

    def __str__(self) -> str:
        return f"{self.name_of('group')} of {self.name_of('workshop')}"
