"""Staff and people in the admin."""

import pytest
from django.test import Client

from accounts.models import AppUser, StaffUser
from accounts.tests.factories import AppUserFactory, StaffUserFactory
from common.tests import admin_pages
from common.tests.admin_pages import staff, superuser, text_of, url

pytestmark = pytest.mark.django_db

MODELS = [(AppUser, AppUserFactory), (StaffUser, StaffUserFactory)]


@pytest.mark.parametrize(("model", "factory"), MODELS)
def test_a_list_costs_the_same_with_30_rows_as_with_3(model: type[AppUser], factory: type[AppUserFactory]) -> None:
    admin_pages.check_list(model, factory.create)


@pytest.mark.parametrize("factory", [factory for _, factory in MODELS])
def test_a_row_has_its_page(factory: type[AppUserFactory]) -> None:
    admin_pages.check_row(factory.create())


@pytest.mark.parametrize("model", [model for model, _ in MODELS])
def test_rights_are_respected(model: type[AppUser]) -> None:
    admin_pages.check_rights(model)


def test_people_who_are_no_staff_are_sent_to_the_login() -> None:
    client = Client()
    client.force_login(StaffUserFactory.create(is_staff=False, is_superuser=True))
    assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"


def test_an_emptied_email_is_unknown_and_not_somebodys_empty_text() -> None:
    client, first, second = superuser(), AppUserFactory.create(), AppUserFactory.create()
    for person in (first, second):
        answer = client.post(url(AppUser, "change", person.pk), {"full_name": "Somebody", "email": "", "username": ""})
        assert answer.status_code == 302
        person.refresh_from_db()
        assert (person.email, person.username) == (None, None)


def test_the_id_of_a_person_is_the_identity_providers() -> None:
    client, person = superuser(), AppUserFactory.create(id="user_1")
    client.post(url(AppUser, "change", person.pk), {"id": "user_2", "full_name": "Renamed"})
    assert list(AppUser.objects.values_list("id", "full_name")) == [("user_1", "Renamed")]


def test_staff_cannot_raise_themselves() -> None:
    client = staff("view_staffuser", "change_staffuser")
    me = StaffUser.objects.get()
    answer = client.post(url(StaffUser, "change", me.pk), {"username": "me", "is_superuser": "on", "is_active": "on"})
    assert answer.status_code == 302
    me.refresh_from_db()
    assert (me.username, me.is_superuser) == ("me", False)


def test_staff_cannot_touch_a_superuser() -> None:
    boss = StaffUserFactory.create(is_superuser=True)
    client = staff("view_staffuser", "change_staffuser", "delete_staffuser")
    assert client.post(url(StaffUser, "change", boss.pk), {"username": "mine"}).status_code == 403
    assert client.get(f"/admin/accounts/staffuser/{boss.pk}/password/").status_code == 403
    assert client.post(url(StaffUser, "delete", boss.pk), {"post": "yes"}).status_code == 403


def test_a_superuser_adds_staff() -> None:
    client = superuser()
    form = {"username": "nina", "password1": "long-and-strange-7", "password2": "long-and-strange-7"}
    answer = client.post(url(StaffUser, "add"), {**form, "usable_password": "true"}, follow=True)
    assert "was added successfully" in text_of(answer)
    assert StaffUser.objects.get(username="nina").check_password("long-and-strange-7")
