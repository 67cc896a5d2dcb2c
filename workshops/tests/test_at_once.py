"""What happens at the same moment: orders of several platforms, and people who change one thing."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import connection

from common import tenancy
from common.tests.admin_pages import superuser, text_of, url
from common.tests.processes import wait_until
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from webhooks import dispatch
from webhooks.models import Delivery
from workshops import services
from workshops.models import Community, ProductMapping, Registration, Tag, Workshop
from workshops.services.locks import lock_orders_of
from workshops.services.registrations import settle
from workshops.tests import posts
from workshops.tests.factories import (
    OrderFactory,
    ProductMappingFactory,
    RegistrationFactory,
    TagFactory,
    WorkshopFactory,
)
from workshops.tests.posts import COMPLETED, mango, post, relayed

pytestmark = pytest.mark.django_db(transaction=True)


def _in_threads(*work: Callable[[], Any]) -> list[Future[Any]]:
    """Begin each on a connection of its own."""

    def run(each: Callable[[], Any]) -> Any:
        try:
            return each()
        finally:
            connection.close()

    threads = ThreadPoolExecutor(len(work))
    begun = [threads.submit(run, each) for each in work]
    threads.shutdown(wait=False)
    return begun


def _waiting() -> int:
    """How many wait for a lock of somebody's transaction at this moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


@pytest.fixture
def organizations() -> list[Organization]:
    return OrganizationFactory.create_batch(2)


def test_two_platforms_of_the_same_organizations_do_not_wait_for_each_other_crosswise(
    organizations: list[Organization], caplog: pytest.LogCaptureFixture
) -> None:
    """Fails without the organization in the order of `dispatch._take`: one of the two batches would be broken off."""
    for each in organizations:
        post(f"/webhooks/tagmango/{posts.token_of(each, 'tagmango')}/{COMPLETED}", mango())
    for each in reversed(organizations):
        post(f"/webhooks/relay/{posts.token_of(each, 'relay')}", relayed())
    with tenancy.system():
        for each in organizations:
            lock_orders_of(each.pk)
        drains = _in_threads(*(lambda name=name: dispatch.drain(source=name) for name in ("tagmango", "relay")))
        wait_until(lambda: _waiting() == 2, "both platforms")
    assert [drain.result(30) for drain in drains] == [2, 2]
    assert "deadlock" not in caplog.text
    assert set(Delivery.objects.values_list("status", "attempts")) == {("done", 0)}
    assert len(posts.orders()) == 4


def test_a_phone_that_is_corrected_while_an_order_is_placed_stays_corrected() -> None:
    """Fails without `lock_orders_of` in `people.correct_phone`: the order would put the old text back."""
    registration = RegistrationFactory.create(phone_text="12", full_phone=None)
    OrderFactory.create(registration=registration, phone_text="12")

    def correct() -> None:
        with tenancy.tenant(registration.organization_id):
            services.correct_phone(registration=registration, phone_text="98123 45678", corrected_by="user:1")

    with tenancy.tenant(registration.organization_id):
        lock_orders_of(registration.organization_id)
        seen = Registration.objects.get()
        [correction] = _in_threads(correct)
        wait_until(lambda: _waiting() == 1 or correction.done(), "the correction")
        settle([seen])
    correction.result(30)
    with tenancy.system():
        kept = Registration.objects.get()
    assert (kept.phone_text, kept.full_phone) == ("98123 45678", "+919812345678")


def test_a_phone_that_is_taken_where_somebody_is_being_moved_to_is_refused() -> None:
    """Fails without `refresh_from_db` in `people.correct_phone`: the unique key would make it an error 500."""
    moving = RegistrationFactory.create()
    there = RegistrationFactory.create(workshop=WorkshopFactory.create(organization=moving.organization))

    def correct() -> None:
        with tenancy.tenant(moving.organization_id):
            services.correct_phone(registration=moving, phone_text=str(there.full_phone), corrected_by="user:1")

    with tenancy.tenant(moving.organization_id):
        lock_orders_of(moving.organization_id)
        [correction] = _in_threads(correct)
        wait_until(lambda: _waiting() == 1 or correction.done(), "the correction")
        Registration.objects.filter(pk=moving.pk).update(workshop=there.workshop)
    assert isinstance(correction.exception(30), services.PhoneTaken)


