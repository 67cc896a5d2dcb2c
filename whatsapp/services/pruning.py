"""Syncs of long ago."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from common import tenancy
from whatsapp.models import SyncRun

#: Rows in one transaction.
BATCH = 1000


def prune_runs(*, older_than: timedelta) -> int:
    """
    Delete syncs that were asked for longer ago than that and have ended; answers how many. System-wide.

    Of each group the latest stays, and the latest good one. What syncs have changed is in the history, which stays. In
    batches of one transaction each.
    """
    number = 0
    while deleted := _prune_some(older_than):
        number += deleted
    return number


def _prune_some(older_than: timedelta) -> int:
    with tenancy.system():
        keys = list(_prunable(older_than).order_by("created_at").values_list("pk", flat=True)[:BATCH])
        deleted, _ = SyncRun.objects.filter(pk__in=keys).delete()
    return deleted


def _prunable(older_than: timedelta) -> QuerySet[SyncRun]:
    """Those with a later good one in their group; what did not end well goes with any later one, too."""
    later = SyncRun.objects.filter(
        organization=OuterRef("organization"), group=OuterRef("group"), created_at__gt=OuterRef("created_at")
    )
    is_succeeded = Exists(later.filter(status=SyncRun.Status.DONE))
    is_repeated = ~Q(status=SyncRun.Status.DONE) & Exists(later.exclude(status__in=SyncRun.UNDER_WAY))
    ended = SyncRun.objects.exclude(status__in=SyncRun.UNDER_WAY)
    return ended.filter(is_succeeded | is_repeated, created_at__lt=timezone.now() - older_than)
