"""What the identity provider tells us. A trigger (`accounts/sql/identities.sql`) keeps app_users in step with it."""

import json
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.services.news import tell_of_profiles


@transaction.atomic
def record_identity(
    *, id: str, email: str | None, is_email_confirmed: bool, phone: str = "", full_name: str = "",
    username: str | None = None, profile_image: str = "", created_at: datetime | None, updated_at: datetime,
    provider: str = "clerk",
) -> bool:  # fmt: skip
    """
    Store what the provider says of a person as of `updated_at`, by one conditional statement.

    False when something newer is known, or the identity was deleted: a tombstone stands for ever. The person's app
    user follows in the same transaction; where it cannot, a SyncFailure says why and nothing is raised.
    """
    shown = {"full_name": full_name, "username": username, "avatar_url": profile_image}
    fact: dict[str, Any] = {
        "id": id, "email": email, "phone": phone, "raw_user_meta_data": shown, "updated_at": updated_at.isoformat(),
        "created_at": created_at.isoformat() if created_at else None,
        "email_confirmed_at": updated_at.isoformat() if email and is_email_confirmed else None,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_sync_record(%s, %s, 'not_older')", [json.dumps(fact), provider])
        is_stored = bool(cursor.fetchone()[0])
    if is_stored:
        tell_of_profiles([id])
    return is_stored


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
