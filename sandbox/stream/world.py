"""Stream's world: everything that exists in it."""

import itertools
from collections.abc import Callable, Iterable

from sandbox.problems import Json
from sandbox.stage import Event
from sandbox.stream.clock import StreamClock
from sandbox.stream.limits import Limits
from sandbox.stream.model import Channel, Member, User
from sandbox.stream.variants import DEFAULT_STYLE


class ChatWorld:
    """
    Holds what exists; the modules beside this one change it, while their callers hold the lock.

    Users made from now on are hidden from channels for `hide_seconds`, and for the next `hide_operations` operations
    that name them. `tell` is called with whatever happens.
    """

    def __init__(self) -> None:
        self.clock = StreamClock()
        self.limits = Limits()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.style: dict[str, str] = dict(DEFAULT_STYLE)
        self.app: dict[str, Json] = {}
        self.hide_seconds = 0.0
        self.hide_operations = 0
        self.tell: Callable[[Event], None] = _tell_nobody
        self._numbers = itertools.count(1)

    def number(self) -> int:
        """Counts up: part of ids."""
        return next(self._numbers)

    def new_user(self, user_id: str, *, is_visible: bool = False) -> User:
        """A user without a name; with `is_visible` channels see it at once."""
        now = self.clock.text()
        user = User(user_id, now, now)
        if not is_visible:
            user.hidden_operations = self.hide_operations
            user.hidden_until = self.clock.now() + self.hide_seconds if self.hide_seconds else 0.0
        self.users[user_id] = user
        return user

    def unseen(self, user_ids: Iterable[str]) -> list[str]:
        """Those of the users that channels do not see: they do not exist, or not yet. Counts as an operation."""
        found = []
        for user_id in dict.fromkeys(user_ids):
            user = self.users.get(user_id)
            if user is None or user.is_hard_deleted:
                found.append(user_id)
            elif user.hidden_operations or user.hidden_until > self.clock.now():
                user.hidden_operations = max(0, user.hidden_operations - 1)
                found.append(user_id)
        return found

    def leave_all(self, user_id: str) -> None:
        """Take a deleted user out of all channels, without a word: Stream tells nothing of it."""
        for channel in self.channels.values():
            channel.members.pop(user_id, None)

    def forget_messages(self, user_id: str) -> None:
        """What a user who is deleted for good has written goes too."""
        for channel in self.channels.values():
            channel.messages = [message for message in channel.messages if message["user"]["id"] != user_id]

    def member_json(self, member: Member) -> Json:
        """As answers and events show a member."""
        user = self.users[member.user_id]
        role = "moderator" if member.channel_role == "channel_moderator" else "member"
        return {
            "user_id": user.id, "user": user.described(), "role": role, "channel_role": member.channel_role,
            "created_at": member.created_at, "updated_at": member.created_at, "banned": False, "shadow_banned": False,
            "notifications_muted": False,
        }  # fmt: skip

    def channel_json(self, channel: Channel) -> Json:
        """As answers and events show a channel, without its members."""
        creator = self.users.get(channel.created_by)
        return {
            **channel.fields, "id": channel.id, "type": channel.type, "cid": channel.cid,
            "created_at": channel.created_at, "updated_at": channel.updated_at,
            "created_by": creator.described() if creator else None, "frozen": False, "disabled": False,
            "member_count": len(channel.members), "last_message_at": channel.last_message_at, "own_capabilities": [],
            "config": {"name": channel.type, "commands": [], "typing_events": True, "read_events": True},
            **({"deleted_at": channel.deleted_at} if channel.deleted_at else {}),
        }  # fmt: skip

    def to_json(self) -> Json:
        """For the state file; the reverse is `load`."""
        return {
            "users": [dict(vars(user)) for user in self.users.values()],
            "channels": [channel.to_json() for channel in self.channels.values()],
            "style": dict(self.style),
            "app": dict(self.app),
        }

    def load(self, state: Json) -> None:
        """Become what `to_json` wrote."""
        self.users = {row["id"]: User(**row) for row in state["users"]}
        channels = [Channel.from_json(row) for row in state["channels"]]
        self.channels = {channel.cid: channel for channel in channels}
        self.style = {**DEFAULT_STYLE, **state["style"]}
        self.app = dict(state["app"])


def _tell_nobody(event: Event) -> None:
    """For a world that nobody listens to."""
