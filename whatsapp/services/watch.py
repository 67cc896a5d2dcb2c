"""Sessions that look connected and are dead."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from common import tenancy
from webhooks.services import Trouble, settle_alarms
from whatsapp.models import GroupSession, MembershipEvent, Session, SyncRun

SILENT = "session_silent"
#: For deliveries under way, and for `last_event_at`, which is written once a minute.
_MARGIN = timedelta(minutes=15)


def watch() -> None:
    """Open an alarm for each connected session that should have told something and did not. System-wide."""
    with tenancy.system():
        settle_alarms(kinds=[SILENT], found=list(_silent()))


def _silent() -> Iterator[Trouble]:
    for session in _candidates():
        since, changed = session.silent_since, session.changed_at
        yield Trouble(
            kind=SILENT, key=str(session.pk), organization_id=session.organization_id,
            subject=f"{session} is connected and has told nothing since {since:%Y-%m-%d %H:%M} UTC",
            detail=(
                f"Its groups have changed meanwhile, the last time at {changed:%Y-%m-%d %H:%M} UTC. The number may "
                "look connected and be dead: log it out and connect it again. Or its gateway does not reach us: it "
                f"has to post webhooks to /webhooks/whatsapp/{session.gateway}. Until then, only syncs tell who is "
                "there."
            ),
        )  # fmt: skip


def _candidates() -> QuerySet[Any]:
    """
    Sessions that have been connected and silent for too long, with the latest change that they did not tell.

    Quiet groups are no reason, nor are changes from the time before it was connected.
    """
    hours = Coalesce("silence_hours", Value(settings.WHATSAPP_SILENCE_HOURS))
    limit = ExpressionWrapper(hours * Value(timedelta(hours=1)), DurationField())
    since = Greatest(F("connection_changed_at"), F("last_event_at"))
    connected = Session.objects.filter(status=Session.Status.CONNECTED).annotate(silent_since=since)
    silent = connected.filter(silent_since__lt=timezone.now() - limit)
    latest = _untold_changes().order_by("-occurred_at").values("occurred_at")[:1]
    return silent.annotate(changed_at=Subquery(latest)).filter(changed_at__isnull=False)


def _untold_changes() -> QuerySet[MembershipEvent]:
    """
    What happened in the outer session's groups while it was silent, and was told by another session, or found between
    two snapshots of that time.

    Groups in which it is no admin do not count: there it may be told nothing.
    """
    session, organization = OuterRef("pk"), OuterRef("organization")
    mine = GroupSession.objects.filter(organization=OuterRef(organization), session=OuterRef(session))
    in_step_before = SyncRun.objects.filter(
        organization=OuterRef("organization"), group=OuterRef("group"), status=SyncRun.Status.DONE,
        started_at__gt=OuterRef(OuterRef("silent_since")), started_at__lt=OuterRef("stamp"),
    )  # fmt: skip
    was_seen = Q(source=MembershipEvent.Source.EVENT) | Exists(in_step_before)
    return MembershipEvent.objects.filter(
        was_seen, organization=organization, group__in=mine.exclude(is_admin=False).values("group"),
        occurred_at__gt=OuterRef("silent_since") + Value(_MARGIN), occurred_at__lt=timezone.now() - _MARGIN,
    )  # fmt: skip
