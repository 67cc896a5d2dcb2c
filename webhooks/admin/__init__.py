"""The inbox in the admin."""

from webhooks.admin.deliveries import DeliveryAdmin
from webhooks.admin.refused_counts import RefusedCountAdmin

__all__ = ["DeliveryAdmin", "RefusedCountAdmin"]
