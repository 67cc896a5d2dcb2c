"""Sign-ups that were let through although their app user could not be made or kept right."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class SyncFailure(models.Model):
    """
    Written by the trigger in place of an error, which would have rolled the sign-up back.

    `code` is what was in the way (`email_held`, `email_of_deleted`, `id_held`) or PostgreSQL's error code. A sweep
    tries again until it is resolved.
    """

    id = models.BigAutoField(primary_key=True)
    auth_id = models.TextField()
    code = models.TextField()
    message = models.TextField(db_default="")
    source = models.TextField(db_default="")
    created_at = models.DateTimeField(db_default=Now())
    tried_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(db_default=0)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "user_sync_failures"
        verbose_name = "sign-up failure"
        indexes = [
            models.Index(fields=["auth_id"], name="user_sync_failures_auth_id"),
            models.Index(fields=["created_at"], name="user_sync_failures_open", condition=Q(resolved_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.auth_id}: {self.code}"
