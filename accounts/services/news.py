"""Telling the apps above."""

from collections.abc import Iterable, Sequence

from django.db import connection

from accounts.models import AppUser
from accounts.signals import profiles_changed
from common.commits import once_after_commit


def tell_of_profiles(ids: Iterable[str]) -> None:
    """Send `profiles_changed` after commit for those of `ids` whose app users this transaction has written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM app_users WHERE id = ANY(%s) AND updated_at >= now()", [list(ids)])
        written = [id for (id,) in cursor.fetchall()]
    tell_of_all(written)


def tell_of_all(ids: Sequence[str]) -> None:
    """Send `profiles_changed` after commit for these."""
    if ids:
        once_after_commit(("profiles", *ids), lambda: _send(list(ids)))


def _send(ids: list[str]) -> None:
    profiles_changed.send(sender=AppUser, user_ids=ids)
