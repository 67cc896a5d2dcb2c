"""How many are in each bucket."""

from dataclasses import dataclass

from django.db import connection

from workshops.models import Workshop
from workshops.services.participation.buckets import parameters_of

#: The same rules as in `people_sql`, where it does not matter who is whom: of the registrations and members that share
#: a phone one of each is a person, and of those left over who share ten digits as many as the fewer side has. `key` is
#: a phone, which begins with a plus, or the ten digits of a registration without one;
#: `kind` is 0 for a registration, 1 for who is in the group, 2 for who left.
_COUNTS = """
WITH everybody AS (
    SELECT coalesce(full_phone, phone_tail) AS key, 0 AS kind FROM registrations
    WHERE organization_id = %(organization)s AND workshop_id = %(workshop)s AND status = 'registered'
    UNION ALL
    SELECT full_phone, CASE status WHEN 'active' THEN 1 ELSE 2 END FROM workshop_group_members
    WHERE organization_id = %(organization)s AND whatsapp_group_id = %(community_group)s
), keys AS (
    SELECT key, count(*) FILTER (WHERE kind = 0)::integer AS registered,
        count(*) FILTER (WHERE kind = 1)::integer AS active,
        count(*) FILTER (WHERE kind = 2)::integer AS has_left
    FROM everybody GROUP BY key
), judged AS (
    SELECT *, starts_with(key, '+') AND registered > 0 AND active + has_left > 0 AS is_strong FROM keys
), weak AS (
    SELECT least(
        coalesce(sum(registered) FILTER (WHERE NOT is_strong), 0),
        sum(active) - count(*) FILTER (WHERE is_strong AND active > 0)
    ) AS number
    FROM judged WHERE length(ltrim(key, '+')) >= 10 AND (NOT is_strong OR active > 1) GROUP BY right(key, 10)
)
SELECT coalesce(sum(registered), 0), coalesce(sum(active), 0), coalesce(sum(has_left), 0),
    coalesce(sum(active) FILTER (WHERE key IS NULL), 0), count(*) FILTER (WHERE is_strong AND active > 0),
    (SELECT coalesce(sum(number), 0) FROM weak)
FROM judged
"""


@dataclass(frozen=True, slots=True)
class Participation:
    """
    The six buckets of a workshop, and how many are matched, `matched_weakly` of them by their last ten digits only.
    """

    registered: int
    in_group: int
    left: int
    hidden: int
    matched_strongly: int
    matched_weakly: int

    @property
    def matched(self) -> int:
        """Registered, and in the group."""
        return self.matched_strongly + self.matched_weakly

    @property
    def missing(self) -> int:
        """Registered, and not in the group."""
        return self.registered - self.matched

    @property
    def unregistered(self) -> int:
        """In the group, with a phone that nobody registered."""
        return self.in_group - self.matched - self.hidden

    @property
    def matched_of_registered(self) -> float | None:
        """Which part of those who registered is in the group; None when nobody registered."""
        return self.matched / self.registered if self.registered else None

    @property
    def in_group_of_registered(self) -> float | None:
        """How many are in the group for each who registered, whoever they are; None when nobody registered."""
        return self.in_group / self.registered if self.registered else None


def count_people(*, workshop: Workshop) -> Participation:
    """The numbers as the rows have them now, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, parameters_of(workshop))
        return Participation(*map(int, cursor.fetchone()))
