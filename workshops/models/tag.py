"""What kind of workshop one is, and how communities of that kind look."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now

from common.tenancy.models import TenantModel, tenant_unique


class Tag(TenantModel):
    """
    A kind of workshop, with what a new community of that kind is given.

    An empty template is the organization's. `picture_url` is fetched by the gateway, when it creates the community.
    `is_announcement` lets only admins send, `is_restricted` lets only admins change the group's name and picture.
    One tag per organization may be the default, which workshops without a tag go by.
    """

    name = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False, editable=False)
    name_template = models.TextField(blank=True)
    description_template = models.TextField(blank=True)
    picture_url = models.TextField(blank=True)
    is_announcement = models.BooleanField(default=True)
    is_restricted = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "workshop_tags"
        constraints = [
            tenant_unique("workshop_tags_organization_id_key"),
            models.UniqueConstraint(
                "organization", Lower("name"), name="workshop_tags_one_per_name",
                violation_error_message="There is a tag of this name already.",
            ),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(is_default=True), name="workshop_tags_one_default"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="workshop_tags_have_a_name"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
