"""What is wrong with the mirror and needs a person."""

from collections.abc import Iterator

from common import tenancy
from organizations.models import ReconcileRun
from organizations.services.health import STALE_AFTER, MirrorHealth, mirror_health
from webhooks.services import Trouble, settle_alarms

UNWELL, MISSING, ROLE = "reconcile_unwell", "reconcile_missing", "role_unknown"
_WHERE = "See Reconciles with Clerk in the admin."


def watch() -> None:
    """Open an alarm for each thing that is wrong, and close those that are over. System-wide."""
    with tenancy.system():
        settle_alarms(kinds=[UNWELL, MISSING, ROLE], found=list(_troubles(mirror_health())))


def _troubles(health: MirrorHealth) -> Iterator[Trouble]:
    if health.last_reconcile_status in (ReconcileRun.Status.SUSPICIOUS, ReconcileRun.Status.FAILED):
        yield Trouble(
            kind=UNWELL, key="clerk", subject=f"The last reconcile with Clerk is {health.last_reconcile_status}",
            detail=f"What was not listed was not removed. {_WHERE} It says why, and what can be confirmed.",
        )  # fmt: skip
    if health.last_reconcile_at and health.is_stale:
        hours = STALE_AFTER.total_seconds() // 3600
        yield Trouble(
            kind=MISSING, key="clerk", subject=f"There was no whole reconcile with Clerk for {hours:.0f} hours",
            detail=f"It runs every night at 03:10 UTC: are beat and the workers of the queue sync there? {_WHERE}",
        )  # fmt: skip
    for role, number in health.unknown_roles.items():
        yield Trouble(
            kind=ROLE, key=role, subject=f"The role {role} grants nothing, and is that of {number}",
            detail="Map it in CLERK_ROLES and reconcile, or give them another role in Clerk.",
        )  # fmt: skip
