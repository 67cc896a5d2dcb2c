"""Names carry dates, without a year; times are those of the organization's zone."""

from datetime import UTC, date, datetime, time

import pytest

from organizations.models import Organization
from workshops.services.names import read_name, starts_at

ORDERED = date(2026, 1, 20)


@pytest.mark.parametrize(
    ("name", "title", "on_date"),
    [
        ("Crypto Wealth Masterclass (Sh1) <> 4TH February", "Crypto Wealth Masterclass (Sh1)", date(2026, 2, 4)),
        ("  crypto   wealth<>1st feb ", "crypto wealth", date(2026, 2, 1)),
        ("A &lt;&gt; 22ND MARCH", "A", date(2026, 3, 22)),
        ("A <> 3rd of September", "A", date(2026, 9, 3)),
        ("A <> 20 Jan", "A", date(2026, 1, 20)),  # today is still to come
        ("A <> 19 January", "A", date(2027, 1, 19)),
        ("A <> 29 February", "A", date(2028, 2, 29)),
        ("A <> B <> 5 May.", "A <> B", date(2026, 5, 5)),
        ("A <> 31 February", "A <> 31 February", None),
        ("A <> 0 May", "A <> 0 May", None),
        ("A <> 4 Febtober", "A <> 4 Febtober", None),
        ("A <> Batch 4", "A <> Batch 4", None),
        ("<> 4 February", "<> 4 February", None),
        ("Example Mango", "Example Mango", None),
        ("", "", None),
    ],
)
def test_a_name_is_a_title_and_the_next_such_date(name: str, title: str, on_date: date | None) -> None:
    read = read_name(name, ordered_on=ORDERED)
    assert (read.title, read.on_date) == (title, on_date)


def test_names_are_the_same_whatever_their_case_and_spaces() -> None:
    one, other = (
        read_name(name, ordered_on=ORDERED) for name in ("Crypto  Wealth <> 4TH Feb", "crypto wealth<>4 February")
    )
    assert (one.folded, one.on_date) == (other.folded, other.on_date)


def test_a_hostile_name_is_read_quickly() -> None:
    assert read_name("<> 1 " * 20_000, ordered_on=ORDERED).on_date is None


@pytest.mark.parametrize(
    ("zone", "usual", "on_date", "expected"),
    [
        ("Asia/Kolkata", time(19), date(2026, 2, 4), datetime(2026, 2, 4, 13, 30, tzinfo=UTC)),
        ("Europe/Berlin", time(19), date(2026, 3, 28), datetime(2026, 3, 28, 18, tzinfo=UTC)),
        ("Europe/Berlin", time(19), date(2026, 3, 29), datetime(2026, 3, 29, 17, tzinfo=UTC)),  # clocks went on
        ("Europe/Berlin", time(2, 30), date(2026, 3, 29), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # skipped: 3:30
        ("Europe/Berlin", time(2, 30), date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the first one
        ("America/New_York", time(19), date(2026, 11, 1), datetime(2026, 11, 2, 0, tzinfo=UTC)),
        ("Pacific/Kiritimati", time(19), date(2026, 2, 4), datetime(2026, 2, 4, 5, tzinfo=UTC)),
        ("Asia/Kathmandu", time(0), date(2026, 2, 4), datetime(2026, 2, 3, 18, 15, tzinfo=UTC)),
    ],
)
def test_f22_the_usual_time_is_local_to_the_organization_whatever_the_clocks_do(
    zone: str, usual: time, on_date: date, expected: datetime
) -> None:
    """Removing `tzinfo=organization.zone` in `names.starts_at` fails this: 19:00 was once stored as UTC."""
    organization = Organization(timezone=zone, default_workshop_time=usual)
    assert starts_at(on_date, organization).astimezone(UTC) == expected
