"""One request to Stream as its operations see it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.faults import Fault
from sandbox.problems import Json
from sandbox.stage import Refused
from sandbox.stream import errors
from sandbox.stream.model import Channel, User
from sandbox.stream.world import ChatWorld

#: Tokens issued before this moment are refused: of the whole application, or of one user.
REVOKED = "revoke_tokens_issued_before"
_ID = re.compile(r"[A-Za-z0-9@_-]{1,255}")


@dataclass(frozen=True)
class Ask:
    """
    `rpc` is Stream's name of the operation, `parts` those of the path. `given` is the body's object, or what a GET's
    query says, its JSON `payload` opened. `caller` is the user whose token was sent; None: the server's.
    """

    world: ChatWorld
    rpc: str
    parts: Mapping[str, str]
    given: Mapping[str, Json]
    caller: User | None
    fault: Fault | None

    def refusal(self, code: int, text: str) -> Refused:
        """To be raised."""
        return errors.failed(self.rpc, code, text)

    def mapping(self, name: str) -> dict[str, Json]:
        """An object of the body, empty when absent or null. :raises Refused: it is something else"""
        value = self.given.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.refusal(errors.INPUT, f"field `{name}` expects an object")
        return value or {}

    def ids(self, name: str) -> list[str]:
        """A list of ids, empty when absent. :raises Refused: it is something else"""
        value = self.given.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.refusal(errors.INPUT, f"field `{name}` expects a list of texts")
        return value

    def moment(self, name: str, value: object) -> str:
        """A moment as RFC 3339 has it. :raises Refused: it is none"""
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError as error:
            raise self.refusal(errors.INPUT, f"{name} is no time") from error
        return found.replace(tzinfo=found.tzinfo or UTC).isoformat()

    def check_id(self, user_id: object) -> str:
        """A sound user id. :raises Refused: it is none"""
        if not isinstance(user_id, str) or not _ID.fullmatch(user_id):
            raise self.refusal(
                errors.INPUT, f'user id "{user_id}" is not valid: only letters, digits and @, _, - may be used'
            )
        return user_id

    def user(self, user_id: str) -> User:
        """A user who was not deleted for good. :raises Refused: there is none"""
        user = self.world.users.get(user_id)
        if user is None or user.is_hard_deleted:
            raise self.refusal(errors.DOES_NOT_EXIST, f"Can't find user with id {user_id}")
        return user

    def channel(self) -> Channel:
        """The channel of the path. :raises Refused: there is none, or the caller may not see it"""
        cid = f"{self.parts['type']}:{self.parts['id']}"
        channel = self.world.channels.get(cid)
        if channel is None or channel.deleted_at:
            raise self.refusal(errors.DOES_NOT_EXIST, f"Can't find channel with id {cid}")
        self.check_access(channel)
        return channel

    def check_access(self, channel: Channel) -> None:
        """:raises Refused: the caller is neither a server, nor an admin, nor a member"""
        caller = self.caller
        if caller is None or caller.role == "admin" or caller.id in channel.members:
            return
        who = f"User '{caller.id}' with role {caller.role}"
        text = f"{who} is not allowed to access Resource ReadChannel on channel type {channel.type}"
        raise self.refusal(errors.NOT_ALLOWED, text)

    def server_only(self) -> None:
        """:raises Refused: a user asks for what only servers may do"""
        if self.caller is not None:
            text = f"User '{self.caller.id}' with role {self.caller.role} is not allowed to perform this action"
            raise self.refusal(errors.NOT_ALLOWED, text)

    def check_alive(self, user_ids: Iterable[str]) -> None:
        """:raises Refused: one of the users was deleted or deactivated"""
        for user_id in user_ids:
            user = self.world.users.get(user_id)
            if user is not None and user.gone:
                raise self.refusal(errors.DOES_NOT_EXIST, f"the user {user_id} was {user.gone}")
