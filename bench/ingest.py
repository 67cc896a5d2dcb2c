"""
`ingest`: requests a second through the product's web process as it is deployed, at sixteen connections.

- stored: a signed webhook is verified, read, kept by one INSERT, and answered. Every event is a new one.
- verified: the same request to a view that checks the signature and answers.
- empty: the same request to a view that answers.

All three pass the same middleware of the same server, in a round over the same connections. The clock runs from the
first byte sent to the last received; requests are made and signed before. Whoever sends runs on the same machine, and
costs each of the three the same. A ratio is the median of the rounds' ratios. Redis is there, so that stored includes
waking the drain; no worker drains.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from bench.databases import run_as_owner
from bench.inbox import deployed, sender, traffic
from bench.inbox.urls import EMPTY, VERIFIED
from bench.measuring import alternate
from bench.results import Figure, Result, Series
from webhooks.models import Delivery

OF_EMPTY = 0.40
OF_VERIFIED = 0.65
PATHS = {"stored": sender.PATH, "verified": VERIFIED, "empty": EMPTY}


class NotStored(Exception):
    """Fewer events were kept than were sent: what was measured means nothing."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much is sent in a round, and how often."""

    requests: int = 1_500
    rounds: int = 21
    warm_ups: int = 2


FULL = Traffic()


def run(scale: Traffic = FULL) -> Result:
    """Send to each of the three in turns."""
    with (
        deployed.inbox(),
        deployed.running("web") as ports,
        closing(traffic.Crowd(ports.web, turns=len(PATHS))) as crowd,
    ):
        sides: dict[str, Callable[[], float]] = {
            name: partial(_rate, crowd, path, scale.requests) for name, path in PATHS.items()
        }
        found = alternate(sides, rounds=scale.rounds, warm_ups=scale.warm_ups)
        number = Delivery.objects.count()
    if number != scale.requests * (scale.rounds + scale.warm_ups):
        raise NotStored(f"{number} events were stored")
    series = {name: Series(name, rates, "req/s") for name, rates in found.items()}
    stored = series["stored"]
    figures = [
        Figure("stored / empty", stored.over(series["empty"]), OF_EMPTY, is_at_least=True),
        Figure("stored / verified", stored.over(series["verified"]), OF_VERIFIED, is_at_least=True),
    ]
    return Result(list(series.values()), figures)


def _rate(crowd: traffic.Crowd, path: str, number: int) -> float:
    """Requests a second."""
    requests = [sender.new_request(path) for _ in range(number)]
    run_as_owner("VACUUM webhook_deliveries")
    return number / crowd.send(requests)
