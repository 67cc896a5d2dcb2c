"""Organizations in the admin."""

from organizations.admin.organizations import MembershipAdmin, OrganizationAdmin
from organizations.admin.reconcile_runs import ReconcileRunAdmin

__all__ = ["MembershipAdmin", "OrganizationAdmin", "ReconcileRunAdmin"]
