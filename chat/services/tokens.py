"""Tokens of companies: who holds one, and whose are to end."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from chat.models import CompanyToken
from common import tenancy

_MOST = 20


def company_token_given(*, identity_id: UUID, person_id: str, expires_at: datetime) -> None:
    """Somebody is about to get a token of a company."""
    with tenancy.system():
        CompanyToken.objects.create(identity_id=identity_id, person_id=person_id, expires_at=expires_at)


def lost_tokens() -> dict[str, list[int]]:
    """Tokens of people who may no longer speak for the company, by its id in Stream. Forgets those that have ended."""
    with tenancy.system():
        CompanyToken.objects.filter(expires_at__lt=Now()).delete()
        rows = CompanyToken.objects.lost().order_by("pk").values_list("identity__stream_id", "pk")
        found: dict[str, list[int]] = {}
        for stream_id, pk in rows:
            if stream_id in found or len(found) < _MOST:
                found.setdefault(stream_id, []).append(pk)
    return found


def tokens_revoked(*, tokens: Sequence[int], at: datetime) -> None:
    """Stream takes none of them that was issued before `at`."""
    with tenancy.system():
        CompanyToken.objects.filter(pk__in=tokens).update(revoked_at=at)
