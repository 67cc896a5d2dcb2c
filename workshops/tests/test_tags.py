"""Tags: what a new community of a kind of workshops is given."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import tenancy
from common.tests import admin_pages
from common.tests.admin_pages import press, superuser, text_of, url
from conftest import Api
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory, OrganizationFactory
from workshops import services
from workshops.models import Tag, Workshop
from workshops.tests.factories import TagFactory, WorkshopFactory

pytestmark = pytest.mark.django_db

PATH = "/api/workshop-tags"


@pytest.fixture
def admin() -> Membership:
    return MembershipFactory.create(role="admin")


def _names_of_default(organization_id: str) -> list[str]:
    with tenancy.tenant(organization_id):
        return list(Tag.objects.filter(is_default=True).values_list("name", flat=True))


def test_the_first_tag_is_the_default_until_another_one_is_made_it(api: Api, admin: Membership) -> None:
    client = api(admin)
    first, second = (client.post(PATH, {"name": name}, format="json") for name in ("Crypto", "Yoga"))
    assert (first.status_code, first.json()["is_default"], second.json()["is_default"]) == (201, True, False)
    for _ in range(2):
        assert client.post(f"{PATH}/{second.json()['id']}/default").json()["is_default"] is True
    assert _names_of_default(admin.organization_id) == ["Yoga"]


@pytest.mark.parametrize("name", ["Crypto", "CRYPTO"])
def test_two_tags_of_one_name_are_refused_whatever_the_case(api: Api, admin: Membership, name: str) -> None:
    client = api(admin)
    client.post(PATH, {"name": "Crypto"}, format="json")
    other = client.post(PATH, {"name": "Yoga"}, format="json").json()["id"]
    for answer in (
        client.post(PATH, {"name": name}, format="json"),
        client.patch(f"{PATH}/{other}", {"name": name}, format="json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "tag_name_taken")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "A", "name_template": "{workshop}"}, "name_template"),
        ({"name": "A", "name_template": "{invite_link}"}, "name_template"),
        ({"name": "A", "description_template": "Hi {name}"}, "description_template"),
        ({"name": "A", "description_template": "Hi { start_time }"}, "description_template"),
        ({"name": "A", "description_template": "x" * 2001}, "description_template"),
        ({"name": "A", "picture_url": "not an address"}, "picture_url"),
        ({"name": "A", "picture_url": "http://example.com/a.png"}, "picture_url"),
        ({"name": "A", "picture_url": "https://localhost/a.png"}, "picture_url"),
        ({"name": "A", "picture_url": "https://10.0.0.1/a.png"}, "picture_url"),
        ({"name": "A", "picture_url": "https://[::1]/a.png"}, "picture_url"),
        ({"name": "A", "picture_url": "https://nas.local/a.png"}, "picture_url"),
        ({"name": "A", "picture_url": "https://me:secret@example.com/a.png"}, "picture_url"),
        ({"name": "A", "picture_url": "javascript:alert(1)"}, "picture_url"),
        ({"name": "A", "is_restricted": "perhaps"}, "is_restricted"),
    ],
)
def test_a_bad_tag_is_refused_by_field_and_nothing_is_written(
    api: Api, admin: Membership, body: dict[str, Any], field: str
) -> None:
    answer = api(admin).post(PATH, body, format="json")
    assert (answer.status_code, set(answer.json()["fields"])) == (400, {field})
    with tenancy.tenant(admin.organization_id):
        assert not Tag.objects.exists()


def test_an_unknown_placeholder_is_named_beside_those_that_are_known(api: Api, admin: Membership) -> None:
    body = {"name": "A", "description_template": "{workshop_title} {place}"}
    fields = api(admin).post(PATH, body, format="json").json()["fields"]
    assert fields == {
        "description_template": [
            "Nothing fills {place}. Known are: "
            "{invite_link}, {start_time}, {workshop_date}, {workshop_name}, {workshop_title}."
        ]
    }


def test_the_default_tag_goes_last_and_its_workshops_go_by_the_organization(api: Api, admin: Membership) -> None:
    client = api(admin)
    first, second = (client.post(PATH, {"name": name}, format="json").json()["id"] for name in ("A", "B"))
    workshop = WorkshopFactory.create(organization=admin.organization, tag=Tag(pk=second))
    assert client.delete(f"{PATH}/{first}").json()["code"] == "tag_is_default"
    assert client.delete(f"{PATH}/{second}").status_code == 204
    assert client.get(f"/api/workshops/{workshop.pk}").json()["tag_id"] is None
    assert client.delete(f"{PATH}/{first}").status_code == 204


def test_a_member_reads_and_previews_and_does_not_change(api: Api, admin: Membership) -> None:
    tag = TagFactory.create(organization=admin.organization)
    client = api(MembershipFactory.create(organization=admin.organization, role="member"))
    assert client.get(f"{PATH}/{tag.pk}").status_code == 200
    assert client.post(f"{PATH}/preview", {}, format="json").status_code == 200
    for answer in (
        client.post(PATH, {"name": "B"}, format="json"),
        client.patch(f"{PATH}/{tag.pk}", {"name": "B"}, format="json"),
        client.delete(f"{PATH}/{tag.pk}"),
        client.post(f"{PATH}/{tag.pk}/default"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "role_forbids")


def test_a_tag_of_another_organization_is_a_404_and_cannot_be_given(api: Api, admin: Membership) -> None:
    foreign, client = TagFactory.create(), api(admin)
    elsewhere = WorkshopFactory.create(organization=foreign.organization)
    for answer in (
        client.get(f"{PATH}/{foreign.pk}"),
        client.patch(f"{PATH}/{foreign.pk}", {"name": "B"}, format="json"),
        client.delete(f"{PATH}/{foreign.pk}"),
        client.post(f"{PATH}/{foreign.pk}/default"),
    ):
        assert answer.status_code == 404
    assert client.get(PATH).json()["results"] == []
    workshop = WorkshopFactory.create(organization=admin.organization)
    answer = client.patch(f"/api/workshops/{workshop.pk}", {"tag_id": str(foreign.pk)}, format="json")
    assert answer.json()["fields"] == {"tag_id": ["There is no such tag here."]}
    answer = client.post(f"{PATH}/preview", {"workshop_id": str(elsewhere.pk)}, format="json")
    assert answer.json()["fields"] == {"workshop_id": ["There is no such workshop here."]}


def test_tags_are_listed_in_as_many_queries_for_many(api: Api, admin: Membership) -> None:
    client = api(admin)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(PATH).status_code == 200
        return len(captured)

    TagFactory.create(organization=admin.organization)
    few = queries()
    TagFactory.create_batch(20, organization=admin.organization)
    assert queries() == few


def test_a_workshop_goes_by_its_tag_else_the_default_one_else_the_organization(api: Api, admin: Membership) -> None:
    client = api(admin)
    workshop = WorkshopFactory.create(organization=admin.organization, title="Pottery")

    def plan() -> Any:
        return client.get(f"/api/workshops/{workshop.pk}/community/preview").json()

    assert (plan()["name"], plan()["picture_url"], plan()["current_name"]) == ("Pottery", "", "")
    TagFactory.create(organization=admin.organization, is_default=True, name_template="Default {workshop_title}")
    assert plan()["name"] == "Default Pottery"
    own = TagFactory.create(
        organization=admin.organization, name_template="Own {workshop_title}", is_announcement=False
    )
    answer = client.patch(f"/api/workshops/{workshop.pk}", {"tag_id": str(own.pk)}, format="json")
    assert answer.json()["tag_id"] == str(own.pk)
    new = {"title": "New", "starts_at": "2027-02-04T19:00:00Z", "tag_id": str(own.pk)}
    assert client.post("/api/workshops", new, format="json").json()["tag_id"] == str(own.pk)
    assert plan()["name"] == "Own Pottery"


def test_a_tag_is_tried_without_being_saved(api: Api, admin: Membership) -> None:
    workshop = WorkshopFactory.create(organization=admin.organization, starts_at="2027-02-04T13:30:00Z", ends_at=None)
    body = {
        "name_template": "{workshop_title} on {workshop_date}",
        "description_template": "At {start_time}.\nJoin us: {invite_link}",
        "picture_url": "https://example.com/a.png",
        "workshop_id": str(workshop.pk),
    }
    assert api(admin).post(f"{PATH}/preview", body, format="json").json() == {
        "name": f"{workshop.title} on 4 February 2027",
        "description": "At 19:00.",
        "full_description": "At 19:00.\nJoin us: https://chat.whatsapp.com/…",
        "picture_url": "https://example.com/a.png",
        "is_announcement": True,
        "is_restricted": True,
    }
    assert "Example workshop" in api(admin).post(f"{PATH}/preview", {}, format="json").json()["name"]
    with tenancy.tenant(admin.organization_id):
        assert not Tag.objects.exists()


def test_the_values_of_a_template_are_no_templates(api: Api, admin: Membership) -> None:
    workshop = WorkshopFactory.create(organization=admin.organization, title="{start_time} {invite_link}")
    body = {"name_template": "{workshop_title}", "workshop_id": str(workshop.pk)}
    assert api(admin).post(f"{PATH}/preview", body, format="json").json()["name"] == "{start_time} {invite_link}"


def test_a_name_is_cut_where_whatsapp_would_cut_it(admin: Membership) -> None:
    workshop = WorkshopFactory.build(organization=admin.organization, title="x" * 255)
    plan = services.preview_tag(tag=Tag(), organization=admin.organization, workshop=workshop)
    assert len(plan.name) == 100


def _form(**values: str) -> dict[str, str]:
    return {
        "name": "Yoga", "name_template": "", "description_template": "", "picture_url": "", "is_announcement": "on",
        **values,
    }  # fmt: skip


def test_a_list_of_tags_costs_the_same_with_30_rows_as_with_3() -> None:
    admin_pages.check_list(Tag, TagFactory.create)


def test_a_tag_has_its_page_with_a_preview() -> None:
    tag = TagFactory.create(description_template="Hi.\n{invite_link}", picture_url="https://example.com/a.png")
    admin_pages.check_row(tag)
    page = superuser().get(url(Tag, "change", tag.pk))
    assert "For a workshop that is made up: none has this tag." in text_of(page)
    WorkshopFactory.create(organization=tag.organization, tag=tag, title="Pottery")
    page = superuser().get(url(Tag, "change", tag.pk))
    assert "For Pottery, the newest one. Pottery Hi." in text_of(page)
    assert 'src="https://example.com/a.png"' in page.content.decode()


def test_rights_over_tags_are_respected() -> None:
    admin_pages.check_rights(Tag)


def test_tags_are_added_changed_and_made_the_default_by_staff() -> None:
    client, organization = superuser(), OrganizationFactory.create()
    assert client.post(url(Tag, "add"), _form(organization=organization.pk)).status_code == 302
    assert _names_of_default(organization.pk) == ["Yoga"]
    with tenancy.system():
        tag = Tag.objects.get()
    assert (tag.is_announcement, tag.is_restricted) == (True, False)
    assert client.post(url(Tag, "change", tag.pk), _form(name_template="{workshop_title}!")).status_code == 302
    with tenancy.system():
        assert Tag.objects.get().name_template == "{workshop_title}!"
    other = TagFactory.create(organization=organization)
    assert "now the default" in press(client, "make_default", other)
    assert _names_of_default(organization.pk) == [other.name]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name_template": "{workshop}"}, "Nothing fills {workshop}."),
        ({"picture_url": "http://example.com"}, "Use the https address of a picture on a public site."),
        ({"name": "yoga"}, "There is a tag of this name already."),
        ({"name": ""}, "This field is required."),
    ],
)
def test_staff_are_told_what_is_wrong_with_a_tag(values: dict[str, str], error: str) -> None:
    there = TagFactory.create(name="Yoga")
    answer = superuser().post(url(Tag, "add"), {**_form(organization=there.organization_id, name="B"), **values})
    assert error in text_of(answer)
    with tenancy.system():
        assert Tag.objects.count() == 1


def test_the_default_tag_is_not_deleted_by_staff() -> None:
    client, tag = superuser(), TagFactory.create(is_default=True)
    assert client.post(url(Tag, "delete", tag.pk), {"post": "yes"}).status_code == 403
    other = TagFactory.create(organization=tag.organization)
    workshop = WorkshopFactory.create(organization=tag.organization, tag=other)
    assert client.post(url(Tag, "delete", other.pk), {"post": "yes"}).status_code == 302
    with tenancy.system():
        assert Workshop.objects.get(pk=workshop.pk).tag is None
