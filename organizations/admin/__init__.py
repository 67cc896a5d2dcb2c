"""Organizations in the admin."""

from organizations.admin.organizations import MembershipAdmin, OrganizationAdmin

__all__ = ["MembershipAdmin", "OrganizationAdmin"]
