"""
`rekey`: 100,000 of a million app users get other ids, with what three tables hold of them.

Both sides call `services.repair_all`, which looks who is out of step, repairs, and looks again; both write the audit
trail.

- batches: transactions of 1,000 people, as `sync_user_ids fix-all` does it.
- one: all of them in one transaction.

The time of a batch is what its caller waits for. The first one is left out of worst and median, since the look at a
million people comes before it.
"""

import time
from statistics import median

from accounts import services
from bench.measuring import alternate
from bench.people import FULL, Crowd, scatter, seeded
from bench.results import Figure, Result, milliseconds

GOAL = 1.3
WORST_GOAL = 3.0


class NotDone(Exception):
    """Not everybody was repaired: what was measured means nothing."""


def run(crowd: Crowd = FULL) -> Result:
    """Measure both sides in turns, each after the same people were given new ids again."""
    with seeded(crowd):
        sides = {
            "batches": lambda: _repair(crowd, crowd.batch_size),
            "one transaction": lambda: _repair(crowd, crowd.moved),
        }
        found = alternate(sides, rounds=crowd.rounds, warm_ups=crowd.warm_ups)
    totals = {name: milliseconds(name, [sum(times) for times in rounds]) for name, rounds in found.items()}
    batches = [times[1:] for times in found["batches"]]
    worst = [max(times) / median(times) for times in batches]
    return Result(
        [*totals.values(), milliseconds("a batch", [each for times in batches for each in times])],
        [
            Figure("batches / one transaction", totals["batches"].median / totals["one transaction"].median, GOAL),
            Figure("worst batch / median batch", median(worst), WORST_GOAL),
        ],
    )


def _repair(crowd: Crowd, batch_size: int) -> list[float]:
    """Seconds of each batch."""
    scatter(crowd)
    times, repaired, begun = [], 0, time.perf_counter()
    for lines in services.repair_all(strategy="refuse", actor="bench", batch_size=batch_size):
        times.append(time.perf_counter() - begun)
        repaired += sum(line.is_repaired for line in lines)
        begun = time.perf_counter()
    times[0] += time.perf_counter() - begun  # the last look
    if repaired != crowd.moved:
        raise NotDone(f"{repaired} of {crowd.moved} were repaired")
    return times
