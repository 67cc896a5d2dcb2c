"""Organization, Membership, and the runs that reconcile them with Clerk. Ids of organizations are Clerk's."""

from organizations.models.membership import Membership
from organizations.models.organization import Organization, default_workshop_time
from organizations.models.reconcile_run import ReconcileRun, ReconcileSeen

__all__ = ["Membership", "Organization", "ReconcileRun", "ReconcileSeen", "default_workshop_time"]
