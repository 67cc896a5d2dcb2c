"""
Which registration and which member of the group are one person, and the six buckets that follow from it.

One registration stands for one member at most, and the other way round, so that the numbers add up:

    registered = matched + missing          in group = matched + unregistered + hidden

1. *Strong*: the same phone in E.164. Of several members with that phone, one who is in the group comes before one who
   left, then who joined first, then the lower id. No two registrations of a workshop share a phone.
2. *Weak*: among those whom rule 1 left over, the same last ten digits. Both sides stand in a row for each ten digits,
   registrations by time and id, members as in rule 1, and are matched place by place.

A registration is *matched* when its member is in the group. One whose member has left is missing: when they left is
shown with it.
"""

from dataclasses import dataclass
from typing import Any

from django.db import models

from workshops.models import Workshop


class Bucket(models.TextChoices):
    """The six, as an organizer asks."""

    REGISTERED = "registered"
    IN_GROUP = "in_group", "in group"
    MISSING = "missing", "missing: registered, not in group"
    LEFT = "left"
    UNREGISTERED = "unregistered", "unregistered: in group, no registration"
    HIDDEN = "hidden", "hidden: in group, phone not shown"


class Match(models.TextChoices):
    """How surely a registration and a member are one person."""

    STRONG = "strong", "the same phone"
    WEAK = "weak", "only the same last ten digits"


#: By which people are matched weakly; too few are like nobody's.
_DIGITS = "CASE WHEN length(full_phone) > 10 THEN right(full_phone, 10) END"
_PEOPLE = """
WITH everybody AS (
    SELECT true AS is_registration, id::text COLLATE "C" AS id, full_phone COLLATE "C" AS full_phone,
        CASE WHEN full_phone IS NULL THEN phone_tail ELSE {digits} END COLLATE "C" AS tail,
        '' COLLATE "C" AS status, registered_at AS at {of_registration}
    FROM registrations
    WHERE organization_id = %(organization)s AND workshop_id = %(workshop)s AND status = 'registered'
    UNION ALL
    SELECT false, id::text, full_phone, {digits} COLLATE "C",
        status, joined_at {of_member}
    FROM workshop_group_members
    WHERE organization_id = %(organization)s AND whatsapp_group_id = %(community_group)s
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY is_registration, full_phone ORDER BY status, at, id) AS place
    FROM everybody
), by_phone AS (
    SELECT max(id) FILTER (WHERE is_registration) AS registration_id,
        max(id) FILTER (WHERE NOT is_registration) AS member_id,
        max(status) AS status, max(full_phone) AS full_phone, max(tail) AS tail, max(at) AS at, count(*) AS size {kept}
    FROM placed GROUP BY coalesce(full_phone, id), place
), waiting AS (
    SELECT *, CASE WHEN size = 1 THEN tail END AS key,
        row_number() OVER (
            PARTITION BY size, registration_id IS NULL, tail ORDER BY status, at, coalesce(registration_id, member_id)
        ) AS place
    FROM by_phone
), people AS (
    SELECT max(registration_id) AS registration_id, max(member_id) AS member_id, max(status) AS status,
        bool_and(member_id IS NOT NULL AND full_phone IS NULL) AS hidden,
        CASE WHEN max(size) = 2 THEN 'strong' WHEN count(*) = 2 THEN 'weak' ELSE '' END AS match {kept}
    FROM waiting GROUP BY key, CASE WHEN key IS NULL THEN coalesce(registration_id, member_id) END, place
)
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """A column that is kept of everybody: what it is of a registration, and of a member. One of the two is NULL."""

    name: str
    of_registration: str = "NULL"
    of_member: str = "NULL"


def people_sql(*facts: Fact) -> str:
    """
    The beginning of a statement, in which `people` has one row for each person: `registration_id`, `member_id` or both
    as text, the member's `status` (empty: no member), whether the phone is `hidden`, `match`, and the facts asked for.

    `organization`, `workshop` and `community_group` are parameters: the organization leads every index, and not every
    role that asks is confined to one. Rows are sorted and grouped, and never joined: a plan made from old statistics,
    as after an import, joined 10,000 of them in nested loops for a minute. Keys are compared as bytes: no
    language sorts them.
    """
    return _PEOPLE.format(
        digits=_DIGITS,
        of_registration="".join(f", {fact.of_registration} AS {fact.name}" for fact in facts),
        of_member="".join(f", {fact.of_member}" for fact in facts),
        kept="".join(f", max({fact.name}) AS {fact.name}" for fact in facts),
    )


#: Who is in each bucket, among `people`.
CONDITIONS: dict[str, str] = {
    Bucket.REGISTERED: "registration_id IS NOT NULL",
    Bucket.IN_GROUP: "status = 'active'",
    Bucket.MISSING: "registration_id IS NOT NULL AND status <> 'active'",
    Bucket.LEFT: "status = 'left'",
    Bucket.UNREGISTERED: "status = 'active' AND registration_id IS NULL AND NOT hidden",
    Bucket.HIDDEN: "status = 'active' AND hidden",
}


def parameters_of(workshop: Workshop) -> dict[str, Any]:
    """What `MATCHES` asks for. A workshop without a group has no members."""
    return {
        "organization": workshop.organization_id,
        "workshop": workshop.pk,
        "community_group": workshop.community_group_id,
    }
