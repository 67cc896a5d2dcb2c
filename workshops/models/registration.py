"""A person who signed up for a workshop, and the orders that say so."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.tenancy.models import TenantModel, tenant_unique
from workshops.models.product import Platform, ProductMapping
from workshops.models.workshop import Workshop


class Registration(TenantModel):
    """
    One person and one workshop; a second purchase is a second order of the same registration.

    A person is their phone (`full_phone`, E.164), else what was written of them: `person_key` says so, and two people
    may share an e-mail. `phone_text` is what the platform wrote; where it is no phone number, the three columns read
    from it are NULL but for `phone_tail` (the last ten digits, for weak matches), and people see the text.

    `held`: it has no workshop until what was bought (`mapping`) is mapped to one. Otherwise its orders decide.
    """

    class Status(models.TextChoices):
        REGISTERED = "registered"
        HELD = "held", "held: needs mapping"
        CANCELLED = "cancelled"

    workshop = models.ForeignKey(
        Workshop, null=True, blank=True, on_delete=models.RESTRICT, related_name="registrations",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    mapping = models.ForeignKey(
        ProductMapping, null=True, blank=True, on_delete=models.RESTRICT, related_name="registrations",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    status = models.TextField(choices=Status, default=Status.REGISTERED)
    name = models.TextField(blank=True)
    email = models.TextField(blank=True)
    phone_text = models.TextField(blank=True)
    full_phone = models.TextField(null=True, blank=True)  # noqa: DJ001  (NULL is "no phone number"; unique)
    phone_number = models.TextField(null=True, blank=True)  # noqa: DJ001  (goes with full_phone)
    phone_tail = models.TextField(null=True, blank=True)  # noqa: DJ001  (NULL matches nobody)
    person_key = models.TextField()
    corrected_by = models.TextField(blank=True, editable=False)
    registered_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "registrations"
        constraints = [
            tenant_unique("registrations_organization_id_key"),
            models.UniqueConstraint(
                fields=["organization", "workshop", "full_phone"], name="registrations_one_per_phone"
            ),
            models.UniqueConstraint(
                fields=["organization", "workshop", "person_key"], name="registrations_one_per_person"
            ),
            models.UniqueConstraint(
                fields=["organization", "mapping", "person_key"], condition=Q(workshop=None),
                name="registrations_one_held_per_person",
            ),
            models.CheckConstraint(
                condition=Q(status="held", workshop=None, mapping__isnull=False)
                | (~Q(status="held") & Q(workshop__isnull=False)),
                name="registrations_held_without_a_workshop",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["organization", "workshop", "-registered_at", "-id"], name="registrations_newest"),
            models.Index(fields=["organization", "workshop", "phone_tail"], name="registrations_tail"),
            models.Index(fields=["organization", "mapping"], name="registrations_mapping"),
            models.Index(fields=["organization", "full_phone"], name="registrations_phone"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone_text or str(self.pk)


class Order(TenantModel):
    """
    One order as its platform told it. `external_id` is the platform's, unique per organization and platform.

    An order is told by several events (`initiated`, then `completed`), in any order: `payloads` keeps the raw body of
    each, and the event that ranks highest decides the other columns. `registration` is what a paid one led to.
    """

    class Status(models.TextChoices):
        INITIATED = "initiated", "not paid yet"
        FAILED = "failed"
        COMPLETED = "completed"
        REFUNDED = "refunded"
        EXPIRED = "expired", "subscription expired"

    platform = models.TextField(choices=Platform)
    external_id = models.TextField()
    status = models.TextField(choices=Status)
    event = models.TextField()
    payloads = models.JSONField(default=dict)
    mapping = models.ForeignKey(
        ProductMapping, null=True, blank=True, on_delete=models.RESTRICT, related_name="orders",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    registration = models.ForeignKey(
        Registration, null=True, blank=True, on_delete=models.RESTRICT, related_name="orders",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    product_name = models.TextField(blank=True)
    name = models.TextField(blank=True)
    email = models.TextField(blank=True)
    phone_text = models.TextField(blank=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "orders"
        constraints = [
            tenant_unique("orders_organization_id_key"),
            models.UniqueConstraint(fields=["organization", "platform", "external_id"], name="orders_once"),
        ]
        indexes = [
            models.Index(fields=["organization", "-occurred_at", "-id"], name="orders_newest"),
            models.Index(fields=["organization", "registration"], name="orders_registration"),
            models.Index(fields=["organization", "mapping"], name="orders_mapping"),
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.external_id}"


class SourceToken(TenantModel):
    """
    The unguessable part of the URL that an organization gives to a platform. Only its SHA-256 is kept.

    A rotation makes a new one and lets the old one live until `expires_at`, so that the platform can be changed over.
    """

    PLATFORMS = [choice for choice in Platform.choices if choice[0] != Platform.IMPORT]

    platform = models.TextField(choices=Platform)
    token_hash = models.TextField(unique=True, editable=False)
    hint = models.TextField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_by = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "source_tokens"
        verbose_name = "URL for orders"
        verbose_name_plural = "URLs for orders"
        indexes = [models.Index(fields=["organization", "platform", "-created_at"], name="source_tokens_newest")]

    def __str__(self) -> str:
        return f"{self.platform} {self.hint}…"
