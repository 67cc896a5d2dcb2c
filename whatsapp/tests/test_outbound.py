"""Sessions and syncs through the gateway, which the sandbox plays over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone

from common import tenancy
from common.vendors import RetrySoon
from conftest import Api
from organizations.models import Organization
from organizations.tests.factories import MembershipFactory, OrganizationFactory
from sandbox.client import Sandbox
from sandbox.told import Community as PlayedCommunity
from whatsapp import outbound, services
from whatsapp.client import CreatedCommunity
from whatsapp.models import Group, GroupMember, GroupSession, Session, SyncRun
from whatsapp.tests.factories import GroupFactory, GroupSessionFactory, SessionFactory
from workshops.models import Community
from workshops.tests.factories import WorkshopFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory.create()


@pytest.fixture
def session(sandbox: Sandbox, organization: Organization) -> Session:
    played = sandbox.add_session(phone_number="919800000001")
    return SessionFactory.create(
        organization=organization, gateway_session_id=played.session_id, full_phone="+919800000001"
    )


@pytest.fixture
def played(sandbox: Sandbox, session: Session) -> PlayedCommunity:
    """A community at the gateway with 50 people and our own number."""
    community = sandbox.add_community(session.gateway_session_id, "Crypto")
    sandbox.join(community.announcement_jid, 49, hidden=7)
    return community


@pytest.fixture
def group(session: Session, played: PlayedCommunity) -> Group:
    return GroupFactory.create(
        organization=session.organization, session=session, group_jid=played.announcement_jid, kind="announcement"
    )


Sync = Callable[..., SyncRun]


@pytest.fixture
def sync(group: Group) -> Sync:
    """Ask for a sync and let a worker do it; again with `run=`."""

    def work(run: SyncRun | None = None) -> SyncRun:
        with tenancy.system():
            run = run or services.request_sync(group=group, requested_by="test")
        outbound.sync_members(run_id=run.pk, attempt=run.attempt, organization_id=run.organization_id)
        with tenancy.system():
            run.refresh_from_db()
        return run

    return work


def active() -> int:
    with tenancy.system():
        return GroupMember.objects.filter(status="active").count()


def test_everybody_is_fetched_and_written(sync: Sync, session: Session) -> None:
    run = sync()
    assert (run.status, run.fetched, run.added, run.hidden) == ("done", 50, 50, 7)
    assert active() == 50
    with tenancy.system():
        session.refresh_from_db()
    assert session.lid.endswith("@lid")


def test_a_second_run_of_the_same_task_does_nothing(sync: Sync, sandbox: Sandbox) -> None:
    run = sync()
    outbound.sync_members(run_id=run.pk, attempt=0, organization_id=run.organization_id)
    outbound.sync_members(run_id=run.pk, attempt=run.attempt, organization_id=run.organization_id)
    assert len(sandbox.journal(operation="participants")) == 1


def test_f01_what_the_database_refuses_fails_loudly_with_the_count_and_the_reason(
    sync: Sync, group: Group, sandbox: Sandbox
) -> None:
    """Fails without `except DatabaseError` in `outbound._apply`: the run would stay `running` and say nothing."""
    with _refusing_members(group.organization_id):
        run = sync()
    assert (run.status, run.error_code, run.fetched) == ("failed", "not_written", 50)
    assert run.error.startswith("50 people were fetched and none written: ")
    assert active() == 0
    assert sync().status == "done"


@contextmanager
def _refusing_members(organization_id: str) -> Iterator[None]:
    """The table takes no row of the organization, as row-level security once did."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE workshop_group_members ADD CONSTRAINT no CHECK (organization_id <> '{organization_id}')"
        )
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE workshop_group_members DROP CONSTRAINT no")
    connections["owner"].close()


@pytest.mark.parametrize(
    "style",
    [
        {"participant": "text"},
        {"participant": "json"},
        {"participant_id": "lid_device"},
        {"participant_phone": "plus"},
        {"participant_phone": "jid"},
        {"hidden_phone": "lid_digits"},
        {"hidden_phone": "null"},
        {"total": "text"},
        {"total": "absent"},
    ],
)
def test_every_spelling_of_the_gateway_names_the_same_people(
    sync: Sync, sandbox: Sandbox, style: dict[str, str]
) -> None:
    sync()
    sandbox.set_style(**style)
    run = sync()
    assert (run.status, run.unchanged, run.added, run.left) == ("done", 50, 0, 0)


