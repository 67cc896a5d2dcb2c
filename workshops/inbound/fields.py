"""Values out of bodies that nobody promised anything about: none of these functions raises."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.dateparse import parse_datetime

_LONGEST = 500
_MOST = Decimal(10) ** 11
_DAY = timedelta(days=1)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_PLAIN = re.compile(r"[^a-z0-9]+")


def text(value: Any) -> str:
    """Text, or a number without an exponent or a fraction of zero; empty for anything else."""
    if isinstance(value, str):
        return value.strip()[:_LONGEST]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, float) and not value.is_integer():
        return str(value) if abs(value) < 1e15 else ""
    return str(int(value))[:_LONGEST] if abs(value) < 10**30 else ""


def amount(value: Any) -> Decimal | None:
    """A sum of money with two decimals; None for what is none, is negative, or would not fit."""
    try:
        found = Decimal(text(value).replace(",", ""))
    except InvalidOperation:
        return None
    if not found.is_finite() or not 0 <= found < _MOST:
        return None
    return found.quantize(Decimal("0.01"))


def currency(value: Any) -> str:
    """An ISO 4217 code, else empty."""
    code = text(value).upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else ""


def moment(value: Any, *, zone: tzinfo, received_at: datetime | None) -> datetime:
    """
    A time given as ISO 8601 text or seconds since 1970; when it came, where it is none or is still to come.

    A time without an offset is meant in `zone`: read as UTC it would be hours off.
    """
    came_at = received_at or datetime.now(UTC)
    found = _seconds(value) if isinstance(value, int | float) else _iso(text(value))
    if found is None:
        return came_at
    try:
        found = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return came_at
    return found if _BEGINNING <= found < came_at + _DAY else came_at


def end_of_day(value: Any, *, zone: tzinfo, received_at: datetime | None) -> datetime:
    """The end of a day written as `14 Jul 2025` or in ISO 8601, in `zone`."""
    found = text(value)
    for written in ("%d %b %Y", "%d %B %Y", "%Y-%m-%d"):
        try:
            day = datetime.strptime(found, written).date()  # noqa: DTZ007  (a day, without a time)
        except ValueError:
            continue
        return datetime.combine(max(day, date(2000, 1, 1)), time.max, tzinfo=zone)
    return moment(value, zone=zone, received_at=received_at)


def folded_keys(body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` by its keys in lower case without anything but letters and digits: "Mango Id" is `mangoid`."""
    found: dict[str, Any] = {}
    for key, value in body.items():
        found.setdefault(_PLAIN.sub("", key.lower()), value)
    return found


def digest(body: Any) -> str:
    """The same for the same values in any order: the identity of an order that its platform gave none."""
    plain = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _seconds(value: float) -> datetime | None:
    try:
        return None if isinstance(value, bool) else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(value: str) -> datetime | None:
    try:
        return parse_datetime(value)
    except ValueError:
        return None
