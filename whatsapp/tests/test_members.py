"""Applying snapshots."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from common import tenancy
from common.jobs import AttemptTaken
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from whatsapp import services
from whatsapp.client import Participant, Snapshot
from whatsapp.models import Group, GroupMember, Session, SyncRun
from whatsapp.tests.factories import GroupFactory, GroupMemberFactory, SessionFactory

pytestmark = pytest.mark.django_db

OWN = Participant("1000@lid", "+919700000000", "9700000000", is_admin=True)


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory.create()


@pytest.fixture
def session(organization: Organization) -> Session:
    return SessionFactory.create(organization=organization, full_phone=OWN.full_phone)


@pytest.fixture
def group(session: Session) -> Group:
    return GroupFactory.create(organization=session.organization, session=session, kind=Group.Kind.ANNOUNCEMENT)


Sync = Callable[..., SyncRun]


@pytest.fixture
def sync(group: Group, session: Session) -> Sync:
    """Apply a list of people as a worker does; keywords change the snapshot or the run."""

    def apply(people: list[Participant], *, total: int | None = None, unreadable: int = 0, **changes: Any) -> SyncRun:
        with tenancy.tenant(group.organization_id):
            run = services.request_sync(group=group, requested_by="test", **changes)
            job = services.claim_run(run_id=run.pk, attempt=run.attempt)
            assert job is not None
            assert job.session is not None
            snapshot = Snapshot(people, len(people) if total is None else total, unreadable)
            return services.apply_snapshot(run=job.run, snapshot=snapshot, session=job.session)

    return apply


def people(count: int, start: int = 0) -> list[Participant]:
    """`count` people with LID and phone, and our own number."""
    return [
        OWN,
        *(
            Participant(f"{2000 + n}@lid", f"+9198{n:08d}", f"98{n:08d}", is_admin=False)
            for n in range(start, start + count)
        ),
    ]


def members(group: Group) -> dict[str, GroupMember]:
    """Stored members by LID, or by phone where there is none."""
    with tenancy.tenant(group.organization_id):
        return {member.lid or member.full_phone or "": member for member in group.members.all()}


def counts(run: SyncRun) -> dict[str, int]:
    return {name: getattr(run, name) for name in ("added", "returned", "left", "updated", "unchanged", "kept")}


def test_f01_a_first_sync_writes_everybody_in_one_transaction(sync: Sync, group: Group) -> None:
    """Fails without `organization_id` in `members._INSERT`."""
    run = sync(people(283))
    assert (run.status, run.fetched, run.added) == ("done", 284, 284)
    rows = members(group)
    assert len(rows) == 284
    assert {row.organization_id for row in rows.values()} == {group.organization_id}
    assert all(row.status == "active" for row in rows.values())


def test_f01_rows_that_the_database_refuses_change_nothing(sync: Sync, group: Group) -> None:
    """Fails without the transaction around `members.apply_snapshot`: those who left would be gone already."""
    sync(people(5))
    nobody = Participant(None, None, None, is_admin=False)
    with pytest.raises(DatabaseError, match="is_somebody"):
        sync([*people(4), nobody])
    assert len([row for row in members(group).values() if row.status == "active"]) == 6


def test_the_same_sync_again_writes_nothing(sync: Sync, group: Group) -> None:
    sync(people(20))
    before = {row.pk: row.updated_at for row in members(group).values()}
    run = sync(people(20))
    assert counts(run) == {"added": 0, "returned": 0, "left": 0, "updated": 0, "unchanged": 21, "kept": 0}
    assert {row.pk: row.updated_at for row in members(group).values()} == before


def test_f07_counts_come_from_rows(sync: Sync, group: Group) -> None:
    """Fails without the Count annotations in `GroupQuerySet.with_counts`."""
    sync(people(30))
    sync(people(25))
    sync([*people(24), Participant("9999@lid", None, None, is_admin=False)])
    with tenancy.tenant(group.organization_id):
        counted = Group.objects.with_counts().get(pk=group.pk)
    assert (counted.active_count, counted.left_count, counted.hidden_count) == (26, 6, 1)  # type: ignore[attr-defined]  # annotated


def test_those_who_are_gone_have_left_and_those_who_come_back_have_returned(sync: Sync, group: Group) -> None:
    sync(people(10))
    run = sync(people(8))
    assert counts(run) == {"added": 0, "returned": 0, "left": 2, "updated": 0, "unchanged": 9, "kept": 0}
    gone = members(group)["2009@lid"]
    assert (gone.status, gone.left_at) == ("left", run.started_at)
    run = sync(people(10))
    assert counts(run)["returned"] == 2
    back = members(group)["2009@lid"]
    assert (back.status, back.left_at, back.joined_at) == ("active", None, run.started_at)


def test_f19_an_empty_list_changes_nothing_and_cannot_be_confirmed(sync: Sync, group: Group) -> None:
    """Fails without the doubt `EMPTY` in `members._doubts`: everybody would have left."""
    sync(people(10))
    run = sync([])
    assert (run.status, run.doubts, run.fetched) == ("suspicious", ["empty"], 0)
    assert all(row.status == "active" for row in members(group).values())
    with tenancy.tenant(group.organization_id), pytest.raises(services.NothingToConfirm, match="list is empty"):
        services.confirm_run(run=run, requested_by="test")


@pytest.mark.parametrize("wrong", [{"total": 99}, {"unreadable": 1}])
def test_a_list_unlike_its_own_total_changes_nothing(sync: Sync, group: Group, wrong: dict[str, int]) -> None:
    sync(people(10))
    run = sync(people(9), **wrong)
    assert (run.status, run.doubts) == ("suspicious", ["total_mismatch"])
    assert len([row for row in members(group).values() if row.status == "active"]) == 11
    run = sync(people(9), confirmed_doubts=["implausible_fall", "own_number_missing", "not_admin"], **wrong)
    assert run.status == "suspicious"


def test_an_implausible_fall_asks_a_person_and_a_confirmed_one_is_applied(sync: Sync, group: Group) -> None:
    sync(people(40))
    run = sync(people(25))
    assert (run.status, run.doubts, run.left) == ("suspicious", ["implausible_fall"], 0)
    with tenancy.tenant(group.organization_id):
        again = services.confirm_run(run=run, requested_by="staff:1")
    assert (again.status, again.confirmed_doubts, again.requested_by) == ("queued", ["implausible_fall"], "staff:1")
    run = sync(people(25))
    assert (run.pk, run.status, run.left) == (again.pk, "done", 15)


@pytest.mark.parametrize(("before", "after"), [(20, 9), (100, 71)])
def test_a_fall_that_is_small_in_number_or_in_share_is_believed(sync: Sync, before: int, after: int) -> None:
    sync(people(before))
    fall = before - after
    run = sync(people(after))
    assert (run.status == "done") == (fall <= 10 or fall <= 0.3 * (before + 1))


def test_a_list_without_our_own_number_is_doubted(sync: Sync, group: Group) -> None:
    sync(people(5))
    run = sync(people(5)[1:])
    assert (run.status, run.doubts) == ("suspicious", ["own_number_missing"])


def test_our_own_number_is_recognised_by_its_lid_once_that_is_known(sync: Sync, session: Session) -> None:
    sync(people(5))
    hidden = Participant(OWN.lid, None, None, is_admin=True)
    assert sync([hidden, *people(5)[1:]]).status == "done"
    with tenancy.tenant(session.organization_id):
        session.refresh_from_db()
    assert session.lid == OWN.lid


def test_the_check_for_our_own_number_is_skipped_while_neither_number_nor_lid_is_known(
    sync: Sync, session: Session
) -> None:
    with tenancy.tenant(session.organization_id):
        Session.objects.update(full_phone=None, lid="")
    assert sync(people(5)[1:]).status == "done"


def test_what_a_session_that_is_no_admin_sees_of_an_announcement_group_is_doubted_from_the_first(sync: Sync) -> None:
    plain = Participant(OWN.lid, OWN.full_phone, OWN.phone_number, is_admin=False)
    run = sync([plain])
    assert (run.status, run.doubts) == ("suspicious", ["not_admin"])


def test_whether_we_are_admin_is_learned_from_the_list_and_written_when_it_is_news(
    sync: Sync, group: Group, session: Session
) -> None:
    """Fails without `_learn_own_role` in `members.apply_snapshot`."""
    plain = Participant(OWN.lid, OWN.full_phone, OWN.phone_number, is_admin=False)
    for own, expected in ((plain, False), (plain, False), (OWN, True)):
        sync([own])
        with tenancy.tenant(group.organization_id):
            assert group.seen_by.get(session=session).is_admin is expected


def test_f21_a_snapshot_does_not_bring_back_who_left_after_it_began(sync: Sync, group: Group) -> None:
    """Fails without the comparison with `last_event_at` in `members._sort`."""
    later = timezone.now() + timedelta(minutes=1)
    GroupMemberFactory.create(
        group=group, lid="2000@lid", status="left", left_at=later, last_event_at=later, phone_number=None
    )
    run = sync(people(1))
    assert counts(run) == {"added": 1, "returned": 0, "left": 0, "updated": 1, "unchanged": 0, "kept": 1}
    assert members(group)["2000@lid"].status == "left"


def test_a_snapshot_does_not_remove_who_joined_after_it_began(sync: Sync, group: Group) -> None:
    GroupMemberFactory.create(group=group, lid="7777@lid", last_event_at=timezone.now() + timedelta(minutes=1))
    run = sync(people(1))
    assert counts(run)["kept"] == 1
    assert members(group)["7777@lid"].status == "active"


def test_f18_a_hidden_phone_is_absent_and_learned_later(sync: Sync, group: Group) -> None:
    """Fails without `is_learned` in `members._sort`."""
    hidden = Participant("2000@lid", None, None, is_admin=False)
    assert sync([OWN, hidden]).hidden == 1
    assert members(group)["2000@lid"].full_phone is None
    run = sync(people(1))
    assert (run.updated, run.hidden) == (1, 0)
    assert members(group)["2000@lid"].full_phone == "+919800000000"


def test_a_phone_that_is_hidden_again_is_remembered(sync: Sync, group: Group) -> None:
    sync(people(1))
    run = sync([OWN, Participant("2000@lid", None, None, is_admin=False)])
    assert run.unchanged == 2
    assert members(group)["2000@lid"].full_phone is not None


def test_a_row_known_by_its_phone_takes_the_lid_when_the_pair_is_learned(sync: Sync, group: Group) -> None:
    bare = GroupMemberFactory.create(group=group, lid=None, full_phone="+919800000001", phone_number="9800000001")
    run = sync([OWN, Participant("2001@lid", "+919800000001", "9800000001", is_admin=False)])
    assert (run.added, run.updated) == (1, 1)
    assert members(group)["2001@lid"].pk == bare.pk


def test_two_rows_become_one_when_they_turn_out_to_be_one_person(sync: Sync, group: Group) -> None:
    GroupMemberFactory.create(group=group, lid=None, full_phone="+919800000001", phone_number="9800000001")
    GroupMemberFactory.create(group=group, lid="2001@lid", full_phone=None, phone_number=None)
    run = sync([OWN, Participant("2001@lid", "+919800000001", "9800000001", is_admin=False)])
    assert run.status == "done"
    rows = members(group)
    assert set(rows) == {OWN.lid, "2001@lid"}
    assert rows["2001@lid"].full_phone == "+919800000001"


def test_of_two_rows_that_become_one_the_newer_event_counts(sync: Sync, group: Group) -> None:
    later = timezone.now() + timedelta(minutes=1)
    GroupMemberFactory.create(
        group=group, lid=None, full_phone="+919800000001", phone_number="9800000001",
        status="left", left_at=later, last_event_at=later,
    )  # fmt: skip
    long_ago = timezone.now() - timedelta(days=3)
    GroupMemberFactory.create(
        group=group, lid="2001@lid", full_phone=None, phone_number=None, status="left", left_at=long_ago,
        last_event_at=long_ago,
    )  # fmt: skip
    run = sync([OWN, Participant("2001@lid", "+919800000001", "9800000001", is_admin=False)])
    assert (run.returned, run.kept) == (0, 1)
    only = members(group)["2001@lid"]
    assert (only.status, only.left_at, only.last_event_at) == ("left", later, later)


def test_a_person_listed_twice_is_one_person(sync: Sync, group: Group) -> None:
    with_phone = Participant("2001@lid", "+919800000001", "9800000001", is_admin=False)
    doubles = [
        Participant("2001@lid", None, None, is_admin=False),
        Participant(None, "+919800000001", "9800000001", is_admin=False),
    ]
    run = sync([OWN, with_phone, *doubles])
    assert (run.status, run.added) == ("done", 2)


def test_two_people_may_share_a_phone_that_changed_hands(sync: Sync, group: Group) -> None:
    sync(people(1))
    heir = Participant("5555@lid", "+919800000000", "9800000000", is_admin=False)
    run = sync([OWN, heir])
    assert (run.status, run.added, run.left) == ("done", 1, 1)


def test_an_attempt_that_was_taken_over_writes_nothing(group: Group, session: Session) -> None:
    with tenancy.tenant(group.organization_id):
        run = services.request_sync(group=group, requested_by="test")
        slow = services.claim_run(run_id=run.pk, attempt=0)
        assert slow is not None
        SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        fast = services.claim_run(run_id=run.pk, attempt=1)
        assert fast is not None
        with pytest.raises(AttemptTaken):
            services.apply_snapshot(run=slow.run, snapshot=Snapshot(people(3), 4, 0), session=session)
        done = services.apply_snapshot(run=fast.run, snapshot=Snapshot(people(5), 6, 0), session=session)
    assert (done.status, done.added) == ("done", 6)


def test_a_task_delivered_twice_claims_once(group: Group) -> None:
    with tenancy.tenant(group.organization_id):
        run = services.request_sync(group=group, requested_by="test")
        assert services.claim_run(run_id=run.pk, attempt=0) is not None
        assert services.claim_run(run_id=run.pk, attempt=0) is None


def test_one_sync_of_a_group_is_under_way_at_a_time(group: Group) -> None:
    with tenancy.tenant(group.organization_id):
        first = services.request_sync(group=group, requested_by="user:a")
        assert services.request_sync(group=group, requested_by="user:b").pk == first.pk


def test_f12_a_community_parent_is_refused_by_name(session: Session) -> None:
    """Fails without `sync.trackable_group`."""
    parent = GroupFactory.create(session=session, kind=Group.Kind.COMMUNITY_PARENT, name="Crypto")
    with (
        tenancy.tenant(session.organization_id),
        pytest.raises(services.GroupNotTrackable, match="Crypto is a community"),
    ):
        services.request_sync(group=parent, requested_by="test")


def test_f02_a_community_parent_is_resolved_to_its_announcement_group(group: Group, session: Session) -> None:
    """Fails without the look at the children in `sync.trackable_group`."""
    parent = GroupFactory.create(session=session, kind=Group.Kind.COMMUNITY_PARENT)
    with tenancy.tenant(session.organization_id):
        Group.objects.filter(pk=group.pk).update(parent=parent)
        assert services.request_sync(group=parent, requested_by="test").group_id == group.pk
