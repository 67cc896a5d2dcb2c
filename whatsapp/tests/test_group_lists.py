"""Lists of groups: asked for through the gateway, which the sandbox plays over HTTP, and applied."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from common import tenancy
from common.jobs import AttemptTaken
from conftest import Api
from organizations.models import Organization
from organizations.tests.factories import MembershipFactory, OrganizationFactory
from sandbox.client import Sandbox
from sandbox.told import Community as PlayedCommunity
from whatsapp import outbound, services
from whatsapp.client import ListedGroup
from whatsapp.models import Group, GroupSession, Session
from whatsapp.tests.factories import GroupFactory, GroupSessionFactory, SessionFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def organization() -> Organization:
    return OrganizationFactory.create()


@pytest.fixture
def session(sandbox: Sandbox, organization: Organization) -> Session:
    return connected(sandbox, organization, "919800000001")


@pytest.fixture
def played(sandbox: Sandbox, session: Session) -> PlayedCommunity:
    """A community of 112 people, our own number included, and a General group."""
    community = sandbox.add_community(session.gateway_session_id, "Crypto", general=True)
    sandbox.join(community.announcement_jid, 111)
    return community


def connected(sandbox: Sandbox, organization: Organization, phone: str) -> Session:
    played = sandbox.add_session(phone_number=phone)
    session: Session = SessionFactory.create(
        organization=organization, gateway_session_id=played.session_id, full_phone=f"+{phone}"
    )
    return session


Sync = Callable[..., Session]


@pytest.fixture
def sync(session: Session) -> Sync:
    """Somebody asks for the list, and a worker does it."""

    def work(of: Session = session) -> Session:
        with tenancy.system():
            services.request_group_list(session=of)
        return run(of)

    return work


def run(session: Session) -> Session:
    outbound.sync_groups(session_id=session.pk, organization_id=session.organization_id)
    with tenancy.system():
        session.refresh_from_db()
    return session


def groups() -> dict[str, Group]:
    with tenancy.system():
        return {group.group_jid: group for group in Group.objects.select_related("parent")}


def seen() -> dict[tuple[Any, str], bool | None]:
    """(session, JID) → whether it is an admin there."""
    with tenancy.system():
        rows = GroupSession.objects.values_list("session_id", "group__group_jid", "is_admin")
        return {(session_id, jid): is_admin for session_id, jid, is_admin in rows}


def test_a_list_stores_groups_their_kinds_and_their_family(
    sandbox: Sandbox, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    single = sandbox.add_group(session.gateway_session_id, "Team")
    assert sync().groups_reason == ""
    found = groups()
    assert {jid: group.kind for jid, group in found.items()} == {
        played.parent_jid: "community_parent",
        played.announcement_jid: "announcement",
        played.general_jid: "group",
        single: "group",
    }
    announcement = found[played.announcement_jid]
    assert announcement.parent is not None
    assert (announcement.name, announcement.parent.group_jid) == ("Crypto", played.parent_jid)
    assert announcement.invite_link.startswith("https://chat.whatsapp.com/")
    assert {group.session_id for group in found.values()} == {session.pk}
    assert seen() == {(session.pk, jid): True for jid in found}


def test_a_second_run_asks_nobody_and_a_second_list_changes_nothing(
    sandbox: Sandbox, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    synced = sync()
    before = groups()
    run(session)
    assert len(sandbox.journal(operation="groups")) == 1, "it is not due"
    assert synced.groups_due_at is not None
    assert timedelta(hours=21) < synced.groups_due_at - timezone.now() < timedelta(hours=27)
    with tenancy.system():
        services.request_group_list(session=session)
        claimed = services.claim_group_list(session_id=session.pk)
        assert claimed is not None
        assert services.claim_group_list(session_id=session.pk) is None, "a worker is at it"
    listed = outbound.list_groups(session)
    with tenancy.tenant(session.organization_id):
        changes = services.apply_group_list(session=claimed, groups=listed)
    assert (changes.added, changes.changed, changes.left) == ([], [], 0)
    assert groups() == before


def test_f08_a_group_that_two_sessions_list_is_one(
    sandbox: Sandbox, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    """Fails if `listed._compare` looks for `known` groups among those of the session only."""
    other = connected(sandbox, session.organization, "919800000002")
    sandbox.put_session_in(played.announcement_jid, other.gateway_session_id, is_admin=False)
    sync()
    sync(other)
    assert len(groups()) == 3
    assert groups()[played.announcement_jid].session_id == session.pk, "the group's own number stays"
    assert seen()[session.pk, played.announcement_jid] is True
    assert seen()[other.pk, played.announcement_jid] is False


@pytest.mark.parametrize(
    "style", [{"group_participants": "number"}, {"group_participants": "text"}, {"group_size": "size"}]
)
def test_f13_a_number_of_participants_is_what_the_group_reports(
    sandbox: Sandbox, played: PlayedCommunity, sync: Sync, style: dict[str, str]
) -> None:
    """Fails without `count(people)` in `parsing._group`: a number would be read as no people."""
    if "group_size" in style:
        style["group_participants"] = "empty"
    sandbox.set_style(**style)
    sync()
    assert groups()[played.announcement_jid].reported_count == 112


def test_names_follow_and_what_is_not_told_stays(
    sandbox: Sandbox, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    sync()
    link = groups()[played.announcement_jid].invite_link
    with tenancy.system():
        Group.objects.update(name="Old")
    sandbox.set_style(group_marks="absent", group_admin="absent", group_invite="inviteCode", invite_code="undefined")
    sync()
    group = groups()[played.announcement_jid]
    assert (group.name, group.kind, group.invite_link) == ("Crypto", "announcement", link)
    assert group.parent is not None
    assert seen()[session.pk, played.announcement_jid] is True


def test_a_group_that_the_session_is_no_longer_in_is_kept_without_it(
    sandbox: Sandbox, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    single = sandbox.add_group(session.gateway_session_id, "Team")
    sync()
    sandbox.delete_group(single)
    sync()
    assert single in groups()
    assert (session.pk, single) not in seen()


def test_a_group_that_its_own_number_has_left_is_another_numbers(
    sandbox: Sandbox, organization: Organization, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    """Else its members would be asked for through a number that does not see them, for ever."""
    sync()
    other = connected(sandbox, organization, "919800000002")
    sandbox.put_session_in(played.announcement_jid, other.gateway_session_id, is_admin=True)
    sync(other)
    with tenancy.tenant(session.organization_id):
        claimed = _claimed(session)
        services.apply_group_list(session=claimed, groups=[listed(played.parent_jid, is_community=True)])
    assert groups()[played.announcement_jid].session_id == other.pk
    assert played.general_jid is not None
    assert groups()[played.general_jid].session_id == session.pk, "nobody else is in it"


def test_who_asks_while_a_list_is_under_way_gets_a_newer_one(session: Session) -> None:
    with tenancy.tenant(session.organization_id):
        claimed = _claimed(session)
        services.request_group_list(session=session)
        services.apply_group_list(session=claimed, groups=[listed("1@g.us")])
        assert services.claim_group_list(session_id=session.pk) is not None


def _claimed(session: Session) -> Session:
    services.request_group_list(session=session)
    claimed = services.claim_group_list(session_id=session.pk)
    assert claimed is not None
    return claimed


def test_a_known_parent_without_a_name_learns_it_from_its_announcement_group(session: Session) -> None:
    with tenancy.tenant(session.organization_id):
        Group.objects.create(organization=session.organization, group_jid="9@g.us", kind="community_parent")
        announcement = listed("1@g.us", "Crypto", is_announcement=True, linked_parent="9@g.us")
        services.apply_group_list(session=_claimed(session), groups=[announcement])
    assert groups()["9@g.us"].name == "Crypto"


def test_a_fault_of_ours_is_said_and_does_not_ask_the_gateway_again_and_again(
    sandbox: Sandbox, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE whatsapp_groups ADD CONSTRAINT refuses CHECK (false) NOT VALID")
    try:
        with pytest.raises(DatabaseError, match="refuses"):
            sync()
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("ALTER TABLE whatsapp_groups DROP CONSTRAINT refuses")
        connections["owner"].close()
    with tenancy.system():
        session.refresh_from_db()
    assert "our side" in session.groups_reason
    assert services.sweep_group_lists() == 0
    assert sync().groups_reason == ""


def test_an_empty_list_is_not_believed(sandbox: Sandbox, played: PlayedCommunity, sync: Sync) -> None:
    sync()
    before = seen()
    sandbox.add_fault("groups", "empty_list")
    found = sync()
    assert seen() == before
    assert "empty list" in found.groups_reason
    assert sync().groups_reason == ""


def test_a_session_without_groups_has_an_empty_list(sync: Sync) -> None:
    found = sync()
    assert (found.groups_reason, groups()) == ("", {})
    assert found.groups_synced_at is not None


@pytest.mark.parametrize(("kind", "wait"), [("rate_overlimit", 100), ("retry_after", 25)])
def test_when_whatsapp_asks_to_slow_down_the_list_waits_that_long(
    sandbox: Sandbox, session: Session, sync: Sync, kind: str, wait: int
) -> None:
    sandbox.add_fault("groups", kind)
    found = sync()
    assert "slow down" in found.groups_reason
    assert found.groups_not_before is not None
    assert found.groups_not_before > timezone.now() + timedelta(seconds=wait)
    sync()
    assert len(sandbox.journal(operation="groups")) == 1, "nor does a person hurry it"
    assert services.sweep_group_lists() == 0
    with tenancy.system():
        Session.objects.update(groups_not_before=timezone.now(), groups_started_at=None)
    assert (services.sweep_group_lists(), services.sweep_group_lists()) == (1, 0)
    assert run(session).groups_reason == ""


def test_a_session_that_is_not_connected_is_asked_when_it_is(
    sandbox: Sandbox, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    sandbox.add_fault("groups", "not_connected")
    found = sync()
    assert (found.status, found.groups_reason) == (
        "disconnected", "Its groups are asked for when this number is connected.",
    )  # fmt: skip
    sync()
    assert services.sweep_group_lists() == 0
    assert len(sandbox.journal(operation="groups")) == 1
    outbound.poll_session(session_id=session.pk, organization_id=session.organization_id)
    assert run(session).groups_reason == ""
    assert played.announcement_jid in groups()


@pytest.mark.parametrize("kind", ["html", "null", "garbage", "status"])
def test_a_passing_fault_is_tried_again_later(sandbox: Sandbox, sync: Sync, kind: str) -> None:
    sandbox.add_fault("groups", kind)
    found = sync()
    assert "did not answer as it should" in found.groups_reason
    assert found.groups_not_before is not None


def test_a_refusal_is_shown_and_not_repeated_today(session: Session, sync: Sync, settings: Any) -> None:
    settings.WHATSAPP_GATEWAYS = {"main": {**settings.WHATSAPP_GATEWAYS["main"], "api_key": "wrong"}}
    found = sync()
    assert "refused" in found.groups_reason
    assert services.sweep_group_lists() == 0


def test_a_session_that_becomes_connected_is_asked_for_its_groups(
    sandbox: Sandbox, organization: Organization, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    session = connected(sandbox, organization, "919800000003")
    with tenancy.system():
        Session.objects.update(status="disconnected", groups_due_at=timezone.now() + timedelta(days=1))
    outbound.poll_session(session_id=session.pk, organization_id=session.organization_id)
    with tenancy.system():
        session.refresh_from_db()
    assert session.groups_due_at is not None
    assert session.groups_due_at <= timezone.now()


def test_a_worker_that_wakes_up_late_writes_nothing(session: Session) -> None:
    with tenancy.system():
        late = services.claim_group_list(session_id=session.pk)
        Session.objects.update(groups_not_before=timezone.now())
        assert late is not None
        assert services.claim_group_list(session_id=session.pk) is not None
        with pytest.raises(AttemptTaken):
            services.apply_group_list(session=late, groups=[listed("1@g.us")])
    assert groups() == {}


def test_a_session_that_is_deleted_meanwhile_has_no_groups() -> None:
    outbound.sync_groups(session_id=uuid4(), organization_id="org_gone")


def test_f10_which_groups_a_number_is_in_follows_it_to_its_new_session(
    sandbox: Sandbox, organization: Organization, session: Session, played: PlayedCommunity, sync: Sync
) -> None:
    """Fails without the lines about GroupSession in `sessions._move_everything`."""
    sync()
    again = sandbox.add_session(phone_number="919800000001")
    new = SessionFactory.create(
        organization=organization, gateway_session_id=again.session_id, full_phone=None, status="connecting"
    )
    outbound.poll_session(session_id=new.pk, organization_id=new.organization_id)
    assert {session_id for session_id, _ in seen()} == {new.pk}


# --- what a list means, where gateways say little


def listed(jid: str, name: str = "Crypto", **values: Any) -> ListedGroup:
    silent = dict.fromkeys(["is_community", "is_announcement", "linked_parent", "is_admin", "participant_count"])
    return ListedGroup(**{**silent, "invite_link": "", "jid": jid, "name": name, **values})


def kinds(session: Session, *rows: ListedGroup) -> dict[str, str]:
    with tenancy.system():
        services.apply_group_list(session=session, groups=list(rows))
    return {jid: group.kind for jid, group in groups().items()}


def test_without_marks_the_group_named_like_its_known_parent_is_the_announcement_group() -> None:
    session = SessionFactory.create()
    GroupFactory.create(session=session, group_jid="1@g.us", name="Crypto", kind="community_parent")
    found = kinds(
        session, listed("2@g.us", linked_parent="1@g.us"), listed("3@g.us", "General", linked_parent="1@g.us")
    )
    assert found == {"1@g.us": "community_parent", "2@g.us": "announcement", "3@g.us": "group"}


@pytest.mark.parametrize(
    "rows",
    [
        [listed("2@g.us", linked_parent="1@g.us"), listed("3@g.us", linked_parent="1@g.us")],
        [listed("2@g.us", linked_parent="1@g.us", is_announcement=False)],
        [listed("2@g.us", "General", linked_parent="1@g.us")],
    ],
)
def test_what_could_be_a_general_group_is_not_guessed_to_be_the_announcement_group(rows: list[ListedGroup]) -> None:
    session = SessionFactory.create()
    GroupFactory.create(session=session, group_jid="1@g.us", name="Crypto", kind="community_parent")
    assert "announcement" not in kinds(session, *rows).values()


def test_f12_what_others_call_their_parent_is_one_even_when_it_is_not_listed() -> None:
    """Fails without `dict.fromkeys(parents, …)` in `family.kinds_of`."""
    session = SessionFactory.create()
    found = kinds(session, listed("2@g.us", linked_parent="1@g.us", is_announcement=True))
    assert found == {"1@g.us": "community_parent", "2@g.us": "announcement"}
    assert groups()["1@g.us"].name == "Crypto"
    assert (session.pk, "1@g.us") not in seen()


def test_only_groups_are_stored_and_a_group_that_is_listed_twice_is_one() -> None:
    session = SessionFactory.create()
    rows = [listed("2@g.us", "A"), listed("2@g.us", "B"), listed("3@newsletter"), listed("4@broadcast")]
    assert kinds(session, *rows) == {"2@g.us": "group"}


# --- the API


def test_a_member_asks_for_a_list(api: Api, session: Session, played: PlayedCommunity) -> None:
    client = api(MembershipFactory.create(organization=session.organization, role="member"))
    answer = client.post(f"/api/sessions/{session.pk}/sync-groups")
    assert (answer.status_code, answer.json()["groups_synced_at"]) == (202, None)
    run(session)
    assert client.get(f"/api/sessions/{session.pk}").json()["groups_synced_at"] is not None
    offered = client.get("/api/groups?linkable=true").json()["results"]
    assert {row["group_jid"] for row in offered} == {played.announcement_jid, played.general_jid}
    of_session = client.get(f"/api/groups?seen_by={session.pk}").json()["results"]
    assert len(of_session) == 3
    assert [(row["session_id"], row["is_admin"]) for row in of_session[0]["seen_by"]] == [(str(session.pk), True)]


def test_a_viewer_and_another_organization_do_not_ask(api: Api) -> None:
    viewer = MembershipFactory.create(role="viewer")
    session = SessionFactory.create(organization=viewer.organization)
    assert api(viewer).post(f"/api/sessions/{session.pk}/sync-groups").status_code == 403
    admin = MembershipFactory.create(organization=viewer.organization, role="admin")
    foreign = GroupSessionFactory.create().session
    assert api(admin).post(f"/api/sessions/{foreign.pk}/sync-groups").status_code == 404
    assert api(admin).get(f"/api/groups?seen_by={foreign.pk}").json()["results"] == []


def test_groups_cost_as_many_queries_with_many_numbers_in_them(api: Api) -> None:
    member = MembershipFactory.create(role="member")
    client = api(member)

    def queries(rows: int) -> int:
        GroupSessionFactory.create_batch(rows, organization=member.organization)
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/api/groups").status_code == 200
        return len(captured)

    queries(1)
    assert queries(2) == queries(10)


def test_f12_a_parent_is_never_offered_to_be_linked(api: Api) -> None:
    """Fails without `trackable()` in `views.GroupFilter`."""
    member = MembershipFactory.create(role="member")
    group = GroupFactory.create(organization=member.organization, announcement=True)
    shown = api(member).get("/api/groups?linkable=true").json()["results"]
    assert [row["id"] for row in shown] == [str(group.pk)]
    assert len(api(member).get("/api/groups?linkable=false").json()["results"]) == 2
