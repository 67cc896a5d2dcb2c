"""Who makes an API request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import AppUser


@dataclass(frozen=True, slots=True)
class Principal:
    """
    `request.user` of an API request: a verified token, and the person it speaks of if we know them.

    A role is never read from `claims`: a token outlives a demotion.
    """

    sub: str
    claims: Mapping[str, Any]
    app_user: AppUser | None

    is_authenticated = True
    is_active = True

    @property
    def organization_id(self) -> str:
        """The active organization of the token (`o.id` in version 2, `org_id` in version 1), or an empty text."""
        compact = self.claims.get("o")
        claimed = compact.get("id") if isinstance(compact, Mapping) else self.claims.get("org_id")
        return claimed if isinstance(claimed, str) else ""

    def __str__(self) -> str:
        """How rows name who did a thing."""
        return f"user:{self.sub}"
