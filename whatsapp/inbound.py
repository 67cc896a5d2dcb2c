"""What the gateways tell us: memberships, states of sessions, refusals of messages."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.dateparse import parse_datetime

from common import tenancy
from webhooks import signatures
from webhooks.sources import Event, Ignore, Park, Refused, Request, Source, Unreadable, json_object
from whatsapp import services
from whatsapp.client import parsing
from whatsapp.models import Group, Session

log = logging.getLogger(__name__)
_MEMBERSHIPS = ("join", "leave", "promote", "demote")
#: Below this a number counts seconds, above it milliseconds (as seconds: the year 5138).
_FIRST_MILLISECONDS = 1e11


def verify(request: Request) -> None:
    """
    One of the forms that gateways sign in: the key itself, or an HMAC over the raw body, under any of its secrets.

    :raises Refused: the gateway is unknown, or nothing it signed fits
    """
    gateway = settings.WHATSAPP_GATEWAYS.get(request.route["gateway"])
    if gateway is None:
        raise Refused(404, "unknown_gateway")
    secrets = list(map(str, gateway.get("webhook_secrets", [])))
    key = request.headers.get("X-API-Key", "")
    hub = request.headers.get("X-Hub-Signature-256", "").removeprefix("sha256=")
    sha512 = request.headers.get("X-Webhook-Hmac", "")
    if not (key or hub or sha512):
        raise Refused(401, "no_signature")
    is_good = [
        bool(key) and signatures.is_one_of(key, secrets),
        bool(hub) and signatures.is_hex_hmac(hub, body=request.body, secrets=secrets, algorithm="sha256"),
        bool(sha512) and signatures.is_hex_hmac(sha512, body=request.body, secrets=secrets, algorithm="sha512"),
    ]
    if not any(is_good):
        raise Refused(401, "wrong_signature")


def read(request: Request) -> list[Event]:
    """
    The one event of a body.

    Gateways give no event id, and a second delivery may be a repeat or a rejoin within the same second: only the
    member's row can tell. So no delivery is dropped here; `services.record_change` knows repeats.
    """
    body = json_object(request.body)
    name = body.get("event")
    kind = name if isinstance(name, str) and name else "status" if "status" in body else ""
    if not kind:
        raise Unreadable("no_event")
    payload = {"gateway": request.route["gateway"], "body": body}
    return [Event(kind[:100], dedupe_key=str(uuid4()), payload=payload, occurred_at=_moment(body.get("timestamp")))]


def membership_changed(event: Event) -> None:
    """Somebody joined or left a group, or became or stopped being its admin."""
    body = event.payload["body"]
    session = _session(event)
    with tenancy.tenant(session.organization_id):
        services.heard_from(session=session)
        group = _group(session, parsing.jid(body.get("groupJid")), event)
        person = parsing.participant(body.get("participant"))
        if person is None:
            raise _ignored(session, "the event names nobody")
        stamp = event.occurred_at or event.received_at
        if stamp is None:
            raise _ignored(session, "the event has no time")
        change = services.Change(
            action=event.type, lid=person.lid, full_phone=person.full_phone, phone_number=person.phone_number,
            occurred_at=_by_our_clock(event, session), stamp=stamp,
        )  # fmt: skip
        outcome = services.record_change(group=group, change=change)
    log.info("%s in %s: %s", event.type, group.group_jid, outcome)


def status_changed(event: Event) -> None:
    """A session is connected, disconnected, or waits for its QR code."""
    session = _session(event)
    status = parsing.session_status(event.payload["body"])
    if status is None:
        raise _ignored(session, "the status is a word we do not know")
    at = _by_our_clock(event, session)
    with tenancy.tenant(session.organization_id):
        services.heard_from(session=session)
        services.record_status(session=session, status=status, at=at)


def message_refused(event: Event) -> None:
    """WhatsApp did not take a message, later than the gateway did. It stays in the inbox, and the log says so."""
    body = event.payload["body"]
    session = _session(event)
    with tenancy.tenant(session.organization_id):
        services.heard_from(session=session)
    log.warning(
        "a message to %s was refused: %s %s", body.get("groupJid"), body.get("errorCode"), body.get("errorMessage")
    )


def _session(event: Event) -> Session:
    """:raises Park: no organization has this session yet"""
    gateway, name = event.payload["gateway"], event.payload["body"].get("sessionId")
    if not isinstance(name, str) or not name:
        raise Ignore("the event names no session")
    session = Session.objects.filter(gateway=gateway, gateway_session_id=name).first()
    if session is None:
        raise Park(services.waits_for_session(gateway, name), "its session is not known yet")
    return session


def _group(session: Session, jid: str | None, event: Event) -> Group:
    """:raises Park: the organization does not know this group yet: a join can come before the create answers"""
    if jid is None:
        raise _ignored(session, "the event names no group")
    group = Group.objects.filter(organization_id=session.organization_id, group_jid=jid).first()
    if group is None:
        at = event.received_at or datetime.now(UTC)
        remember = partial(services.heard_of_unknown_group, session=session, at=at)
        waits_for = services.waits_for_group(session.organization_id, jid)
        raise Park(waits_for, "its group is not known yet", remember=remember)
    if not group.is_trackable:
        raise _ignored(session, "a community's parent holds no people")
    return group


def _ignored(session: Session, reason: str) -> Ignore:
    """Of no use, and yet a sign of life of its session."""
    return Ignore(reason, remember=partial(services.heard_from, session=session))


def _by_our_clock(event: Event, session: Session) -> datetime:
    """The event's time, less what its gateway's clock is ahead of ours; when it came, where it has none."""
    told = event.occurred_at
    if told is None:
        return event.received_at or datetime.now(UTC)
    return told - timedelta(seconds=session.clock_offset)


def _moment(value: Any) -> datetime | None:
    """A time given as ISO text, seconds or milliseconds; None when it is none."""
    if isinstance(value, str) and value.replace(".", "", 1).isdecimal():
        value = float(value)
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value >= _FIRST_MILLISECONDS else value, UTC)
        found = parse_datetime(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _each(names: Iterable[str], handler: Any) -> dict[str, Any]:
    return dict.fromkeys(names, handler)


SOURCE = Source(
    verify=verify,
    read=read,
    handlers={
        **_each(_MEMBERSHIPS, membership_changed),
        "status": status_changed,
        "message_error": message_refused,
    },
    secret_fields=frozenset({"apikey", "api_key", "x-api-key", "secret", "token", "password", "authorization"}),
    route=("gateway",),
)
