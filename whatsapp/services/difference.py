"""
Comparing a snapshot with the stored rows, in memory.

`ON CONFLICT … WHERE` would report 0 rows and still lock and log every one of them, so the comparison is made here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from whatsapp.client import Participant


@dataclass(slots=True)
class Row:
    """A stored member, as far as the comparison needs it."""

    id: UUID
    lid: str | None
    full_phone: str | None
    phone_number: str | None
    status: str
    is_admin: bool
    last_event_at: datetime | None
    last_admin_event_at: datetime | None


@dataclass(slots=True)
class Difference:
    """
    What a snapshot changes.

    `merged` are pairs of rows that turned out to be one person: who stays, who goes. `promoted` and `demoted` are among
    `updated` and `returned`. `kept` counts people of whom newer events say otherwise, `close` those of them whose event
    is so near to the snapshot's start that nobody can tell.
    """

    added: list[Participant] = field(default_factory=list)
    returned: list[Row] = field(default_factory=list)
    updated: list[Row] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)
    merged: list[tuple[Row, Row]] = field(default_factory=list)
    promoted: list[Row] = field(default_factory=list)
    demoted: list[Row] = field(default_factory=list)
    close: int = 0
    kept: int = 0
    unchanged: int = 0


def compare(people: list[Participant], rows: list[Row], started_at: datetime) -> Difference:
    """
    Match people to rows and sort them by what happens to them.

    An event newer than the snapshot's start is kept against it, whether it says joined or left.
    """
    difference = Difference()
    newest = started_at - timedelta(seconds=settings.WHATSAPP_CLOCK_UNCERTAINTY)
    seen: set[UUID] = set()
    for person, row, bare in _match(people, rows):
        if row and bare:
            _absorb(row, bare)
        if row is None:
            difference.added.append(person)
        elif row.id not in seen:
            seen.add(row.id)
            _sort(row, person, newest, difference)
        if bare:
            seen.add(bare.id)
            difference.merged.append((row or bare, bare))
    for row in rows:
        if row.id not in seen and row.status == "active":
            if row.last_event_at and row.last_event_at > newest:
                _keep(row, newest, difference)
            else:
                difference.left.append(row)
    return difference


def _absorb(row: Row, bare: Row) -> None:
    """Of two rows that are one person, what the newer event told counts."""
    if bare.last_event_at and (row.last_event_at is None or bare.last_event_at > row.last_event_at):
        row.status, row.last_event_at = bare.status, bare.last_event_at


def _match(people: list[Participant], rows: list[Row]) -> Iterator[tuple[Participant, Row | None, Row | None]]:
    """
    Each person with their row, and with the second one that merges into it when a LID's phone is learned.

    People with a LID choose first; a row known by its phone alone is given away once.
    """
    by_lid = {row.lid: row for row in rows if row.lid}
    by_phone = {row.full_phone: row for row in rows if row.full_phone and not row.lid}
    with_lid = {row.full_phone: row for row in rows if row.full_phone and row.lid and row.status == "active"}
    for person in sorted(people, key=lambda person: person.lid is None):
        phone = person.full_phone or ""
        row = by_lid.get(person.lid) if person.lid else with_lid.get(phone)
        bare = by_phone.pop(phone, None)
        yield (person, row, bare) if row else (person, bare, None)


def _sort(row: Row, person: Participant, newest: datetime, difference: Difference) -> None:
    """Into returned, updated, kept or unchanged; the row takes what the snapshot knows of the person."""
    is_learned = _learn(row, person) | _rank(row, person, newest, difference)
    is_newer = row.last_event_at is not None and row.last_event_at > newest
    if row.status == "left" and not is_newer:
        difference.returned.append(row)
        return
    if row.status == "left":
        _keep(row, newest, difference)
    difference.unchanged += row.status == "active" and not is_learned
    if is_learned:
        difference.updated.append(row)


def _learn(row: Row, person: Participant) -> bool:
    """Whether the snapshot names the person better than the row did; the row takes it."""
    is_new_lid = person.lid is not None and row.lid != person.lid
    is_new_phone = person.full_phone is not None and row.full_phone != person.full_phone
    row.lid = person.lid or row.lid
    if is_new_phone:
        row.full_phone, row.phone_number = person.full_phone, person.phone_number
    return is_new_lid or is_new_phone


def _rank(row: Row, person: Participant, newest: datetime, difference: Difference) -> bool:
    """Whether the person became or stopped being an admin, as far as no newer event says otherwise."""
    is_newer = row.last_admin_event_at is not None and row.last_admin_event_at > newest
    if person.is_admin is None or row.is_admin == person.is_admin or is_newer:
        return False
    row.is_admin = person.is_admin
    (difference.promoted if row.is_admin else difference.demoted).append(row)
    return True


def _keep(row: Row, newest: datetime, difference: Difference) -> None:
    """A newer event counts more than the snapshot; one that is hardly newer asks for another sync."""
    difference.kept += 1
    window = timedelta(seconds=2 * settings.WHATSAPP_CLOCK_UNCERTAINTY)
    difference.close += row.last_event_at is not None and row.last_event_at <= newest + window
