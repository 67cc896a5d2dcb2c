"""How many are in each bucket."""

from dataclasses import dataclass

from django.db import connection

from workshops.models import Workshop
from workshops.services.participation.buckets import CONDITIONS, parameters_of, people_sql

_NUMBERS: dict[str, str] = {
    **CONDITIONS,
    "matched": "registration_id IS NOT NULL AND status = 'active'",
    "matched_weakly": "registration_id IS NOT NULL AND status = 'active' AND match = 'weak'",
}
_ASKED = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in _NUMBERS.values())
_COUNTS = f"{people_sql()} SELECT {_ASKED} FROM people"


@dataclass(frozen=True, slots=True)
class Participation:
    """
    The six buckets of a workshop, and how many are matched, `matched_weakly` of them by their last ten digits only.
    """

    registered: int
    in_group: int
    missing: int
    left: int
    unregistered: int
    hidden: int
    matched: int
    matched_weakly: int

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
        return Participation(**dict(zip(_NUMBERS, cursor.fetchone(), strict=True)))
