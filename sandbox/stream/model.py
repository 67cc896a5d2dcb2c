"""Users, channels, members and messages, and how Stream's answers show them."""

from dataclasses import dataclass, field
from typing import Any, Self

from sandbox.problems import Json


@dataclass
class User:
    """
    `fields` are name, image and whatever else was sent. `hidden_operations` and `hidden_until` say how long channels
    do not see a new user yet. Tokens issued before `revoked_before` are refused.
    """

    id: str
    created_at: str
    updated_at: str
    role: str = "user"
    fields: dict[str, Json] = field(default_factory=dict)
    deactivated_at: str | None = None
    deleted_at: str | None = None
    is_hard_deleted: bool = False
    revoked_before: str | None = None
    hidden_operations: int = 0
    hidden_until: float = 0.0

    @property
    def gone(self) -> str:
        """How it ended: deleted or deactivated; empty for a living user."""
        return "deleted" if self.deleted_at else "deactivated" if self.deactivated_at else ""

    def described(self) -> Json:
        """As answers and events show it."""
        ended = {"deactivated_at": self.deactivated_at, "deleted_at": self.deleted_at}
        return {
            **self.fields, "id": self.id, "role": self.role,
            "created_at": self.created_at, "updated_at": self.updated_at,
            "banned": False, "online": False, **{name: at for name, at in ended.items() if at},
        }  # fmt: skip


@dataclass
class Member:
    """A user in a channel."""

    user_id: str
    channel_role: str
    created_at: str


@dataclass
class Channel:
    """`members` by user id, in the order in which they came. `hidden_for` are users who put it out of sight."""

    type: str
    id: str
    created_by: str
    created_at: str
    updated_at: str
    fields: dict[str, Json] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    messages: list[dict[str, Json]] = field(default_factory=list)
    hidden_for: list[str] = field(default_factory=list)
    last_message_at: str | None = None
    deleted_at: str | None = None

    @property
    def cid(self) -> str:
        """Its name across types."""
        return f"{self.type}:{self.id}"

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Self:
        """What `to_json` wrote."""
        members = {user_id: Member(**member) for user_id, member in row["members"].items()}
        return cls(**{**row, "members": members})

    def to_json(self) -> Json:
        """For the state file."""
        return {**vars(self), "members": {user_id: dict(vars(member)) for user_id, member in self.members.items()}}
