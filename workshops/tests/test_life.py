"""The life of a workshop: its states, the archive, and what a change does not do."""

from typing import Any

import pytest
from django.test import Client

from common import tenancy
from common.tests.admin_pages import act, press, superuser, text_of, url
from conftest import Api
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory
from whatsapp.models import Group
from workshops.models import StepRefused, Workshop
from workshops.tests.factories import CommunityFactory, WorkshopFactory, workshop_of
from workshops.tests.test_admin import NO_LINKS

pytestmark = pytest.mark.django_db

#: Every pair that is not among these is refused.
ALLOWED = {
    ("planned", "confirmed"), ("planned", "live"), ("planned", "cancelled"),
    ("confirmed", "live"), ("confirmed", "planned"), ("confirmed", "cancelled"),
    ("live", "done"), ("live", "confirmed"), ("live", "cancelled"),
    ("done", "live"), ("cancelled", "planned"),
}  # fmt: skip


@pytest.fixture
def member() -> Membership:
    return MembershipFactory.create(role="member")


@pytest.mark.parametrize("before", Workshop.Status.values)
@pytest.mark.parametrize("after", Workshop.Status.values)
def test_a_step_is_taken_or_refused(before: str, after: str) -> None:
    workshop = WorkshopFactory.create(status=before)
    with tenancy.system():
        if (before, after) in ALLOWED:
            workshop.move_to(after)
        else:
            with pytest.raises(StepRefused):
                workshop.move_to(after)
        assert Workshop.objects.get().status == (after if (before, after) in ALLOWED else before)


