"""Page numbers for tables of millions of rows."""

import json
from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.utils.functional import cached_property


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Counts exactly up to `EXACT_UP_TO` rows; beyond that it believes the query planner, which need not look."""

    EXACT_UP_TO = 10_000

    @cached_property
    def count(self) -> int:
        """The number of rows, or a fair idea of it."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # the admin pages querysets only
        exact = rows.order_by().values("pk")[: self.EXACT_UP_TO + 1].count()
        return exact if exact <= self.EXACT_UP_TO else max(_estimate(rows), exact)


def _estimate(rows: QuerySet[Any]) -> int:
    sql, parameters = rows.order_by().values("pk").query.sql_with_params()
    with connections[rows.db].cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        plan = cursor.fetchone()[0]
    found = json.loads(plan) if isinstance(plan, str) else plan
    return int(found[0]["Plan"]["Plan Rows"])
