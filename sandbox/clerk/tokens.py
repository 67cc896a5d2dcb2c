"""Session tokens in the shapes that Clerk gives them: version 2 with `o`, version 1 with `org_id` and its like."""

import secrets
import string
import time
from dataclasses import dataclass, field

from sandbox.problems import Json

_ALPHABET = string.ascii_letters + string.digits
_NOT_BEFORE_LEEWAY = 10
_LIFETIME = 60


@dataclass(frozen=True)
class Wish:
    """
    What a token shall say. `expires_in` is seconds, negative for an expired one. `claims` are set as they are, and a
    null removes its claim.
    """

    sub: str
    org_id: str | None = None
    org_role: str | None = None
    org_slug: str | None = None
    version: int = 2
    expires_in: float = _LIFETIME
    claims: dict[str, Json] = field(default_factory=dict)


def claims_for(wish: Wish, issuer: str) -> dict[str, Json]:
    """The claims of a session token that is issued now, or that has just expired."""
    now = int(time.time())
    expires = int(now + wish.expires_in)
    issued = now if expires > now else expires - _LIFETIME
    claims: dict[str, Json] = {
        "iss": issuer,
        "sub": wish.sub,
        "sid": f"sess_{''.join(secrets.choice(_ALPHABET) for _ in range(27))}",
        "iat": issued,
        "nbf": issued - _NOT_BEFORE_LEEWAY,
        "exp": expires,
        **(_version_2(wish) if wish.version == 2 else _version_1(wish)),
    }
    claims |= wish.claims
    return {name: value for name, value in claims.items() if value is not None}


def _version_2(wish: Wish) -> dict[str, Json]:
    """Roles lose their `org:`; the status of the session is told."""
    claims: dict[str, Json] = {"v": 2, "sts": "active"}
    if wish.org_id:
        role = wish.org_role.removeprefix("org:") if wish.org_role else None
        organization = {"id": wish.org_id, "rol": role, "slg": wish.org_slug}
        claims["o"] = {name: value for name, value in organization.items() if value is not None}
    return claims


def _version_1(wish: Wish) -> dict[str, Json]:
    if not wish.org_id:
        return {}
    return {
        "org_id": wish.org_id, "org_role": wish.org_role, "org_slug": wish.org_slug, "org_permissions": [],
    }  # fmt: skip
