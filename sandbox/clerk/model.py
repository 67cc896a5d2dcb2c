"""What exists at Clerk. Times are milliseconds since 1970."""

from dataclasses import dataclass


@dataclass(slots=True)
class User:
    """Somebody who can sign in. Without an `email` they have none; `is_verified` is the e-mail's."""

    id: str
    email: str | None
    is_verified: bool
    first_name: str
    last_name: str
    username: str | None
    phone: str | None
    image_url: str
    created_at: int
    updated_at: int


@dataclass(slots=True)
class Organization:
    """An organization. `created_by` is a user's id."""

    id: str
    name: str
    slug: str | None
    image_url: str
    created_by: str | None
    created_at: int
    updated_at: int


@dataclass(slots=True)
class Membership:
    """A user in an organization. Whoever comes back has another one. `role` is the key with its prefix."""

    id: str
    organization_id: str
    user_id: str
    role: str
    created_at: int
    updated_at: int
