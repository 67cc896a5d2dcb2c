"""Numbers that are away while something waits for them."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models import Case, Count, F, When
from django.utils import timezone

from common import tenancy
from common.words import inside
from webhooks.services import Trouble, settle_alarms
from whatsapp.models import Session, SyncRun
from workshops.models import Community

AWAY = "session_away"
_MOST = 500


def watch() -> None:
    """Open an alarm for each session that has been away for long while something waits for it. System-wide."""
    with tenancy.system():
        settle_alarms(kinds=[AWAY], found=list(_away()))


def _away() -> Iterator[Trouble]:
    communities, syncs = _waiting_communities(), _waiting_syncs()
    limit = timezone.now() - timedelta(hours=settings.WHATSAPP_AWAY_HOURS)
    sessions = Session.objects.filter(pk__in={*communities, *syncs}, connection_changed_at__lt=limit)
    for session in sessions.exclude(status=Session.Status.CONNECTED).order_by("connection_changed_at")[:_MOST]:
        waiting = _in_words(communities.get(session.pk, 0), syncs.get(session.pk, 0))
        state, reason = inside(session.get_status_display()), session.status_reason
        yield Trouble(
            kind=AWAY, key=str(session.pk), organization_id=session.organization_id,
            subject=f"{session} is not connected since {session.connection_changed_at:%Y-%m-%d %H:%M} UTC",
            detail=(
                f"Waiting for it: {waiting}. It is {state}{f' ({reason})' if reason else ''}. Connect it again "
                "(Sessions, Connect again) and scan the QR code; what waits then goes on by itself. Or choose another "
                "session for the organization's communities."
            ),
        )  # fmt: skip


def _waiting_communities() -> dict[object, int]:
    """By the session that each waits for: the one it was requested through, else the organization's choice."""
    asked = Case(When(requested_at=None, then=F("organization__community_session")), default=F("session"))
    waiting = Community.objects.filter(status=Community.Status.WAITING).annotate(asked=asked)
    return dict(waiting.order_by().values_list("asked").annotate(number=Count("pk")))


def _waiting_syncs() -> dict[object, int]:
    """By the group's own session."""
    queued = SyncRun.objects.filter(status=SyncRun.Status.QUEUED).exclude(wait_reason="")
    return dict(queued.order_by().values_list("group__session").annotate(number=Count("pk")))


def _in_words(communities: int, syncs: int) -> str:
    texts = [(communities, "1 community", "communities"), (syncs, "1 member sync", "member syncs")]
    return ", ".join(one if number == 1 else f"{number:,} {many}" for number, one, many in texts if number)
