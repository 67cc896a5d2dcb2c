"""What can be asked of Stream: each operation with Stream's own name for it and its requests a minute."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """`rpc` is the name in error texts. `limit` counts requests a minute; a second has a thirtieth of it."""

    rpc: str
    limit: int


#: Limits: https://getstream.io/chat/docs/python/rate_limits/ ("default rate limits").
OPERATIONS: Mapping[str, Operation] = {
    "get_or_create_channel": Operation("GetOrCreateChannel", 10_000),
    "query_channels": Operation("QueryChannels", 10_000),
    "get_app": Operation("GetApp", 10_000),
    "mark_read": Operation("MarkRead", 10_000),
    "send_event": Operation("SendEvent", 10_000),
    "connect": Operation("Connect", 10_000),
    "query_users": Operation("QueryUsers", 1_000),
    "send_message": Operation("SendMessage", 1_000),
    "get_message": Operation("GetMessage", 1_000),
    "update_users": Operation("UpdateUsers", 300),
    "update_users_partial": Operation("UpdateUsersPartial", 300),
    "update_channel": Operation("UpdateChannel", 300),
    "update_channel_partial": Operation("UpdateChannelPartial", 300),
    "query_members": Operation("QueryMembers", 300),
    "hide_channel": Operation("HideChannel", 300),
    "show_channel": Operation("ShowChannel", 300),
    "rate_limits": Operation("GetRateLimits", 300),
    "get_task": Operation("GetTask", 300),
    "delete_user": Operation("DeleteUser", 60),
    "delete_users": Operation("DeleteUsers", 60),
    "restore_users": Operation("RestoreUsers", 60),
    "deactivate_user": Operation("DeactivateUser", 60),
    "deactivate_users": Operation("DeactivateUsers", 60),
    "reactivate_user": Operation("ReactivateUser", 60),
    "delete_channel": Operation("DeleteChannel", 60),
    "truncate_channel": Operation("TruncateChannel", 60),
    "update_app": Operation("UpdateApp", 60),
    "unknown": Operation("Unknown", 10_000),
}
