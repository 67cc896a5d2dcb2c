"""Threads that write at the same time."""

import threading
import time
from collections.abc import Sequence

import pytest

from webhooks.gathering import Gathering

Written = list[list[int]]


def put_side_by_side(gathering: Gathering[int], numbers: Sequence[int]) -> dict[int, Exception]:
    """One thread for each number; answers what each was told that failed."""
    failed: dict[int, Exception] = {}

    def put(number: int) -> None:
        try:
            gathering.put([number])
        except ValueError as error:
            failed[number] = error

    threads = [threading.Thread(target=put, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    return failed


def test_whoever_comes_alone_writes_at_once() -> None:
    written: Written = []
    gathering: Gathering[int] = Gathering(lambda items: written.append(list(items)))
    gathering.put([1])
    gathering.put([2, 3])
    assert written == [[1], [2, 3]]


def test_those_who_come_while_somebody_writes_are_written_together() -> None:
    written: Written = []

    def write(items: Sequence[int]) -> None:
        time.sleep(0.1)
        written.append(list(items))

    assert put_side_by_side(Gathering(write), range(50)) == {}
    assert sorted(item for items in written for item in items) == list(range(50))
    assert len(written) < 5


def test_nobody_returns_before_their_own_are_written() -> None:
    written: set[int] = set()
    early: list[int] = []

    def write(items: Sequence[int]) -> None:
        time.sleep(0.001)
        written.update(items)

    gathering: Gathering[int] = Gathering(write)

    def put(start: int) -> None:
        for number in range(start, start + 100):
            gathering.put([number])
            if number not in written:
                early.append(number)

    threads = [threading.Thread(target=put, args=(start,)) for start in range(0, 1000, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(written), early) == (1000, [])


def test_one_that_cannot_be_written_fails_alone() -> None:
    written: set[int] = set()

    def write(items: Sequence[int]) -> None:
        time.sleep(0.02)
        if 13 in items:
            raise ValueError("unlucky")
        written.update(items)

    gathering: Gathering[int] = Gathering(write)
    assert list(put_side_by_side(gathering, range(30))) == [13]
    assert written == set(range(30)) - {13}
    gathering.put([99])
    assert 99 in written


def test_a_thread_that_is_ended_while_it_writes_leaves_nobody_waiting() -> None:
    written: set[int] = set()
    first = threading.Event()

    def write(items: Sequence[int]) -> None:
        if not first.is_set():
            first.set()
            time.sleep(0.2)
            raise SystemExit
        written.update(items)

    gathering: Gathering[int] = Gathering(write)

    def put_and_end() -> None:
        with pytest.raises(SystemExit):
            gathering.put([0])

    ended = threading.Thread(target=put_and_end)
    ended.start()
    assert first.wait(10)
    assert put_side_by_side(gathering, range(1, 10)) == {}
    ended.join(10)
    assert written == set(range(1, 10))
