"""The calls about webhooks, for Python. Reached as `webhooks` of `sandbox.client.Sandbox`."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sandbox.webhooks.told import Delivery, Pending, Post, Rule, Switches

Json = Any


class Call(Protocol):
    """One request to the control API; gives the answer's JSON."""

    def __call__(
        self,
        method: str,
        path: str,
        body: Json = None,
        query: Mapping[str, str | int] | None = None,
        timeout: float = ...,
    ) -> Json:
        """:raises SandboxError: it refused"""


class Webhooks:
    """How webhooks are sent and misbehave, and what was and will be sent."""

    def __init__(self, call: Call, service: str = "") -> None:
        self._call = call
        self._path = f"{service}/webhooks"

    def configure(
        self,
        *,
        url: str | None = None,
        signature: str | None = None,
        secret: str | None = None,
        holds: bool | None = None,
        keeps_order: bool | None = None,
        retry_seconds: Sequence[float] | None = None,
        timeout_seconds: float | None = None,
        compresses: bool | None = None,
    ) -> Switches:
        """
        Set what is given. An empty `url` ends webhooks. `signature` is api_key, hub, hmac512 or none; attempts from now
        on are signed so, with `secret`. With `holds` events are kept until `release`, `take` or `drop`.
        `retry_seconds` are the pauses before further attempts; an empty list means one attempt.
        """
        wish: dict[str, Json] = {"url": url, "signature": signature, "secret": secret, "holds": holds}
        wish |= {"keeps_order": keeps_order, "compresses": compresses}
        pauses = None if retry_seconds is None else list(retry_seconds)
        return _switches(
            self._call("POST", self._path, {**wish, "retry_seconds": pauses, "timeout_seconds": timeout_seconds})
        )

    def switches(self) -> Switches:
        """How they are sent now."""
        return _switches(self._call("GET", self._path))

    def pending(self) -> Pending:
        """How many are held, and how many wait to be sent."""
        return self.switches().pending

    def deliveries(self, **filters: str | int) -> list[Delivery]:
        """
        Oldest first. Filters: event, session, group, state, copy_of, `after` (newer than this id), `last` (no more than
        the newest so many).
        """
        return _deliveries(self._call("GET", f"{self._path}/deliveries", query=filters))

    def held(self) -> list[Delivery]:
        """What is held, oldest first."""
        return self.deliveries(state="held")

    def clear(self) -> None:
        """Forget the deliveries that wait for nothing."""
        self._call("DELETE", f"{self._path}/deliveries")

    def flush(self, seconds: float = 10, *, hurry: bool = False) -> Pending:
        """
        Wait until nothing waits to be sent; what is held does not count. With `hurry` delays and the pauses between
        attempts are skipped.

        :raises SandboxError: it takes longer than `seconds`
        """
        told = self._call("POST", f"{self._path}/flush", {"seconds": seconds, "hurry": hurry}, timeout=seconds + 10)
        return Pending(**told["pending"])

    def release(self, ids: Sequence[int] | None = None, *, order: str = "given", seed: int = 0) -> list[Delivery]:
        """
        Send what is held (None: all), in the order given, reversed, or shuffled by `seed`. An id that is named twice is
        sent twice.
        """
        return _deliveries(self._call("POST", f"{self._path}/release", _choice(ids, order, seed)))

    def take(self, ids: Sequence[int] | None = None, *, order: str = "given", seed: int = 0) -> list[Post]:
        """As `release`, but they are given to the caller, signed, instead of being sent."""
        told = self._call("POST", f"{self._path}/take", _choice(ids, order, seed))
        return [Post.read(row) for row in told["posts"]]

    def drop(self, ids: Sequence[int] | None = None) -> list[Delivery]:
        """Lose what is held (None: all)."""
        return _deliveries(self._call("POST", f"{self._path}/drop", {"ids": None if ids is None else list(ids)}))

    def replay(self, ids: Sequence[int]) -> list[Delivery]:
        """Send the bodies of earlier deliveries once more, in the order given."""
        return _deliveries(self._call("POST", f"{self._path}/replay", {"ids": list(ids)}))

    def post_raw(
        self,
        body: bytes | str,
        headers: Mapping[str, str] | None = None,
        *,
        url: str | None = None,
        sign: bool = False,
    ) -> Delivery:
        """Send anything, with these headers (None: those of JSON) and no others but, with `sign`, a signature's."""
        raw = body.encode() if isinstance(body, str) else body
        wish = {"body_base64": base64.b64encode(raw).decode(), "url": url, "sign": sign}
        sent = {**wish, "headers": None if headers is None else dict(headers)}
        return Delivery.read(self._call("POST", f"{self._path}/raw", sent))

    def misbehave(
        self,
        kind: str,
        *,
        times: int | None = 1,
        share: float = 1,
        seed: int = 0,
        event: str | None = None,
        session: str | None = None,
        group: str | None = None,
        **params: Json,
    ) -> Rule:
        """
        The next `times` deliveries (None: all) that fit meet this rule, or a `share` of them by chance. Kinds: lose,
        duplicate (copies), delay (seconds), reorder (window), forge, leak.
        """
        wish = {"kind": kind, "share": share, "seed": seed, "event": event, "session": session, "group": group}
        told = {**wish, "times": times, "forever": times is None, "params": params}
        return Rule(**self._call("POST", f"{self._path}/mischief", told))

    def rules(self) -> list[Rule]:
        """How they misbehave, with the times that are left."""
        return [Rule(**row) for row in self._call("GET", f"{self._path}/mischief")["rules"]]

    def behave(self, rule_id: int | None = None) -> None:
        """Take back one rule, or all; what they have gathered is sent."""
        self._call("DELETE", f"{self._path}/mischief" if rule_id is None else f"{self._path}/mischief/{rule_id}")


def _choice(ids: Sequence[int] | None, order: str, seed: int) -> Json:
    return {"ids": None if ids is None else list(ids), "order": order, "seed": seed}


def _switches(row: Mapping[str, Json]) -> Switches:
    return Switches(**{**row, "pending": Pending(**row["pending"])})


def _deliveries(body: Json) -> list[Delivery]:
    return [Delivery.read(row) for row in body["deliveries"]]
