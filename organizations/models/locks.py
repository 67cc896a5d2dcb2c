"""One reconcile at a time, whatever rows say."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

#: "clerk" as a number: nobody else locks by it.
_KEY = 0x636C65726B


@contextmanager
def only_reconcile() -> Iterator[bool]:
    """Whether this connection is the only one that reconciles now. A worker that dies lets go with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_KEY])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours and connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_KEY])
