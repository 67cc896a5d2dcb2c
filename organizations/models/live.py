"""Rows that Clerk may delete are kept as tombstones, and nobody sees them by accident."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection, models

_Row = TypeVar("_Row", bound=models.Model)


class LiveManager(models.Manager[_Row]):
    """
    Rows that are not deleted at Clerk.

    It is the default, and not a filter to be remembered: a reader who forgot it would let a removed member in.
    """

    def get_queryset(self) -> models.QuerySet[_Row]:
        """Without the tombstones."""
        return super().get_queryset().filter(deleted_at=None)


def columns_of(names: Sequence[str], rows: Sequence[Sequence[object]]) -> dict[str, list[object]]:
    """Rows as one list for each column, as unnest() takes them."""
    return {name: [row[number] for row in rows] for number, name in enumerate(names)}


def rows_of(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement of the mirror returns."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
