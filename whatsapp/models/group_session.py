"""Which number is in which group."""

from django.db import models

from common.tenancy.models import TenantModel


class GroupSession(TenantModel):
    """
    A session that is in a group, as its latest list of groups said. `is_admin` is None where the gateway does not say.
    """

    group = models.ForeignKey(
        "whatsapp.Group", on_delete=models.CASCADE, related_name="seen_by", db_constraint=False, db_index=False
    )
    session = models.ForeignKey(
        "whatsapp.Session", on_delete=models.CASCADE, related_name="sees", db_constraint=False, db_index=False
    )
    is_admin = models.BooleanField(null=True, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "whatsapp_group_sessions"
        constraints = [
            models.UniqueConstraint(fields=["organization", "group", "session"], name="whatsapp_group_sessions_once"),
        ]
        indexes = [models.Index(fields=["organization", "session"], name="whatsapp_group_sessions_of")]

    def __str__(self) -> str:
        return f"{self.name_of('session')} in {self.name_of('group')}"
