"""Deliveries, the batches in which they are handled, and counts of those that were refused."""

from webhooks.models.batch import Batch
from webhooks.models.delivery import Delivery, Outcome
from webhooks.models.refused_count import RefusedCount

__all__ = ["Batch", "Delivery", "Outcome", "RefusedCount"]
