"""Registrations, orders, what is sold, and URLs in the admin."""

import re
from typing import Any

import pytest

from common import tenancy
from common.tests import admin_pages
from common.tests.admin_pages import act, press, staff, superuser, text_of, url
from organizations.tests.factories import OrganizationFactory
from workshops.models import ImportRow, Order, ProductMapping, Registration, RegistrationImport, SourceToken
from workshops.tests import posts
from workshops.tests.factories import (
    ImportRowFactory,
    OrderFactory,
    ProductCodeFactory,
    ProductMappingFactory,
    RegistrationFactory,
    RegistrationImportFactory,
    SourceTokenFactory,
    WorkshopFactory,
)
from workshops.tests.posts import COMPLETED, mango, take

pytestmark = pytest.mark.django_db

MODELS: list[tuple[Any, Any]] = [
    (Registration, RegistrationFactory.create),
    (Order, OrderFactory.create),
    (ProductMapping, lambda: ProductCodeFactory.create().mapping),
    (SourceToken, SourceTokenFactory.create),
    (RegistrationImport, RegistrationImportFactory.create),
    (ImportRow, ImportRowFactory.create),
]
NO_INLINES = {
    f"{prefix}-{name}": "0" for prefix in ("orders", "codes") for name in ("TOTAL_FORMS", "INITIAL_FORMS")
}  # fmt: skip


@pytest.mark.parametrize(("model", "make"), MODELS)
def test_a_list_costs_the_same_with_30_rows_as_with_3(model: Any, make: Any) -> None:
    admin_pages.check_list(model, make)


@pytest.mark.parametrize("make", [make for _, make in MODELS])
def test_a_row_has_its_page(make: Any) -> None:
    admin_pages.check_row(make())


@pytest.mark.parametrize("model", [model for model, _ in MODELS])
def test_rights_are_respected(model: Any) -> None:
    admin_pages.check_rights(model)


def _held() -> ProductMapping:
    organization = OrganizationFactory.create(unknown_workshops="hold")
    take(f"/webhooks/tagmango/{posts.token_of(organization, 'tagmango')}/{COMPLETED}", mango())
    with tenancy.system():
        return ProductMapping.objects.select_related("organization").get()


def _workshop_of_the_person() -> Any:
    [person] = posts.registrations()
    return person.workshop


def test_choosing_a_workshop_places_everybody_who_was_held() -> None:
    mapping = _held()
    assert "needs mapping" in text_of(superuser().get(url(ProductMapping, "changelist"), {"mapped": "no"}))
    workshop, foreign = WorkshopFactory.create(organization=mapping.organization), WorkshopFactory.create()
    address = url(ProductMapping, "change", mapping.pk)
    refused = superuser().post(address, {"workshop": str(foreign.pk), **NO_INLINES})
    assert "belongs to the same organization" in text_of(refused)
    assert superuser().post(address, {"workshop": str(workshop.pk), **NO_INLINES}).status_code == 302
    assert _workshop_of_the_person() == workshop
    assert superuser().post(address, {"workshop": "", **NO_INLINES}).status_code == 302
    assert _workshop_of_the_person() is None


def test_a_workshop_is_made_of_a_held_name_by_a_button() -> None:
    mapping = _held()
    assert "1 product placed" in press(superuser(), "create_this", mapping)
    assert _workshop_of_the_person().title == "Crypto Wealth Masterclass (Sh1)"


def test_workshops_are_made_of_chosen_names_and_what_has_no_date_says_so() -> None:
    mapping = _held()
    undated = ProductMappingFactory.create(organization=mapping.organization, workshop=None, hold_reason="no_date")
    said = act(superuser(), "create_workshops", mapping, undated)
    assert "1 product placed" in said
    assert "The name carries no date" in said


def test_a_phone_is_corrected() -> None:
    person = RegistrationFactory.create(full_phone=None, phone_text="98123 4567")
    page = superuser().get(url(Registration, "changelist"), {"phone": "unread"})
    assert "98123 4567" in text_of(page)
    address = url(Registration, "change", person.pk)
    assert "This is no phone number" in text_of(superuser().post(address, {"phone_text": "nothing", **NO_INLINES}))
    assert superuser().post(address, {"phone_text": "98123 45678", **NO_INLINES}).status_code == 302
    [corrected] = posts.registrations()
    assert corrected.full_phone == "+919812345678"
    assert corrected.corrected_by.startswith("staff:")


def test_a_phone_that_another_has_is_refused_in_words() -> None:
    other = RegistrationFactory.create(full_phone="+919812345678", name="Asha")
    person = RegistrationFactory.create(workshop=other.workshop, full_phone=None, phone_text="x")
    address = url(Registration, "change", person.pk)
    said = text_of(superuser().post(address, {"phone_text": "9812345678", **NO_INLINES}, follow=True))
    assert "Asha is registered for this workshop" in said


def test_an_old_url_is_shown_without_a_button_to_save_what_cannot_be_changed() -> None:
    token, client = SourceTokenFactory.create(), superuser()
    address = url(SourceToken, "change", token.pk)
    assert 'name="_save"' not in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 403
    viewer = staff("view_sourcetoken")
    assert "Revoke" not in text_of(viewer.get(address))
    assert viewer.get(url(SourceToken, "revoke_this", token.pk)).status_code == 403
    assert "refused from now on" in press(staff("view_sourcetoken", "change_sourcetoken"), "revoke_this", token)


def test_a_new_url_is_shown_once_and_works() -> None:
    organization = OrganizationFactory.create()
    wish = {"organization": organization.pk, "platform": "tagmango", "overlap_hours": "0"}
    page = superuser().post(url(SourceToken, "add"), wish)
    found = re.findall(r"http://testserver(/webhooks/tagmango/\S+?/order\.created\.completed)", page.content.decode())
    assert "no-store" in page["Cache-Control"]
    assert posts.post(found[0], mango()).status_code == 200
    with tenancy.system():
        token = SourceToken.objects.get()
    assert found[0].split("/")[3] not in superuser().get(url(SourceToken, "change", token.pk)).content.decode()
    assert "refused from now on" in press(superuser(), "revoke_this", token)
    assert posts.post(found[0], mango()).status_code == 401
