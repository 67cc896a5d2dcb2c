"""The benchmarks of the inbox at a small scale, with real processes."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from bench import crash, drain, ingest
from bench.inbox import traffic
from bench.results import Figure


@pytest.fixture(autouse=True)
def _databases(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.mark.worker
def test_ingest_sends_to_all_three_and_stores_every_event() -> None:
    result = ingest.run(ingest.Traffic(requests=40, rounds=2, warm_ups=1))

    assert [series.name for series in result.series] == ["stored", "verified", "empty"]
    assert all(rate > 0 for series in result.series for rate in series.values)
    assert [(figure.goal, figure.is_at_least) for figure in result.figures] == [(0.40, True), (0.65, True)]


@pytest.mark.worker
def test_drain_handles_every_event_both_ways() -> None:
    result = drain.run(drain.Load(events=150, tasks=20, rounds=1, warm_ups=1))

    assert [series.name for series in result.series] == ["inbox", "tasks"]
    assert result.figures[0].value > 0


@pytest.mark.worker
def test_crash_loses_nothing_and_doubles_nothing() -> None:
    recovery, lost, doubled = crash.run(crash.Storm(events=60, per_second=60, rounds=1)).figures

    assert recovery.value > 0
    assert (lost.value, doubled.value) == (0, 0)


def test_what_is_missing_and_what_is_too_much_is_counted() -> None:
    told: crash._Counts = Counter({("a@lid", "join"): 1, ("b@lid", "join"): 1})
    there: crash._Counts = Counter({("b@lid", "join"): 2, ("c@lid", "leave"): 1})

    assert (crash._missing(told, there), crash._missing(there, told)) == (1, 2)


def test_a_figure_may_have_to_be_at_least_its_goal() -> None:
    assert Figure("rate", 0.5, 0.4, is_at_least=True).verdict == "ok"
    assert Figure("rate", 0.3, 0.4, is_at_least=True).row()[2:] == ["≥ 0.4", "ratio", "short"]


def test_an_answer_other_than_200_is_no_measurement() -> None:
    lane = traffic._Lane(_Closed())  # type: ignore[arg-type]  # as much of a socket as it reads
    with pytest.raises(traffic.WrongAnswer):
        lane.receive()


class _Closed:
    def recv(self, size: int) -> bytes:
        return b"HTTP/1.1 503 Service Unavailable\r\n\r\n"
