"""The outbox: what is held, what waits, what goes next, and what becomes of it after each attempt."""

import gzip
import json
import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sandbox.clock import present
from sandbox.fields import Fields
from sandbox.problems import not_possible
from sandbox.stage import Event
from sandbox.webhooks.deliveries import Attempt, Delivery, Log, State
from sandbox.webhooks.mischief import Board, Rule, Scene
from sandbox.webhooks.signing import sign
from sandbox.webhooks.switches import Switches

JSON_HEADERS: Mapping[str, str] = {"Content-Type": "application/json"}
ORDERS = ("given", "reversed", "shuffled")
#: Gateways try again after anything else that is no success.
FINAL: frozenset[int | str] = frozenset({400, 401, 403, 404, 422, "invalid"})


@dataclass(frozen=True)
class Post:
    """One attempt to make, with all that is needed for it."""

    delivery: Delivery
    attempt: Attempt
    url: str
    body: bytes
    headers: Mapping[str, str]
    timeout: float


class Outbox:
    """
    `changed` is a condition on the lab's lock, which callers hold. Waiting for it lets the lock go, so that the world
    moves on. `take_next` and `note` are the sender's, and take the lock themselves.
    """

    def __init__(
        self, changed: threading.Condition, usual: Switches, api_key: str = "", final: frozenset[int | str] = FINAL
    ) -> None:
        self._changed = changed
        self._usual = usual
        self._api_key = api_key
        self._final = final
        self._held: dict[int, Delivery] = {}
        self._queue: dict[int, Delivery] = {}
        self._is_hurried = False
        self.log = Log()
        self.board = Board()
        self.secrets = {usual.secret, api_key} - {""}
        self.switches = usual

    def reset(self) -> None:
        """As at the start: nothing waits, nothing is noted, nothing misbehaves."""
        self._held, self._queue = {}, {}
        self.log, self.board, self.switches = Log(), Board(), self._usual
        self._changed.notify_all()

    def switch(self, switches: Switches) -> None:
        """Send differently from now on."""
        self.switches = switches
        self.secrets.add(switches.secret)
        self._changed.notify_all()

    def accept(self, events: Iterable[Event]) -> None:
        """Send what a service tells, in this order unless a rule says otherwise."""
        made = [self._note(event) for event in events] if self.switches.url else []
        self._admit(self.board.pass_on(made, self._scene))

    def post_raw(self, body: bytes, headers: Mapping[str, str], *, url: str, is_signed: bool) -> Delivery:
        """Send anything at all; no rule meets it, and it is not held."""
        delivery = self.log.add("raw", url, body, headers, is_signed=is_signed)
        self._enqueue([delivery])
        return delivery

    def replay(self, ids: Sequence[int], url: str) -> list[Delivery]:
        """Send the same bodies once more; no rule meets them, and they are not held."""
        copies = [self.log.copy(delivery, url) for delivery in [self.log.get(number) for number in ids]]
        self._enqueue(copies)
        return copies

    def release(self, ids: Sequence[int] | None, *, order: str, seed: int) -> list[Delivery]:
        """
        Send what is held, in this order; an id that is named again is sent again.

        :raises Problem: one of them is not held
        """
        released = self._pull(ids, order=order, seed=seed)
        self._enqueue(released)
        return released

    def hand_over(self, ids: Sequence[int] | None, *, order: str, seed: int) -> list[Post]:
        """Give what is held to the caller, signed and all, instead of sending it. :raises Problem: as `release`"""
        return [self._post(self._end(delivery, "taken")) for delivery in self._pull(ids, order=order, seed=seed)]

    def drop(self, ids: Sequence[int] | None) -> list[Delivery]:
        """Lose what is held. :raises Problem: one of them is not held"""
        return [self._end(delivery, "lost") for delivery in self._pull(ids, order="given", seed=0)]

    def flush(self, seconds: float, *, hurry: bool) -> None:
        """
        Wait until nothing waits to be sent; what is held does not count. With `hurry` all pauses are skipped.

        :raises Problem: it takes longer than `seconds`
        """
        self._admit(self.board.let_go(self._scene))
        self._is_hurried = hurry
        self._changed.notify_all()
        try:
            if not self._changed.wait_for(lambda: not self._queue, seconds):
                raise not_possible("not_flushed", f"{len(self._queue)} deliveries still wait after {seconds:g} seconds")
        finally:
            self._is_hurried = False

    def add_rule(self, fields: Fields) -> Rule:
        """Misbehave as a control request asks."""
        return self.board.add(fields, present())

    def clear_rules(self, rule_id: int | None = None) -> None:
        """Stop misbehaving; what rules have gathered is sent."""
        self._admit(self.board.clear(self._scene, rule_id))

    def pending(self) -> dict[str, int]:
        """How many are held, and how many wait to be sent."""
        return {"held": len(self._held), "waiting": len(self._queue) + self.board.gathered}

    def take_next(self) -> Post:
        """What goes next, as soon as it is due; its attempt is noted."""
        with self._changed:
            while True:
                now = time.monotonic()
                chosen = self._choose(now)
                if chosen and self._is_due(chosen, now):
                    post = self._post(chosen)
                    chosen.attempts.append(post.attempt)
                    return post
                self._changed.wait(chosen.due - now if chosen else None)

    def note(self, post: Post, status: int | str) -> None:
        """What became of an attempt; whether there will be another."""
        with self._changed:
            post.attempt.status, post.attempt.ended_at = status, present()
            if self._queue.get(post.delivery.id) is post.delivery:
                self._conclude(post.delivery, status)
            self._changed.notify_all()

    def _note(self, event: Event) -> Delivery:
        body, headers = json.dumps(event.body).encode(), {**JSON_HEADERS, **event.headers}
        if self.switches.compresses:
            body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
        return self.log.add(event.kind, self.switches.url, body, headers, session=event.session, group=event.group)

    @property
    def _scene(self) -> Scene:
        return Scene(self.log, {"apiKey": self._api_key, "secret": self.switches.secret})

    def _admit(self, deliveries: Iterable[Delivery]) -> None:
        if not self.switches.holds:
            self._enqueue(deliveries)
            return
        for delivery in deliveries:
            delivery.state = "held"
            self._held[delivery.id] = delivery

    def _enqueue(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            delivery.state = "waiting"
            self._queue[delivery.id] = delivery
        self._changed.notify_all()

    def _pull(self, ids: Sequence[int] | None, *, order: str, seed: int) -> list[Delivery]:
        """Take deliveries out of those that are held; a copy for each further time that one is named."""
        wanted = sorted(self._held) if ids is None else list(ids)
        if strangers := sorted(set(wanted) - set(self._held)):
            raise not_possible("not_held", f"not held: {', '.join(map(str, strangers))}")
        if order == "reversed":
            wanted.reverse()
        elif order == "shuffled":
            random.Random(seed).shuffle(wanted)
        return [
            self._held.pop(number) if number in self._held else self.log.copy(self.log.get(number)) for number in wanted
        ]

    def _choose(self, now: float) -> Delivery | None:
        """The first that is due, or else the one that will be soonest."""
        candidates = list(self._candidates(now))
        due = (delivery for delivery in candidates if self._is_due(delivery, now))
        return next(due, None) or min(candidates, key=lambda delivery: delivery.due, default=None)

    def _candidates(self, now: float) -> Iterator[Delivery]:
        """What may go: up to the first that is due, or that fails and holds up the others."""
        for delivery in self._queue.values():
            yield delivery
            if self._is_due(delivery, now) or (delivery.attempts and self.switches.keeps_order):
                return

    def _is_due(self, delivery: Delivery, now: float) -> bool:
        return self._is_hurried or delivery.due <= now

    def _post(self, delivery: Delivery) -> Post:
        switches = self.switches
        headers = dict(delivery.headers)
        if delivery.is_signed:
            headers |= sign(switches.signature, switches.secret, delivery.body, headers, is_forged=delivery.is_forged)
        attempt = Attempt(present(), delivery.url, switches.signature if delivery.is_signed else "none")
        return Post(delivery, attempt, delivery.url, delivery.body, headers, switches.timeout_seconds)

    def _conclude(self, delivery: Delivery, status: int | str) -> None:
        pauses, failures = self.switches.retry_seconds, len(delivery.attempts)
        if isinstance(status, int) and 200 <= status < 300:
            self._end(delivery, "delivered")
        elif status in self._final:
            self._end(delivery, "refused")
        elif failures > len(pauses):
            self._end(delivery, "given_up")
        else:
            delivery.due = time.monotonic() + pauses[failures - 1]

    def _end(self, delivery: Delivery, state: State) -> Delivery:
        self._queue.pop(delivery.id, None)
        delivery.state = state
        return delivery
