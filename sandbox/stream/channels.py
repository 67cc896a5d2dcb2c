"""Operations on channels as a whole: get or create, query, change, delete."""

import hashlib
from collections.abc import Iterable

from sandbox.problems import Json
from sandbox.stream import errors, events
from sandbox.stream.asking import Ask
from sandbox.stream.faults import dropped
from sandbox.stream.filters import matches
from sandbox.stream.model import Channel, Member, User

MOST_MEMBERS = 100
MEMBER, MODERATOR = "channel_member", "channel_moderator"
#: Fields of `data` that are no custom ones.
_OWN = frozenset(
    {"id", "type", "cid", "members", "created_by", "created_by_id", "created_at", "updated_at", "member_count"}
)


def get_or_create(ask: Ask) -> Json:
    """The channel of the path as it is, whatever `members` says; created with them if there was none."""
    data = ask.mapping("data")
    wanted = read_members(ask, data.get("members") or [])
    channel_id = ask.parts.get("id") or _distinct_id(ask, wanted)
    creator_id = _creator(ask, data)
    channel = ask.world.channels.get(f"{ask.parts['type']}:{channel_id}")
    if channel is None or channel.deleted_at:
        channel = _create(ask, channel_id, creator_id, wanted, data)
    else:
        ask.check_access(channel)
    return described(ask, channel)


def _distinct_id(ask: Ask, wanted: dict[str, str]) -> str:
    if len(wanted) < 2:
        raise ask.refusal(errors.INPUT, "When using member based IDs specify at least 2 members")
    return f"!members-{hashlib.sha256(','.join(sorted(wanted)).encode()).hexdigest()[:43]}"


def _creator(ask: Ask, data: dict[str, Json]) -> str:
    """:raises Refused: a server named none, or one that is gone"""
    if ask.caller is not None:
        return ask.caller.id
    named = data.get("created_by_id") or (data.get("created_by") or {}).get("id")
    if not named:
        text = "either data.created_by or data.created_by_id must be provided when using server side auth."
        raise ask.refusal(errors.INPUT, text)
    creator_id = ask.check_id(named)
    ask.check_alive([creator_id])
    return creator_id


def _create(ask: Ask, channel_id: str, creator_id: str, wanted: dict[str, str], data: dict[str, Json]) -> Channel:
    if len(channel_id) > 64:
        raise ask.refusal(errors.INPUT, "channel id must be at most 64 characters long")
    check_addable(ask, "create", [user_id for user_id in wanted if user_id != creator_id])
    world, now = ask.world, ask.world.clock.text()
    if creator_id not in world.users:
        world.new_user(creator_id, is_visible=True)
    fields = {name: value for name, value in data.items() if name not in _OWN}
    channel = Channel(ask.parts["type"], channel_id, creator_id, now, now, fields)
    world.channels[channel.cid] = channel
    events.of_channel(world, "channel.created", channel)
    add(ask, channel, wanted)
    return channel


def read_members(ask: Ask, rows: Json) -> dict[str, str]:
    """User id → channel role of members given as ids or objects. :raises Refused: they are neither, or too many"""
    found = {}
    for row in rows if isinstance(rows, list) else []:
        told = row if isinstance(row, dict) else {"user_id": row}
        user_id = told.get("user_id") or (told.get("user") or {}).get("id")
        found[ask.check_id(user_id)] = str(told.get("channel_role") or MEMBER)
    if len(found) > MOST_MEMBERS:
        raise ask.refusal(errors.INPUT, f"members must contain at most {MOST_MEMBERS} items")
    return found


def check_addable(ask: Ask, verb: str, user_ids: Iterable[str]) -> None:
    """:raises Refused: some do not exist, or not yet for channels; or some are gone"""
    user_ids = list(user_ids)
    if missing := ask.world.unseen(user_ids):
        separator = " " if ask.world.style["missing_separator"] == "space" else ", "
        text = (
            f"The following users are involved in channel {verb} operation, but don't exist: "
            f"[{separator.join(missing)}]. Please create the user objects before setting up the channel."
        )
        raise ask.refusal(errors.INPUT, text)
    may_sleep = ask.world.style["deactivated_at_create"] == "allowed"
    users = ask.world.users
    ask.check_alive(user_id for user_id in user_ids if users[user_id].deleted_at or not may_sleep)


