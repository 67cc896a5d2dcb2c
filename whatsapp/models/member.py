"""A person in a group."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.tenancy.models import TenantModel, tenant_unique


class GroupMember(TenantModel):
    """
    A person in a group, now (`active`) or formerly (`left`).

    WhatsApp knows people by their LID; the phone may be hidden, and may become known later. `full_phone` is E.164,
    `phone_number` its national digits. Two LIDs may share a phone (a number changes hands), so a phone is unique
    only among rows that have nothing else to go by.

    `last_event_at` is the time of the last join or leave that was told; a snapshot that began before it cannot
    contradict it. `last_admin_event_at` is the same for promotions.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        LEFT = "left"

    group = models.ForeignKey(
        "whatsapp.Group", on_delete=models.CASCADE, related_name="members",
        db_column="whatsapp_group_id", db_constraint=False, db_index=False,
    )  # fmt: skip
    lid = models.TextField(null=True, blank=True)  # noqa: DJ001  (NULL is "not known"; unique)
    full_phone = models.TextField(null=True, blank=True)  # noqa: DJ001  (NULL is "hidden")
    phone_number = models.TextField(null=True, blank=True)  # noqa: DJ001  (goes with full_phone)
    status = models.TextField(choices=Status, default=Status.ACTIVE)
    is_admin = models.BooleanField(default=False)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    last_admin_event_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "workshop_group_members"
        verbose_name = "member"
        constraints = [
            tenant_unique("workshop_group_members_organization_id_key"),
            models.UniqueConstraint(fields=["organization", "group", "lid"], name="workshop_group_members_one_per_lid"),
            models.UniqueConstraint(
                fields=["organization", "group", "full_phone"], condition=Q(lid=None),
                name="workshop_group_members_one_per_bare_phone",
            ),
            models.CheckConstraint(
                condition=Q(lid__isnull=False) | Q(full_phone__isnull=False), name="workshop_group_members_is_somebody"
            ),
            models.CheckConstraint(
                condition=Q(status="active", left_at=None) | Q(status="left", left_at__isnull=False),
                name="workshop_group_members_left_at_when_left",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["organization", "group", "-joined_at", "-id"], name="workshop_group_members_newest"),
        ]

    def __str__(self) -> str:
        return self.full_phone or self.lid or str(self.pk)
