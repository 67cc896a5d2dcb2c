"""What all admins share: forms that stay in one organization, page numbers for any size."""

import pytest
from django.contrib import admin

from common import tenancy
from common.admin import TenantAdmin, TenantForm
from common.admin.paginator import EstimatingPaginator
from whatsapp.models import GroupMember
from whatsapp.tests.factories import GroupFactory, GroupMemberFactory
from workshops.models import WorkshopGroup
from workshops.tests.factories import WorkshopFactory

pytestmark = pytest.mark.django_db


class _LinkForm(TenantForm):
    class Meta:
        model = WorkshopGroup
        fields = ["workshop", "group"]


def test_a_new_row_of_a_known_organization_takes_only_its_rows() -> None:
    workshop, foreign = WorkshopFactory.create(), GroupFactory.create()
    form = _LinkForm({"workshop": workshop.pk, "group": foreign.pk}, organization_id=workshop.organization_id)
    with tenancy.system():
        assert form.errors == {"group": ["Choose one that belongs to the same organization."]}


def test_a_form_without_an_organization_offers_nothing() -> None:
    workshop = WorkshopFactory.create()
    form = _LinkForm({"workshop": workshop.pk})
    with tenancy.system():
        assert not form.fields["workshop"].queryset.exists()  # type: ignore[attr-defined]  # a ModelChoiceField


def test_every_admin_of_an_organizations_rows_keeps_them_inside_it() -> None:
    tenant_admins = [
        model_admin
        for model, model_admin in admin.site._registry.items()
        if issubclass(model, tenancy.TenantModel) and not isinstance(model_admin, TenantAdmin)
    ]
    assert tenant_admins == []


def test_few_rows_are_counted() -> None:
    GroupMemberFactory.create_batch(3, group=GroupFactory.create())
    with tenancy.system():
        assert EstimatingPaginator(GroupMember.objects.order_by("pk"), 2).num_pages == 2


def test_many_rows_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EstimatingPaginator, "EXACT_UP_TO", 2)
    GroupMemberFactory.create_batch(5, group=GroupFactory.create())
    with tenancy.system():
        everybody = EstimatingPaginator(GroupMember.objects.order_by("pk"), 2)
        nobody = EstimatingPaginator(GroupMember.objects.filter(status="nowhere").order_by("pk"), 2)
        assert everybody.count >= 3
        assert nobody.count == 0
