"""What the identity provider tells us. A trigger (`accounts/sql/identities.sql`) keeps app_users in step with it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import AuthUser
from accounts.services.news import tell_of_profiles

#: The provider of those whom so far only another server of ours has told of.
HEARSAY = "api"
#: One by one, in the order of the list: of two about the same person, the second meets what the first has written.
_RECORD = """
SELECT fact ->> 'id' FROM jsonb_array_elements(%s) WITH ORDINALITY AS told (fact, place)
WHERE user_sync_record(fact, %s, 'not_older') ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """What a provider says of a person as of `updated_at`."""

    id: str
    email: str | None
    is_email_confirmed: bool
    updated_at: datetime
    created_at: datetime | None = None
    phone: str = ""
    full_name: str = ""
    username: str | None = None
    profile_image: str = ""


@transaction.atomic
def record_identities(*, identities: Sequence[IdentityFacts], provider: str = "clerk") -> list[str]:
    """
    Store what the provider says of people, in one statement; answers the ids of those that were not stale.

    Stale is what is older than what is known, and whatever is said of an identity that was deleted: a tombstone stands
    for ever. The app users follow in the same transaction; where one cannot, a SyncFailure says why and nothing is
    raised.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [json.dumps(list(map(_as_row, identities))), provider])
        stored = [id for (id,) in cursor.fetchall()]
    tell_of_profiles(stored)
    return stored


def _as_row(facts: IdentityFacts) -> dict[str, Any]:
    """As a row of auth.users in JSON."""
    shown = {"full_name": facts.full_name, "username": facts.username, "avatar_url": facts.profile_image}
    return {
        "id": facts.id, "email": facts.email, "phone": facts.phone, "raw_user_meta_data": shown,
        "updated_at": facts.updated_at.isoformat(),
        "created_at": facts.created_at.isoformat() if facts.created_at else None,
        "email_confirmed_at": facts.updated_at.isoformat() if facts.email and facts.is_email_confirmed else None,
    }  # fmt: skip


def adopt_identities(*, ids: Collection[str], provider: str = "clerk") -> None:
    """The provider has these: they are its own from now on, whoever told us of them first."""
    AuthUser.objects.filter(pk__in=ids, provider=HEARSAY).update(provider=provider)


@transaction.atomic
def forget_identity(*, id: str, at: datetime, provider: str = "clerk") -> None:
    """
    The provider deleted the identity: a tombstone, even when the identity itself was never heard of.

    The app user stays, with everything that points at it, and says when its account was deleted.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_sync_bury(%s, %s, %s)", [id, provider, at])


def follows_identities() -> bool:
    """Whether the trigger that makes app users is there and fires."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'auth_users'::regclass"
            " AND tgname = 'user_sync_follow' AND tgenabled IN ('O', 'A'))"
        )
        return bool(cursor.fetchone()[0])
