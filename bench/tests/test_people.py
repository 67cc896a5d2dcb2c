"""The benchmarks of user IDs at a small scale."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from bench import databases, rekey, status
from bench.people import Crowd

SMALL = Crowd(f"small_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}", people=200, moved=40, batch_size=10, rounds=2)


@pytest.fixture(scope="module", autouse=True)
def _databases(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        databases.drop(SMALL.database)


def test_rekey_moves_everybody_in_every_round() -> None:
    result = rekey.run(SMALL)
    assert [figure.name for figure in result.figures] == ["batches / one transaction", "worst batch / median batch"]
    assert [len(series.values) for series in result.series] == [2, 2, 6]


def test_status_is_measured_beside_its_aggregate() -> None:
    result = status.run(SMALL)
    assert {len(series.values) for series in result.series[:2]} == {2}
    assert all(series.median > 0 for series in result.series[:2])
