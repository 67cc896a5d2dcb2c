"""What happened to a person in a group."""

from django.db import models
from django.db.models.functions import Now

from common.tenancy.models import TenantModel


class MembershipEvent(TenantModel):
    """
    A change of state: somebody joined, left, became an admin or stopped being one.

    `occurred_at` is by our clock. `stamp` is the time as the gateway wrote it, by which copies of one event are known:
    two sessions in a group each send one. A snapshot's changes are stamped with its start. The first snapshot of a
    group makes no events: whom it finds was there before we looked. `actor` is empty: the gateway names none.
    """

    class Action(models.TextChoices):
        JOIN = "join", "joined"
        LEAVE = "leave", "left"
        PROMOTE = "promote", "became an admin"
        DEMOTE = "demote", "is no admin any more"

    class Source(models.TextChoices):
        EVENT = "event"
        SNAPSHOT = "snapshot"

    group = models.ForeignKey(
        "whatsapp.Group", on_delete=models.CASCADE, related_name="membership_events",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    member = models.ForeignKey(
        "whatsapp.GroupMember", on_delete=models.CASCADE, related_name="events", db_constraint=False, db_index=False
    )
    action = models.TextField(choices=Action)
    source = models.TextField(choices=Source)
    occurred_at = models.DateTimeField()
    stamp = models.DateTimeField()
    actor = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "whatsapp_membership_events"
        verbose_name = "membership change"
        constraints = [
            # Also how a person's events are found: one more index would be a fifth of what a sync writes.
            models.UniqueConstraint(
                fields=["organization", "member", "action", "stamp"], name="whatsapp_membership_events_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "group", "-occurred_at", "-id"], name="whatsapp_events_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.member} {self.get_action_display()}"
