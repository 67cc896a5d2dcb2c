"""When a session is asked for its groups: when it connects, when somebody wants it, and about once a day."""

import random
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from common import tenancy
from common.jobs import SWEEP_GRACE, AttemptTaken
from common.queue import enqueue
from whatsapp.models import Session

#: Longer than the longest read, which may be repeated once.
LEASE = timedelta(minutes=3)
#: Lists follow each other by a day, more or less by chance, so that not all sessions ask at once.
_EVERY, _SPREAD = timedelta(hours=22), timedelta(hours=4)
#: However many events speak of groups that are not known.
_HURRIED_EVERY = timedelta(minutes=5)


@transaction.atomic
def request_group_list(*, session: Session) -> Session:
    """Ask for the session's groups now. One that is not connected is asked when it is; its row says so."""
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    session.groups_due_at = timezone.now()
    if session.is_connected:
        _start(session)
    else:
        session.groups_reason = "Its groups are asked for when this number is connected."
    session.save(update_fields=["groups_due_at", "groups_started_at", "groups_reason"])
    return session


@transaction.atomic
def hurry_group_list(*, session: Session, since: datetime) -> None:
    """
    Let the sweep ask for the session's groups before their day has come, unless there was a list after `since`.

    Not again and again: a group may be in no list at all.
    """
    is_older = Q(groups_synced_at=None) | Q(groups_synced_at__lt=since)
    soon = Greatest(Value(timezone.now()), F("groups_started_at") + Value(_HURRIED_EVERY))
    Session.objects.filter(is_older, pk=session.pk, groups_due_at__gt=soon).update(groups_due_at=soon)


def _start(session: Session, *, expires: timedelta | None = None) -> None:
    session.groups_started_at = timezone.now()
    ids = {"session_id": session.pk, "organization_id": session.organization_id}
    enqueue("whatsapp.sync_groups", expires=expires, **ids)


@transaction.atomic
def claim_group_list(*, session_id: UUID) -> Session | None:
    """The session to ask, for as long as the lease; None when it need not, may not or cannot be asked now."""
    now = timezone.now()
    claimed = Session.objects.filter(_may_be_asked(now), pk=session_id).update(groups_not_before=now + LEASE)
    return Session.objects.get(pk=session_id) if claimed else None


def _may_be_asked(now: datetime) -> Q:
    """Connected, free and due, which one that was never asked is."""
    is_due = Q(groups_due_at=None) | Q(groups_due_at__lte=now)
    is_free = Q(groups_not_before=None) | Q(groups_not_before__lte=now)
    return is_due & is_free & Q(status=Session.Status.CONNECTED)


def held(session: Session) -> Session:
    """
    The session, locked for writing the end of what was claimed.

    :raises AttemptTaken: its lease was taken by another worker, or it is logged out
    """
    sessions = Session.objects.select_for_update(no_key=True).exclude(status=Session.Status.LOGGED_OUT)
    found = sessions.filter(pk=session.pk, groups_not_before=session.groups_not_before).first()
    if found is None:
        raise AttemptTaken
    return found


@transaction.atomic
def group_list_waits(*, session: Session, reason: str, until: datetime | None = None) -> None:
    """
    The list did not come. It is asked for again after `until`, or when the session is connected again.

    :raises AttemptTaken: see `held`
    """
    session = held(session)
    session.groups_reason, session.groups_not_before = reason, until
    session.save(update_fields=["groups_reason", "groups_not_before"])


@transaction.atomic
def group_list_ended(*, session: Session, reason: str = "") -> None:
    """
    The list was applied, or there is a `reason` why not that time alone does not cure: the next one is due in a day,
    or at once where somebody has asked for it since this one was claimed.

    :raises AttemptTaken: see `held`
    """
    claimed, session = session, held(session)
    now = timezone.now()
    if not reason:
        session.groups_synced_at = now
    session.groups_reason, session.groups_not_before = reason, None
    if session.groups_due_at == claimed.groups_due_at:
        session.groups_due_at = now + _EVERY + _SPREAD * random.random()
    session.save(update_fields=["groups_synced_at", "groups_reason", "groups_not_before", "groups_due_at"])


def sweep_group_lists() -> int:
    """Start what is due: the daily lists, and those whose task or worker was lost. Answers how many. System-wide."""
    now = timezone.now()
    is_unannounced = Q(groups_started_at=None) | Q(groups_started_at__lt=now - SWEEP_GRACE)
    with tenancy.system():
        due = Session.objects.filter(_may_be_asked(now), is_unannounced).order_by("groups_due_at")
        sessions = list(due.select_for_update(skip_locked=True, of=("self",))[:500])
        for session in sessions:
            _start(session, expires=SWEEP_GRACE)
        Session.objects.filter(pk__in=[session.pk for session in sessions]).update(groups_started_at=now)
    return len(sessions)
