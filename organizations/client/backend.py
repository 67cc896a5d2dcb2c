"""
The calls (https://clerk.com/docs/reference/backend-api). Lists are read oldest first, so that what is created while
they are read comes at their end.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.conf import settings

from common import vendors, wire
from common.vendors import Answer, Forbidden, Invalid, RetryLater, RetrySoon, VendorError
from organizations.client import parsing
from organizations.client.results import ListedMembership, ListedOrganizations, ListedUser, Page
from organizations.models.organization import OrganizationFacts

_ALL_MEMBERSHIPS = "/organization_memberships"
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_RATE_WAIT = timedelta(seconds=10)
Row = TypeVar("Row")


class NotFound(VendorError):
    """Clerk has nothing by this id."""

    code = "not_found"


class Backend:
    """
    Clerk, asked with our secret key. `timeout` is seconds for one call.

    Every method raises RetrySoon (no answer, 5xx, nonsense with 200), RetryLater (429, with Clerk's own pause),
    Forbidden (a wrong key), NotFound, or Invalid.
    """

    def __init__(self, *, timeout: float | None = None) -> None:
        self._url = settings.CLERK_API_URL
        self._timeout = timeout or settings.CLERK_TIMEOUT
        self._headers = {
            "Authorization": f"Bearer {settings.CLERK_SECRET_KEY}",
            "Clerk-API-Version": settings.CLERK_API_VERSION,
            "Accept": "application/json",
        }

    def list_organizations(self, *, offset: int) -> ListedOrganizations:
        """One page of all organizations."""
        return self._page("/organizations", parsing.organization, offset=offset)

    def list_memberships(self, *, offset: int, organization_id: str = "", user_id: str = "") -> Page[ListedMembership]:
        """One page of all memberships, of one organization's, or of one person's there."""
        path = f"/organizations/{_in_path(organization_id)}/memberships" if organization_id else _ALL_MEMBERSHIPS
        also = {"user_id": user_id} if user_id else {}
        return self._page(path, parsing.membership, offset=offset, **also)

    def list_users(self, *, after: str) -> Page[ListedUser]:
        """The page of users behind the user `after`; the first one without it. Their number is `count_users`'s."""
        return self._page("/users", parsing.user, **({"starting_after": after} if after else {}))

    def count_users(self) -> int:
        """How many users there are."""
        found = self._get("/users/count")
        count = found.get("total_count") if isinstance(found, dict) else None
        if not isinstance(count, int):
            raise RetrySoon("Clerk gave no number of users")
        return count

    def get_organization(self, organization_id: str) -> OrganizationFacts:
        """One organization."""
        return self._one(f"/organizations/{_in_path(organization_id)}", parsing.organization)

    def get_user(self, user_id: str) -> ListedUser:
        """One user."""
        return self._one(f"/users/{_in_path(user_id)}", parsing.user)

    def _page(self, path: str, read: Callable[[Any], Row | None], **query: Any) -> Page[Row]:
        query = {"limit": settings.CLERK_PAGE_SIZE, "order_by": "+created_at", **query}
        found = parsing.page(self._get(f"{path}?{urlencode(query)}"), read)
        if found is None or (found.size and not found.rows):
            raise RetrySoon("Clerk gave something that is no list of what was asked for")
        return found

    def _one(self, path: str, read: Callable[[Any], Row | None]) -> Row:
        found = read(self._get(path))
        if found is None:
            raise RetrySoon("Clerk gave something without an id")
        return found

    def _get(self, path: str) -> Any:
        try:
            answer = vendors.call("GET", self._url + path, headers=self._headers, timeout=self._timeout)
        except (vendors.NotSent, vendors.Broken) as error:
            raise RetrySoon(str(error)) from error
        body = wire.read(answer.body)
        if answer.status != 200:
            raise _refusal(answer, body)
        if body is None:
            raise RetrySoon("Clerk answered with something that is no JSON")
        return body


def _in_path(pk: str) -> str:
    """An id as a part of a path. :raises NotFound: Clerk has no such ids, and a path of dots leads elsewhere"""
    if not _ID.fullmatch(pk):
        raise NotFound("this is no id of Clerk's")
    return pk


def _refusal(answer: Answer, body: Any) -> VendorError:
    detail = f"{answer.status}: {_error_text(body) or 'no text'}"
    if answer.status == 404:
        return NotFound(detail)
    if answer.status == 429:
        return RetryLater(detail, vendors.retry_after(answer, default=_RATE_WAIT))
    if answer.status in (401, 403):
        return Forbidden(f"{detail} (is CLERK_SECRET_KEY right?)")
    return RetrySoon(detail) if answer.status >= 500 else Invalid(detail)


def _error_text(body: Any) -> str:
    """`{"errors": [{"message", "long_message", "code"}]}`."""
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return parsing.text(first.get("long_message") or first.get("message")) if isinstance(first, dict) else ""
