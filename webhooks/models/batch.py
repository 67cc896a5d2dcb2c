"""Which deliveries a worker is about to handle: what is left of it when it is killed."""

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models.functions import Now


class BatchQuerySet(models.QuerySet["Batch"]):
    """Claiming."""

    def claim(self, source: str, *, size: int, is_suspect: bool) -> "Batch | None":
        """
        Name the next due deliveries; None when there are none, or another batch of the source is under way.

        To be committed before the work begins.
        """
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"source": source, "size": size, "is_suspect": is_suspect})
            found = cursor.fetchone()
        return Batch(pk=found[0], source=source, delivery_ids=found[1]) if found else None


class Batch(models.Model):
    """
    Written before its deliveries are handled, and deleted by the transaction that handles them.

    As long as that transaction lives the row is locked. A row that can be locked was left by a worker that died, and
    its deliveries are suspects: one of them may have killed it.

    One of a source at a time: handlers keep what they have locked (a group, say) until their batch commits, so two
    batches side by side would wait for each other crosswise.
    """

    id = models.BigAutoField(primary_key=True)
    source = models.TextField()
    delivery_ids = ArrayField(models.BigIntegerField())
    started_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = BatchQuerySet.as_manager()

    class Meta:
        db_table = "webhook_batches"
        verbose_name_plural = "batches"
        constraints = [models.UniqueConstraint(fields=["source"], name="webhook_batches_one_per_source")]

    def __str__(self) -> str:
        return f"{self.source} {self.pk}: {len(self.delivery_ids)} deliveries"


#: The look at webhook_batches saves waiting for a batch that is being handled; the key decides between two who look at
#: once.
_CLAIM = """
INSERT INTO webhook_batches (source, delivery_ids)
SELECT %(source)s, array_agg(id ORDER BY run_after, id) FROM (
  SELECT id, run_after FROM webhook_deliveries
  WHERE source = %(source)s AND status IN ('received', 'failed', 'parked') AND run_after <= statement_timestamp()
    AND is_suspect = %(is_suspect)s
    AND NOT EXISTS (SELECT FROM webhook_batches WHERE source = %(source)s)
  ORDER BY run_after, id LIMIT %(size)s
) AS due
HAVING count(*) > 0
ON CONFLICT (source) DO NOTHING
RETURNING id, delivery_ids
"""
