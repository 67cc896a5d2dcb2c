"""Membership by events: twice, late, early, contrary."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common import tenancy
from whatsapp import services
from whatsapp.models import Group, GroupMember, MembershipEvent, Session, SyncRun
from whatsapp.services import Change, Outcome
from whatsapp.tests.factories import GroupFactory, GroupMemberFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
LID = "173087265951971@lid"
PHONE = "+919812345678"


@pytest.fixture
def group() -> Group:
    return GroupFactory.create(announcement=True)


Tell = Callable[..., Outcome]


@pytest.fixture
def tell(group: Group) -> Tell:
    """`tell("join", 10)`: an event at ten seconds past noon; `phone=` is what one session sees of the person."""

    def record(action: str, seconds: float, *, lid: str | None = LID, phone: str | None = None) -> Outcome:
        at = NOON + timedelta(seconds=seconds)
        national = phone.removeprefix("+91") if phone else None
        with tenancy.tenant(group.organization_id):
            change = Change(action, lid, phone, national, occurred_at=at, stamp=at)
            return services.record_change(group=group, change=change)

    return record


def member(group: Group, **names: Any) -> GroupMember:
    with tenancy.tenant(group.organization_id):
        return group.members.get(**(names or {"lid": LID}))


def told(group: Group) -> list[tuple[str, int]]:
    """The history: action and seconds past noon."""
    with tenancy.tenant(group.organization_id):
        events = MembershipEvent.objects.filter(group=group).order_by("occurred_at", "created_at")
        return [(event.action, round((event.occurred_at - NOON).total_seconds())) for event in events]


def syncs(group: Group) -> int:
    with tenancy.tenant(group.organization_id):
        return SyncRun.objects.filter(group=group).count()


def snapshot_at(group: Group, seconds: float) -> None:
    with tenancy.tenant(group.organization_id):
        Group.objects.filter(pk=group.pk).update(last_snapshot_at=NOON + timedelta(seconds=seconds))


def test_a_join_makes_a_member_and_a_leave_ends_the_membership(group: Group, tell: Tell) -> None:
    assert tell("join", 10, phone=PHONE) == Outcome.APPLIED
    joined = member(group)
    assert (joined.status, joined.full_phone, joined.phone_number) == ("active", PHONE, "9812345678")
    assert (joined.joined_at, joined.left_at) == (NOON + timedelta(seconds=10), None)
    assert tell("leave", 20) == Outcome.APPLIED
    gone = member(group)
    assert (gone.pk, gone.status, gone.left_at) == (joined.pk, "left", NOON + timedelta(seconds=20))
    assert told(group) == [("join", 10), ("leave", 20)]


def test_f04_copies_of_one_join_by_two_sessions_are_one_event(group: Group, tell: Tell) -> None:
    """Fails without `Outcome.UNCHANGED` in `membership._weigh`."""
    assert tell("join", 10) == Outcome.APPLIED
    assert tell("join", 10, phone=PHONE) == Outcome.UNCHANGED
    assert tell("join", 10.004) == Outcome.UNCHANGED
    assert told(group) == [("join", 10)]
    assert member(group).full_phone == PHONE


def test_f20_a_leave_that_arrives_before_its_join_stands(group: Group, tell: Tell) -> None:
    """Fails without the comparison with `last_event_at` in `membership._weigh`."""
    assert tell("leave", 20) == Outcome.APPLIED
    assert tell("join", 10) == Outcome.LATE
    assert member(group).status == "left"
    assert told(group) == [("join", 10), ("leave", 20)]


def test_f20_a_join_replayed_a_day_later_changes_nothing(group: Group, tell: Tell) -> None:
    """Fails without the comparison with what came before in `history.record_event`."""
    tell("join", 10)
    tell("leave", 20)
    assert tell("join", 10) == Outcome.LATE
    assert member(group).status == "left"
    assert told(group) == [("join", 10), ("leave", 20)]


def test_leaving_and_rejoining_within_seconds_counts(group: Group, tell: Tell) -> None:
    for action, at in (("join", 1), ("leave", 2), ("join", 3)):
        assert tell(action, at) == Outcome.APPLIED
    assert member(group).status == "active"
    assert told(group) == [("join", 1), ("leave", 2), ("join", 3)]


def test_contrary_events_of_one_instant_change_nothing_and_ask_for_a_sync(group: Group, tell: Tell) -> None:
    tell("join", 10)
    assert tell("leave", 10) == Outcome.AMBIGUOUS
    assert member(group).status == "active"
    assert syncs(group) == 1
    assert told(group) == [("join", 10)]


def test_f21_an_event_older_than_the_last_snapshot_completes_the_history_only(group: Group, tell: Tell) -> None:
    """Fails without the comparison with `last_snapshot_at` in `membership._weigh`."""
    GroupMemberFactory.create(group=group, lid=LID, joined_at=NOON)
    snapshot_at(group, 100)
    assert tell("leave", 50) == Outcome.LATE
    assert member(group).status == "active"
    assert tell("join", 60, lid="999@lid") == Outcome.LATE
    assert member(group, lid="999@lid").status == "left"
    assert told(group) == [("leave", 50), ("join", 60), ("join", 100), ("leave", 100)], "the snapshot knew better"


def test_an_event_newer_than_the_last_snapshot_is_kept_against_it(group: Group, tell: Tell) -> None:
    snapshot_at(group, 100)
    assert tell("join", 110) == Outcome.APPLIED
    assert member(group).status == "active"


def test_an_event_as_old_as_the_snapshot_asks_for_another_sync(group: Group, tell: Tell) -> None:
    snapshot_at(group, 100)
    assert tell("join", 101) == Outcome.AMBIGUOUS
    with tenancy.tenant(group.organization_id):
        assert not group.members.exists()
    assert syncs(group) == 1


def test_a_phone_that_is_learned_makes_two_rows_one(group: Group, tell: Tell) -> None:
    tell("join", 10, lid=None, phone=PHONE)
    tell("join", 12, phone=None)
    with tenancy.tenant(group.organization_id):
        assert group.members.count() == 2
    assert tell("join", 12, phone=PHONE) == Outcome.UNCHANGED
    with tenancy.tenant(group.organization_id):
        only = group.members.get()
    assert (only.lid, only.full_phone, only.status) == (LID, PHONE, "active")
    assert only.joined_at == NOON + timedelta(seconds=10)


def test_an_event_without_a_lid_is_about_the_one_who_has_the_phone(group: Group, tell: Tell) -> None:
    tell("join", 10, phone=PHONE)
    assert tell("leave", 20, lid=None, phone=PHONE) == Outcome.APPLIED
    assert member(group).status == "left"


def test_promotions_go_by_their_own_time(group: Group, tell: Tell) -> None:
    tell("join", 10)
    assert tell("promote", 30) == Outcome.APPLIED
    assert tell("demote", 20) == Outcome.LATE
    assert member(group).is_admin
    assert tell("demote", 40) == Outcome.APPLIED
    assert not member(group).is_admin
    assert told(group) == [("join", 10), ("demote", 20), ("promote", 30), ("demote", 40)]


def test_the_promotion_of_a_stranger_asks_for_a_sync(group: Group, tell: Tell) -> None:
    assert tell("promote", 10) == Outcome.AMBIGUOUS
    assert syncs(group) == 1


def test_a_number_of_ours_that_becomes_an_admin_may_see_all(group: Group, tell: Tell) -> None:
    """Fails without `_learn_own_role` in `membership._admin`."""
    with tenancy.tenant(group.organization_id):
        assert group.session is not None
        Session.objects.filter(pk=group.session.pk).update(lid=LID)
    tell("join", 10)
    for seconds, action in enumerate(("promote", "demote", "promote"), start=20):
        tell(action, seconds)
        with tenancy.tenant(group.organization_id):
            assert group.seen_by.get().is_admin is (action == "promote")
