"""Organizations and memberships in the admin."""

from typing import Any

import pytest

from common import tenancy
from common.tests import admin_pages
from common.tests.admin_pages import superuser, text_of, url
from organizations.models import Membership, Organization
from organizations.tests.factories import MembershipFactory, OrganizationFactory
from whatsapp.tests.factories import SessionFactory

pytestmark = pytest.mark.django_db


def _organization_with_all() -> Organization:
    organization: Organization = MembershipFactory.create().organization
    with tenancy.system():
        organization.community_session = SessionFactory.create(organization=organization)
        organization.save()
    return organization


MODELS = [(Organization, _organization_with_all), (Membership, MembershipFactory.create)]
SETTINGS = {
    "community_admin_numbers": "",
    "community_name_template": "{workshop_title}",
    "community_description_template": "",
    "timezone": "Asia/Kolkata",
    "unknown_workshops": "create",
    "default_country": "IN",
    "default_workshop_time": "19:00",
}


@pytest.mark.parametrize(("model", "make"), MODELS)
def test_a_list_costs_the_same_with_30_rows_as_with_3(model: type[Membership], make: Any) -> None:
    admin_pages.check_list(model, make)


@pytest.mark.parametrize("make", [make for _, make in MODELS])
def test_a_row_has_its_page(make: Any) -> None:
    admin_pages.check_row(make())


@pytest.mark.parametrize("model", [model for model, _ in MODELS])
def test_rights_are_respected(model: type[Membership]) -> None:
    admin_pages.check_rights(model)


def test_an_organization_is_added_by_hand() -> None:
    new = {"id": "org_new", "name": "New", "slug": ""}
    answer = superuser().post(url(Organization, "add"), new)
    assert answer.status_code == 302, text_of(answer)
    with tenancy.system():
        assert Organization.objects.get(pk="org_new").slug is None


def test_an_organizations_id_is_its_own() -> None:
    organization = OrganizationFactory.create()
    again = {"id": organization.pk, "name": "Twice", "slug": ""}
    assert "already exists" in text_of(superuser().post(url(Organization, "add"), again))


def test_settings_are_changed_and_numbers_become_e164() -> None:
    organization = OrganizationFactory.create()
    changes = {**SETTINGS, "community_admin_numbers": "98123 45678, +1 415 555 2671", "timezone": "Europe/Berlin"}
    answer = superuser().post(url(Organization, "change", organization.pk), changes)
    assert answer.status_code == 302, text_of(answer)
    with tenancy.system():
        organization.refresh_from_db()
    assert organization.community_admin_numbers == ["+919812345678", "+14155552671"]
    assert organization.timezone == "Europe/Berlin"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("timezone", "Mars/Olympus", "This is no time zone"),
        ("default_country", "XX", "This is no country"),
        ("community_name_template", "{workshop}", "Nothing fills {workshop}"),
        ("community_description_template", "{nobody}", "Nothing fills {nobody}"),
        ("community_admin_numbers", "twelve", "Not a phone number: twelve"),
    ],
)
def test_settings_are_judged_as_in_the_api(name: str, value: str, error: str) -> None:
    organization = OrganizationFactory.create()
    answer = superuser().post(url(Organization, "change", organization.pk), {**SETTINGS, name: value})
    assert error in text_of(answer)


def test_what_clerk_owns_is_not_changed_here() -> None:
    organization = OrganizationFactory.create(name="As Clerk says")
    superuser().post(url(Organization, "change", organization.pk), {**SETTINGS, "name": "Mine", "id": "org_mine"})
    with tenancy.system():
        assert Organization.objects.get(pk=organization.pk).name == "As Clerk says"


def test_an_organization_is_not_deleted_here() -> None:
    organization = OrganizationFactory.create()
    assert superuser().post(url(Organization, "delete", organization.pk), {"post": "yes"}).status_code == 403


def test_the_number_of_members_leads_to_them() -> None:
    membership = MembershipFactory.create()
    MembershipFactory.create()
    client = superuser()
    link = f"/admin/organizations/membership/?organization__id__exact={membership.organization_id}"
    assert f'href="{link}"' in client.get(url(Organization, "changelist")).content.decode()
    assert "1 membership" in text_of(client.get(link))


def test_somebody_is_a_member_once() -> None:
    membership = MembershipFactory.create()
    again = {"organization": membership.organization_id, "user": membership.user_id, "role": "viewer"}
    form = superuser().get(url(Membership, "add")).context["adminform"].form
    assert form["role"].value() == "member"
    assert "is a member of this organization already" in text_of(superuser().post(url(Membership, "add"), again))


def test_a_membership_keeps_its_person_and_organization() -> None:
    membership, other = MembershipFactory.create(), MembershipFactory.create()
    change = {"role": "viewer", "user": other.user_id, "organization": other.organization_id}
    assert superuser().post(url(Membership, "change", membership.pk), change).status_code == 302
    with tenancy.system():
        found = Membership.objects.get(pk=membership.pk)
    assert (found.role, found.user_id, found.organization_id) == (
        "viewer",
        membership.user_id,
        membership.organization_id,
    )
