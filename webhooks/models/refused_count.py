"""How many deliveries were refused, and why."""

from collections.abc import Sequence
from datetime import date

from django.db import connection, models
from django.db.models.functions import Now


class RefusedCountQuerySet(models.QuerySet["RefusedCount"]):
    """Counting."""

    def add(self, counts: Sequence[tuple[date, str, str, int]]) -> None:
        """Add (day, source, reason, number) to what is there, in one statement."""
        # Sorted, so that two processes never wait for each other crosswise.
        columns = [list(column) for column in zip(*sorted(counts), strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_ADD, columns)


class RefusedCount(models.Model):
    """Refused deliveries of one source for one reason on one day (UTC), the latest at `last_at`. They are not kept."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    source = models.TextField()
    reason = models.TextField()
    number = models.BigIntegerField()
    last_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = RefusedCountQuerySet.as_manager()

    class Meta:
        db_table = "webhook_refused_counts"
        verbose_name = "refused webhook"
        constraints = [models.UniqueConstraint(fields=["day", "source", "reason"], name="webhook_refused_counts_once")]

    def __str__(self) -> str:
        return f"{self.source}: {self.reason} on {self.day}"


_ADD = """
INSERT INTO webhook_refused_counts AS counted (day, source, reason, number)
SELECT * FROM unnest(%s::date[], %s::text[], %s::text[], %s::bigint[])
ON CONFLICT (day, source, reason) DO UPDATE
SET number = counted.number + excluded.number, last_at = excluded.last_at
"""
