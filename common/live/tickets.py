"""Tickets: an EventSource cannot send a token, so it brings one of these in its address."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import redis
from django.conf import settings
from django.utils import timezone

from common.errors import DomainError
from common.live.events import client


class LiveUnavailable(DomainError):
    """Redis is away, so nothing can be followed."""

    code = "live_unavailable"
    status = 503
    message = "Live updates are not available at the moment. Everything else works: try again in a while."


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may follow what: one person of one organization, one topic."""

    organization_id: str
    user_id: str
    topic: str


def issue_ticket(ticket: Ticket) -> tuple[str, datetime]:
    """
    A token that stands for `ticket`, to be used once, and when it expires. Redis knows only its hash.

    :raises LiveUnavailable: Redis is away
    """
    token, seconds = secrets.token_urlsafe(32), settings.LIVE_TICKET_SECONDS
    expires_at = timezone.now() + timedelta(seconds=seconds)
    try:
        client().set(_key(token), json.dumps(asdict(ticket)), nx=True, ex=seconds)
    except (redis.RedisError, OSError):
        raise LiveUnavailable from None
    return token, expires_at


def take_ticket(token: str) -> Ticket | None:
    """
    What `token` stands for, and the end of it; None when it is unknown, used or expired.

    :raises LiveUnavailable: Redis is away
    """
    try:
        found = client().getdel(_key(token))
    except (redis.RedisError, OSError):
        raise LiveUnavailable from None
    return Ticket(**json.loads(str(found))) if found else None


def _key(token: str) -> str:
    return f"live-ticket:{sha256(token.encode()).hexdigest()}"
