"""
`status`: `manage.py sync_user_ids status` on a million identities and a million app users, against the bare aggregate.

- command: the command, from its arguments to what it printed.
- aggregate: the one SELECT that the figures come from, through the same connection.

Memory is what the process' peak grew by while the command ran.
"""

import resource
import time
from contextlib import suppress
from io import StringIO

from django.core.management import call_command
from django.db import connection

from bench.measuring import alternate
from bench.people import FULL, Crowd, seeded
from bench.results import Figure, Result, Series, milliseconds
from common import tenancy

GOAL = 1.2
MEMORY_GOAL = 8.0


def run(crowd: Crowd = FULL) -> Result:
    """Measure both in turns."""
    with seeded(crowd):
        _command()
        before = _peak()
        found = alternate({"command": _command, "aggregate": _aggregate}, rounds=crowd.rounds, warm_ups=1)
        grown = _peak() - before
    series = {name: milliseconds(name, seconds) for name, seconds in found.items()}
    ratio = series["command"].median / series["aggregate"].median
    return Result(
        [*series.values(), Series("peak memory grew by", [grown], "MiB")],
        [Figure("command / aggregate", ratio, GOAL), Figure("peak memory grew by", grown, MEMORY_GOAL, "MiB")],
    )


def _command() -> float:
    begun = time.perf_counter()
    with suppress(SystemExit):  # something is to fix: left by the benchmark before
        call_command("sync_user_ids", "status", stdout=StringIO(), stderr=StringIO())
    return time.perf_counter() - begun


def _aggregate() -> float:
    begun = time.perf_counter()
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute("SELECT state, count(*) FROM user_sync_status GROUP BY state")
        cursor.fetchall()
    return time.perf_counter() - begun


def _peak() -> float:
    """The most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
