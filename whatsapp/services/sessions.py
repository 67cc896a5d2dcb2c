"""Sessions: created here, connected by a person with a phone, polled until they are, chosen for communities."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common import tenancy
from common.errors import DomainError
from common.jobs import soon
from common.queue import enqueue
from organizations.models import Organization
from webhooks.services import unpark
from whatsapp.client import SessionStatus
from whatsapp.models import Group, GroupSession, Session, SyncRun
from whatsapp.services.group_lists import hurry_group_list, request_group_list
from whatsapp.services.groups import listable
from whatsapp.services.sync import request_syncs
from whatsapp.signals import Skipped, session_replaced, skipped_asked

#: How long a status is believed before it is asked for again.
_POLL_WAITING = timedelta(seconds=3)
_POLL_CONNECTED = timedelta(seconds=60)
#: A session that connects again within this time is not reconciled again.
_RECONCILE_PAUSE = timedelta(minutes=5)
_RECONCILE_SPREAD = timedelta(seconds=60)


def waits_for_session(gateway: str, gateway_session_id: str) -> str:
    """What deliveries of an unknown session are parked for."""
    return f"whatsapp session {gateway} {gateway_session_id}"


class SessionNotConnected(DomainError):
    """Communities can only be created through a number that is connected."""

    code = "session_not_connected"
    status = 409
    message = "This session is not connected. Connect it first, then choose it."


class SessionNotIdle(DomainError):
    """Only a session that is disconnected or logged out can be connected again."""

    code = "session_not_idle"
    status = 409
    message = "This session is connected, or on its way there."


@transaction.atomic
def create_session(*, organization_id: str, label: str = "", gateway: str = "main") -> Session:
    """A new session under a gateway id that we mint; a task connects it, and its QR code appears on the row."""
    session = Session.objects.create(
        organization_id=organization_id, label=label, gateway=gateway, gateway_session_id=f"wa_{uuid.uuid4()}"
    )
    unpark(waits_for=waits_for_session(gateway, session.gateway_session_id))
    _start(session)
    return session


@transaction.atomic
def record_status(*, session: Session, status: SessionStatus, at: datetime | None = None) -> Session:
    """
    Store what is said of a session; `at` is when it was so, by our clock, where an event tells it. Older news than
    what is known changes nothing, and repeats change nothing but the time the session was last heard of.

    A known number that connects under a new session moves there with all that belongs to it. A session that has become
    connected is reconciled, and what waited for it goes on.
    """
    session = Session.objects.select_for_update().get(pk=session.pk)
    at = at or timezone.now()
    if session.status_at and at < session.status_at:
        return session
    session.status_at, was_connected = at, session.is_connected
    session.become(status.status)
    session.status_reason, session.last_seen_at = "", timezone.now()
    if status.qr_code != session.qr_code:
        session.qr_code, session.qr_received_at = status.qr_code, timezone.now() if status.qr_code else None
    if status.clock_offset is not None:
        session.clock_offset = status.clock_offset
    if status.full_phone and status.full_phone != session.full_phone:
        _take_number(session, status.full_phone)
    session.save()
    if session.is_connected and not was_connected:
        _reconcile(session)
    return session


def _take_number(session: Session, full_phone: str) -> None:
    """The number belongs to the newest session that is connected with it."""
    holders = Session.objects.select_for_update().filter(organization_id=session.organization_id, full_phone=full_phone)
    holder = holders.exclude(pk=session.pk).first()
    if holder and holder.created_at > session.created_at and holder.is_connected:
        session.status_reason = "A newer session of this organization has this number."
        return
    if holder:
        _move_everything(old=holder, new=session)
    session.full_phone = full_phone


def _move_everything(*, old: Session, new: Session) -> None:
    """A relinked number is a new session: groups, the organization's choice and all other references follow it."""
    old.full_phone = None
    old.become(Session.Status.LOGGED_OUT)
    old.status_reason = f"Its number is connected under the newer session {new}."
    old.save(update_fields=["full_phone", "status", "status_reason", "connection_changed_at"])
    new.lid = new.lid or old.lid
    Group.objects.filter(session=old).update(session=new)
    again = GroupSession.objects.filter(session=new).values("group")
    GroupSession.objects.filter(session=old).exclude(group__in=again).update(session=new)
    GroupSession.objects.filter(session=old).delete()
    Organization.objects.filter(community_session=old).update(community_session=new, updated_at=timezone.now())
    session_replaced.send(sender=Session, old=old, new=new)


def _reconcile(session: Session) -> None:
    """
    After a time without ears, the list of groups is asked for, and every group of the session of which it may see all
    is synced, spread over a while.

    What waits for the session starts now. A session that flaps is reconciled once in a while only.
    """
    seen = Q(group__session=session) | Q(group__in=GroupSession.objects.filter(session=session).values("group"))
    SyncRun.objects.filter(seen, status=SyncRun.Status.QUEUED).update(run_after=timezone.now())
    if session.reconciled_at and session.reconciled_at > timezone.now() - _RECONCILE_PAUSE:
        return
    session.reconciled_at = timezone.now()
    session.save(update_fields=["reconciled_at"])
    request_group_list(session=session)
    request_syncs(groups=listable(session.groups.all()), requested_by="reconnect", within=_RECONCILE_SPREAD)


