"""
`crash`: what is left of 2,000 events when everything behind the door is killed while they come.

A gateway tells of joins and leaves in ten groups, signed, 100 a second over eight connections, to the product as it is
deployed: gunicorn, a Celery worker, beat, PostgreSQL, and a Redis that keeps nothing. What is not acknowledged is sent
again, as gateways do. When a quarter, half and three quarters are acknowledged, SIGKILL ends the worker, the web
process and Redis, one after the other, each with all of its children; each is started again a second later.

- recovery: seconds from the last SIGKILL until all events are acknowledged and handled, those sent since included.
- lost: acknowledged joins and leaves that the history does not have, or whose person is not in the state they lead to.
- doubled: rows of the history, and of people, beyond one for each.

A round is such a storm over new groups; the worst round counts. Sweeps run at their default of every ten seconds.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from bench.inbox import deployed, gateway
from bench.inbox.deployed import Deployment
from bench.inbox.gateway import Sending, Told
from bench.measuring import repeat
from bench.results import Figure, Result, Series
from common import tenancy
from devtools import interrupts, processes
from devtools.instances import Instance
from devtools.redis_server import RedisServer
from webhooks.models import Delivery
from whatsapp.models import GroupMember, MembershipEvent

RECOVERY_SECONDS = 30
_SWEEP_SECONDS = "10"
_DOWN_SECONDS = 1.0
_LONGEST = 300.0


_Counts = Counter[tuple[str | None, str]]


class NotDone(Exception):
    """The storm did not end: what was measured means nothing."""


@dataclass(frozen=True, slots=True)
class Storm:
    """How much comes, how fast, and how often all of it happens."""

    events: int = 2_000
    per_second: int = 100
    rounds: int = 3


FULL = Storm()


@dataclass(frozen=True, slots=True)
class Found:
    """What is left after a storm."""

    recovery: float
    lost: int
    doubled: int
    ended: int
    sending: Sending


@dataclass
class Fleet:
    """Web, worker, beat and a Redis of their own, each of which can be killed and comes back."""

    deployment: Deployment
    redis: RedisServer
    children: dict[str, processes.Child] = field(default_factory=dict)
    ended: int = 0

    def start(self, name: str) -> None:
        """Start one. Redis answers afterwards, the others need a moment."""
        if name == "redis":
            self.redis.start()
            assert self.redis.child is not None, "it was started"
            self.children[name] = self.redis.child
        else:
            self.children[name] = self.deployment.launch(name)

    def kill(self, name: str) -> None:
        """SIGKILL for the process and all of its children; what Redis held is gone."""
        child = self.children.pop(name)
        os.killpg(child.process.pid, signal.SIGKILL)
        processes.stop([child])
        if name == "redis":
            self.redis.wipe()

    def tend(self) -> None:
        """Start again what ended by itself, as a service manager does: Celery's worker sometimes does without Redis."""
        for name, child in self.children.items():
            if not child.is_alive:
                processes.stop([child])
                self.children[name] = self.deployment.launch(name)
                self.ended += 1

    def stop(self) -> None:
        """End everything."""
        processes.stop(self.children.values())


def run(scale: Storm = FULL) -> Result:
    """Let the storm pass, and count."""
    with deployed.inbox(), _running() as fleet:
        found = repeat(lambda: _storm(fleet, scale), rounds=scale.rounds, warm_ups=0)
    seconds = [1000 * second for one in found for second in one.sending.seconds]
    series = [
        Series("recovery", [one.recovery for one in found], "s"),
        Series("sent again", [one.sending.repeats for one in found], "times"),
        Series("ended by themselves", [one.ended for one in found], "processes"),
        Series("lost", [one.lost for one in found], "events"),
        Series("doubled", [one.doubled for one in found], "rows"),
        Series("acknowledged after", seconds, "ms"),
    ]
    lost = sum(one.lost for one in found) / sum(len(one.sending.acknowledged) for one in found)
    figures = [
        Figure(f"recovery / {RECOVERY_SECONDS} s, at worst", max(series[0].values) / RECOVERY_SECONDS, 1),
        Figure("lost / acknowledged", lost, 0),
        Figure("doubled, at worst", max(series[4].values), 0, "rows"),
    ]
    return Result(series, figures)


@contextmanager
def _running() -> Iterator[Fleet]:
    broker = Instance(f"{Deployment.of().instance.name}-broker")
    broker.prepare()
    redis = RedisServer(broker)
    fleet = Fleet(Deployment.of(SWEEP_SECONDS=_SWEEP_SECONDS), redis)
    try:
        fleet.start("redis")
        fleet.deployment.env.update(redis.addresses())
        for name in ("web", "worker", "beat"):
            fleet.children[name] = fleet.deployment.start(name)
        yield fleet
    finally:
        fleet.stop()


def _storm(fleet: Fleet, scale: Storm) -> Found:
    groups = gateway.new_groups()
    events = gateway.events_of(groups, scale.events)
    killed_at, ended = 0.0, fleet.ended
    with gateway.sending(fleet.deployment.ports.web, events, per_second=scale.per_second) as sending:
        for quarter, name in enumerate(("worker", "web", "redis"), start=1):
            _await(fleet, partial(_has_acknowledged, sending, quarter * scale.events // 4))
            killed_at = time.monotonic()
            fleet.kill(name)
            time.sleep(_DOWN_SECONDS)
            fleet.start(name)
        _await(fleet, lambda: len(sending.acknowledged) == scale.events and not Delivery.objects.open().exists())
        recovery = time.monotonic() - killed_at
    lost, doubled = _compare(groups[0].organization_id, sending.acknowledged)
    return Found(recovery, lost, doubled, fleet.ended - ended, sending)


def _has_acknowledged(sending: Sending, number: int) -> bool:
    return len(sending.acknowledged) >= number


def _compare(organization_id: str, told: list[Told]) -> tuple[int, int]:
    """How many effects of what was told are missing, and how many rows are too many."""
    with tenancy.tenant(organization_id):
        history = Counter(MembershipEvent.objects.values_list("member__lid", "action"))
        people = Counter(GroupMember.objects.exclude(lid=None).values_list("lid", "status"))
    leavers = {event.lid for event in told if event.action == "leave"}
    effects: _Counts = Counter((event.lid, event.action) for event in told)
    states: _Counts = Counter({(event.lid, "left" if event.lid in leavers else "active"): 1 for event in told})
    return _missing(effects, history) + _missing(states, people), _missing(history, effects) + _missing(people, states)


def _missing(wanted: _Counts, there: _Counts) -> int:
    return (wanted - there).total()


def _await(fleet: Fleet, is_true: Callable[[], bool]) -> None:
    def probe() -> bool:
        fleet.tend()
        return is_true()

    if not interrupts.wait_until(probe, within=_LONGEST):
        raise NotDone(f"not within {_LONGEST:.0f} s")
