"""Deliveries, the batches in which they are handled, counts of those that were refused; and alarms."""

from webhooks.models.alarm import Alarm, Notice
from webhooks.models.batch import Batch
from webhooks.models.delivery import Delivery, Outcome
from webhooks.models.refused_count import RefusedCount

__all__ = ["Alarm", "Batch", "Delivery", "Notice", "Outcome", "RefusedCount"]
