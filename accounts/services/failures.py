"""Trying again what a trigger could not do."""

from datetime import timedelta

from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import SyncFailure
from accounts.services.news import tell_of_profiles
from common import tenancy
from common.jobs import backoff

#: Outcomes of user_sync_provision after which nothing is in the way any more.
_GOOD = {"created", "updated", "unchanged", "deleted", "absent"}
_BASE, _LONGEST = timedelta(seconds=30), timedelta(hours=6)
_MOST = 500


def sweep_failures() -> int:
    """Try again those whose time has come; answers how many are resolved."""
    now = timezone.now()
    waiting = SyncFailure.objects.filter(resolved_at=None).order_by("created_at")[:_MOST]
    due = [
        row.auth_id
        for row in waiting
        if row.tried_at is None or row.tried_at + backoff(row.attempts, base=_BASE, longest=_LONGEST) < now
    ]
    return sum(try_again(auth_id=id) == "resolved" for id in dict.fromkeys(due))


def try_again(*, auth_id: str) -> str:
    """
    Make or refresh the app user of an identity whose sign-up was let through without one.

    Answers `resolved`, or what is in the way: `email_held`, `email_of_deleted`, `id_held` or the database's words.
    """
    with tenancy.system():
        failures = SyncFailure.objects.filter(auth_id=auth_id, resolved_at=None)
        outcome = _provision(auth_id, sources={row.source for row in failures} - {"", "auth_users"})
        return _note(failures, outcome)


def _provision(auth_id: str, *, sources: set[str]) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            for source in sources:
                cursor.execute("SELECT user_sync_pull(%s, %s, 'not_older')", [source, [auth_id]])
            cursor.execute("SELECT user_sync_provision(%s)", [auth_id])
            outcome = str(cursor.fetchone()[0])
            tell_of_profiles([auth_id])
            return outcome
    except DatabaseError as error:
        return str(error).splitlines()[0]


def _note(failures: QuerySet[SyncFailure], outcome: str) -> str:
    now = timezone.now()
    if outcome in _GOOD:
        failures.update(resolved_at=now, tried_at=now)
        return "resolved"
    failures.update(tried_at=now, attempts=F("attempts") + 1)
    return outcome
