"""Organizations over the API."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.tests.factories import AppUserFactory
from common import tenancy
from conftest import Api, issue_token
from organizations.models import Membership, Organization
from organizations.tests.factories import MembershipFactory, OrganizationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return MembershipFactory.create(role="owner", organization=OrganizationFactory.create(name="Acme"))


def test_my_organizations_are_listed_with_my_role_and_no_others(api: Api, owner: Membership) -> None:
    viewer = MembershipFactory.create(role="viewer", user=owner.user)
    MembershipFactory.create()
    answer = api(owner).get("/api/organizations")
    assert answer.status_code == 200
    assert [(row["id"], row["role"]) for row in answer.json()["results"]] == [
        (owner.organization_id, "owner"),
        (viewer.organization_id, "viewer"),
    ]


def test_a_person_of_no_organization_has_an_empty_list(api: Api) -> None:
    user = AppUserFactory.create()
    answer = api(token=issue_token(user.pk)).get("/api/organizations")
    assert (answer.status_code, answer.json()) == (200, {"next": None, "results": []})


def test_one_of_mine_is_shown_with_its_settings(api: Api, owner: Membership) -> None:
    answer = api(owner).get(f"/api/organizations/{owner.organization_id}")
    assert answer.status_code == 200
    assert answer.json()["name"] == "Acme"
    assert answer.json()["timezone"] == "Asia/Kolkata"
    assert answer.json()["default_workshop_time"] == "19:00:00"


def test_an_organization_of_others_is_a_404(api: Api, owner: Membership) -> None:
    other = OrganizationFactory.create()
    for path in ("", "/members"):
        answer = api(owner).get(f"/api/organizations/{other.pk}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "organization_not_found")
    answer = api(owner).patch(f"/api/organizations/{other.pk}", {"timezone": "UTC"}, format="json")
    assert answer.status_code == 404


def test_settings_are_changed(api: Api, owner: Membership) -> None:
    changes = {
        "community_admin_numbers": ["98123 45678", "+44 20 7946 0958", "+919812345678"],
        "community_name_template": "{workshop_title} · {workshop_date}",
        "timezone": "Europe/London",
        "default_country": "in",
        "default_workshop_time": "18:30",
    }
    answer = api(owner).patch(f"/api/organizations/{owner.organization_id}", changes, format="json")
    assert answer.status_code == 200, answer.json()
    with tenancy.tenant(owner.organization_id):
        stored = Organization.objects.get()
    assert stored.community_admin_numbers == ["+919812345678", "+442079460958"]
    assert (stored.timezone, stored.default_country) == ("Europe/London", "IN")
    assert answer.json()["role"] == "owner"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"default_country": "XX"}, "default_country"),
        ({"default_workshop_time": "25:00"}, "default_workshop_time"),
        ({"community_admin_numbers": ["12"]}, "community_admin_numbers"),
        ({"community_admin_numbers": "98123"}, "community_admin_numbers"),
        ({"community_name_template": "{wrong}"}, "community_name_template"),
        ({"community_description_template": "{invite}"}, "community_description_template"),
        ({"community_name_template": ""}, "community_name_template"),
    ],
)
def test_a_bad_setting_is_named_and_nothing_is_written(
    api: Api, owner: Membership, changes: dict[str, Any], field: str
) -> None:
    body = {"community_description_template": "kept out", **changes}
    answer = api(owner).patch(f"/api/organizations/{owner.organization_id}", body, format="json")
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert any(name.startswith(field) for name in answer.json()["fields"])
    with tenancy.tenant(owner.organization_id):
        assert Organization.objects.get().community_description_template != "kept out"


@pytest.mark.parametrize("role", ["member", "viewer", "org:custom"])
def test_settings_are_for_admins_and_owners(api: Api, owner: Membership, role: str) -> None:
    member = MembershipFactory.create(organization=owner.organization, role=role)
    answer = api(member).patch(f"/api/organizations/{owner.organization_id}", {"timezone": "UTC"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")
    assert role in answer.json()["detail"]


def test_an_unknown_role_may_not_even_read(api: Api, owner: Membership) -> None:
    member = MembershipFactory.create(organization=owner.organization, role="org:custom")
    assert api(member).get(f"/api/organizations/{owner.organization_id}").status_code == 403


def test_what_clerk_owns_is_not_changed_here(api: Api, owner: Membership) -> None:
    answer = api(owner).patch(f"/api/organizations/{owner.organization_id}", {"name": "New"}, format="json")
    assert (answer.status_code, answer.json()["name"]) == (200, "Acme")


def test_members_are_listed_with_their_public_facts_in_as_many_queries_for_many(api: Api, owner: Membership) -> None:
    client = api(owner)
    path = f"/api/organizations/{owner.organization_id}/members"

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    client.get(path)
    few = queries()
    for _ in range(20):
        MembershipFactory.create(organization=owner.organization, role="member")
    assert queries() == few
    rows = client.get(path).json()["results"]
    assert len(rows) == 21
    assert set(rows[0]["user"]) == {"id", "username", "full_name", "profile_image"}


def test_lists_go_on_where_the_cursor_says(api: Api, owner: Membership) -> None:
    for _ in range(6):
        MembershipFactory.create(organization=owner.organization, role="member")
    client = api(owner)
    seen: list[str] = []
    url: str | None = f"/api/organizations/{owner.organization_id}/members?page_size=3"
    while url:
        page = client.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("query", ["cursor=nonsense", "cursor=W10", "page_size=0", "page_size=1000", "page_size=x"])
def test_a_bad_cursor_or_page_size_is_a_400(api: Api, owner: Membership, query: str) -> None:
    answer = api(owner).get(f"/api/organizations/{owner.organization_id}/members?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_the_organization_comes_from_the_header_where_the_token_carries_none(owner: Membership, api: Api) -> None:
    client: APIClient = api(token=issue_token(owner.user_id))
    assert client.get("/api/workshops").json()["code"] == "organization_required"
    assert client.get("/api/workshops", HTTP_X_ORGANIZATION=owner.organization_id).status_code == 200
    other = OrganizationFactory.create()
    answer = client.get("/api/workshops", HTTP_X_ORGANIZATION=other.pk)
    assert (answer.status_code, answer.json()["code"]) == (404, "organization_not_found")


def test_a_token_for_one_organization_cannot_speak_for_another_by_header(owner: Membership, api: Api) -> None:
    other = MembershipFactory.create(user=owner.user)
    answer = api(owner).get("/api/workshops", HTTP_X_ORGANIZATION=other.organization_id)
    assert (answer.status_code, answer.json()["code"]) == (400, "organization_conflict")


def test_a_role_in_the_token_counts_for_nothing(owner: Membership, api: Api) -> None:
    viewer = MembershipFactory.create(organization=owner.organization, role="viewer")
    token = issue_token(viewer.user_id, org_id=owner.organization_id, org_role="admin")
    answer = api(token=token).patch(f"/api/organizations/{owner.organization_id}", {"timezone": "UTC"}, format="json")
    assert answer.status_code == 403
