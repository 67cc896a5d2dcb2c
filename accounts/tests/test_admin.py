"""Staff and people in the admin."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AppUser, Repair, StaffUser, SyncFailure, SyncStatus
from accounts.tests import planted
from accounts.tests.factories import AppUserFactory, StaffUserFactory
from accounts.tests.test_identities import record
from common import tenancy
from common.tests import admin_pages
from common.tests.admin_pages import act, press, staff, superuser, text_of, url
from organizations.tests.factories import MembershipFactory

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


def test_the_page_of_user_ids_counts_filters_and_costs_the_same() -> None:
    admin_pages.check_rights(SyncStatus)
    planted.plant()
    page = superuser().get(url(SyncStatus, "changelist"))
    for state in SyncStatus.State:
        assert f"{planted.STATES[state]} {state.label}" in text_of(page)
    swapped = text_of(superuser().get(url(SyncStatus, "changelist"), {"state__exact": "SWAPPED"}))
    assert "swap1@x.example" in swapped
    assert "moved@x.example" not in swapped
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_users SET created_at = now() - interval '2 days' WHERE id <> 'missing'")
    lately = text_of(superuser().get(url(SyncStatus, "changelist"), {"signed_up": "24h"}))
    assert "missing@x.example" in lately
    assert "moved@x.example" not in lately


def test_the_list_of_user_ids_costs_the_same_with_30_rows_as_with_3() -> None:
    admin_pages.check_list(SyncStatus, AppUserFactory.create)


def test_everybody_is_looked_at_twice_for_a_list_and_not_at_all_for_a_person() -> None:
    """The view takes seconds on a million people, and so does counting the rows that point at a person."""
    planted.plant()
    client = superuser()
    for query in ({}, {"p": "1"}, {"state__exact": "SWAPPED", "o": "1"}):
        assert reads(client, url(SyncStatus, "changelist"), query) == (2, 0), "the counts, and the rows"
    assert reads(client, url(SyncStatus, "changelist"), {"q": "moved"}) == (3, 0)
    assert reads(client, url(SyncStatus, "change", "moved")) == (0, 1)
    assert "2 user IDs" in text_of(client.get(url(SyncStatus, "changelist"), {"state__exact": "SWAPPED"}))


def reads(client: Client, address: str, query: dict[str, str] | None = None) -> tuple[int, int]:
    """How often a page asks the view, and counts rows that point at people."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, query).status_code == 200
    asked = [row["sql"] for row in captured.captured_queries]
    return sum('FROM "user_sync_status"' in sql for sql in asked), sum("user_sync_count(" in sql for sql in asked)


def test_a_person_s_page_says_what_a_repair_would_move_and_repairs() -> None:
    planted.plant()
    with tenancy.system():
        MembershipFactory.create(user=AppUser.objects.get(id="old_moved"))
    client, row = superuser(), SyncStatus.objects.get(user_id="moved")
    assert "A repair would do this Nothing." in text_of(client.get(url(SyncStatus, "change", "synced")))
    said = text_of(client.get(url(SyncStatus, "change", "moved")))
    assert "The id old_moved becomes moved: 1 in organization_members.user_id." in said
    asked = text_of(client.get(url(SyncStatus, "repair_this", "moved")))
    assert "This is what would be done" in asked
    assert "The id old_moved becomes moved" in asked
    assert AppUser.objects.filter(id="old_moved").exists(), "a dry run"
    assert "1 user ID in step now" in press(client, "repair_this", row)
    assert AppUser.objects.filter(id="moved").exists()
    repair = Repair.objects.get()
    assert repair.actor.startswith("staff:")
    assert "What was wrong app user has another id" in text_of(client.get(url(Repair, "change", repair.pk)))
    assert "1 repair of user IDs undone" in press(client, "undo_this", repair)
    assert AppUser.objects.filter(id="old_moved").exists()


def test_chosen_people_are_repaired_after_a_dry_run_and_a_swap_is_repaired_once() -> None:
    planted.plant()
    client, rows = superuser(), list(SyncStatus.objects.filter(state__in=["SWAPPED", "EMAIL_DRIFT", "AMBIGUOUS"]))
    asked = act(client, "repair_chosen", *rows)
    assert "The id swap1 becomes swap2" in asked
    said = act(client, "repair_chosen", *rows, confirmed="yes")
    assert "3 user IDs in step now" in said
    assert "a person decides" in said
    assert not Repair.objects.exclude(state__in=["SWAPPED", "EMAIL_DRIFT"]).exists()


def test_a_merge_is_offered_where_one_is_possible() -> None:
    planted.plant()
    client = superuser()
    assert "Keep what" not in text_of(client.get(url(SyncStatus, "change", "moved")))
    assert "Keep what the other id has" in text_of(client.get(url(SyncStatus, "change", "occupied")))
    press(client, "merge_keeping_app", SyncStatus.objects.get(user_id="occupied"))
    assert AppUser.objects.get(id="occupied").full_name == "Occupied, old"


def test_who_may_only_look_repairs_nothing() -> None:
    planted.plant()
    viewer = staff("view_syncstatus", "view_repair", "view_syncfailure")
    assert viewer.post(url(SyncStatus, "repair_this", "moved")).status_code == 403
    assert not Repair.objects.exists()


def test_a_failure_is_tried_again_and_says_what_is_in_the_way() -> None:
    AppUserFactory.create(id="old", email="ada@example.com")
    record("user_1", "ada@example.com")
    client, failure = superuser(), SyncFailure.objects.get()
    assert "An app user with another id has the e-mail" in press(client, "try_this_again", failure)
    AppUser.objects.all().update(email=None)
    assert "1 sign-up failure resolved" in act(client, "try_again", failure)
    assert AppUser.objects.filter(id="user_1").exists()


@pytest.mark.parametrize("model", [Repair, SyncFailure])
def test_rights_of_the_trail_are_respected(model: type[Repair]) -> None:
    admin_pages.check_rights(model)
