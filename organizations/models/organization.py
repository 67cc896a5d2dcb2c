"""A tenant, as Clerk describes it, with the settings that are ours."""

import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from organizations.models.live import LiveManager, columns_of, rows_of
from organizations.roles import admin_roles

_NAME_TEMPLATE = "{workshop_title}"
_DESCRIPTION_TEMPLATE = "Community of {workshop_title}, {workshop_date} at {start_time}."


def default_workshop_time() -> time:
    """19:00, local to the organization."""
    return time(19, 0)


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """
    What Clerk says of an organization. `slug` None: not said.

    `updated_at` is the version; None is version 0, which only fills what no version has written.
    """

    id: str
    name: str
    slug: str | None = None
    image_url: str = ""
    created_by: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a statement of the mirror wrote. `renamed`: names or logos are others than before."""

    ids: list[str]
    renamed: list[str]


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Mirroring, each as one conditional statement. What is deleted stays deleted."""

    def mirror(self, organizations: Sequence[OrganizationFacts]) -> Written:
        """
        Write what is not older than what is stored, and who owns those organizations by it.

        :param organizations: each id once
        """
        names = ("ids", "names", "slugs", "images", "creators", "created", "versions")
        values = columns_of(names, list(map(_columns, organizations)))
        rows = rows_of(_MIRROR, {**values, "admins": admin_roles()}) if organizations else []
        return Written([pk for pk, _ in rows], [pk for pk, is_renamed in rows if is_renamed])

    def entomb(self, organization_id: str) -> bool:
        """Delete one and all its memberships, for ever, even before it was created. False: that was so already."""
        ((tombs, members),) = rows_of(_ENTOMB, {"id": organization_id})
        return bool(tombs or members)


def _columns(facts: OrganizationFacts) -> tuple[object, ...]:
    return (
        facts.id, facts.name, facts.slug, facts.image_url, facts.created_by, facts.created_at, facts.updated_at
    )  # fmt: skip


class Organization(models.Model):
    """
    A tenant. `slug` may be missing: Clerk has it off by default, so it is never a key.

    `community_session` is the WhatsApp number that creates communities; none means they are skipped.
    `unknown_workshops` is what becomes of an order for a workshop whose name nobody has seen before.
    `created_by` is the Clerk user who made it. `clerk_updated_at` is the version that Clerk gave; NULL: a stub, or made
    by hand. `mirrored_at` is when the mirror last wrote the row. A row with `deleted_at` is a tombstone.
    """

    class UnknownWorkshops(models.TextChoices):
        CREATE = "create", "create the workshop"
        HOLD = "hold", "hold for mapping"

    id = models.TextField(primary_key=True)
    name = models.TextField()
    slug = models.TextField(null=True, blank=True)  # noqa: DJ001  (NULL is "never known", as in Clerk)
    image_url = models.TextField(blank=True, db_default="")
    community_session = models.ForeignKey(
        "whatsapp.Session", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    community_admin_numbers = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    community_name_template = models.TextField(default=_NAME_TEMPLATE, db_default=_NAME_TEMPLATE)
    community_description_template = models.TextField(
        default=_DESCRIPTION_TEMPLATE, db_default=_DESCRIPTION_TEMPLATE, blank=True
    )
    unknown_workshops = models.TextField(
        choices=UnknownWorkshops, default=UnknownWorkshops.CREATE, db_default=UnknownWorkshops.CREATE
    )
    timezone = models.TextField(default="Asia/Kolkata", db_default="Asia/Kolkata")
    default_country = models.CharField(max_length=2, default="IN", db_default="IN")
    default_workshop_time = models.TimeField(default=default_workshop_time, db_default=time(19, 0))
    created_by = models.TextField(blank=True, db_default="", editable=False)
    clerk_updated_at = models.DateTimeField(null=True, blank=True, editable=False)
    mirrored_at = models.DateTimeField(null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now())

    objects = LiveManager.from_queryset(OrganizationQuerySet)()
    with_deleted = OrganizationQuerySet.as_manager()

    class Meta:
        db_table = "organizations"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Its time zone."""
        return zoneinfo.ZoneInfo(self.timezone)


#: The creator of an organization owns it while their role at Clerk is an admin's; see also Membership's statement.
_MIRROR = """
WITH incoming AS (
  SELECT * FROM unnest(%(ids)s::text[], %(names)s::text[], %(slugs)s::text[], %(images)s::text[], %(creators)s::text[],
                       %(created)s::timestamptz[], %(versions)s::timestamptz[])
           AS given (id, name, slug, image_url, created_by, created_at, version)
), before AS (
  SELECT id, name, image_url FROM organizations WHERE id = ANY (%(ids)s::text[])
), written AS (
  INSERT INTO organizations AS kept (id, name, slug, image_url, created_by, created_at, clerk_updated_at, mirrored_at)
  SELECT id, name, slug, image_url, created_by, coalesce(created_at, now()), version, now() FROM incoming ORDER BY id
  ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, slug = coalesce(excluded.slug, kept.slug), image_url = excluded.image_url,
    created_by = coalesce(nullif(excluded.created_by, ''), kept.created_by),
    clerk_updated_at = excluded.clerk_updated_at, mirrored_at = now(), updated_at = now()
  WHERE kept.deleted_at IS NULL
    AND (kept.clerk_updated_at IS NULL OR kept.clerk_updated_at <= excluded.clerk_updated_at)
  RETURNING id, name, image_url, created_by
), owned AS (
  UPDATE organization_members AS member
  SET role = CASE member.user_id WHEN written.created_by THEN 'owner' ELSE 'admin' END, mirrored_at = now()
  FROM written
  WHERE member.organization_id = written.id AND member.deleted_at IS NULL AND member.clerk_role = ANY (%(admins)s)
    AND member.role <> CASE member.user_id WHEN written.created_by THEN 'owner' ELSE 'admin' END
)
SELECT written.id, (before.name, before.image_url) IS DISTINCT FROM (written.name, written.image_url)
FROM written LEFT JOIN before USING (id)
"""
_ENTOMB = """
WITH tombs AS (
  INSERT INTO organizations AS kept (id, name, deleted_at, mirrored_at) VALUES (%(id)s, %(id)s, now(), now())
  ON CONFLICT (id) DO UPDATE SET deleted_at = now(), mirrored_at = now(), updated_at = now()
  WHERE kept.deleted_at IS NULL
  RETURNING id
), members AS (
  UPDATE organization_members SET deleted_at = now(), mirrored_at = now()
  WHERE organization_id = %(id)s AND deleted_at IS NULL
  RETURNING id
)
SELECT (SELECT count(*) FROM tombs), (SELECT count(*) FROM members)
"""
