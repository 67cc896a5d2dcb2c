"""The inbox and alarms in the admin."""

from webhooks.admin.alarms import AlarmAdmin
from webhooks.admin.deliveries import DeliveryAdmin
from webhooks.admin.refused_counts import RefusedCountAdmin

__all__ = ["AlarmAdmin", "DeliveryAdmin", "RefusedCountAdmin"]
