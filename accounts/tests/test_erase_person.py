"""`manage.py erase_person`: nothing personal is left, and what others count on still counts."""

import json
import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import services
from accounts.models import AppUser, AuthUser, Repair
from accounts.tests.test_identities import NOON, record
from common import tenancy
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory
from webhooks.models import Delivery
from workshops.models import Order, Registration, Workshop
from workshops.services.orders import Purchase, take_order
from workshops.tests.factories import OrderFactory, RegistrationFactory, WorkshopFactory

pytestmark = pytest.mark.django_db


def erase(*arguments: str) -> str:
    out = StringIO()
    call_command("erase_person", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _ada() -> None:
    record("user_ada", "Ada@example.com", full_name="Ada Lovelace", username="ada", phone="+441234")
    with tenancy.system():
        MembershipFactory.create(user=AppUser.objects.get(id="user_ada"))
        workshop = WorkshopFactory.create(created_by="user:user_ada")
        Registration.objects.create(
            organization_id=workshop.organization_id, workshop=workshop, name="Ada", email="ada@example.com",
            person_key="ada@example.com", registered_at=timezone.now(),
        )  # fmt: skip
    for number, payload in enumerate([{"data": {"id": "user_ada"}}, {"email": "ADA@example.com"}, {"id": "user_adam"}]):
        Delivery.objects.create(source="clerk", type="user.created", dedupe_key=str(number), payload=payload)
    services.repair(ids=["user_ada"], strategy="refuse", actor="test")


def everything() -> str:
    """All rows of the database in which she might be."""
    found: list[Any] = []
    tables = [
        "app_users",
        "organization_members",
        "workshops",
        "registrations",
        "webhook_deliveries",
        "user_sync_audit",
    ]
    with tenancy.system(), connection.cursor() as cursor:
        for table in [*tables, "user_sync_failures", "django_admin_log"]:
            cursor.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY 1")
            found += cursor.fetchall()
    return json.dumps(found, default=str).lower()


def test_a_dry_run_shows_what_would_change_and_writes_nothing() -> None:
    before = everything()
    said = erase("user_ada", "--dry-run")
    assert "1 in organization_members.user_id" in said
    assert "2 in webhook_deliveries" in said
    assert "1 in registrations" in said
    assert everything() == before


def test_nothing_personal_is_left_and_the_rows_still_count() -> None:
    assert "Erased." in erase("user_ada", "--yes")
    left = everything()
    for word in ('"user_ada"', "user:user_ada", "ada@example.com", "lovelace"):
        assert word not in left
    assert "user_adam" in left, "somebody else's delivery"
    with tenancy.system():
        membership, workshop = Membership.objects.get(), Workshop.objects.get()
        assert Registration.objects.get().name == ""
    assert membership.user_id.startswith("erased-")
    assert workshop.created_by == f"user:{membership.user_id}"
    tombstone = AuthUser.objects.get(id="user_ada")
    assert (tombstone.email, tombstone.phone, tombstone.raw_user_meta_data) == (None, "", {})
    erased = Repair.objects.get(action="erase")
    assert (erased.actor, erased.counts["organization_members.user_id"]) == ("command:erase_person", 1)


def test_orders_are_empty_too_whatever_they_call_the_person() -> None:
    with tenancy.system():
        registration = RegistrationFactory.create(name="Ada L", email="", full_phone="+441234", person_key="+441234")
    raw = {"completed": {"buyer": "Ada Lovelace", "contact": "01234"}}
    OrderFactory.create(registration=registration, payloads=raw, name="Ada Lovelace", email="other@example.com")
    OrderFactory.create(registration=None, payloads=raw, name="Ada", email="ada@example.com", status="initiated")
    somebody = OrderFactory.create(payloads={"completed": {"buyer": "Eve"}}, name="Eve", email="eve@example.com")
    assert "2 in orders" in erase("user_ada", "--yes")
    with tenancy.system():
        rows = Order.objects.exclude(pk=somebody.pk).values_list("name", "email", "phone_text", "payloads")
        assert set(map(str, rows)) == {str(("", "", "", {"erased": True}))}
        somebody.refresh_from_db()
    assert (somebody.name, somebody.payloads) == ("Eve", {"completed": {"buyer": "Eve"}})


def test_a_refund_that_comes_later_counts_and_brings_nobody_back() -> None:
    """Fails without the `replace` in `take_order`."""
    with tenancy.system():
        registration = Registration.objects.get()
        order = OrderFactory.create(registration=registration, email="ada@example.com", name="Ada")
    erase("user_ada", "--yes")
    refund = Purchase(
        platform=order.platform, external_id=order.external_id, event="refunded", status=Order.Status.REFUNDED,
        raw={"buyer": "Ada"}, occurred_at=timezone.now(), name="Ada Lovelace", email="ada@example.com",
        phone_text="+441234",
    )  # fmt: skip
    with tenancy.tenant(order.organization_id):
        take_order(organization=order.organization, purchase=refund)
        order.refresh_from_db()
        registration.refresh_from_db()
    assert (order.status, order.payloads) == ("refunded", {"erased": True, "refunded": {}})
    assert (order.name, order.email, order.phone_text) == ("", "", "")
    assert (registration.name, registration.email, registration.full_phone) == ("", "", None)


def test_a_repair_of_somebody_whose_id_begins_the_same_is_left_alone() -> None:
    theirs = {"run": uuid.uuid4(), "action": "merge", "auth_id": "user_adam", "new_id": "user_adam", "actor": "test"}
    mixed = Repair.objects.create(**theirs, old_id="user_ada")
    other = Repair.objects.create(**theirs, old_id="user_adamant", facts={"kept": {}})
    erase("user_ada", "--yes")
    mixed.refresh_from_db()
    other.refresh_from_db()
    assert (mixed.auth_id, mixed.new_id, mixed.old_id == "user_ada") == ("user_adam", "user_adam", False)
    assert (other.old_id, other.facts, other.undone_at) == ("user_adamant", {"kept": {}}, None)


def test_whoever_has_the_same_email_is_named_and_stays() -> None:
    AppUser.objects.filter(id="user_ada").update(email=None)
    AppUser.objects.create(id="old_ada", email="ada@example.com", full_name="Ada")
    said = erase("user_ada", "--yes")
    assert "old_ada has the same e-mail and stays" in said
    assert AppUser.objects.get(id="old_ada").email == "ada@example.com"
    assert "stays." not in erase("old_ada", "--dry-run")


def test_a_late_event_brings_nobody_back() -> None:
    erase("user_ada", "--yes")
    assert not record("user_ada", "ada@example.com", updated_at=NOON.replace(year=2030))
    assert not AppUser.objects.filter(id="user_ada").exists()
    assert "ada@example.com" not in everything()


def test_an_email_is_free_again_for_who_signs_up_anew() -> None:
    erase("user_ada", "--yes")
    record("user_new", "ada@example.com")
    assert AppUser.objects.get(id="user_new").email == "ada@example.com"


def test_it_asks_and_nobody_unknown_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("n\n"))
    with pytest.raises(CommandError, match=r"Nothing was written\."):
        erase("user_ada")
    assert AppUser.objects.filter(id="user_ada").exists()
    with pytest.raises(CommandError, match="no app user and no identity"):
        erase("stranger", "--yes")