def heard_from(*, session: Session) -> None:
    """A session, as it was just read, has told something: it is alive. Written at most once a minute."""
    now = timezone.now()
    if session.last_event_at is None or session.last_event_at < now - timedelta(minutes=1):
        Session.objects.filter(pk=session.pk).update(last_event_at=now)


@transaction.atomic
def heard_of_unknown_group(*, session: Session, at: datetime) -> None:
    """At `at` a session has told something of a group that no list has shown: its list is asked for soon."""
    heard_from(session=session)
    hurry_group_list(session=session, since=at)


@transaction.atomic
def record_disconnect(*, session: Session, reason: str) -> None:
    """A session that was thought to be usable is not. One that is logged out stays that."""
    usable = [Session.Status.CONNECTED, Session.Status.CONNECTING, Session.Status.QR_PENDING]
    found = Session.objects.select_for_update().filter(pk=session.pk, status__in=usable).first()
    if found:
        found.become(Session.Status.DISCONNECTED)
        found.status_reason, found.status_at, found.last_seen_at = reason, timezone.now(), timezone.now()
        found.save(
            update_fields=["status", "status_reason", "status_at", "last_seen_at", "connection_changed_at"],
        )


@transaction.atomic
def reconnect_session(*, session: Session) -> Session:
    """
    Connect a session again that is disconnected or logged out. It may need a new QR code.

    :raises SessionNotIdle: it is connected or connecting
    """
    session = Session.objects.select_for_update().get(pk=session.pk)
    if session.status not in (Session.Status.DISCONNECTED, Session.Status.LOGGED_OUT):
        raise SessionNotIdle
    session.status, session.status_reason, session.logout_due_at = Session.Status.CONNECTING, "", None
    session.save(update_fields=["status", "status_reason", "logout_due_at"])
    _start(session)
    return session


@transaction.atomic
def disconnect_session(*, session: Session) -> Session:
    """Log a session out: it is not used any more, and the next connect needs a QR code."""
    session = Session.objects.select_for_update().get(pk=session.pk)
    session.become(Session.Status.LOGGED_OUT)
    session.status_reason, session.qr_code, session.qr_received_at = "Logged out by a person.", "", None
    session.logout_due_at = soon()
    session.save(update_fields=[
        "status", "status_reason", "qr_code", "qr_received_at", "logout_due_at", "connection_changed_at",
    ])  # fmt: skip
    enqueue("whatsapp.disconnect_session", session_id=session.pk, organization_id=session.organization_id)
    return session


@transaction.atomic
def logout_done(*, session: Session) -> None:
    """The gateway has logged it out, as it was asked for when `session` was read: a later wish is not done by that."""
    Session.objects.filter(pk=session.pk, logout_due_at=session.logout_due_at).update(logout_due_at=None)


def _start(session: Session) -> None:
    enqueue("whatsapp.connect_session", session_id=session.pk, organization_id=session.organization_id)


def poll_sessions() -> int:
    """
    Start a poll of every session whose state is too old: each by a task of its own, which expires.

    A session that never answered is started again, and a logout that did not reach the gateway is tried again, so that
    no task that was lost leaves them behind. System-wide.
    """
    now = timezone.now()
    with tenancy.system():
        due = _due_for_poll(now).select_for_update(skip_locked=True, of=("self",)).order_by("polled_at")[:500]
        sessions = list(due)
        chosen = Session.objects.filter(pk__in=[session.pk for session in sessions])
        chosen.update(polled_at=now)
        chosen.filter(logout_due_at__isnull=False).update(logout_due_at=now + _POLL_CONNECTED)
    for session in sessions:
        ids = {"session_id": session.pk, "organization_id": session.organization_id}
        enqueue(f"whatsapp.{_task_for(session)}_session", expires=_POLL_CONNECTED, **ids)
    return len(sessions)


def _task_for(session: Session) -> str:
    if session.logout_due_at:
        return "disconnect"
    return "connect" if session.status == Session.Status.CONNECTING else "poll"


def _due_for_poll(now: datetime) -> QuerySet[Session]:
    waiting = Q(status__in=[Session.Status.CONNECTING, Session.Status.QR_PENDING])
    settled = Q(status__in=[Session.Status.CONNECTED, Session.Status.DISCONNECTED])
    never = Q(polled_at=None)
    return Session.objects.filter(
        Q(logout_due_at__lt=now)
        | (waiting & (never | Q(polled_at__lt=now - _POLL_WAITING)))
        | (settled & (never | Q(polled_at__lt=now - _POLL_CONNECTED)))
    )


@transaction.atomic
def choose_community_session(*, session: Session) -> Organization:
    """
    Let `session` create the organization's communities from now on.

    :raises SessionNotConnected: it is not connected
    """
    if not session.is_connected:
        raise SessionNotConnected
    organization = session.organization
    organization.community_session = session
    organization.save(update_fields=["community_session", "updated_at"])
    return organization


def skipped_communities(*, organization_id: str) -> list[Skipped]:
    """What was skipped while the organization had no chosen session, as the apps above tell."""
    answers: list[tuple[Any, Any]] = skipped_asked.send(sender=Session, organization_id=organization_id)
    return [answer for _, answer in answers if answer.number]


@transaction.atomic
def unchoose_community_session(*, session: Session) -> Organization:
    """Stop creating communities through `session`; if another one is chosen, nothing changes."""
    organization = session.organization
    if organization.community_session_id == session.pk:
        organization.community_session = None
        organization.save(update_fields=["community_session", "updated_at"])
    return organization