def test_f18_digits_of_a_lid_in_the_phone_field_are_no_phone(sync: Sync, sandbox: Sandbox) -> None:
    """Fails without the comparison with the LID's digits in `parsing._phone`."""
    sandbox.set_style(hidden_phone="lid_digits")
    assert sync().hidden == 7
    with tenancy.system():
        assert GroupMember.objects.filter(full_phone=None, phone_number=None).count() == 7


@pytest.mark.parametrize(
    ("kind", "params", "doubts"),
    [
        ("empty_list", {}, ["empty"]),
        ("wrong_total", {}, ["total_mismatch"]),
        ("truncated_list", {"keep": 20}, ["implausible_fall"]),
    ],
)
def test_f19_a_list_that_lies_changes_nothing(
    sync: Sync, sandbox: Sandbox, kind: str, params: dict[str, Any], doubts: list[str]
) -> None:
    """Fails without `members._doubts`."""
    sync()
    sandbox.add_fault("participants", kind, **params)
    run = sync()
    assert (run.status, run.doubts) == ("suspicious", doubts)
    assert active() == 50
    assert sync().status == "done"


@pytest.mark.parametrize("kind", ["html", "null", "garbage", "status", "reset", "drop_after_commit"])
def test_a_passing_fault_is_asked_again_and_forgiven(sync: Sync, sandbox: Sandbox, kind: str) -> None:
    sandbox.add_fault("participants", kind, times=2)
    run = sync()
    assert (run.status, run.failures) == ("queued", 1)
    assert "did not answer as it should" in run.wait_reason
    while run.status == "queued":
        run = sync(run)
    assert run.status == "done"
    assert active() == 50


def test_one_broken_read_is_repeated_at_once(sync: Sync, sandbox: Sandbox) -> None:
    sandbox.add_fault("participants", "reset")
    assert sync().status == "done"
    assert len(sandbox.journal(operation="participants")) == 2


def test_a_fault_that_does_not_pass_fails_after_five_attempts(sync: Sync, sandbox: Sandbox) -> None:
    sandbox.add_fault("participants", "status", times=None, code=502)
    run = sync()
    for _ in range(4):
        run = sync(run)
    assert (run.status, run.error_code) == ("failed", "retry_soon")
    assert active() == 0


@pytest.mark.parametrize(("kind", "wait"), [("rate_overlimit", 100), ("retry_after", 25)])
def test_when_whatsapp_asks_to_slow_down_the_sync_waits_that_long(
    sync: Sync, sandbox: Sandbox, kind: str, wait: int
) -> None:
    sandbox.add_fault("participants", kind)
    run = sync()
    assert (run.status, run.failures) == ("queued", 0)
    assert "slow down" in run.wait_reason
    assert run.run_after is not None
    assert run.run_after > timezone.now() + timedelta(seconds=wait)


def test_a_session_that_is_not_connected_is_waited_for(sync: Sync, sandbox: Sandbox, session: Session) -> None:
    sandbox.add_fault("participants", "not_connected")
    run = sync()
    assert (run.status, run.failures) == ("queued", 0)
    assert "not connected" in run.wait_reason
    with tenancy.system():
        session.refresh_from_db()
        assert session.status == "disconnected"
    assert sync(run).status == "queued"
    assert len(sandbox.journal(operation="participants")) == 1
    outbound.poll_session(session_id=session.pk, organization_id=session.organization_id)
    assert sync(run).status == "done"


def test_f12_a_wrong_jid_fails_by_name_and_is_not_retried(sync: Sync, sandbox: Sandbox) -> None:
    """Fails without the first row of `errors._BY_TEXT`: it arrives as a 500."""
    sandbox.add_fault("participants", "item_not_found")
    run = sync()
    assert (run.status, run.error_code, run.run_after) == ("failed", "wrong_jid", None)
    assert "item-not-found" in run.error


