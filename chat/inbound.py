"""What Stream tells us: users who end and come back, profiles that others wrote over, members, messages."""

import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils.dateparse import parse_datetime

from chat import services
from chat.models import StreamIdentity
from webhooks import signatures
from webhooks.sources import Event, Ignore, Refused, Request, Source, Unreadable, json_object

_GZIP = b"\x1f\x8b"
_MOST_BYTES = 5 * 1024 * 1024
_State = StreamIdentity.State


def verify(request: Request) -> None:
    """
    Stream's HMAC over the body before compression (https://getstream.io/chat/docs/python/webhooks_overview/).

    :raises Refused: there is no signature, or another one
    """
    given = request.headers.get("X-Signature", "")
    if not given:
        raise Refused(401, "no_signature")
    secrets = [settings.STREAM_API_SECRET, *settings.STREAM_WEBHOOK_SECRETS]
    if not signatures.is_hex_hmac(given, body=_unpacked(request.body), secrets=secrets, algorithm="sha256"):
        raise Refused(401, "wrong_signature")


def read(request: Request) -> list[Event]:
    """The one event of a body. Stream repeats an event under the same X-Webhook-Id."""
    body = json_object(_unpacked(request.body))
    kind = body.get("type")
    if not isinstance(kind, str) or not kind:
        raise Unreadable("no_type")
    key = request.headers.get("X-Webhook-Id", "").strip()[:200] or str(uuid4())
    return [Event(kind[:100], dedupe_key=key, payload=body, occurred_at=_moment(body.get("created_at")))]


def _unpacked(body: bytes) -> bytes:
    """The body as it was signed. What unpacks to more than 5 MiB is no event. :raises Unreadable: it is damaged"""
    if not body.startswith(_GZIP):
        return body
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        found = unpacking.decompress(body, _MOST_BYTES)
    except zlib.error as error:
        raise Unreadable("not_gzip") from error
    if not unpacking.eof:
        raise Unreadable("too_large")
    return found


def user_deleted(event: Event) -> None:
    """They take part in nothing any more."""
    _record_state(event, _State.DELETED)


def user_deactivated(event: Event) -> None:
    """They take part in nothing for now."""
    _record_state(event, _State.DEACTIVATED)


def user_reactivated(event: Event) -> None:
    """They are back, and get their profile anew."""
    _record_state(event, _State.ACTIVE)


def user_updated(event: Event) -> None:
    """What Stream has of a user; where a browser wrote over it, it is put right."""
    user = _object(event, "user")
    if not services.profile_was_told(stream_id=_text(user, "id"), fields=user):
        raise Ignore("Stream has what it should have, or the user is none of ours")


def member_added(event: Event) -> None:
    """Somebody is in a channel."""
    _record_membership(event, is_member=True)


def member_removed(event: Event) -> None:
    """Somebody is in a channel no more."""
    _record_membership(event, is_member=False)


def message_new(event: Event) -> None:
    """Somebody spoke."""
    message = event.payload.get("message")
    at = _moment(message.get("created_at")) if isinstance(message, dict) else None
    if not services.message_was_told(cid=_text(event.payload, "cid"), at=at or _at(event)):
        raise Ignore("the channel is none of ours")


def channel_deleted(event: Event) -> None:
    """A channel is gone."""
    if not services.deletion_was_told(cid=_text(event.payload, "cid"), at=_at(event)):
        raise Ignore("the channel is none of ours, or was made again since")


def _record_state(event: Event, state: str) -> None:
    if not services.record_state(stream_id=_text(_object(event, "user"), "id"), state=state, at=_at(event)):
        raise Ignore("the user is none of ours, or we have newer news")


def _record_membership(event: Event, *, is_member: bool) -> None:
    cid = _text(event.payload, "cid")
    member = event.payload.get("member")
    who = member if isinstance(member, dict) and member.get("user_id") else _object(event, "user")
    stream_id = _text(who, "user_id" if "user_id" in who else "id")
    if not services.membership_was_told(cid=cid, stream_id=stream_id, is_member=is_member, at=_at(event)):
        raise Ignore("the channel is none of ours, or we have newer news")


def _object(event: Event, name: str) -> dict[str, Any]:
    found = event.payload.get(name)
    if not isinstance(found, dict):
        raise Ignore(f"the event has no {name}")
    return found


def _text(values: dict[str, Any], name: str) -> str:
    found = values.get(name)
    if not isinstance(found, str) or not found:
        raise Ignore(f"the event has no {name}")
    return found


def _at(event: Event) -> datetime:
    return event.occurred_at or event.received_at or datetime.now(UTC)


def _moment(value: Any) -> datetime | None:
    """RFC 3339, with up to nine digits of a second, of which we keep six."""
    try:
        found = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


_HANDLERS: dict[str, Callable[[Event], None]] = {
    "user.deleted": user_deleted,
    "user.deactivated": user_deactivated,
    "user.reactivated": user_reactivated,
    "user.updated": user_updated,
    "member.added": member_added,
    "member.removed": member_removed,
    "message.new": message_new,
    "channel.deleted": channel_deleted,
}

SOURCE = Source(
    verify=verify, read=read, handlers=_HANDLERS, secret_fields=frozenset({"token", "secret", "api_secret"})
)
