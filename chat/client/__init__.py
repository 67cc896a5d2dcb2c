"""Stream's client: the only code that knows its SDK, its error codes and its answers."""

from chat.client.errors import ChannelNotThere, Misconfigured, UsersGone, UsersMissing
from chat.client.results import Channel, IssuedToken, StreamUser
from chat.client.stream import MOST_USERS, StreamClient

__all__ = [
    "MOST_USERS",
    "Channel",
    "ChannelNotThere",
    "IssuedToken",
    "Misconfigured",
    "StreamClient",
    "StreamUser",
    "UsersGone",
    "UsersMissing",
]
