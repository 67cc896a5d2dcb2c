"""What a row of one organization looks like."""

import uuid
from typing import Any

from django.db import models


class TenantModel(models.Model):
    """
    A row that belongs to one organization.

    Its migration calls `tenant_table` (policies) and, for each foreign key to another tenant table, which is
    declared with `db_constraint=False`, `composite_key`: a plain key would let a row point into another organization.
    The unique (organization, id) is what those composite keys refer to, and serves as the index on organization.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        "organizations.Organization", on_delete=models.CASCADE, related_name="+", db_index=False
    )

    class Meta:
        abstract = True

    def name_of(self, key: str) -> str:
        """The row behind a foreign key as people call it if it is loaded, else its id: a text asks no database."""
        field: Any = self._meta.get_field(key)
        return str(getattr(self, key) if field.is_cached(self) else getattr(self, field.attname))


def tenant_unique(name: str) -> models.UniqueConstraint:
    """The (organization, id) key that composite foreign keys refer to."""
    return models.UniqueConstraint(fields=["organization", "id"], name=name)
