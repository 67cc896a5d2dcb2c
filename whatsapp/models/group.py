"""Any JID that we track."""

from typing import Self

from django.db import models
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Now

from common.tenancy.models import TenantModel, tenant_unique
from whatsapp.models.member import GroupMember

#: When a group was last compared with WhatsApp, or was to be: a new one when it was stored. An index has it.
CHECKED_AT = Greatest("created_at", "last_snapshot_at", "reconciled_at")


def _counted(people: QuerySet[GroupMember]) -> Coalesce:
    number = people.order_by().values("group").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), 0)


class GroupQuerySet(models.QuerySet["Group"]):
    """Reads of groups."""

    def with_counts(self) -> Self:
        """
        Adds `active_count`, `left_count` and `hidden_count`, from rows, for the groups that are shown only.

        A stored counter drifts: one said "1 member" for weeks.
        """
        people = GroupMember.objects.filter(organization=OuterRef("organization"), group=OuterRef("pk"))
        active = people.filter(status=GroupMember.Status.ACTIVE)
        return self.annotate(
            active_count=_counted(active),
            left_count=_counted(people.filter(status=GroupMember.Status.LEFT)),
            hidden_count=_counted(active.filter(full_phone=None)),
        )

    def trackable(self) -> Self:
        """Groups that hold people: a community's parent does not."""
        return self.exclude(kind=Group.Kind.COMMUNITY_PARENT)


class Group(TenantModel):
    """
    A group, a community's parent (which holds no people), or its announcement group (which holds them all).

    Identity is organization + JID, whatever session we see it through. `reported_count` is how many people the gateway
    last said are in it: a hint of which group it is. The count of its people is that of their rows. `reconciled_at` is
    when the schedule last asked for a sync of its members, whatever came of it.
    """

    class Kind(models.TextChoices):
        GROUP = "group"
        COMMUNITY_PARENT = "community_parent", "community parent"
        ANNOUNCEMENT = "announcement", "announcement group"

    session = models.ForeignKey(
        "whatsapp.Session", null=True, blank=True, on_delete=models.SET_NULL, related_name="groups",
        db_column="whatsapp_session_id", db_constraint=False, db_index=False,
    )  # fmt: skip
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    group_jid = models.TextField()
    name = models.TextField(blank=True)
    kind = models.TextField(choices=Kind, default=Kind.GROUP)
    invite_link = models.TextField(blank=True)
    reported_count = models.PositiveIntegerField(null=True, blank=True, editable=False)
    last_snapshot_at = models.DateTimeField(null=True, blank=True)
    reconciled_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = GroupQuerySet.as_manager()

    class Meta:
        db_table = "whatsapp_groups"
        constraints = [
            tenant_unique("whatsapp_groups_organization_id_key"),
            models.UniqueConstraint(fields=["organization", "group_jid"], name="whatsapp_groups_one_per_jid"),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="whatsapp_groups_newest"),
            models.Index(fields=["organization", "parent"], name="whatsapp_groups_parent"),
            models.Index(fields=["organization", "session"], name="whatsapp_groups_session"),
            models.Index(CHECKED_AT, name="whatsapp_groups_stale"),
        ]

    def __str__(self) -> str:
        return self.name or self.group_jid

    @property
    def is_trackable(self) -> bool:
        """Whether people are in it."""
        return self.kind != self.Kind.COMMUNITY_PARENT
