"""What holds for any two sides, however far they have drifted apart."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services
from accounts.models import AppUser, Repair, SyncStatus
from accounts.services import Strategy
from accounts.tests import places
from accounts.tests.populations import Population, populations
from common import tenancy

pytestmark = pytest.mark.django_db

EXAMPLES = 1500 if os.environ.get("ROLLCALL_TEST_FULL") else 20
by_chance = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MERGING = [Strategy.KEEP_AUTH, Strategy.KEEP_APP, Strategy.NEWEST]


@pytest.fixture(scope="module", autouse=True)
def _places(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), places.made():
        yield


@contextmanager
def built(population: Population) -> Iterator[None]:
    """The population is there, everybody with their rows; and gone afterwards."""
    with tenancy.system():
        population.build()
        places.fill()
        yield
        transaction.set_rollback(True)


def states() -> dict[str, SyncStatus]:
    return {row.user_id: row for row in SyncStatus.objects.all()}


def repair_all(strategy: str = Strategy.REFUSE, batch_size: int = 3) -> list[services.Line]:
    batches = services.repair_all(strategy=strategy, actor="test", batch_size=batch_size)
    return [line for batch in batches for line in batch]


@by_chance
@given(populations)
def test_everybody_is_in_exactly_one_state(population: Population) -> None:
    with built(population):
        rows = list(SyncStatus.objects.all())
        assert all(count == 1 for count in Counter(row.user_id for row in rows).values())
        assert {row.auth_id for row in rows if row.auth_id} == {each.id for each in population.identities}
        app_ids = Counter(row.app_id for row in rows if row.app_id)
        assert all(count == 1 for count in app_ids.values())
        shown = set(app_ids) | {row.occupant_id for row in rows if row.occupant_id}
        assert shown == {one.id for one in population.people}
        assert {row.state for row in rows} <= set(SyncStatus.State.values)


@by_chance
@given(populations)
def test_whoever_is_moved_has_proven_the_email_alone(population: Population) -> None:
    with built(population):
        may_move = population.movers()
        for row in SyncStatus.objects.filter(state__in=["ID_MISMATCH", "SWAPPED"]):
            assert may_move[row.app_id or ""] == row.auth_id
        proven = {each.id: each.key for each in population.identities}
        for row in SyncStatus.objects.filter(state__in=["MISSING_APP_USER", "EMAIL_DRIFT"]):
            assert proven[row.user_id] is not None


@by_chance
@given(populations)
def test_a_look_at_one_person_says_what_the_view_says(population: Population) -> None:
    with built(population):
        seen = states()
        for id in seen:
            near = {person.user_id: person.state for person in services.look_at(ids=[id])}
            assert near == {each: seen[each].state for each in near}
            assert near[id] == seen[id].state


@by_chance
@given(populations)
def test_after_fix_all_nothing_automatic_is_left_and_every_row_follows_its_person(population: Population) -> None:
    with built(population):
        before, pointers = states(), places.pointers()
        lines = repair_all()

        after = states()
        assert not [row for row in after.values() if row.state in SyncStatus.AUTOMATIC]
        assert all(line.is_repaired for line in lines), lines
        assert len({line.user_id for line in lines}) == len(lines)
        moved = {row.app_id: row.auth_id for row in before.values() if row.state in ("ID_MISMATCH", "SWAPPED")}
        assert places.pointers() == sorted((place, mark, moved.get(mark, mark)) for place, mark, _ in pointers)
        made = sum(row.state == "MISSING_APP_USER" for row in before.values())
        assert AppUser.objects.count() == len(population.people) + made
        untouched = {id: row.state for id, row in before.items() if row.state not in SyncStatus.AUTOMATIC}
        assert {id: after[id].state for id in untouched if id in after} == untouched


@by_chance
@given(populations)
def test_the_second_fix_all_does_nothing(population: Population) -> None:
    with built(population):
        repair_all()
        before = places.everything()
        assert repair_all() == []
        assert places.everything() == before


@by_chance
@given(populations, st.sampled_from([Strategy.REFUSE, *MERGING]))
def test_undoing_every_repair_restores_every_row(population: Population, strategy: str) -> None:
    with built(population):
        before = places.everything()
        repair_all(strategy)
        for id in Repair.objects.order_by("-id").exclude(action="undo").values_list("id", flat=True):
            if Repair.objects.get(id=id).undone_at is None:
                services.undo(repair_id=id, actor="test")
        assert places.everything() == before


@by_chance
@given(populations, st.sampled_from(MERGING))
def test_merges_leave_nobody_out_and_lose_only_what_may_exist_once(population: Population, strategy: str) -> None:
    with built(population):
        before, pointers = states(), places.pointers()
        lines = repair_all(strategy)

        assert all(line.is_repaired for line in lines), lines
        after = states()
        assert not [row for row in after.values() if row.state in SyncStatus.AUTOMATIC]
        merged = {line.user_id: before[line.user_id] for line in lines if line.state == "TARGET_OCCUPIED"}
        now = {id: id for one in population.people for id in [one.id]}
        for repair in Repair.objects.filter(action__in=["rekey", "merge"]):
            now[repair.old_id or ""] = repair.auth_id
        expected = Counter((place, mark, now[mark]) for place, mark, _ in pointers)
        lost = expected - Counter(places.pointers())
        assert not Counter(places.pointers()) - expected
        assert sum(lost.values()) == sum(len(row.facts["lost"]) for row in Repair.objects.filter(action="merge"))
        assert {place for place, _, _ in lost} <= {"badges", "team_members"}
        assert all(merged[id].auth_id == id for id in merged)


@by_chance
@given(populations)
def test_no_row_points_at_nobody(population: Population) -> None:
    with built(population), connection.cursor() as cursor:
        repair_all(Strategy.NEWEST)
        known = set(AppUser.objects.values_list("id", flat=True))
        assert {target for _, _, target in places.pointers()} <= known
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
