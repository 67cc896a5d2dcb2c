"""The application's own settings, its limits, and what is not played."""

from sandbox.problems import Json
from sandbox.stream import errors
from sandbox.stream.asking import REVOKED, Ask


def get_app(ask: Ask) -> Json:
    """The settings."""
    return {
        "app": {"name": "sandbox", "disable_auth_checks": False, "disable_permissions_checks": False, **ask.world.app}
    }


def update_app(ask: Ask) -> Json:
    """Change settings. `revoke_tokens_issued_before` ends all older tokens of users."""
    ask.server_only()
    changed = {name: value for name, value in ask.given.items() if value is not None}
    if REVOKED in changed:
        changed[REVOKED] = ask.moment(REVOKED, changed[REVOKED])
    ask.world.app |= changed
    return {}


def rate_limits(ask: Ask) -> Json:
    """What is left of each limit in this minute."""
    return {"server_side": ask.world.limits.described("server", ask.world.clock.now())}


def unknown(ask: Ask) -> Json:
    """Nothing here."""
    raise ask.refusal(errors.DOES_NOT_EXIST, "there is no such endpoint in the sandbox")