def test_what_a_session_without_admin_rights_sees_is_not_believed(
    sandbox: Sandbox, organization: Organization, played: PlayedCommunity
) -> None:
    other = sandbox.add_session(phone_number="919800000002")
    sandbox.put_session_in(played.announcement_jid, other.session_id, is_admin=False)
    session = SessionFactory.create(
        organization=organization, gateway_session_id=other.session_id, full_phone="+919800000002"
    )
    group = GroupFactory.create(
        organization=organization, session=session, group_jid=played.announcement_jid, kind="announcement"
    )
    with tenancy.system():
        run = services.request_sync(group=group, requested_by="test")
    outbound.sync_members(run_id=run.pk, attempt=0, organization_id=run.organization_id)
    with tenancy.system():
        run.refresh_from_db()
    assert run.status == "suspicious"
    assert set(run.doubts) <= {"not_admin", "own_number_missing"}
    assert active() == 0


@pytest.mark.parametrize("own", ["connected", "disconnected"])
def test_a_sync_goes_through_a_connected_number_that_is_an_admin(
    sandbox: Sandbox, organization: Organization, sync: Sync, group: Group, session: Session, own: str
) -> None:
    GroupSessionFactory.create(group=group, session=session, is_admin=False)
    admin = second_number(sandbox, organization, group)
    away = SessionFactory.create(organization=organization, status="disconnected")
    GroupSessionFactory.create(group=group, session=away)
    with tenancy.system():
        Session.objects.filter(pk=session.pk).update(status=own)
    assert sync().status == "done"
    assert asked(sandbox) == [admin.gateway_session_id]


def test_among_equals_a_sync_goes_through_the_groups_own_number(
    sandbox: Sandbox, organization: Organization, sync: Sync, group: Group, session: Session
) -> None:
    GroupSessionFactory.create(group=group, session=session)
    second_number(sandbox, organization, group)
    sync()
    assert asked(sandbox) == [session.gateway_session_id]


def test_a_number_that_has_left_the_group_is_not_asked_again(
    sandbox: Sandbox, organization: Organization, sync: Sync, group: Group, session: Session
) -> None:
    gone = second_number(sandbox, organization, group, is_there=False)
    run = sync()
    assert (run.status, "Another number is asked" in run.wait_reason) == ("queued", True)
    assert sync(run).status == "done"
    assert asked(sandbox) == [gone.gateway_session_id, session.gateway_session_id]


def test_when_the_groups_own_number_has_left_another_one_is_asked(
    sandbox: Sandbox, organization: Organization, sync: Sync, group: Group, session: Session
) -> None:
    """Fails without `_hand_over` in `listed.forget_group`: it would be asked for through the old number for ever."""
    with tenancy.system():
        Session.objects.filter(pk=session.pk).update(status="disconnected")
    other = second_number(sandbox, organization, group)
    own = SessionFactory.create(
        organization=organization, gateway_session_id=sandbox.add_session(phone_number="919800000003").session_id
    )
    with tenancy.system():
        Group.objects.update(session=own)
        GroupSession.objects.update(is_admin=None)
    run = sync()
    assert (run.status, "Another number is asked" in run.wait_reason) == ("queued", True)
    assert sync(run).status == "done"
    assert asked(sandbox) == [own.gateway_session_id, other.gateway_session_id]
    with tenancy.system():
        assert Group.objects.get(pk=group.pk).session_id == other.pk


def test_the_only_number_that_has_left_a_group_is_said_and_not_asked_for_ever(
    sandbox: Sandbox, organization: Organization, sync: Sync, group: Group
) -> None:
    own = SessionFactory.create(
        organization=organization, gateway_session_id=sandbox.add_session(phone_number="919800000003").session_id
    )
    with tenancy.system():
        Group.objects.update(session=own)
    run = sync()
    assert (run.status, run.error_code) == ("failed", "wrong_jid")


def second_number(sandbox: Sandbox, organization: Organization, group: Group, *, is_there: bool = True) -> Session:
    """Another number that we think is an admin of the group."""
    played = sandbox.add_session(phone_number="919800000002")
    if is_there:
        sandbox.put_session_in(group.group_jid, played.session_id, is_admin=True)
    session: Session = SessionFactory.create(
        organization=organization, gateway_session_id=played.session_id, full_phone="+919800000002"
    )
    GroupSessionFactory.create(group=group, session=session)
    return session


