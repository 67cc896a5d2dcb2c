"""One connected WhatsApp number."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from common.tenancy.models import TenantModel, tenant_unique

_SILENCE_HELP = (
    "An alarm is raised when the number has told nothing for so many hours although its groups changed. "
    "Empty: WHATSAPP_SILENCE_HOURS."
)


def known_gateway(name: str) -> None:
    """A gateway must be one of `settings.WHATSAPP_GATEWAYS`."""
    if name not in settings.WHATSAPP_GATEWAYS:
        known = ", ".join(sorted(settings.WHATSAPP_GATEWAYS)) or "none"
        raise ValidationError(f"There is no gateway called {name}. Known: {known}.")


class Session(TenantModel):
    """
    A WhatsApp number of an organization on one gateway.

    `gateway_session_id` is the gateway's own (`wa_<uuid>`), never our id. `lid` is the number's own LID, learned from
    the lists it appears in. `clock_offset` is by how many seconds its gateway's clock is ahead of ours.

    Its list of groups is asked for when `groups_due_at` has passed, never before `groups_not_before`; `groups_reason`
    says why the latest one did not come or was not believed.

    `logout_due_at` is when a logout that a person asked for is tried (again); None: none is left to be done.

    `connection_changed_at` is since when it has been connected, or has not been. `silence_hours` is for how long it may
    tell nothing while its groups change; None: as the settings say.
    """

    class Status(models.TextChoices):
        CONNECTING = "connecting"
        QR_PENDING = "qr_pending", "waiting for the QR code"
        CONNECTED = "connected"
        DISCONNECTED = "disconnected"
        LOGGED_OUT = "logged_out"

    label = models.TextField(blank=True)
    gateway = models.TextField(default="main", validators=[known_gateway])
    gateway_session_id = models.TextField()
    full_phone = models.TextField(null=True, blank=True)  # noqa: DJ001  (NULL until connected; unique)
    lid = models.TextField(blank=True)
    status = models.TextField(choices=Status, default=Status.CONNECTING)
    status_reason = models.TextField(blank=True)
    status_at = models.DateTimeField(null=True, blank=True)
    qr_code = models.TextField(blank=True)
    qr_received_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    connection_changed_at = models.DateTimeField(db_default=Now(), editable=False)
    silence_hours = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text=_SILENCE_HELP
    )
    last_event_at = models.DateTimeField(null=True, blank=True)
    logout_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    polled_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_create_at = models.DateTimeField(null=True, blank=True, editable=False)
    reconciled_at = models.DateTimeField(null=True, blank=True, editable=False)
    groups_synced_at = models.DateTimeField(null=True, blank=True, editable=False)
    groups_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    groups_started_at = models.DateTimeField(null=True, blank=True, editable=False)
    groups_not_before = models.DateTimeField(null=True, blank=True, editable=False)
    groups_reason = models.TextField(blank=True, db_default="", editable=False)
    clock_offset = models.FloatField(db_default=0.0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "whatsapp_sessions"
        constraints = [
            tenant_unique("whatsapp_sessions_organization_id_key"),
            models.UniqueConstraint(
                fields=["organization", "gateway", "gateway_session_id"], name="whatsapp_sessions_gateway_session_key"
            ),
            models.UniqueConstraint(fields=["organization", "full_phone"], name="whatsapp_sessions_one_per_number"),
        ]

    def __str__(self) -> str:
        return self.label or self.full_phone or self.gateway_session_id

    @property
    def is_connected(self) -> bool:
        """Whether it can be used right now, as far as we know."""
        return self.status == self.Status.CONNECTED

    @property
    def qr_expires_at(self) -> datetime | None:
        """Until when the code can be scanned; None when there is none to be scanned."""
        if self.status != self.Status.QR_PENDING or not self.qr_code or self.qr_received_at is None:
            return None
        return self.qr_received_at + timedelta(seconds=settings.WHATSAPP_QR_SECONDS)

    @property
    def live_qr_code(self) -> str:
        """The code to scan; empty when there is none, or it has expired: WhatsApp would refuse it."""
        expires_at = self.qr_expires_at
        return self.qr_code if expires_at and expires_at > timezone.now() else ""

    def become(self, status: str) -> None:
        """Take on `status`, and remember when it became connected or stopped being so."""
        if self.is_connected != (status == self.Status.CONNECTED):
            self.connection_changed_at = timezone.now()
        self.status = status
