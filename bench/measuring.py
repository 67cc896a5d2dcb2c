"""What a piece of database work costs: its time, its WAL, and the member rows it writes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from django.db import connection
from tqdm import tqdm

Measured = TypeVar("Measured")
_WAL = "SELECT wal_bytes FROM pg_stat_get_backend_wal(pg_backend_pid())"
_FLUSH = "SELECT pg_stat_force_next_flush()"
_WRITTEN = "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = 'workshop_group_members'"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one piece of work: seconds, bytes of WAL, member rows inserted, updated and deleted."""

    seconds: float
    wal: int
    written: int


def cost_of(work: Callable[[], object]) -> Cost:
    """
    Do the work, commit included, and tell its cost. Only the work is between the two looks at the clock.

    Rows and WAL are PostgreSQL's own count of what this connection wrote, rolled back or not (WAL: since version 18).
    """
    written, wal = _number(_FLUSH, _WRITTEN), _number(_WAL)
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    return Cost(seconds, _number(_FLUSH, _WAL) - wal, _number(_WRITTEN) - written)


def alternate(sides: Mapping[str, Callable[[], Measured]], *, rounds: int, warm_ups: int) -> dict[str, list[Measured]]:
    """
    Measure each side once in every round, each round in the opposite order of the one before.

    The first `warm_ups` rounds are not counted: caches fill, and pages that no one has written since the last
    checkpoint go into the WAL whole.
    """
    found: dict[str, list[Measured]] = {name: [] for name in sides}
    for turn in tqdm(range(-warm_ups, rounds), desc="measuring", unit="round", leave=False, disable=None):
        for name in list(sides)[:: 1 if turn % 2 else -1]:
            measured = sides[name]()
            if turn >= 0:
                found[name].append(measured)
    return found


def repeat(work: Callable[[], Measured], *, rounds: int, warm_ups: int) -> list[Measured]:
    """The same for a single side."""
    return alternate({"": work}, rounds=rounds, warm_ups=warm_ups)[""]


def _number(*statements: str) -> int:
    """The number that the last statement answers."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return int(cursor.fetchone()[0])