def test_a_workshop_that_is_sold_while_it_is_deleted_stays() -> None:
    """Fails without `lock_orders_of` in `delete_workshop`: the foreign key would break it off with an error 500."""
    workshop = WorkshopFactory.create()

    def delete() -> None:
        with tenancy.tenant(workshop.organization_id):
            services.delete_workshop(workshop=workshop)

    with tenancy.tenant(workshop.organization_id):
        lock_orders_of(workshop.organization_id)
        [deletion] = _in_threads(delete)
        wait_until(lambda: _waiting() == 1 or deletion.done(), "the deletion")
        RegistrationFactory.create(workshop=workshop)
    assert isinstance(deletion.exception(30), services.WorkshopHasRegistrations)


def test_two_people_who_make_the_workshop_of_a_name_make_one() -> None:
    """Fails without `lock_orders_of` in `create_mapped_workshop`."""
    mapping = ProductMappingFactory.create(workshop=None, on_date=date(2027, 2, 4), hold_reason="chosen")

    def make() -> None:
        with tenancy.tenant(mapping.organization_id):
            services.create_mapped_workshop(mapping=ProductMapping.objects.get(), mapped_by="user:1")

    with tenancy.tenant(mapping.organization_id):
        lock_orders_of(mapping.organization_id)
        makers = _in_threads(make, make)
        wait_until(lambda: _waiting() == 2 or all(maker.done() for maker in makers), "both")
    refused = [error for maker in makers if (error := maker.exception(30))]
    assert [type(error) for error in refused] == [services.ProductMapped]
    with tenancy.system():
        assert Workshop.objects.count() == 1


def test_orders_go_on_while_the_life_of_their_workshop_is_changed() -> None:
    """Fails without `no_key` in `life._locked`: orders and people would wait for each other's workshops crosswise."""
    workshop = WorkshopFactory.create()

    def register() -> None:
        with tenancy.tenant(workshop.organization_id), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            RegistrationFactory.create(workshop=workshop)

    with tenancy.tenant(workshop.organization_id):
        services.change_status(workshop=workshop, status="confirmed")
        [registered] = _in_threads(register)
        assert registered.exception(30) is None


@pytest.mark.parametrize("is_new", [True, False])
def test_staff_who_give_a_tag_the_name_that_another_one_is_just_given_are_told(is_new: bool) -> None:
    """Fails without `lock_tags_of` in `TagForm.clean`, and with an old tag without it in `update_tag`: an error 500."""
    client, (first, second) = superuser(), TagFactory.create_batch(2, organization=OrganizationFactory.create())
    organization_id = first.organization_id
    page = url(Tag, "add") if is_new else url(Tag, "change", second.pk)
    form = {"organization": organization_id, "name": "yoga", "is_announcement": "on", "is_restricted": "on"}
    with tenancy.tenant(organization_id):
        services.update_tag(tag=first, name="Yoga")
        [sent] = _in_threads(lambda: client.post(page, form))
        wait_until(lambda: _waiting() == 1 or sent.done(), "the form")
    assert "There is a tag of this name already." in text_of(sent.result(30))


def test_staff_who_ask_for_a_community_that_is_just_asked_for_in_other_words_are_told() -> None:
    """Fails without `except DomainError` in `TenantAdmin.changeform_view`: an error 500."""
    client, organization = superuser(), OrganizationFactory.create()
    form = {"organization": organization.pk, "wished_name": "alumni", "wished_description": "Mine"}
    with tenancy.tenant(organization.pk):
        services.create_community(organization_id=organization.pk, name="Alumni", created_by="user:1")
        [sent] = _in_threads(lambda: client.post(url(Community, "add"), form, follow=True))
        wait_until(lambda: _waiting() == 1 or sent.done(), "the form")
    assert "A community called Alumni is not finished yet (queued)." in text_of(sent.result(30))
