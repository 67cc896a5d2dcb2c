"""A workshop, and the WhatsApp groups linked to it."""

from datetime import UTC, datetime
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from common.tenancy.models import TenantModel, tenant_unique
from whatsapp.models import GroupMember

#: Times that every time zone can show.
PLAUSIBLE = [
    MinValueValidator(datetime(2000, 1, 1, tzinfo=UTC), "A workshop is in this century."),
    MaxValueValidator(datetime(2100, 1, 1, tzinfo=UTC), "A workshop is in this century."),
]


class WorkshopQuerySet(models.QuerySet["Workshop"]):
    """Reads of workshops."""

    def without_community(self) -> Self:
        """Workshops that no Community row speaks of: bulk-created ones, which no signal announced."""
        return self.filter(community=None)

    def with_member_count(self) -> Self:
        """Adds `member_count`: people now in the community's announcement group, from rows."""
        active = GroupMember.objects.filter(group=OuterRef("community_group_id"), status=GroupMember.Status.ACTIVE)
        counted = active.order_by().values("group").annotate(number=Count("pk")).values("number")
        return self.annotate(member_count=Coalesce(Subquery(counted, output_field=models.IntegerField()), 0))


class Workshop(TenantModel):
    """A workshop. `community_group` is the announcement group of its community: its people are the workshop's."""

    title = models.CharField(max_length=255)
    description = models.TextField(blank=True)
    starts_at = models.DateTimeField(validators=PLAUSIBLE)
    ends_at = models.DateTimeField(null=True, blank=True, validators=PLAUSIBLE)
    community_group = models.ForeignKey(
        "whatsapp.Group", null=True, blank=True, on_delete=models.RESTRICT, related_name="workshops",
        db_constraint=False, db_index=False,
    )  # fmt: skip
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
        ]

    def __str__(self) -> str:
        return self.title


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
