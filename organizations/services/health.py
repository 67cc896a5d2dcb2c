"""How the mirror of Clerk is, in a few cheap queries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from organizations.models import Membership, ReconcileRun
from organizations.roles import RIGHTS
from webhooks.models import Delivery, RefusedCount

SOURCE = "clerk"
STALE_AFTER = timedelta(hours=26)
_LAG_IS_TROUBLE = timedelta(minutes=5)
_RECENT = timedelta(days=7)
Status = Delivery.Status


@dataclass(frozen=True, slots=True)
class MirrorHealth:
    """
    `last_webhook_at` is when the last verified one came, within a week; `lag_seconds` for how long the
    oldest has waited. `refused` counts since yesterday. `drift` is what the last reconcile found, by class.
    """

    is_configured: bool
    last_webhook_at: datetime | None
    lag_seconds: float
    waiting: int
    failed: int
    parked: int
    dead: int
    refused: int
    last_reconcile_at: datetime | None
    last_reconcile_status: str
    drift: dict[str, int]
    unknown_roles: dict[str, int]

    @property
    def is_stale(self) -> bool:
        """Whether there was no whole reconcile for so long that a night was missed."""
        return self.last_reconcile_at is None or timezone.now() - self.last_reconcile_at > STALE_AFTER

    @property
    def troubles(self) -> list[str]:
        """What a person should look at, in words; empty when all is well."""
        found = {
            "CLERK_SECRET_KEY or CLERK_WEBHOOK_SECRETS is not set": not self.is_configured,
            f"{_webhooks(self.dead)} given up": self.dead,
            f"{_webhooks(self.failed)} not handled, and tried again": self.failed,
            f"{_webhooks(self.refused)} refused since yesterday: is the secret right?": self.refused,
            f"a webhook has waited for {self.lag_seconds:.0f} s": self.lag_seconds > _LAG_IS_TROUBLE.total_seconds(),
            "there was no whole reconcile for over a day": self.is_stale,
            f"the last reconcile is {self.last_reconcile_status}": self.last_reconcile_status in _NOT_WELL,
            f"roles that grant nothing are those of {sum(self.unknown_roles.values())}": self.unknown_roles,
        }
        return [text for text, is_true in found.items() if is_true]


def _webhooks(number: int) -> str:
    return "1 webhook was" if number == 1 else f"{number:,} webhooks were"


_NOT_WELL = (ReconcileRun.Status.SUSPICIOUS, ReconcileRun.Status.FAILED)


def mirror_health() -> MirrorHealth:
    """How it is now. To be asked in the system context."""
    now = timezone.now()
    clerks = Delivery.objects.filter(source=SOURCE)
    # An OR, each side of which has a partial index of its own.
    unsettled = clerks.filter(Q(status__in=Delivery.OPEN) | Q(status=Status.DEAD))
    rows = list(unsettled.order_by().values_list("status").annotate(Count("pk"), Min("run_after")))
    numbers = {status: number for status, number, _ in rows}
    oldest = min((due for *_, due in rows if due and due <= now), default=None)
    newest = clerks.filter(received_at__gte=now - _RECENT).order_by("-pk").values_list("received_at", flat=True).first()
    refused = RefusedCount.objects.filter(source=SOURCE, day__gte=(now - timedelta(days=1)).date())
    run = (
        ReconcileRun.objects.filter(scope="", is_dry_run=False, finished_at__isnull=False)
        .order_by("-created_at")
        .first()
    )
    return MirrorHealth(
        is_configured=bool(settings.CLERK_SECRET_KEY and settings.CLERK_WEBHOOK_SECRETS),
        last_webhook_at=newest,
        lag_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        waiting=numbers.get(Status.RECEIVED, 0), failed=numbers.get(Status.FAILED, 0),
        parked=numbers.get(Status.PARKED, 0), dead=numbers.get(Status.DEAD, 0),
        refused=sum(refused.values_list("number", flat=True)),
        last_reconcile_at=run.finished_at if run else None, last_reconcile_status=run.status if run else "",
        drift=dict(run.found) if run else {}, unknown_roles=unknown_roles(),
    )  # fmt: skip


def unknown_roles() -> dict[str, int]:
    """Roles that grant nothing, and how many members have them."""
    rows = Membership.objects.exclude(role__in=list(RIGHTS)).order_by().values_list("role").annotate(Count("pk"))
    return dict(rows)
