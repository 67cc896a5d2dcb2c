"""What each role may do: the one table. Which of Clerk's roles is which of ours: `settings.CLERK_ROLES`."""

from django.conf import settings
from django.db import models


class Role(models.TextChoices):
    """A member's role in one organization."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Right(models.TextChoices):
    """A thing one may be allowed to do."""

    READ = "read"
    MANAGE_WORKSHOPS = "manage_workshops"
    SYNC = "sync"
    CHANGE_SETTINGS = "change_settings"
    MANAGE_SESSIONS = "manage_sessions"
    SPEAK = "speak"


_MEMBER = frozenset({Right.READ, Right.MANAGE_WORKSHOPS, Right.SYNC, Right.SPEAK})
_ADMIN = _MEMBER | {Right.CHANGE_SETTINGS, Right.MANAGE_SESSIONS}

RIGHTS: dict[str, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _ADMIN,
}

#: What Clerk's roles may be mapped to. An organization's creator becomes its owner, and nobody else does.
MAPPABLE = frozenset({Role.ADMIN, Role.MEMBER, Role.VIEWER})


def role_of(clerk_role: str) -> str:
    """Our role for one of Clerk's; an unknown one is kept as text that grants nothing."""
    known = settings.CLERK_ROLES.get(clerk_role)
    if known in MAPPABLE:
        return str(known)
    return clerk_role if clerk_role and clerk_role not in RIGHTS else f"unknown:{clerk_role}"


def admin_roles() -> list[str]:
    """Clerk's words for an admin."""
    return [word for word, role in settings.CLERK_ROLES.items() if role == Role.ADMIN]
