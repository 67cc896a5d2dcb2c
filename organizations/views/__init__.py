"""Organizations in the API, and the mirror of Clerk."""

from organizations.views.mirror import SyncStatusView, SyncView
from organizations.views.organizations import OrganizationViewSet

__all__ = ["OrganizationViewSet", "SyncStatusView", "SyncView"]
