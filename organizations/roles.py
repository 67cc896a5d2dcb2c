"""What each role may do: the one table."""

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


_MEMBER = frozenset({Right.READ, Right.MANAGE_WORKSHOPS, Right.SYNC})
_ADMIN = _MEMBER | {Right.CHANGE_SETTINGS, Right.MANAGE_SESSIONS}

RIGHTS: dict[str, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _ADMIN,
}
