"""The calls about Stream, for Python. Reached as `stream` of `sandbox.client.Sandbox`."""

from typing import Any

from sandbox.webhooks.client import Call, Webhooks

Json = Any
_PATH = "/stream"


class Stream:
    """What Stream holds, as its answers show it, and how it behaves. `webhooks` are its own."""

    def __init__(self, call: Call, url: str) -> None:
        self._call = call
        self.url = url
        self.webhooks = Webhooks(call, _PATH)

    def users(self) -> dict[str, Json]:
        """All users by id, the deleted ones too."""
        return {row["id"]: row for row in self._call("GET", f"{_PATH}/users")["users"]}

    def channels(self) -> dict[str, Json]:
        """All channels by cid: `{channel, members, messages}`."""
        return {row["channel"]["cid"]: row for row in self._call("GET", f"{_PATH}/channels")["channels"]}

    def members(self, cid: str) -> dict[str, str]:
        """Who is in a channel: user id → channel role."""
        return {row["user_id"]: row["channel_role"] for row in self.channels()[cid]["members"]}

    def hide_new_users(self, *, seconds: float = 0, operations: int = 0) -> None:
        """Users made from now on are not seen by channels for so long, and for so many operations that name them."""
        self._call("POST", f"{_PATH}/visibility", {"seconds": seconds, "operations": operations})

    def limit(self, **limits: int) -> None:
        """Other limits a minute, by operation."""
        self._call("POST", f"{_PATH}/limits", limits)

    def refused(self) -> dict[str, int]:
        """How many requests met a limit, by operation."""
        return dict(self._call("GET", f"{_PATH}/limits")["refused"])

    def set_clock(self, *, offset: float = 0, step: float | None = None) -> float:
        """Be ahead; with `step`, stand still but for so many seconds at each request. Returns its time."""
        return float(self._call("POST", f"{_PATH}/clock", {"offset_seconds": offset, "step_seconds": step})["now"])

    def set_style(self, **choices: str) -> None:
        """Behave differently where Stream's behaviour is not established."""
        self._call("POST", f"{_PATH}/style", choices)