def test_a_workshop_is_taken_through_its_life(api: Api, member: Membership) -> None:
    workshop, client = WorkshopFactory.create(organization=member.organization), api(member)
    path = f"/api/workshops/{workshop.pk}/status"
    for status in ("confirmed", "confirmed", "live", "done"):
        answer = client.post(path, {"status": status}, format="json")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert answer.json()["next_statuses"] == ["live"]
    answer = client.post(path, {"status": "cancelled"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "step_refused")
    assert answer.json()["detail"] == "This workshop is done: it cannot become cancelled, only live."
    assert client.post(path, {"status": "over"}, format="json").json()["fields"].keys() == {"status"}


def test_the_state_is_not_changed_by_the_way(api: Api, member: Membership) -> None:
    workshop = WorkshopFactory.create(organization=member.organization)
    answer = api(member).patch(f"/api/workshops/{workshop.pk}", {"status": "done", "title": "B"}, format="json")
    assert (answer.json()["status"], answer.json()["title"]) == ("planned", "B")


def test_the_archive_is_left_out_of_the_list_unless_it_is_asked_for(api: Api, member: Membership) -> None:
    kept, put_away = WorkshopFactory.create_batch(2, organization=member.organization)
    client = api(member)
    path = f"/api/workshops/{put_away.pk}/archive"
    first = client.post(path).json()["archived_at"]
    assert first == client.post(path).json()["archived_at"]

    def listed(query: str) -> set[str]:
        return {row["id"] for row in client.get(f"/api/workshops{query}").json()["results"]}

    assert listed("") == listed("?archived=false") == {str(kept.pk)}
    assert listed("?archived=true") == {str(put_away.pk)}
    assert listed("?archived=all") == {str(kept.pk), str(put_away.pk)}
    assert client.get("/api/workshops?archived=perhaps").status_code == 400
    assert client.get(f"/api/workshops/{put_away.pk}").status_code == 200
    assert client.delete(path).json()["archived_at"] is None
    assert listed("") == {str(kept.pk), str(put_away.pk)}


def test_a_live_workshop_is_not_archived(api: Api, member: Membership) -> None:
    workshop = WorkshopFactory.create(organization=member.organization, status="live")
    answer = api(member).post(f"/api/workshops/{workshop.pk}/archive")
    assert (answer.status_code, answer.json()["code"]) == (409, "workshop_is_live")


def test_workshops_of_one_name_and_even_one_date_are_two(api: Api, member: Membership) -> None:
    body = {"title": "Yoga", "starts_at": "2027-02-04T19:00:00+05:30"}
    answers = [api(member).post("/api/workshops", body, format="json") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]


def test_workshops_are_filtered_by_state_and_tag(api: Api, member: Membership) -> None:
    WorkshopFactory.create(organization=member.organization, status="live", title="A")
    WorkshopFactory.create(organization=member.organization)
    client = api(member)
    assert [row["title"] for row in client.get("/api/workshops?status=live").json()["results"]] == ["A"]
    assert client.get(f"/api/workshops?tag={member.organization_id}").status_code == 400


@pytest.mark.parametrize("path", ["status", "archive", "community/renew", "community/preview"])
def test_the_life_of_another_organization_s_workshop_is_a_404(api: Api, member: Membership, path: str) -> None:
    foreign, client = WorkshopFactory.create(), api(member)
    body = {"status": "confirmed"}
    for answer in (
        client.post(f"/api/workshops/{foreign.pk}/{path}", body, format="json"),
        client.delete(f"/api/workshops/{foreign.pk}/{path}"),
        client.get(f"/api/workshops/{foreign.pk}/{path}"),
    ):
        assert answer.status_code in (404, 405)
    with tenancy.system():
        found = Workshop.objects.get(pk=foreign.pk)
    assert (found.status, found.archived_at) == ("planned", None)


@pytest.mark.parametrize("path", ["status", "archive", "community/renew"])
def test_a_viewer_does_not_decide(api: Api, member: Membership, path: str) -> None:
    workshop = WorkshopFactory.create(organization=member.organization)
    viewer = api(MembershipFactory.create(organization=member.organization, role="viewer"))
    answer = viewer.post(f"/api/workshops/{workshop.pk}/{path}", {"status": "live"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")


def test_a_community_is_renewed_only_where_there_is_one(api: Api, member: Membership) -> None:
    workshop = WorkshopFactory.create(organization=member.organization)
    answer = api(member).post(f"/api/workshops/{workshop.pk}/community/renew")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_community_group")
    ready = workshop_of(CommunityFactory.create(organization=member.organization, status="ready"))
    answer = api(member).post(f"/api/workshops/{ready.pk}/community/renew")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")


@pytest.fixture
def client() -> Client:
    return superuser()


def test_staff_take_a_workshop_through_its_life(client: Client) -> None:
    workshop = WorkshopFactory.create()
    assert "1 workshop now confirmed." in press(client, "confirm_this", workshop)
    assert "cannot become done" in press(client, "end_this", workshop)
    page = text_of(client.get(url(Workshop, "change", workshop.pk)))
    assert "Mark as live" in page
    assert "Mark as done" not in page
    assert "1 workshop archived." in press(client, "archive_this", workshop)
    assert workshop.title not in text_of(client.get(url(Workshop, "changelist")))
    assert workshop.title in text_of(client.get(url(Workshop, "changelist"), {"archived": "true"}))
    assert "1 workshop back in the lists." in press(client, "unarchive_this", workshop)
    assert "1 workshop archived." in act(client, "archive", workshop)


def test_staff_are_told_that_whatsapp_does_not_follow_a_change(client: Client) -> None:
    workshop = workshop_of(CommunityFactory.create(status="ready"))
    form: dict[str, Any] = {
        "title": "Another", "description": "", "starts_at_0": "2027-02-04", "starts_at_1": "19:00",
        "ends_at_0": "", "ends_at_1": "", "tag": "", **NO_LINKS,
    }  # fmt: skip
    page = text_of(client.post(url(Workshop, "change", workshop.pk), form, follow=True))
    assert f"Its WhatsApp group is still called {workshop.title}. Rename it in WhatsApp if it is to be Another." in page
    with tenancy.system():
        assert Group.objects.get(workshops=workshop).name == workshop.title
