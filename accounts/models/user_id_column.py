"""Columns that hold an app user's id without a foreign key."""

from django.db import models


class UserIdColumn(models.Model):
    """`settings.USER_ID_COLUMNS` as the database's own functions read them; `migrate` writes them."""

    class Kind(models.TextChoices):
        """How the column holds the id."""

        ID = "id", "the id"
        ACTOR = "actor", "the id after a prefix"
        GENERIC = "generic", "the id beside a content type"
        ARRAY = "array", "an array of ids"
        JSON = "json", "a key of a JSON object"

    table_name = models.TextField()
    column_name = models.TextField()
    kind = models.TextField(choices=Kind)
    detail = models.TextField(db_default="")

    class Meta:
        db_table = "user_id_columns"
        constraints = [
            models.UniqueConstraint(fields=["table_name", "column_name", "detail"], name="user_id_columns_once")
        ]

    def __str__(self) -> str:
        return f"{self.table_name}.{self.column_name}"
