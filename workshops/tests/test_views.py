"""Workshops over the API."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import tenancy
from conftest import Api
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory
from whatsapp.tests.factories import GroupMemberFactory
from workshops.models import Community, Workshop
from workshops.tests.factories import LINK, CommunityFactory, WorkshopFactory, workshop_of

pytestmark = pytest.mark.django_db

NEW = {"title": "Crypto Wealth Masterclass", "starts_at": "2027-02-04T19:00:00+05:30"}


@pytest.fixture
def member() -> Membership:
    return MembershipFactory.create(role="member")


def test_a_workshop_is_created_with_its_community_queued(api: Api, member: Membership) -> None:
    answer = api(member).post("/api/workshops", NEW, format="json")
    assert answer.status_code == 201
    body = answer.json()
    assert body["created_by"] == f"user:{member.user_id}"
    assert body["starts_at"] == "2027-02-04T13:30:00Z"
    assert (body["community"]["status"], body["member_count"]) == ("queued", 0)
    with tenancy.tenant(member.organization_id):
        assert Community.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"starts_at": NEW["starts_at"]}, "title"),
        ({**NEW, "title": "   "}, "title"),
        ({**NEW, "title": "x" * 256}, "title"),
        ({**NEW, "title": None}, "title"),
        ({**NEW, "title": "with \x00"}, "title"),
        ({"title": "A"}, "starts_at"),
        ({**NEW, "starts_at": "tomorrow"}, "starts_at"),
        ({**NEW, "ends_at": "2027-02-04T18:00:00+05:30"}, "ends_at"),
        ({**NEW, "ends_at": NEW["starts_at"]}, "ends_at"),
        ({**NEW, "description": "x" * 5001}, "description"),
        ({**NEW, "starts_at": "9999-12-31T23:00:00Z"}, "starts_at"),
        ({**NEW, "starts_at": "1900-01-01T00:00:00Z"}, "starts_at"),
    ],
)
def test_a_bad_workshop_is_refused_by_field_and_nothing_is_written(
    api: Api, member: Membership, body: dict[str, Any], field: str
) -> None:
    answer = api(member).post("/api/workshops", body, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {field}
    with tenancy.tenant(member.organization_id):
        assert not Workshop.objects.exists()
        assert not Community.objects.exists()


def test_a_viewer_reads_and_does_not_write(api: Api, member: Membership) -> None:
    workshop = WorkshopFactory.create(organization=member.organization)
    viewer = api(MembershipFactory.create(organization=member.organization, role="viewer"))
    assert viewer.get(f"/api/workshops/{workshop.pk}").status_code == 200
    for answer in (
        viewer.post("/api/workshops", NEW, format="json"),
        viewer.patch(f"/api/workshops/{workshop.pk}", {"title": "B"}, format="json"),
        viewer.delete(f"/api/workshops/{workshop.pk}"),
        viewer.post(f"/api/workshops/{workshop.pk}/community/retry"),
        viewer.post(f"/api/workshops/{workshop.pk}/sync"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")


def test_a_workshop_of_another_organization_is_a_404_for_every_action(api: Api, member: Membership) -> None:
    foreign = WorkshopFactory.create()
    client = api(member)
    path = f"/api/workshops/{foreign.pk}"
    for answer in (
        client.get(path),
        client.patch(path, {"title": "B"}, format="json"),
        client.delete(path),
        client.get(f"{path}/community"),
        client.post(f"{path}/community/retry"),
        client.post(f"{path}/sync"),
        client.get(f"{path}/invite-link"),
    ):
        assert answer.status_code == 404
    assert client.get("/api/workshops").json()["results"] == []
    with tenancy.system():
        assert Workshop.objects.get(pk=foreign.pk).title == foreign.title


def test_a_workshop_is_changed_and_its_community_keeps_its_name(api: Api, member: Membership) -> None:
    community = CommunityFactory.create(organization=member.organization, status="ready")
    path = f"/api/workshops/{community.workshop_id}"
    answer = api(member).patch(path, {"title": "New", "ends_at": None}, format="json")
    assert (answer.status_code, answer.json()["title"]) == (200, "New")
    assert answer.json()["community"]["name"] == community.name != "New"


def test_a_change_that_ends_before_it_starts_is_refused(api: Api, member: Membership) -> None:
    start = datetime(2027, 1, 1, 12, tzinfo=UTC)
    workshop = WorkshopFactory.create(organization=member.organization, starts_at=start)
    answer = api(member).patch(f"/api/workshops/{workshop.pk}", {"ends_at": "2027-01-01T11:00:00Z"}, format="json")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {"ends_at"})


def test_a_workshop_is_deleted_with_its_community(api: Api, member: Membership) -> None:
    workshop = workshop_of(CommunityFactory.create(organization=member.organization, status="ready"))
    assert api(member).delete(f"/api/workshops/{workshop.pk}").status_code == 204
    with tenancy.tenant(member.organization_id):
        assert not Workshop.objects.exists()
        assert not Community.objects.exists()


def test_workshops_are_listed_with_counts_in_as_many_queries_for_many(api: Api, member: Membership) -> None:
    client = api(member)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/api/workshops").status_code == 200
        return len(captured)

    for members in (2, 3):
        community = CommunityFactory.create(organization=member.organization, status="ready")
        GroupMemberFactory.create_batch(members, group=workshop_of(community).community_group)
    GroupMemberFactory.create(group=workshop_of(community).community_group, status="left")
    few = queries()
    WorkshopFactory.create_batch(20, organization=member.organization)
    assert queries() == few
    counts = [row["member_count"] for row in client.get("/api/workshops").json()["results"]]
    assert sorted(counts)[-2:] == [2, 3]


def test_workshops_are_searched_and_filtered(api: Api, member: Membership) -> None:
    CommunityFactory.create(organization=member.organization, workshop__title="Yoga", status="skipped")
    WorkshopFactory.create(organization=member.organization, title="Crypto")
    client = api(member)

    def titles(query: str) -> list[str]:
        return [row["title"] for row in client.get(f"/api/workshops?{query}").json()["results"]]

    assert titles("search=YOG") == ["Yoga"]
    assert titles("community_status=skipped") == ["Yoga"]
    assert titles("starts_before=2020-01-01T00:00:00Z") == []
    assert client.get("/api/workshops?community_status=nonsense").status_code == 400


def test_a_skipped_community_is_queued_again_by_retry(api: Api, member: Membership) -> None:
    community = CommunityFactory.create(organization=member.organization, status="skipped", reason="No session")
    answer = api(member).post(f"/api/workshops/{community.workshop_id}/community/retry")
    assert (answer.status_code, answer.json()["status"], answer.json()["reason"]) == (202, "queued", "")


@pytest.mark.parametrize("status", ["ready", "creating"])
def test_what_is_ready_or_being_created_is_not_retried(api: Api, member: Membership, status: str) -> None:
    community = CommunityFactory.create(organization=member.organization, status=status)
    answer = api(member).post(f"/api/workshops/{community.workshop_id}/community/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "community_not_retryable")


def test_a_workshop_without_a_group_cannot_be_synced_yet(api: Api, member: Membership) -> None:
    workshop = WorkshopFactory.create(organization=member.organization)
    answer = api(member).post(f"/api/workshops/{workshop.pk}/sync")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_community_group")


def test_a_sync_answers_the_run_to_follow_and_the_same_one_while_it_is_under_way(api: Api, member: Membership) -> None:
    community = CommunityFactory.create(organization=member.organization, status="ready")
    client = api(member)
    first = client.post(f"/api/workshops/{community.workshop_id}/sync")
    second = client.post(f"/api/workshops/{community.workshop_id}/sync")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    followed = client.get(f"/api/sync-runs/{first.json()['id']}").json()
    assert (followed["status"], followed["requested_by"]) == ("queued", f"user:{member.user_id}")


def test_the_invite_link_is_shown(api: Api, member: Membership) -> None:
    community = CommunityFactory.create(organization=member.organization, status="ready")
    answer = api(member).get(f"/api/workshops/{community.workshop_id}/invite-link")
    assert answer.json() == {"invite_link": LINK}
    assert api(member).get(f"/api/workshops/{community.workshop_id}").json()["community"]["invite_link"] == LINK


def test_a_workshop_whose_community_is_being_created_is_not_deleted(api: Api, member: Membership) -> None:
    community = CommunityFactory.create(organization=member.organization, status="creating")
    answer = api(member).delete(f"/api/workshops/{community.workshop_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "community_under_way")