def asked(sandbox: Sandbox) -> list[str]:
    """Through which numbers members were fetched."""
    return [str(entry.session) for entry in sandbox.journal(operation="participants")]


def test_a_sync_left_behind_is_started_by_the_sweep(group: Group) -> None:
    with tenancy.system():
        services.request_sync(group=group, requested_by="test")
        SyncRun.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    assert services.sweep_runs() == 1
    assert services.sweep_runs() == 0


def test_a_wrong_key_is_forbidden_and_not_retried(sync: Sync, settings: Any) -> None:
    settings.WHATSAPP_GATEWAYS = {"main": {**settings.WHATSAPP_GATEWAYS["main"], "api_key": "wrong"}}
    run = sync()
    assert (run.status, run.error_code) == ("failed", "forbidden")


def test_a_gateway_that_is_gone_from_the_settings_fails_by_name(sync: Sync, settings: Any) -> None:
    settings.WHATSAPP_GATEWAYS = {}
    run = sync()
    assert (run.status, run.error_code) == ("failed", "invalid")
    assert "main" in run.error


def test_each_session_is_polled_once_in_a_while(session: Session) -> None:
    assert services.poll_sessions() == 1
    assert services.poll_sessions() == 0


def test_a_poll_stores_what_the_gateway_says(sandbox: Sandbox, session: Session) -> None:
    sandbox.change_session(session.gateway_session_id, status="disconnected")
    outbound.poll_session(session_id=session.pk, organization_id=session.organization_id)
    with tenancy.system():
        assert Session.objects.get(pk=session.pk).status == "disconnected"


def test_a_session_that_the_gateway_has_forgotten_is_disconnected(sandbox: Sandbox, session: Session) -> None:
    forgotten = SessionFactory.create(organization=session.organization)
    outbound.poll_session(session_id=forgotten.pk, organization_id=session.organization_id)
    with tenancy.system():
        forgotten.refresh_from_db()
    assert forgotten.status == "disconnected"
    assert "404" in forgotten.status_reason


def test_a_session_whose_start_was_lost_is_started_by_the_sweep(sandbox: Sandbox, organization: Organization) -> None:
    with tenancy.system():
        session = services.create_session(organization_id=organization.pk)
    assert services.poll_sessions() == 1
    outbound.connect_session(session_id=session.pk, organization_id=organization.pk)
    with tenancy.system():
        session.refresh_from_db()
    assert (session.status, bool(session.qr_code)) == ("qr_pending", True)


def test_a_session_is_logged_out_and_connected_again(api: Api, sandbox: Sandbox, session: Session) -> None:
    admin = api(MembershipFactory.create(organization=session.organization, role="admin"))
    path = f"/api/sessions/{session.pk}"
    assert admin.post(f"{path}/connect").json()["code"] == "session_not_idle"
    assert admin.post(f"{path}/disconnect").json()["status"] == "logged_out"
    outbound.disconnect_session(session_id=session.pk, organization_id=session.organization_id)
    assert not sandbox.sessions()[0].is_paired
    assert admin.post(f"{path}/connect").json()["status"] == "connecting"
    outbound.connect_session(session_id=session.pk, organization_id=session.organization_id)
    assert admin.get(path).json()["status"] == "qr_pending"


def test_a_logout_that_did_not_reach_the_gateway_is_tried_again(sandbox: Sandbox, session: Session) -> None:
    """Fails without `logout_due_at` in `sessions._due_for_poll`: the number would stay linked, and nobody knew."""
    sandbox.add_fault("disconnect", "reset")
    with tenancy.system():
        services.disconnect_session(session=session)
    with pytest.raises(RetrySoon):
        outbound.disconnect_session(session_id=session.pk, organization_id=session.organization_id)
    assert services.poll_sessions() == 0, "its task may be under way"
    with tenancy.system():
        Session.objects.update(logout_due_at=timezone.now() - timedelta(seconds=1))
    assert services.poll_sessions() == 1
    assert services.poll_sessions() == 0
    outbound.disconnect_session(session_id=session.pk, organization_id=session.organization_id)
    assert not sandbox.sessions()[0].is_paired
    outbound.disconnect_session(session_id=session.pk, organization_id=session.organization_id)
    assert len(sandbox.journal(operation="disconnect")) == 2
    with tenancy.system():
        Session.objects.update(polled_at=None)
    assert services.poll_sessions() == 0


