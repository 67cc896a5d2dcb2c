"""Operations on users. An upsert replaces the whole user, and fails as a whole."""

from sandbox.problems import Json
from sandbox.stream import errors, events
from sandbox.stream.asking import REVOKED, Ask
from sandbox.stream.filters import matches
from sandbox.stream.model import User

MOST_USERS = 100
_ROLES = frozenset({"user", "admin", "guest", "anonymous", "moderator", "global_moderator", "global_admin"})
#: What Stream itself writes: ignored in what is sent.
_OWN = frozenset(
    {
        "id", "role", "created_at", "updated_at", "deleted_at", "deactivated_at", "online", "banned", "last_active",
        REVOKED,
    }
)  # fmt: skip


def upsert(ask: Ask) -> Json:
    """Make or replace up to 100 users: all, or none when one is refused."""
    wanted = ask.mapping("users")
    _check(ask, wanted)
    changed = [_replace(ask, user_id, row) for user_id, row in wanted.items()]
    for user in changed:
        events.of_user(ask.world, "user.updated", user)
    return {"users": {user.id: user.described() for user in changed}}


def _check(ask: Ask, wanted: dict[str, Json]) -> None:
    """:raises Refused: somebody may not be written, or too many are"""
    if not 1 <= len(wanted) <= MOST_USERS:
        raise ask.refusal(errors.INPUT, f"users must contain between 1 and {MOST_USERS} items")
    for user_id, row in wanted.items():
        if not isinstance(row, dict) or row.get("id") != user_id:
            raise ask.refusal(errors.INPUT, f"user {user_id} has no id or another one")
        if row.get("role", "user") not in _ROLES:
            raise ask.refusal(errors.INPUT, f'role "{row["role"]}" is not defined')
        ask.check_id(user_id)
        caller = ask.caller
        if caller and (user_id != caller.id or row.get("role", caller.role) != caller.role):
            raise ask.refusal(errors.NOT_ALLOWED, f"User '{caller.id}' may only update itself, and not its role")
    ask.check_alive(wanted)


def _replace(ask: Ask, user_id: str, row: dict[str, Json]) -> User:
    user = ask.world.users.get(user_id) or ask.world.new_user(user_id)
    if "role" in row or (ask.world.style["upsert_without_role"] == "resets" and ask.caller is None):
        user.role = row.get("role", "user")
    if ask.world.style["upsert_after_revocation"] == "forgets":
        user.revoked_before = None
    user.fields = {name: value for name, value in row.items() if name not in _OWN}
    user.updated_at = ask.world.clock.text()
    return user


def update_partially(ask: Ask) -> Json:
    """Set and unset single fields of users. A server may set `revoke_tokens_issued_before`, which ends older tokens."""
    changed = {}
    for row in ask.given.get("users") or []:
        user = ask.user(str(row.get("id")))
        if ask.caller and ask.caller.id != user.id:
            raise ask.refusal(errors.NOT_ALLOWED, f"User '{ask.caller.id}' may only update itself")
        ask.check_alive([user.id])
        changes = row.get("set") or {}
        user.role = changes.get("role", user.role) if ask.caller is None else user.role
        if ask.caller is None and REVOKED in changes:
            user.revoked_before = ask.moment(REVOKED, changes[REVOKED])
        kept = {name: value for name, value in user.fields.items() if name not in (row.get("unset") or [])}
        user.fields = {**kept, **{name: value for name, value in changes.items() if name not in _OWN}}
        user.updated_at = ask.world.clock.text()
        events.of_user(ask.world, "user.updated", user)
        changed[user.id] = user.described()
    return {"users": changed}


def query(ask: Ask) -> Json:
    """Users that fit `filter_conditions`; the deactivated ones only if asked for, the deleted ones never."""
    conditions, sees_all = ask.mapping("filter_conditions"), bool(ask.given.get("include_deactivated_users"))
    found = [
        user.described()
        for user in ask.world.users.values()
        if not user.deleted_at and (sees_all or not user.deactivated_at)
    ]
    offset, limit = int(ask.given.get("offset") or 0), int(ask.given.get("limit") or 30)
    chosen = [row for row in found if matches(row, conditions)]
    return {"users": chosen[offset : offset + min(limit, 100)]}


def delete(ask: Ask) -> Json:
    """Delete one user, for good and with their messages with `hard_delete`."""
    ask.server_only()
    user = _delete(ask, ask.parts["user"], is_hard=str(ask.given.get("hard_delete", "")).lower() == "true")
    return {"user": user.described()}


def delete_many(ask: Ask) -> Json:
    """Delete users in the background: the answer names the task, which is done at once here."""
    ask.server_only()
    for user_id in ask.ids("user_ids"):
        _delete(ask, user_id, is_hard=ask.given.get("user") == "hard")
    return _task(ask)


def restore(ask: Ask) -> Json:
    """Bring softly deleted users back. Their memberships stay lost."""
    ask.server_only()
    for user_id in ask.ids("user_ids"):
        ask.user(user_id).deleted_at = None
    return {}


def deactivate(ask: Ask) -> Json:
    """Keep a user out, who stays a member."""
    ask.server_only()
    return {"user": _deactivate(ask, ask.parts["user"]).described()}


def deactivate_many(ask: Ask) -> Json:
    """The same for several, in the background."""
    ask.server_only()
    for user_id in ask.ids("user_ids"):
        _deactivate(ask, user_id)
    return _task(ask)


def reactivate(ask: Ask) -> Json:
    """Let a deactivated user in again."""
    ask.server_only()
    user = ask.user(ask.parts["user"])
    if user.deactivated_at is None:
        raise ask.refusal(errors.INPUT, f"the user {user.id} is not deactivated")
    user.deactivated_at = None
    events.of_user(ask.world, "user.reactivated", user)
    return {"user": user.described()}


def _delete(ask: Ask, user_id: str, *, is_hard: bool) -> User:
    user = ask.user(user_id)
    user.deleted_at, user.is_hard_deleted = ask.world.clock.text(), is_hard
    ask.world.leave_all(user_id)
    if is_hard:
        user.fields = {}
        ask.world.forget_messages(user_id)
    events.of_user(ask.world, "user.deleted", user, hard_delete=is_hard, mark_messages_deleted=False)
    return user


def _deactivate(ask: Ask, user_id: str) -> User:
    user = ask.user(user_id)
    if user.gone:
        raise ask.refusal(errors.INPUT, f"the user {user_id} was {user.gone}")
    user.deactivated_at = ask.world.clock.text()
    events.of_user(ask.world, "user.deactivated", user)
    return user


def _task(ask: Ask) -> Json:
    return {"task_id": f"task-{ask.world.number()}"}


def get_task(ask: Ask) -> Json:
    """Every task is done by the time one asks."""
    return {"task_id": ask.parts["task"], "status": "completed", "result": {}, "created_at": ask.world.clock.text()}
