"""Telling once, after commit."""

from functools import partial

import pytest
from django.db import transaction

from common.commits import once_after_commit

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_several_steps_have_to_tell_is_told_once_after_the_commit() -> None:
    told: list[str] = []
    with transaction.atomic():
        for _ in range(3):
            with transaction.atomic():
                once_after_commit("a", lambda: told.append("a"))
        once_after_commit("b", lambda: told.append("b"))
        assert told == []
    assert told == ["a", "b"]


def test_a_step_that_is_rolled_back_neither_tells_nor_keeps_the_others_from_telling() -> None:
    told: list[int] = []
    with transaction.atomic():
        for step in range(3):
            try:
                with transaction.atomic():
                    once_after_commit("a", partial(told.append, step))
                    if step == 0:
                        raise ValueError
            except ValueError:
                continue
    assert told == [1]


def test_a_transaction_that_is_rolled_back_tells_nothing_and_the_next_one_does() -> None:
    told: list[str] = []
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        once_after_commit("a", lambda: told.append("first"))
        raise ValueError("no")
    for name in ("second", "third"):
        with transaction.atomic():
            once_after_commit("a", partial(told.append, name))
    assert told == ["second", "third"]


def test_it_never_fails_its_caller_and_tells_the_rest() -> None:
    told: list[str] = []

    def fail() -> None:
        raise RuntimeError("cannot")

    with transaction.atomic():
        once_after_commit("a", fail)
        once_after_commit("b", lambda: told.append("b"))
    assert told == ["b"]
