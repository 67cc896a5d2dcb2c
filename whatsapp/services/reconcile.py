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
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from common import tenancy
from whatsapp.models import Group, GroupSession, Session, SyncRun
from whatsapp.services.sync import request_syncs

#: So many are queued at a time, over so long: a backlog is worked off evenly.
_MOST, _SPREAD = 100, timedelta(seconds=60)
#: A group's own delay, up to a tenth of the interval, in so many steps.
_STEPS, _SHARE = 1024, 10


def sweep_stale_groups() -> int:
    """
    Queue a sync of groups whose last good one is too old, each a little later by its own jitter. System-wide.

    Answers how many. Groups that no connected number is in wait; one whose sync failed or was not believed is tried
    again after the same interval.
    """
    interval = timedelta(hours=settings.WHATSAPP_RECONCILE_HOURS)
    if not interval:
        return 0
    with tenancy.system():
        groups = list(_stale(interval).order_by("due_at")[:_MOST])
        return request_syncs(groups=groups, requested_by="schedule", within=_SPREAD)


def _stale(interval: timedelta) -> QuerySet[Any]:
    now = timezone.now()
    same_group = {"organization": OuterRef("organization"), "group": OuterRef("pk")}
    tried = SyncRun.objects.filter(**same_group).filter(
        Q(created_at__gt=now - interval) | Q(status__in=SyncRun.UNDER_WAY)
    )
    connected = Session.objects.filter(organization=OuterRef("organization"), status=Session.Status.CONNECTED)
    seen = GroupSession.objects.filter(**same_group, session__status=Session.Status.CONNECTED)
    hashed = Func(Cast("pk", TextField()), Value(0), function="hashtextextended")
    jitter = ExpressionWrapper(hashed.bitand(_STEPS - 1) * Value(interval / _SHARE / _STEPS), DurationField())
    due_at = ExpressionWrapper(
        Coalesce(F("last_snapshot_at"), F("created_at")) + Value(interval) + jitter, DateTimeField()
    )
    groups: QuerySet[Any] = Group.objects.trackable().annotate(due_at=due_at)
    groups = groups.filter(due_at__lte=now)
    return groups.filter(~Exists(tried), Exists(connected.filter(pk=OuterRef("session"))) | Exists(seen))
