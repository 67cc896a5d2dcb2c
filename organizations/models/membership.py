"""One person in one organization."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.tenancy.models import TenantModel, tenant_unique
from organizations.models.live import LiveManager, columns_of, rows_of
from organizations.models.organization import Organization
from organizations.roles import Role, role_of


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """What Clerk says of a membership. `role` is in its spelling; `updated_at` None is version 0."""

    id: str
    organization_id: str
    user_id: str
    role: str
    created_at: datetime | None = None
    updated_at: datetime | None = None


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Mirroring, each as one conditional statement. What is deleted stays deleted."""

    def mirror(self, memberships: Sequence[MembershipFacts], *, deleted: bool = False) -> list[str]:
        """
        Write what is not older than what is stored; with `deleted`, as deleted, whatever its time. Answers whose.

        Of one person's memberships in one organization the newest may live: older ones are dead, told or not. The
        organizations and people must be there. A membership of a deleted organization or person is deleted.

        :param memberships: each id, and each person in an organization, once
        """
        names = ("ids", "organizations", "users", "spellings", "roles", "created", "versions")
        values = columns_of(names, list(map(_columns, memberships)))
        rows = rows_of(_MIRROR, {**values, "deleted": deleted}) if memberships else []
        return [clerk_id for (clerk_id,) in rows]

    def told(self, memberships: Sequence[tuple[str, str]]) -> dict[str, "Membership"]:
        """Those of these (organization, Clerk's id) that are here, by Clerk's id: one look-up each, by the key."""
        values = columns_of(("organizations", "ids"), memberships)
        return {str(row.clerk_id): row for row in self.raw(_TOLD, values)}

    def entomb(self) -> int:
        """Delete these; answers how many were not deleted before."""
        return self.filter(deleted_at=None).update(deleted_at=Now(), mirrored_at=Now())


def _columns(facts: MembershipFacts) -> tuple[object, ...]:
    return (
        facts.id, facts.organization_id, facts.user_id, facts.role, role_of(facts.role), facts.created_at,
        facts.updated_at,
    )  # fmt: skip


class Membership(TenantModel):
    """
    One person in one organization.

    `role` decides what they may do; it is text, since Clerk may send a role that we do not know, and that grants
    nothing. `clerk_id` and `clerk_role` are Clerk's own words; without them the row was made by hand, until Clerk tells
    of that person. A rejoin is a new membership. A row with `deleted_at` is a tombstone.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey("accounts.AppUser", on_delete=models.CASCADE, related_name="memberships")
    role = models.TextField(choices=Role)
    clerk_id = models.TextField(null=True, blank=True, editable=False)  # noqa: DJ001  (NULL is "not of Clerk"; unique)
    clerk_role = models.TextField(blank=True, db_default="", editable=False)
    clerk_updated_at = models.DateTimeField(null=True, blank=True, editable=False)
    mirrored_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = LiveManager.from_queryset(MembershipQuerySet)()
    with_deleted = MembershipQuerySet.as_manager()

    class Meta:
        db_table = "organization_members"
        constraints = [
            tenant_unique("organization_members_organization_id_key"),
            models.UniqueConstraint(
                fields=["organization", "user"], condition=Q(deleted_at=None),
                name="organization_members_one_per_person",
                violation_error_message="This person is a member of this organization already.",
            ),
            models.UniqueConstraint(fields=["organization", "clerk_id"], name="organization_members_clerk_id_key"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"


_TOLD = """
SELECT member.* FROM unnest(%(organizations)s::text[], %(ids)s::text[]) AS told (organization_id, clerk_id)
JOIN organization_members AS member USING (organization_id, clerk_id)
"""
#: A rival is another live membership of the same person in the same organization. Counting the superseded ones makes
#: sure that they are written first: the new one would meet their unique key.
_MIRROR = """
WITH incoming AS (
  SELECT given.*, organization.created_by,
         %(deleted)s OR organization.deleted_at IS NOT NULL OR identity.deleted_at IS NOT NULL AS is_dead
  FROM unnest(%(ids)s::text[], %(organizations)s::text[], %(users)s::text[], %(spellings)s::text[], %(roles)s::text[],
              %(created)s::timestamptz[], %(versions)s::timestamptz[])
         AS given (clerk_id, organization_id, user_id, clerk_role, role, created_at, version)
  JOIN organizations AS organization ON organization.id = given.organization_id
  LEFT JOIN auth_users AS identity ON identity.id = given.user_id
), rivals AS (
  SELECT member.id, incoming.clerk_id,
         member.clerk_id IS NOT NULL
           AND (member.created_at, member.clerk_id) > (incoming.created_at, incoming.clerk_id) AS is_newer
  FROM organization_members AS member JOIN incoming USING (organization_id, user_id)
  WHERE member.deleted_at IS NULL AND member.clerk_id IS DISTINCT FROM incoming.clerk_id
), superseded AS (
  UPDATE organization_members AS member SET deleted_at = now(), mirrored_at = now()
  FROM rivals WHERE member.id = rivals.id AND rivals.is_newer IS NOT TRUE
  RETURNING rivals.clerk_id
), written AS (
  INSERT INTO organization_members AS kept (
    id, organization_id, user_id, clerk_id, clerk_role, role, created_at, clerk_updated_at, mirrored_at, deleted_at
  )
  SELECT gen_random_uuid(), incoming.organization_id, incoming.user_id, incoming.clerk_id, incoming.clerk_role,
         CASE WHEN incoming.role = 'admin' AND incoming.user_id = incoming.created_by THEN 'owner'
              ELSE incoming.role END,
         coalesce(incoming.created_at, now()), incoming.version, now(),
         CASE WHEN incoming.is_dead OR rivals.is_newer THEN now() END
  FROM incoming LEFT JOIN rivals USING (clerk_id)
       CROSS JOIN (SELECT count(*) FROM superseded) AS written_before
  ORDER BY incoming.organization_id, incoming.clerk_id
  ON CONFLICT (organization_id, clerk_id) DO UPDATE SET
    clerk_role = excluded.clerk_role, role = excluded.role, mirrored_at = now(), deleted_at = excluded.deleted_at,
    clerk_updated_at = coalesce(excluded.clerk_updated_at, kept.clerk_updated_at)
  WHERE kept.deleted_at IS NULL
    AND (excluded.deleted_at IS NOT NULL OR kept.clerk_updated_at IS NULL
         OR kept.clerk_updated_at <= excluded.clerk_updated_at)
  RETURNING clerk_id
)
SELECT clerk_id FROM written UNION SELECT clerk_id FROM superseded
"""
