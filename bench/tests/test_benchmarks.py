"""The benchmarks at a small scale: what they measure is of no interest here, that they measure it is."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from bench import admin_list, cli, dashboard, databases, pages, rls_tax, seeding, sync_churn, sync_first, sync_same
from bench.results import Figure, Result, Series
from bench.seeding import Scale
from common import tenancy
from whatsapp.models import GroupMember

#: With a database for each process that pytest divides the tests among.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
SMALL = Scale(f"small_{WORKER}", organizations=2, groups=4, group_size=40, rounds=2, warm_ups=1)


SMALL_CROWD = Scale(f"crowd_{WORKER}", organizations=1, groups=2, group_size=120, at_once=60, rounds=2, warm_ups=1)


@pytest.fixture(scope="module", autouse=True)
def _databases(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        databases.drop(SMALL.database)
        databases.drop(f"{SMALL.database}_unguarded")
        databases.drop(SMALL_CROWD.database)


@pytest.mark.parametrize(
    ("run", "figures", "rounds"),
    [
        (sync_first.run, 1, {2}),
        (sync_same.run, 3, {2}),
        (sync_churn.run, 2, {2}),
        (rls_tax.run, 3, {2, 20}),
        (dashboard.run, 1, {2}),
    ],
    ids=["sync-first", "sync-same", "sync-churn", "rls-tax", "dashboard"],
)
def test_a_benchmark_measures_every_round(run: Any, figures: int, rounds: set[int]) -> None:
    result = run(SMALL)

    assert len(result.figures) == figures
    assert {len(series.values) for series in result.series} == rounds
    assert all(series.median > 0 for series in result.series if series.unit == "ms")


@pytest.mark.parametrize(("run", "rounds"), [(pages.run, 8), (admin_list.run, 2)], ids=["pages", "admin"])
def test_a_list_is_asked_for_in_every_round(run: Any, rounds: int) -> None:
    result = run(SMALL_CROWD)

    assert [len(series.values) for series in result.series] == [rounds, rounds]
    assert result.figures[0].value > 0


def test_the_same_again_writes_no_member() -> None:
    time, written, wal = sync_same.run(SMALL).figures

    assert (time.goal, written.value) == (0.5, 0)
    assert 0 < wal.value < 8


def test_churn_writes_what_changed() -> None:
    written, wal = sync_churn.run(SMALL).figures

    assert written.value == 1
    assert 0 < wal.value < 1


def test_a_seeded_database_is_used_again_until_rows_are_missing() -> None:
    with seeding.seeded(SMALL), tenancy.system():
        kept = set(GroupMember.objects.values_list("pk", flat=True))
    with seeding.seeded(SMALL), tenancy.system():
        assert set(GroupMember.objects.values_list("pk", flat=True)) == kept
        GroupMember.objects.filter(pk=kept.pop()).delete()
    with seeding.seeded(SMALL), tenancy.system():
        found = set(GroupMember.objects.values_list("pk", flat=True))
    assert (len(found), found & kept) == (160, set())


def test_the_environment_s_own_database_is_left_alone() -> None:
    before = connections["default"].settings_dict["NAME"]
    with seeding.seeded(SMALL):
        assert connections["default"].settings_dict["NAME"] == SMALL.database
    assert connections["default"].settings_dict["NAME"] == before


def test_the_database_of_a_benchmark_that_was_killed_is_dropped_at_the_next_start() -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    orphan, alive = (f"bench_orphan_{process}" for process in (killed.pid, os.getpid()))
    databases.create(orphan)
    databases.create(alive)
    try:
        databases.set_ready(alive, "mine")
        databases.set_ready(orphan, "theirs")
        databases.drop_orphans("bench_orphan_")
        assert databases.is_ready(alive, "mine")
        assert not databases.is_ready(orphan, "theirs")
    finally:
        databases.drop(orphan)
        databases.drop(alive)


def test_an_unknown_name_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_code:
        cli.main(["sync-first", "speed"])

    assert exit_code.value.code == 2
    assert "Known: sync-first, sync-same" in capsys.readouterr().err


def test_each_benchmark_ends_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result([Series("service", [1, 3, 2], "ms")], [Figure("service / floor", 2.25, 2)])

    assert cli.main([], {"speed": lambda: result}) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "speed ratio=2.250 goal=2 short"


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ((1, 0, 0.05), "ratio=1.000 goal=1 ok"),
        ((1, 0, 0.2), "ratio=0.200 goal=0.1 short"),
        ((1, 5, 0.05), "ratio=1.000 goal=1 short"),
    ],
)
def test_one_figure_that_is_short_makes_the_whole_short(values: tuple[float, float, float], line: str) -> None:
    written, rows, wal = values
    figures = [Figure("written", written, 1), Figure("rows", rows, 0, "rows"), Figure("WAL", wal, 0.1)]

    assert Result([], figures).verdict() == line
