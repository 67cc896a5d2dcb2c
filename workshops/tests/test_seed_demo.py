"""`manage.py seed_demo`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from accounts.models import StaffUser
from common import tenancy
from organizations.models import Membership, Organization
from workshops.models import Workshop
from workshops.tests.factories import CommunityFactory

pytestmark = pytest.mark.django_db


def _seed(*arguments: str) -> list[str]:
    said = StringIO()
    call_command("seed_demo", *arguments, stdout=said)
    return said.getvalue().splitlines()


def _memberships() -> set[tuple[str, str, str]]:
    with tenancy.system():
        return set(Membership.objects.values_list("organization_id", "user_id", "role"))


def test_it_makes_what_one_plays_with_and_says_so(settings: Settings) -> None:
    said = _seed()
    assert _memberships() == {
        ("org_acme", "user_ada", "owner"),
        ("org_acme", "user_grace", "viewer"),
        ("org_globex", "user_linus", "owner"),
    }
    staff = StaffUser.objects.get(username="demo")
    assert staff.is_superuser
    assert staff.check_password("demo")
    assert said[0] == "admin login: demo, password demo"
    assert "organization: org_acme (Acme Academy)" in said
    assert "person: user_grace, viewer of org_acme" in said
    assert f"curl -X POST {settings.SANDBOX_URL}/control/tokens" in said[-1]


def test_a_second_time_changes_nothing() -> None:
    first = _seed()
    with tenancy.system():
        Organization.objects.filter(pk="org_acme").update(name="Renamed")
    StaffUser.objects.filter(username="demo").update(first_name="Kept")
    before = _memberships()
    assert _seed() == first
    assert _memberships() == before
    assert StaffUser.objects.get().first_name == "Kept"
    with tenancy.system():
        assert Organization.objects.get(pk="org_acme").name == "Renamed"


def test_it_creates_no_workshops() -> None:
    _seed()
    with tenancy.system():
        assert not Workshop.objects.exists()


def test_reset_deletes_what_both_organizations_have_and_nothing_else() -> None:
    _seed()
    with tenancy.system():
        acme = Organization.objects.get(pk="org_acme")
    mine, other = CommunityFactory.create(organization=acme, status="ready"), CommunityFactory.create(status="ready")
    with tenancy.system():
        acme.community_session = mine.session
        acme.save()
    _seed("--reset")
    with tenancy.system():
        assert list(Workshop.objects.values_list("pk", flat=True)) == [other.workshop_id]
        assert Organization.objects.get(pk="org_acme").community_session is None
    assert ("org_acme", "user_ada", "owner") in _memberships()


def test_it_refuses_outside_of_a_laptop(settings: Settings) -> None:
    settings.LOCAL = False
    with pytest.raises(CommandError, match="LOCAL=1 only"):
        _seed()
    assert not StaffUser.objects.exists()
