"""The audit trail of repairs."""

from django.db import models
from django.db.models.functions import Now


class Repair(models.Model):
    """
    What one repair did to one person. Written by `accounts/sql/repair.sql`, and changed by an undo (`undone_at`) and by
    the person's erasure alone.

    `counts` says how many rows of each place ("table.column") were moved from `old_id` to `new_id`; `facts` is what an
    undo needs besides. `run` ties together what one command or click did.
    """

    class Action(models.TextChoices):
        """What was done."""

        REKEY = "rekey", "id moved"
        MERGE = "merge", "merged"
        CREATE = "create", "app user made"
        EMAIL = "email", "e-mail updated"
        UNDO = "undo", "undone"
        ERASE = "erase", "person erased"

    id = models.BigAutoField(primary_key=True)
    run = models.UUIDField()
    action = models.TextField(choices=Action)
    state = models.TextField(db_default="")
    auth_id = models.TextField()
    old_id = models.TextField(null=True)  # noqa: DJ001  (NULL: there was no app user)
    new_id = models.TextField(null=True)  # noqa: DJ001  (NULL: there is none any more)
    counts = models.JSONField(default=dict, db_default={})
    facts = models.JSONField(default=dict, db_default={})
    actor = models.TextField()
    reason = models.TextField(db_default="")
    created_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True)
    undoes = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)

    class Meta:
        db_table = "user_sync_audit"
        verbose_name = "repair of user IDs"
        verbose_name_plural = "repairs of user IDs"
        indexes = [
            models.Index(fields=["auth_id"], name="user_sync_audit_auth_id"),
            models.Index(fields=["old_id"], name="user_sync_audit_old_id"),
            models.Index(fields=["new_id"], name="user_sync_audit_new_id"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.get_action_display()}, {self.old_id or 'nobody'} → {self.new_id or 'nobody'}"