def add(ask: Ask, channel: Channel, wanted: dict[str, str]) -> None:
    """Make members of those who are none, but for one whom a fault leaves out."""
    left_out = dropped(ask.fault, list(wanted))
    for user_id, role in wanted.items():
        if user_id == left_out:
            continue
        if user_id in channel.members:
            if ask.world.style["add_member_again"] == "changes_role":
                channel.members[user_id].channel_role = role
            continue
        member = channel.members[user_id] = Member(user_id, role, ask.world.clock.text())
        shown = ask.world.member_json(member)
        events.of_channel(ask.world, "member.added", channel, member=shown, user=shown["user"])


def described(ask: Ask, channel: Channel) -> Json:
    """A channel with its members, and with its messages unless `state` is false."""
    world = ask.world
    members = list(channel.members.values())[:MOST_MEMBERS]
    own = channel.members.get(ask.caller.id) if ask.caller else None
    return {
        "channel": world.channel_json(channel),
        "members": [world.member_json(member) for member in members],
        "messages": channel.messages[-25:] if ask.given.get("state", True) else [],
        "membership": world.member_json(own) if own else None,
        "pinned_messages": [], "read": [], "watcher_count": 0,
    }  # fmt: skip


def query(ask: Ask) -> Json:
    """Channels that fit `filter_conditions`, the newest first; of users' callers only their own."""
    conditions = ask.mapping("filter_conditions")
    found = [channel for channel in ask.world.channels.values() if not channel.deleted_at]
    seen = [channel for channel in found if _is_seen_by(ask.caller, channel) and matches(_row(channel), conditions)]
    seen.sort(key=lambda channel: channel.last_message_at or channel.created_at, reverse=True)
    offset, limit = int(ask.given.get("offset") or 0), min(int(ask.given.get("limit") or 10), 30)
    return {"channels": [described(ask, channel) for channel in seen[offset : offset + limit]]}


def _is_seen_by(caller: User | None, channel: Channel) -> bool:
    if caller is None or caller.role == "admin":
        return True
    return caller.id in channel.members and caller.id not in channel.hidden_for


def _row(channel: Channel) -> dict[str, Json]:
    return {
        **channel.fields,
        "id": channel.id,
        "type": channel.type,
        "cid": channel.cid,
        "members": list(channel.members),
    }


def update_partially(ask: Ask) -> Json:
    """Set and unset single fields."""
    channel = ask.channel()
    kept = {name: value for name, value in channel.fields.items() if name not in (ask.given.get("unset") or [])}
    changes = {name: value for name, value in ask.mapping("set").items() if name not in _OWN}
    channel.fields, channel.updated_at = {**kept, **changes}, ask.world.clock.text()
    events.of_channel(ask.world, "channel.updated", channel)
    return {"channel": ask.world.channel_json(channel), "members": described(ask, channel)["members"]}


def delete(ask: Ask) -> Json:
    """Softly: it comes back empty when it is created again. With `hard_delete`: gone."""
    channel = ask.channel()
    if ask.caller is not None and ask.caller.role != "admin":
        ask.server_only()
    events.of_channel(ask.world, "channel.deleted", channel)
    if str(ask.given.get("hard_delete", "")).lower() == "true":
        del ask.world.channels[channel.cid]
    else:
        channel.deleted_at = ask.world.clock.text()
    return {"channel": ask.world.channel_json(channel)}


def truncate(ask: Ask) -> Json:
    """Forget the messages."""
    channel = ask.channel()
    channel.messages, channel.last_message_at = [], None
    events.of_channel(ask.world, "channel.truncated", channel)
    return {"channel": ask.world.channel_json(channel)}


def hide(ask: Ask) -> Json:
    """Put it out of one user's sight."""
    _set_hidden(ask, is_hidden=True)
    return {}


def show(ask: Ask) -> Json:
    """Bring it back into their sight."""
    _set_hidden(ask, is_hidden=False)
    return {}


def _set_hidden(ask: Ask, *, is_hidden: bool) -> None:
    channel = ask.channel()
    user_id = ask.caller.id if ask.caller else ask.check_id(ask.given.get("user_id"))
    others = [other for other in channel.hidden_for if other != user_id]
    channel.hidden_for = [*others, user_id] if is_hidden else others
