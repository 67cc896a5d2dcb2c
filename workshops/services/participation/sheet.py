"""A bucket as CSV, written while it is read."""

import csv
import zoneinfo
from collections.abc import Generator
from datetime import datetime

from common import tenancy
from workshops.services.participation.people import People, Person, stream_people

_HEAD = ["Name", "Phone", "Phone in the group", "E-mail", "Registered", "Joined", "Left", "Match", "Admin"]
#: A spreadsheet takes a cell that begins so for a formula (https://owasp.org/www-community/attacks/CSV_Injection);
#: the last four are what full-width keyboards write.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
#: Tells Excel that the text is UTF-8.
_MARK = "\ufeff"
_LINES_AT_ONCE = 500


class _Lines:
    """What a `csv.writer` writes to: it keeps the lines until they are taken."""

    def __init__(self) -> None:
        self._lines: list[str] = [_MARK]

    def __len__(self) -> int:
        return len(self._lines)

    def write(self, line: str) -> None:
        """Keep a line."""
        self._lines.append(line)

    def take(self) -> str:
        """All that were kept."""
        text = "".join(self._lines)
        self._lines.clear()
        return text


def write_sheet(people: People) -> Generator[str, None, None]:
    """
    The CSV in pieces, times in the organization's zone, never more in memory than a piece.

    It opens its own tenancy context: whoever asked for it has left theirs when a streamed answer is read.
    """
    zone = people.workshop.organization.zone
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(_HEAD)
    with tenancy.tenant(people.workshop.organization_id):
        for person in stream_people(people):
            writer.writerow([_harmless(cell) for cell in _cells(person, zone)])
            if len(lines) >= _LINES_AT_ONCE:
                yield lines.take()
    yield lines.take()


def _cells(person: Person, zone: zoneinfo.ZoneInfo) -> list[str]:
    times = (person.registered_at, person.joined_at, person.left_at)
    contacts = [person.name, person.phone, person.group_phone, person.email]
    return [*contacts, *(_local(time, zone) for time in times), person.match, "yes" if person.is_admin else ""]


def _harmless(cell: str) -> str:
    """The cell as text: an apostrophe in front keeps a spreadsheet from reckoning."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _local(moment: datetime | None, zone: zoneinfo.ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}" if moment else ""
