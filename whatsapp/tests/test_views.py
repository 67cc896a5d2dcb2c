"""Sessions, groups, members and syncs over the API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import tenancy
from conftest import Api
from organizations.models import Membership, Organization
from organizations.tests.factories import MembershipFactory
from whatsapp.models import Group, Session
from whatsapp.tests.factories import GroupFactory, GroupMemberFactory, SessionFactory, SyncRunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Membership:
    return MembershipFactory.create(role="admin")


@pytest.fixture
def group(admin: Membership) -> Group:
    return GroupFactory.create(organization=admin.organization, announcement=True)


def chosen(organization_id: str) -> Any:
    with tenancy.tenant(organization_id):
        return Organization.objects.get().community_session_id


def test_a_connected_session_is_chosen_and_unchosen(api: Api, admin: Membership) -> None:
    session = SessionFactory.create(organization=admin.organization)
    client = api(admin)
    answer = client.post(f"/api/sessions/{session.pk}/choose")
    assert (answer.status_code, answer.json()["is_community_session"]) == (200, True)
    assert chosen(admin.organization_id) == session.pk
    assert client.get("/api/sessions").json()["results"][0]["is_community_session"] is True
    answer = client.post(f"/api/sessions/{session.pk}/unchoose")
    assert answer.json()["is_community_session"] is False
    assert chosen(admin.organization_id) is None


@pytest.mark.parametrize("status", ["connecting", "qr_pending", "disconnected", "logged_out"])
def test_a_session_that_is_not_connected_is_not_chosen(api: Api, admin: Membership, status: str) -> None:
    session = SessionFactory.create(organization=admin.organization, status=status)
    answer = api(admin).post(f"/api/sessions/{session.pk}/choose")
    assert (answer.status_code, answer.json()["code"]) == (409, "session_not_connected")
    assert chosen(admin.organization_id) is None


def test_an_unknown_session_and_one_of_another_organization_are_404(api: Api, admin: Membership) -> None:
    foreign = SessionFactory.create()
    for pk in (foreign.pk, "00000000-0000-0000-0000-000000000000", "x"):
        assert api(admin).post(f"/api/sessions/{pk}/choose").status_code == 404
    assert api(admin).get("/api/sessions").json()["results"] == []


def test_members_do_not_manage_sessions(api: Api, admin: Membership) -> None:
    session = SessionFactory.create(organization=admin.organization)
    member = api(MembershipFactory.create(organization=admin.organization, role="member"))
    for answer in (
        member.post("/api/sessions", {"label": "A"}, format="json"),
        member.post(f"/api/sessions/{session.pk}/choose"),
        member.post(f"/api/sessions/{session.pk}/unchoose"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")


def test_a_new_session_gets_a_gateway_id_of_ours(api: Api, admin: Membership) -> None:
    answer = api(admin).post("/api/sessions", {"label": "Front desk"}, format="json")
    assert (answer.status_code, answer.json()["status"]) == (201, "connecting")
    with tenancy.tenant(admin.organization_id):
        assert Session.objects.get().gateway_session_id.startswith("wa_")


def test_a_gateway_that_is_not_configured_is_refused(api: Api, admin: Membership) -> None:
    answer = api(admin).post("/api/sessions", {"gateway": "elsewhere"}, format="json")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"gateway"})


def test_groups_are_listed_with_counts_in_as_many_queries_for_many(api: Api, admin: Membership, group: Group) -> None:
    GroupMemberFactory.create_batch(3, group=group)
    GroupMemberFactory.create(group=group, phone_number=None)
    GroupMemberFactory.create(group=group, status="left")
    client = api(admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/api/groups").status_code == 200
        return len(captured)

    few = queries()
    GroupFactory.create_batch(10, organization=admin.organization)
    assert queries() == few
    body = client.get(f"/api/groups/{group.pk}").json()
    assert (body["active_count"], body["left_count"], body["hidden_count"]) == (4, 1, 1)
    kinds = [row["kind"] for row in client.get("/api/groups?kind=community_parent").json()["results"]]
    assert kinds == ["community_parent"]


def test_members_are_searched_filtered_and_paged(api: Api, admin: Membership, group: Group) -> None:
    GroupMemberFactory.create_batch(5, group=group)
    left = GroupMemberFactory.create(group=group, status="left", phone_number="9811122233")
    GroupMemberFactory.create(group=GroupFactory.create(organization=admin.organization))
    client = api(admin)
    path = f"/api/groups/{group.pk}/members"

    def phones(query: str) -> list[str]:
        return [row["full_phone"] for row in client.get(f"{path}?{query}").json()["results"]]

    assert len(phones("")) == 6
    assert len(phones("status=active")) == 5
    assert phones("status=left") == [left.full_phone]
    assert phones("search=98 111-222") == [left.full_phone]
    assert phones(f"search={left.lid}") == [left.full_phone]
    assert phones("search=nobody") == []
    assert client.get(f"{path}?status=nonsense").status_code == 400
    page = client.get(f"{path}?page_size=4").json()
    assert (len(page["results"]), len(client.get(page["next"]).json()["results"])) == (4, 2)


def test_members_of_a_group_of_another_organization_are_a_404(api: Api, admin: Membership) -> None:
    foreign = GroupMemberFactory.create().group
    client = api(admin)
    for answer in (
        client.get(f"/api/groups/{foreign.pk}"),
        client.get(f"/api/groups/{foreign.pk}/members"),
        client.post(f"/api/groups/{foreign.pk}/sync"),
        client.get(f"/api/groups/{foreign.pk}/invite-link"),
        client.post(f"/api/groups/{foreign.pk}/invite-link"),
    ):
        assert answer.status_code == 404


def test_f12_a_community_parent_without_its_announcement_group_is_not_synced(api: Api, admin: Membership) -> None:
    """Fails without `sync.trackable_group`."""
    parent = GroupFactory.create(organization=admin.organization, kind="community_parent")
    answer = api(admin).post(f"/api/groups/{parent.pk}/sync")
    assert (answer.status_code, answer.json()["code"]) == (409, "group_is_community_parent")
    assert parent.name in answer.json()["detail"]


def test_a_suspicious_run_is_confirmed_and_a_done_one_is_not(api: Api, admin: Membership, group: Group) -> None:
    client = api(admin)
    run = SyncRunFactory.create(group=group, status="suspicious", doubts=["implausible_fall"])
    shown = client.get(f"/api/sync-runs/{run.pk}").json()
    assert (shown["can_confirm"], shown["doubt_texts"]) == (True, ["far fewer people than before"])
    answer = client.post(f"/api/sync-runs/{run.pk}/confirm")
    assert (answer.status_code, answer.json()["confirmed_doubts"]) == (202, ["implausible_fall"])
    done = SyncRunFactory.create(group=group)
    answer = client.post(f"/api/sync-runs/{done.pk}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_confirm")


def test_runs_of_another_organization_are_404(api: Api, admin: Membership) -> None:
    foreign = SyncRunFactory.create(status="suspicious", doubts=["implausible_fall"])
    assert api(admin).get(f"/api/sync-runs/{foreign.pk}").status_code == 404
    assert api(admin).post(f"/api/sync-runs/{foreign.pk}/confirm").status_code == 404


def test_a_viewer_does_not_sync(api: Api, admin: Membership, group: Group) -> None:
    viewer = api(MembershipFactory.create(organization=admin.organization, role="viewer"))
    run = SyncRunFactory.create(group=group, status="suspicious", doubts=["implausible_fall"])
    for path in (f"groups/{group.pk}/sync", f"groups/{group.pk}/invite-link", f"sync-runs/{run.pk}/confirm"):
        assert viewer.post(f"/api/{path}").status_code == 403
