"""The calls about orders, for Python. Reached as `orders` of `sandbox.client.Sandbox`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.webhooks.client import Call

Json = Any


@dataclass(frozen=True)
class Order:
    """One order; `phone` is E.164. One that is not paid registers nobody."""

    id: str
    name: str
    email: str
    phone: str
    workshop: str
    is_paid: bool


class Orders:
    """An order platform that posts."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def post(self, platform: str, url: str, *, count: int, workshops: Sequence[str], **wishes: Json) -> list[Order]:
        """
        Post orders to a platform's URL (TagMango's without the event), and return them. Wishes: secret, seed, copies,
        again, late, unpaid, bad, order (given, reversed, shuffled).
        """
        wish = {"platform": platform, "url": url, "count": count, "workshops": list(workshops), **wishes}
        return [Order(**row) for row in self._call("POST", "/orders", wish)["orders"]]

    def flush(self, seconds: float = 30) -> dict[str, int]:
        """Wait until every order is posted; status answered (as text) → how many."""
        told = self._call("POST", "/orders/flush", {"seconds": seconds}, timeout=seconds + 10)
        return dict(told["answers"])

    def answers(self) -> dict[str, int]:
        """Status answered so far (as text) → how many."""
        return dict(self._call("GET", "/orders")["answers"])
