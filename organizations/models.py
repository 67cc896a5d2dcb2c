"""Organization and Membership. Ids of organizations are Clerk's."""

import zoneinfo
from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from common.tenancy.models import TenantModel, tenant_unique
from organizations.roles import Role


def default_workshop_time() -> time:
    """19:00, local to the organization."""
    return time(19, 0)


class Organization(models.Model):
    """
    A tenant. `slug` may be missing: Clerk has it off by default, so it is never a key.

    `community_session` is the WhatsApp number that creates communities; none means they are skipped.
    """

    id = models.TextField(primary_key=True)
    name = models.TextField()
    slug = models.TextField(null=True, blank=True)  # noqa: DJ001  (NULL is "never known", as in Clerk)
    community_session = models.ForeignKey(
        "whatsapp.Session", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    community_admin_numbers = ArrayField(models.TextField(), default=list, blank=True)
    community_name_template = models.TextField(default="{workshop_title}")
    community_description_template = models.TextField(
        default="Community of {workshop_title}, {workshop_date} at {start_time}.", blank=True
    )
    timezone = models.TextField(default="Asia/Kolkata")
    default_country = models.CharField(max_length=2, default="IN")
    default_workshop_time = models.TimeField(default=default_workshop_time)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "organizations"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Its time zone."""
        return zoneinfo.ZoneInfo(self.timezone)


class Membership(TenantModel):
    """One person in one organization. `role` is text: Clerk may send one that we do not know, and it grants nothing."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey("accounts.AppUser", on_delete=models.CASCADE, related_name="memberships")
    role = models.TextField(choices=Role)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "organization_members"
        constraints = [
            tenant_unique("organization_members_organization_id_key"),
            models.UniqueConstraint(fields=["organization", "user"], name="organization_members_one_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"
