"""Members of channels: UpdateChannel with its many effects, and QueryMembers."""

from sandbox.problems import Json
from sandbox.stream import channels, errors, events
from sandbox.stream.asking import Ask
from sandbox.stream.filters import matches
from sandbox.stream.model import Channel

_FILTERS = frozenset({"id", "user_id", "name", "channel_role", "banned", "created_at", "$and", "$or", "$nor"})


def update_channel(ask: Ask) -> Json:
    """Add, remove and rank members, replace the channel's own fields: what the body names."""
    channel = ask.channel()
    if ask.caller is not None and ask.caller.role != "admin":
        ask.server_only()
    added = channels.read_members(ask, ask.given.get("add_members"))
    channels.check_addable(ask, "update", [user_id for user_id in added if user_id not in channel.members])
    if data := ask.given.get("data"):
        channel.fields = {name: value for name, value in dict(data).items() if name != "members"}
    channels.add(ask, channel, added)
    _remove(ask, channel)
    _rank(ask, channel)
    channel.updated_at = ask.world.clock.text()
    shown = channels.described(ask, channel)
    return {"channel": shown["channel"], "members": shown["members"]}


def _remove(ask: Ask, channel: Channel) -> None:
    for user_id in ask.ids("remove_members"):
        member = channel.members.pop(user_id, None)
        if member is not None:
            shown = ask.world.member_json(member)
            events.of_channel(ask.world, "member.removed", channel, member=shown, user=shown["user"])


def _rank(ask: Ask, channel: Channel) -> None:
    ranks = channels.read_members(ask, ask.given.get("assign_roles"))
    ranks |= dict.fromkeys(ask.ids("add_moderators"), channels.MODERATOR)
    ranks |= dict.fromkeys(ask.ids("demote_moderators"), channels.MEMBER)
    for user_id, role in ranks.items():
        if user_id not in channel.members:
            raise ask.refusal(errors.INPUT, f"{user_id} is not a member of this channel")
        channel.members[user_id].channel_role = role


def query_members(ask: Ask) -> Json:
    """The members of one channel; filters go by `id` and a few other names."""
    conditions = ask.mapping("filter_conditions")
    if unknown := sorted(set(conditions) - _FILTERS):
        raise ask.refusal(errors.INPUT, f"filter by field {unknown[0]} is not supported")
    cid = f"{ask.given.get('type')}:{ask.given.get('id')}"
    channel = ask.world.channels.get(cid)
    if channel is None or channel.deleted_at:
        raise ask.refusal(errors.DOES_NOT_EXIST, f"Can't find channel with id {cid}")
    ask.check_access(channel)
    rows = [ask.world.member_json(member) for member in channel.members.values()]
    fitting = [
        row for row in rows if matches({**row, "id": row["user_id"], "name": row["user"].get("name")}, conditions)
    ]
    offset, limit = int(ask.given.get("offset") or 0), min(int(ask.given.get("limit") or 100), 100)
    return {"members": fitting[offset : offset + limit]}
