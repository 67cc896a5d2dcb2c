"""
Names under which workshops are sold: a title, then day and month, no year (`Masterclass (Sh1) <> 4TH February`).

The year is not told, so a name means the next such date after its order.
"""

import html
import re
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime

from organizations.models import Organization
from workshops.models.community import fold

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATED = re.compile(
    r"^(?P<title>.*\S)\s*<>\s*(?P<day>\d{1,2})\s*(?:st|nd|rd|th)?[\s,.-]+(?:of\s+)?(?P<month>[a-z]{3,9})\.?$",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_FULL_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
#: A leap day comes again within so many years.
_MOST_YEARS = 8
_MOST_TITLE = 255


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart. `folded` is the title as names are compared, `on_date` the date of the workshop, if told."""

    title: str
    on_date: date | None

    @property
    def folded(self) -> str:
        """Without regard to case and spaces."""
        return fold(self.title)


def read_name(name: str, *, ordered_on: date) -> Name:
    """`name` taken apart, its date being the next one on or after `ordered_on`. What is no date stays in the title."""
    plain = " ".join(html.unescape(name).split())
    found = _DATED.match(plain)
    month = _month(found["month"]) if found else None
    on_date = _next(ordered_on, month, int(found["day"])) if found and month else None
    return Name((found["title"] if found and on_date else plain)[:_MOST_TITLE].rstrip(), on_date)


def starts_at(on_date: date, organization: Organization) -> datetime:
    """The organization's usual time on that day in its zone; a time that a change of clocks skips is moved with it."""
    return datetime.combine(on_date, organization.default_workshop_time, tzinfo=organization.zone)


def _month(text: str) -> int | None:
    folded = text.casefold()
    if folded not in (*_MONTHS, *_FULL_MONTHS, "sept"):
        return None
    return _MONTHS.index(folded[:3]) + 1


def _next(earliest: date, month: int, day: int) -> date | None:
    for year in range(earliest.year, min(earliest.year + _MOST_YEARS, MAXYEAR) + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= earliest:
            return found
    return None
