"""Deliveries: what was or will be posted, with every attempt, in the order in which they came up."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandbox.clock import present
from sandbox.journal import select
from sandbox.problems import Json, not_there
from sandbox.webhooks.signing import unpacked

State = Literal["held", "waiting", "delivered", "refused", "given_up", "lost", "taken"]
_MASK = "***"
_PENDING = ("held", "waiting")


@dataclass
class Attempt:
    """
    One try. `status` is the number answered, "timeout", "connection" or "invalid" (it could not be sent as it is),
    and None while it is under way.
    """

    at: str
    url: str
    signature: str
    status: int | str | None = None
    ended_at: str | None = None


@dataclass
class Delivery:
    """
    One webhook. `headers` come besides those of a signature. `copy_of` is the delivery that this one repeats. `due` is
    an instant of time.monotonic before which it is not sent.
    """

    id: int
    at: str
    event: str
    session: str | None
    group: str | None
    url: str
    body: bytes
    headers: Mapping[str, str]
    is_signed: bool = True
    copy_of: int | None = None
    state: State = "waiting"
    is_forged: bool = False
    due: float = 0
    attempts: list[Attempt] = field(default_factory=list)


class Log:
    """Keeps the last `size` deliveries, and those that still wait however many they are."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._deliveries: OrderedDict[int, Delivery] = OrderedDict()
        self._last_id = 0

    def add(
        self,
        event: str,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        session: str | None = None,
        group: str | None = None,
        is_signed: bool = True,
    ) -> Delivery:
        """Note a new one."""
        self._last_id += 1
        return self._note(
            Delivery(self._last_id, present(), event, session, group, url, body, headers, is_signed=is_signed)
        )

    def copy(self, delivery: Delivery, url: str | None = None) -> Delivery:
        """Note another one with the same body, to the same URL or another."""
        copied = self.add(
            delivery.event, url or delivery.url, delivery.body, delivery.headers,
            session=delivery.session, group=delivery.group, is_signed=delivery.is_signed,
        )  # fmt: skip
        copied.copy_of, copied.is_forged = delivery.id, delivery.is_forged
        return copied

    def get(self, delivery_id: int) -> Delivery:
        """:raises Problem: there is none with this id, or not any more"""
        if delivery_id not in self._deliveries:
            raise not_there("unknown_delivery", f"there is no delivery {delivery_id}")
        return self._deliveries[delivery_id]

    def clear(self) -> None:
        """Forget those that wait for nothing; the numbering goes on."""
        kept = [delivery for delivery in self if delivery.state in _PENDING]
        self._deliveries = OrderedDict((delivery.id, delivery) for delivery in kept)

    def find(self, *, after: int = 0, last: int | None = None, **equal: str) -> list[Delivery]:
        """Those newer than the id `after` whose fields equal those given, oldest first; `last` keeps the newest."""
        return select(self, after, last, equal)

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self._deliveries.values())

    def _note(self, delivery: Delivery) -> Delivery:
        self._deliveries[delivery.id] = delivery
        while len(self._deliveries) > self._size and next(iter(self)).state not in _PENDING:
            self._deliveries.popitem(last=False)
        return delivery


def described(delivery: Delivery, secrets: Iterable[str]) -> Json:
    """A delivery for the control API, its body as text with the secrets masked."""
    text = unpacked(delivery.body).decode(errors="replace")
    for secret in secrets:
        text = text.replace(secret, _MASK)
    hidden = {"due", "headers", "is_signed"}
    shown = {name: value for name, value in vars(delivery).items() if name not in hidden}
    return {**shown, "body": text, "attempts": [dict(vars(attempt)) for attempt in delivery.attempts]}
