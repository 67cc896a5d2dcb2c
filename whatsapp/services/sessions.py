"""Sessions: created here, connected by a person with a phone, polled until they are, chosen for communities."""

import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from common.errors import DomainError
from common.queue import enqueue
from organizations.models import Organization
from whatsapp.client import SessionStatus
from whatsapp.models import Session

#: How long a status is believed before it is asked for again.
_POLL_WAITING = timedelta(seconds=3)
_POLL_CONNECTED = timedelta(seconds=60)


class SessionNotConnected(DomainError):
    """Communities can only be created through a number that is connected."""

    code = "session_not_connected"
    status = 409
    message = "This session is not connected. Connect it first, then choose it."


@transaction.atomic
def create_session(*, organization_id: str, label: str = "", gateway: str = "main") -> Session:
    """A new session under a gateway id that we mint; a task connects it, and its QR code appears on the row."""
    session = Session.objects.create(
        organization_id=organization_id, label=label, gateway=gateway, gateway_session_id=f"wa_{uuid.uuid4()}"
    )
    enqueue("whatsapp.connect_session", session_id=session.pk, organization_id=organization_id)
    return session


@transaction.atomic
def record_status(*, session: Session, status: SessionStatus) -> Session:
    """
    Store what the gateway said of a session.

    A number that another session of the organization holds is not taken from it here: the reason says so.
    """
    session.status, session.status_reason = status.status, ""
    if status.qr_code != session.qr_code:
        session.qr_code, session.qr_received_at = status.qr_code, timezone.now() if status.qr_code else None
    session.last_seen_at = timezone.now()
    fields = ["status", "status_reason", "qr_code", "qr_received_at", "last_seen_at"]
    session.save(update_fields=fields)
    if status.full_phone and status.full_phone != session.full_phone:
        _store_number(session, status.full_phone)
    return session


def _store_number(session: Session, full_phone: str) -> None:
    try:
        with transaction.atomic():
            session.full_phone = full_phone
            session.save(update_fields=["full_phone"])
    except IntegrityError:
        session.refresh_from_db()
        session.status_reason = "Another session of this organization holds this number: remove that one first."
        session.save(update_fields=["status_reason"])


def due_for_poll() -> QuerySet[Session]:
    """Sessions whose stored status is too old. Runs in the system context."""
    now = timezone.now()
    waiting = Q(status__in=[Session.Status.CONNECTING, Session.Status.QR_PENDING])
    settled = Q(status__in=[Session.Status.CONNECTED, Session.Status.DISCONNECTED])
    unseen = Q(last_seen_at=None)
    return Session.objects.filter(
        (waiting & (unseen | Q(last_seen_at__lt=now - _POLL_WAITING)))
        | (settled & (unseen | Q(last_seen_at__lt=now - _POLL_CONNECTED)))
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


@transaction.atomic
def unchoose_community_session(*, session: Session) -> Organization:
    """Stop creating communities through `session`; if another one is chosen, nothing changes."""
    organization = session.organization
    if organization.community_session_id == session.pk:
        organization.community_session = None
        organization.save(update_fields=["community_session", "updated_at"])
    return organization
