"""
`drain`: events handled a second by one real worker as it is deployed, with a handler that does nothing.

- inbox: the events are rows, and one message wakes one drain. The clock runs from that message to the last row's mark.
- tasks: each event is a Celery task of its own, on the same Redis, that opens the transaction in which a handler would
  work. All of them are queued before; the clock runs from the moment the worker may take them until none is left. There
  are fewer of them, because they take so much longer.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from celery import current_app
from django.conf import settings

from bench.databases import run_as_owner
from bench.inbox import deployed, sender
from bench.measuring import alternate
from bench.results import Figure, Result, Series
from webhooks import cleaning, waking
from webhooks.models import Delivery
from webhooks.sources import Request

GOAL = 5
QUEUE = "bench"
_LONGEST = 120.0


class NotDone(Exception):
    """Events were left: what was measured means nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """How many events there are in a round, in the inbox and as tasks, and how often."""

    events: int = 5_000
    tasks: int = 500
    rounds: int = 9
    warm_ups: int = 1


FULL = Load()


def run(scale: Load = FULL) -> Result:
    """Handle the events both ways in turns."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    with deployed.inbox(), deployed.running("worker"):
        found = alternate(
            {"inbox": lambda: _inbox(scale.events), "tasks": lambda: _tasks(broker, scale.tasks)},
            rounds=scale.rounds, warm_ups=scale.warm_ups,
        )  # fmt: skip
    inbox, tasks = (Series(name, rates, "events/s") for name, rates in found.items())
    return Result([inbox, tasks], [Figure("inbox / tasks", inbox.over(tasks), GOAL, is_at_least=True)])


def _inbox(number: int) -> float:
    """Events a second out of the inbox."""
    for start in range(0, number, 1000):
        rows = [_row() for _ in range(min(1000, number - start))]
        Delivery.objects.store(rows)
    run_as_owner("VACUUM ANALYZE webhook_deliveries")
    begun = time.perf_counter()
    waking.start("bench", is_last_look=True)
    _await(lambda: not Delivery.objects.open().exists())
    return number / (time.perf_counter() - begun)


def _row() -> cleaning.Row:
    (event,) = sender.read(Request("bench", {}, {}, sender.new_body()))
    return cleaning.storable("bench", event, ())


def _tasks(broker: "redis.Redis", number: int) -> float:
    """Events a second as tasks."""
    for _ in range(number):
        payload = sender.read(Request("bench", {}, {}, sender.new_body()))[0].payload
        current_app.send_task("bench.handle", kwargs={"payload": payload}, queue=QUEUE, ignore_result=True)
    begun = time.perf_counter()
    current_app.control.add_consumer(QUEUE, reply=False)
    _await(lambda: not broker.llen(QUEUE) and not broker.hlen("unacked"))
    rate = number / (time.perf_counter() - begun)
    current_app.control.cancel_consumer(QUEUE, reply=True)
    return rate


def _await(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONGEST
    while not is_true():
        if time.monotonic() > deadline:
            raise NotDone(f"not within {_LONGEST:.0f} s")
        time.sleep(0.005)
