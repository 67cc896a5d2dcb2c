"""People whom Stream still has although they were erased here."""

import uuid
from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.jobs import Job, JobQuerySet


class ErasureQuerySet(JobQuerySet["Erasure"]):
    """Finding whose turn it is."""

    def ripe(self) -> Self:
        """Those whose time has come, and those whose worker is gone."""
        is_orphan = Q(run_after=None, lease_until__lt=Now())
        return self.filter(Q(run_after__lte=Now()) | is_orphan).order_by("run_after")


class Erasure(Job):
    """A user of Stream who is to be deleted there for good. The row goes with them: nothing says who it was."""

    #: Longer than a call.
    LEASE = timedelta(seconds=60)
    #: After so many failures a person is told.
    PATIENCE = 5

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    stream_id = models.TextField(unique=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ErasureQuerySet.as_manager()

    class Meta:
        db_table = "chat_erasures"

    def __str__(self) -> str:
        return f"erasure {self.pk}"