def test_a_logout_that_comes_late_leaves_a_session_alone_that_is_connected_again(
    sandbox: Sandbox, session: Session
) -> None:
    """Fails without the look at `logout_due_at` in `outbound.disconnect_session`."""
    with tenancy.system():
        services.disconnect_session(session=session)
        services.reconnect_session(session=session)
    outbound.disconnect_session(session_id=session.pk, organization_id=session.organization_id)
    assert sandbox.sessions()[0].is_paired
    assert sandbox.journal(operation="disconnect") == []


def test_a_logout_that_ends_late_does_not_stand_for_the_next_one(session: Session) -> None:
    """Fails when `logout_done` looks at the session's id alone."""
    with tenancy.system():
        under_way = services.disconnect_session(session=session)
        services.reconnect_session(session=session)
        wished = services.disconnect_session(session=session).logout_due_at
        services.logout_done(session=under_way)
        assert Session.objects.get().logout_due_at == wished
        services.logout_done(session=Session.objects.get())
        assert Session.objects.get().logout_due_at is None


def test_a_session_that_the_gateway_has_forgotten_needs_no_logout(sandbox: Sandbox, session: Session) -> None:
    with tenancy.system():
        Session.objects.update(gateway_session_id="wa_forgotten")
        services.disconnect_session(session=session)
    outbound.disconnect_session(session_id=session.pk, organization_id=session.organization_id)
    with tenancy.system():
        assert Session.objects.get().logout_due_at is None


def test_a_session_that_is_deleted_meanwhile_is_not_missed(session: Session) -> None:
    with tenancy.system():
        session.delete()
    for work in (outbound.poll_session, outbound.connect_session, outbound.disconnect_session):
        work(session_id=uuid4(), organization_id="org_gone")


def test_f10_groups_and_the_chosen_session_follow_a_relinked_number(
    sandbox: Sandbox, session: Session, group: Group
) -> None:
    """Fails without `sessions._move_everything`."""
    with tenancy.system():
        Organization.objects.update(community_session=session)
        workshop = WorkshopFactory.create(organization=session.organization)
        Community.objects.filter(workshop=workshop).update(session=session)
    played = sandbox.add_session(phone_number="919800000001")
    new = SessionFactory.create(
        organization=session.organization, gateway_session_id=played.session_id, full_phone=None, status="connecting"
    )
    outbound.poll_session(session_id=new.pk, organization_id=new.organization_id)
    with tenancy.system():
        group.refresh_from_db()
        assert group.session_id == new.pk
        assert Organization.objects.get().community_session_id == new.pk
        assert Community.objects.get().session_id == new.pk
        assert SyncRun.objects.filter(group=group, requested_by="reconnect").count() == 1


def test_f08_a_group_seen_through_two_sessions_is_one(session: Session, group: Group) -> None:
    """Fails if `groups._store` looks up groups by their session."""
    other = SessionFactory.create(organization=session.organization)
    created = CreatedCommunity("1203630@g.us", group.group_jid, "")
    with tenancy.system():
        for through in (session, other):
            services.store_community(session=through, name="Crypto", created=created)
        assert Group.objects.filter(group_jid=group.group_jid).count() == 1


def test_f09_a_relinked_number_moves_to_its_new_session(sandbox: Sandbox, session: Session) -> None:
    """Fails without `sessions._take_number`: the unique number would keep the new session from connecting."""
    again = sandbox.add_session(phone_number="919800000001")
    double = SessionFactory.create(
        organization=session.organization, gateway_session_id=again.session_id, full_phone=None, status="connecting"
    )
    outbound.poll_session(session_id=double.pk, organization_id=double.organization_id)
    with tenancy.system():
        double.refresh_from_db()
        session.refresh_from_db()
    assert (double.full_phone, double.status) == ("+919800000001", "connected")
    assert (session.full_phone, session.status) == (None, "logged_out")
    assert "newer session" in session.status_reason
