"""
Reading Clerk's objects, in answers and in events alike.

Times are milliseconds; below 1e11 a number counts seconds (https://clerk.com/docs/webhooks/overview says the one, the
OpenAPI document the other). What cannot be read is absent, and an object that names nothing is None.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from organizations.client.results import ListedMembership, ListedUser, Page, Profile, Row
from organizations.models.organization import OrganizationFacts

#: As milliseconds this is 1973, as seconds the year 5138.
_FIRST_MILLISECONDS = 1e11
_MAX_TEXT = 2000


def moment(value: Any) -> datetime | None:
    """A time given as milliseconds or seconds; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if value >= _FIRST_MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def text(value: Any) -> str:
    """A text of sensible length, or an empty one."""
    return value[:_MAX_TEXT] if isinstance(value, str) else ""


def organization(found: Any) -> OrganizationFacts | None:
    """An organization; without a name it is called by its id."""
    if not isinstance(found, dict) or not (pk := text(found.get("id"))):
        return None
    return OrganizationFacts(
        id=pk, name=text(found.get("name")) or pk, slug=text(found.get("slug")) or None,
        image_url=text(found.get("image_url")), created_by=text(found.get("created_by")),
        created_at=moment(found.get("created_at")), updated_at=moment(found.get("updated_at")),
    )  # fmt: skip


def membership(found: Any) -> ListedMembership | None:
    """A membership with its organization as a stub, and its person if that is told."""
    if not isinstance(found, dict) or not (pk := text(found.get("id"))):
        return None
    stub = organization({**_object(found.get("organization")), "updated_at": None})
    if stub is None:
        return None
    return ListedMembership(
        id=pk, organization=stub, person=_profile(found.get("public_user_data")), role=text(found.get("role")),
        created_at=moment(found.get("created_at")), updated_at=moment(found.get("updated_at")),
    )  # fmt: skip


def user(found: Any) -> ListedUser | None:
    """A user; the primary e-mail is the one that is named so, not the first, and may not be in the list at all."""
    if not isinstance(found, dict) or not (pk := text(found.get("id"))):
        return None
    email = _primary(found, "email_addresses", "primary_email_address_id")
    phone = _primary(found, "phone_numbers", "primary_phone_number_id")
    return ListedUser(
        id=pk, email=text(email.get("email_address")) or None,
        is_email_confirmed=_object(email.get("verification")).get("status") == "verified",
        phone=text(phone.get("phone_number")), full_name=_full_name(found),
        username=text(found.get("username")) or None,
        profile_image=text(found.get("image_url")) or text(found.get("profile_image_url")),
        created_at=moment(found.get("created_at")), updated_at=moment(found.get("updated_at")),
    )  # fmt: skip


def page(found: Any, read: Callable[[Any], Row | None]) -> Page[Row] | None:
    """A page: a list alone, or `{data, total_count}`; None when it is neither."""
    rows = found.get("data") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        return None
    total = found.get("total_count") if isinstance(found, dict) else None
    read_rows = [row for row in map(read, rows) if row is not None]
    return Page(read_rows, len(rows), total if isinstance(total, int) and not isinstance(total, bool) else None)


def _profile(found: Any) -> Profile | None:
    if not isinstance(found, dict) or not (pk := text(found.get("user_id"))):
        return None
    image = text(found.get("image_url")) or text(found.get("profile_image_url"))
    return Profile(id=pk, full_name=_full_name(found), profile_image=image)


def _primary(found: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    rows = found.get(name)
    wanted = found.get(key)
    named = [row for row in rows if isinstance(row, dict) and row.get("id") == wanted] if isinstance(rows, list) else []
    return named[0] if named and wanted else {}


def _full_name(found: dict[str, Any]) -> str:
    return " ".join(filter(None, (text(found.get("first_name")), text(found.get("last_name")))))


def _object(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}
