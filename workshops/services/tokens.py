"""The tokens in the URLs that platforms call."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from webhooks import signatures
from workshops.models import Platform, SourceToken

#: What TagMango can be told to send, each to a URL of its own.
TAGMANGO_EVENTS = (
    "order.created.completed",
    "order.created.initiated",
    "order.created.failed",
    "order.recurring.created",
    "subscription.expired",
)
_BYTES = 32
_HINT = 6
_LONGEST = 200


@transaction.atomic
def issue_source_token(
    *, organization_id: str, platform: str, issued_by: str, overlap: timedelta
) -> tuple[SourceToken, str]:
    """
    A new token for a platform's URL, shown now and never again; earlier ones live on for `overlap`.

    Without an overlap they end at once, which is right for one that leaked.
    """
    now = timezone.now()
    living_tokens(organization_id=organization_id, platform=platform).filter(
        Q(expires_at=None) | Q(expires_at__gt=now + overlap)
    ).update(expires_at=now + overlap)
    token = secrets.token_urlsafe(_BYTES)
    row = SourceToken.objects.create(
        organization_id=organization_id, platform=platform, token_hash=_hash(token), hint=token[:_HINT],
        created_by=issued_by,
    )  # fmt: skip
    return row, token


def paths_of_token(platform: str, token: str) -> list[str]:
    """The paths that the platform is given: one, or one per event where bodies do not name their event."""
    path = f"/webhooks/{platform}/{token}"
    return [f"{path}/{event}" for event in TAGMANGO_EVENTS] if platform == Platform.TAGMANGO else [path]


def revoke_source_token(*, token: SourceToken) -> None:
    """Its URL is refused from now on."""
    token.expires_at = timezone.now()
    token.save(update_fields=["expires_at"])


def living_tokens(*, organization_id: str, platform: str) -> QuerySet[SourceToken]:
    """Those that are accepted now: the current one, and the one before while a rotation lasts."""
    own = SourceToken.objects.filter(organization_id=organization_id, platform=platform)
    return own.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))


def organization_of_token(*, platform: str, token: str) -> str | None:
    """
    The organization whose URL carries `token`; `None` for one that is wrong or over.

    Tokens are found by their digest, which tells nobody how much of a guess was right, and compared in constant time.
    """
    if len(token) > _LONGEST:
        return None
    digest = _hash(token)
    row = SourceToken.objects.filter(token_hash=digest).first()
    is_right = signatures.is_one_of(digest, [row.token_hash if row else ""])
    if row is None or not is_right or row.platform != platform:
        return None
    return None if row.expires_at and row.expires_at <= timezone.now() else row.organization_id


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
