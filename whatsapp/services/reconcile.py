"""Members are compared with WhatsApp's lists about once a day, whatever the events said."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone

from common import tenancy
from whatsapp.models import Group, SyncRun
from whatsapp.models.group import CHECKED_AT
from whatsapp.services.groups import listable
from whatsapp.services.sync import request_syncs

#: So many are queued at a time, over so long: a backlog is worked off evenly.
_MOST, _SPREAD = 100, timedelta(seconds=60)
#: A group's own delay, up to a tenth of the interval, in so many steps.
_STEPS, _SHARE = 1024, 10


def sweep_stale_groups() -> int:
    """
    Queue a sync of groups whose last good one is too old, each a little later by its own jitter. System-wide.

    Answers how many. A group that no connected number may list whole waits; one whose sync failed or was not believed
    is tried again after the same interval.
    """
    interval = timedelta(hours=settings.WHATSAPP_RECONCILE_HOURS)
    if not interval:
        return 0
    with tenancy.system():
        stale = _stale(interval).select_for_update(skip_locked=True, no_key=True, of=("self",))
        groups = list(stale.order_by("checked_at")[:_MOST])
        Group.objects.filter(pk__in=[group.pk for group in groups]).update(reconciled_at=timezone.now())
        return request_syncs(groups=groups, requested_by="schedule", within=_SPREAD)


def _stale(interval: timedelta) -> QuerySet[Any]:
    """By the index of CHECKED_AT: of the syncs of the past, however many, none is read."""
    now = timezone.now()
    hashed = Func(Cast("pk", TextField()), Value(0), function="hashtextextended")
    jitter = ExpressionWrapper(hashed.bitand(_STEPS - 1) * Value(interval / _SHARE / _STEPS), DurationField())
    due_at = ExpressionWrapper(F("checked_at") + Value(interval) + jitter, DateTimeField())
    groups: QuerySet[Any] = listable(Group.objects.annotate(checked_at=CHECKED_AT))
    groups = groups.filter(checked_at__lte=now - interval).annotate(due_at=due_at).filter(due_at__lte=now)
    same_group = {"organization": OuterRef("organization"), "group": OuterRef("pk")}
    return groups.exclude(Exists(SyncRun.objects.filter(**same_group, status__in=SyncRun.UNDER_WAY)))
