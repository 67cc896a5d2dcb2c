"""Repairs of user IDs. `accounts/sql/repair.sql` does one batch; here batches are chosen, tried again and added up."""

import logging
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, connection
from django.db.models import TextChoices

from accounts.models import Repair, SyncStatus
from accounts.services.news import tell_of_all, tell_of_profiles
from common import tenancy
from common.errors import DomainError

log = logging.getLogger(__name__)
BATCH_SIZE = 1000
_TRIES = 3
#: lock_not_available, deadlock_detected, serialization_failure
_PASSING = {"55P03", "40P01", "40001"}
_REPAIR = "SELECT user_id, state, outcome, message, audit_id FROM user_sync_repair(%s, %s, %s, %s, %s)"


class Strategy(TextChoices):
    """What becomes of two app users of one person, where a merge meets rows that may exist only once."""

    REFUSE = "refuse", "merge nobody"
    KEEP_AUTH = "keep-auth", "keep what is under the identity's id"
    KEEP_APP = "keep-app", "keep what is under the other id"
    NEWEST = "newest", "keep what was changed last"


class RepairRefused(DomainError):
    """The database would not do it; nothing was changed."""

    code = "repair_refused"
    status = 409


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one person: `repaired`, or `refused` with the reason."""

    user_id: str
    state: str
    outcome: str
    message: str = ""
    repair_id: int | None = None

    @property
    def is_repaired(self) -> bool:
        """Whether something was changed."""
        return self.outcome == "repaired"


def repairable(strategy: str) -> list[str]:
    """The states that a repair with this strategy works on."""
    more = [] if strategy == Strategy.REFUSE else [SyncStatus.State.TARGET_OCCUPIED]
    return [*SyncStatus.AUTOMATIC, *more]


def repair(
    *, ids: Sequence[str], strategy: str, actor: str, reason: str = "", run: uuid.UUID | None = None
) -> list[Line]:
    """
    Repair these people, and whoever hangs together with them by id or e-mail, in one transaction.

    Everybody is looked at again under locks: who has changed meanwhile is left alone.

    :raises RepairRefused: the database refused all of it, e.g. a key that is not deferrable; nothing was changed
    """
    try:
        with tenancy.system():
            return _repair(ids, strategy, actor, reason, run or uuid.uuid4())
    except DatabaseError as error:
        raise RepairRefused(_said(error)) from error


def repair_all(*, strategy: str, actor: str, reason: str = "", batch_size: int = BATCH_SIZE) -> Iterator[list[Line]]:
    """
    Repair everybody who can be, in batches that each commit whole; yields what became of each batch.

    Whatever ends it early, a second call goes on where it stopped.
    """
    run, tried = uuid.uuid4(), set[str]()
    while ids := [id for id in _waiting(strategy) if id not in tried]:
        tried.update(ids)
        for start in range(0, len(ids), batch_size):
            yield _patiently(ids[start : start + batch_size], strategy, actor, reason, run)


def undo(*, repair_id: int, actor: str, reason: str = "") -> list[int]:
    """
    Undo one repair, and those of its run that cannot be undone without it (a swap); answers their ids.

    :raises RepairRefused: it was undone already, or later changes stand in the way
    """
    try:
        with tenancy.system(), connection.cursor() as cursor:
            cursor.execute("SELECT user_sync_undo(%s, %s, %s)", [repair_id, actor, reason])
            undone = sorted(id for (id,) in cursor.fetchall())
            sides = Repair.objects.filter(pk__in=undone).values_list("old_id", "new_id")
            tell_of_all(sorted({id for ids in sides for id in ids if id}))  # what is restored keeps its old time
            return undone
    except DatabaseError as error:
        raise RepairRefused(_said(error)) from error


def _waiting(strategy: str) -> list[str]:
    """Ids of the identities that wait for a repair, in the order of their ids."""
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT auth_id FROM user_sync_status WHERE state = ANY(%s) AND auth_id IS NOT NULL ORDER BY 1",
            [repairable(strategy)],
        )
        return [id for (id,) in cursor.fetchall()]


def _patiently(ids: Sequence[str], strategy: str, actor: str, reason: str, run: uuid.UUID) -> list[Line]:
    """One batch; when the database refuses it, its halves, so that one person keeps no other from being repaired."""
    for attempt in range(1, _TRIES + 1):
        try:
            with tenancy.system():
                return _repair(ids, strategy, actor, reason, run)
        except DatabaseError as error:
            if _code(error) in _PASSING and attempt < _TRIES:
                continue
            if len(ids) == 1:
                return [Line(ids[0], "", "refused", _said(error))]
            log.warning("a batch of %s repairs was refused (%s): its halves are tried", len(ids), _said(error))
            break
    half = len(ids) // 2
    parts = (_patiently(part, strategy, actor, reason, run) for part in (ids[:half], ids[half:]))
    return [line for part in parts for line in part]


def _repair(ids: Sequence[str], strategy: str, actor: str, reason: str, run: uuid.UUID) -> list[Line]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        cursor.execute(_REPAIR, [list(ids), strategy, run, actor, reason])
        lines = [Line(*row) for row in cursor.fetchall()]
        if repaired := [line.repair_id for line in lines if line.repair_id]:
            cursor.execute("SELECT new_id FROM user_sync_audit WHERE id = ANY(%s) AND new_id IS NOT NULL", [repaired])
            tell_of_profiles([id for (id,) in cursor.fetchall()])
    return lines


def _code(error: DatabaseError) -> str:
    return str(getattr(error.__cause__, "sqlstate", ""))


def _said(error: DatabaseError) -> str:
    """What the database said, for people."""
    diagnosis = getattr(error.__cause__, "diag", None)
    texts = [getattr(diagnosis, "message_primary", None) or str(error), getattr(diagnosis, "message_hint", None)]
    return " ".join(text for text in texts if text)
