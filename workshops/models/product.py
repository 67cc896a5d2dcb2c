"""What platforms sell, and which workshop that is: remembered, so that nobody is asked twice."""

from typing import Self

from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from common.tenancy.models import TenantModel, tenant_unique
from workshops.models.workshop import Workshop


class Platform(models.TextChoices):
    """Where orders come from."""

    TAGMANGO = "tagmango", "TagMango"
    RELAY = "relay", "relay (Pabbly and the like)"
    SIGNED = "signed", "signed webhooks"
    RAZORPAY = "razorpay", "Razorpay"
    IMPORT = "import", "imported file"


class ProductMappingQuerySet(models.QuerySet["ProductMapping"]):
    """Reads of mappings."""

    def with_held(self) -> Self:
        """Adds `held`: people who wait for the mapping."""
        registration = self.model._meta.get_field("registrations").related_model
        waiting = registration._default_manager.filter(mapping=OuterRef("pk"), workshop=None)
        counted = waiting.order_by().values("mapping").annotate(number=Count("pk")).values("number")
        return self.annotate(held=Coalesce(Subquery(counted, output_field=models.IntegerField()), 0))


class ProductMapping(TenantModel):
    """
    A name under which something is sold → the workshop that it is. Without a workshop it needs mapping.

    `title` is folded (case, spaces) and without its date, which is `on_date`: "X <> 4TH February" of one year is one
    row and that of the next year another. `name` is the latest spelling. `hold_reason` says why no workshop was made
    of it; `workshop_made_at` is when one was, which the cap per hour counts.
    """

    class Hold(models.TextChoices):
        CHOSEN = "chosen", "the organization maps new names by hand"
        CAP = "cap", "too many new names within an hour"
        NO_DATE = "no_date", "its name carries no date"
        NO_NAME = "no_name", "it has no name"
        NOT_SOLD = "not_sold", "no paid order of it has come yet"
        UNMAPPED = "unmapped", "its workshop was taken away by a person"

    title = models.TextField()
    on_date = models.DateField(null=True, blank=True)
    name = models.TextField()
    workshop = models.ForeignKey(
        Workshop, null=True, blank=True, on_delete=models.RESTRICT, related_name="product_mappings",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    hold_reason = models.TextField(choices=Hold, blank=True)
    mapped_by = models.TextField(blank=True, editable=False)
    mapped_at = models.DateTimeField(null=True, blank=True)
    workshop_made_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ProductMappingQuerySet.as_manager()

    class Meta:
        db_table = "product_mappings"
        verbose_name = "product"
        constraints = [
            tenant_unique("product_mappings_organization_id_key"),
            models.UniqueConstraint(
                fields=["organization", "title", "on_date"], name="product_mappings_one_per_name", nulls_distinct=False
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "workshop"], name="product_mappings_of"),
            models.Index(
                fields=["organization", "-created_at", "-id"], condition=Q(workshop=None),
                name="product_mappings_unmapped",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class ProductCode(TenantModel):
    """A platform's own id of what it sells (a mango id): it is asked before any name."""

    platform = models.TextField(choices=Platform)
    external_id = models.TextField()
    mapping = models.ForeignKey(
        ProductMapping, on_delete=models.CASCADE, related_name="codes", db_constraint=False, db_index=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "product_codes"
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "platform", "external_id"], name="product_codes_one_per_product"
            ),
        ]
        indexes = [models.Index(fields=["organization", "mapping"], name="product_codes_of")]

    def __str__(self) -> str:
        return f"{self.platform} {self.external_id}"
