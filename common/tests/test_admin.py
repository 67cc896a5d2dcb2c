"""What all admins share: forms that stay in one organization, page numbers for any size."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import tenancy
from common.admin import TenantAdmin, TenantForm, who
from common.admin.paginator import EstimatingPaginator
from common.tests.admin_pages import superuser, url
from webhooks.models import RefusedCount
from whatsapp.models import GroupMember
from whatsapp.tests.factories import GroupFactory, GroupMemberFactory
from workshops.models import Workshop, WorkshopGroup
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


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ("staff:7", '<a class="text-link" href="/admin/accounts/staffuser/7/change/">staff member 7</a>'),
        ("user:a_1", '<a class="text-link" href="/admin/accounts/appuser/a_5F1/change/">a_1</a>'),
        ("user:&lt;b&gt;", '<a class="text-link" href="/admin/accounts/appuser/_3Cb_3E/change/">&lt;b&gt;</a>'),
        ("command:resync_members", "manage.py resync_members"),
        ("orders", "orders"),
        ("<b>", "&lt;b&gt;"),
        ("", ""),
    ],
)
def test_who_did_something_is_said_in_words_and_led_to(actor: str, said: str) -> None:
    assert who(actor) == said


def test_pages_and_lists_say_who() -> None:
    workshop, client = WorkshopFactory.create(created_by="user:user_ada"), superuser()
    for page in (url(Workshop, "changelist"), url(Workshop, "change", workshop.pk)):
        content = client.get(page).content.decode()
        assert '<a class="text-link" href="/admin/accounts/appuser/user_5Fada/change/">user_ada</a>' in content
        assert "user:user_ada" not in content


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


def test_many_rows_are_estimated() -> None:
    """Nothing reads further than one row beyond the limit; then the planner is asked."""
    with connection.cursor() as cursor:
        cursor.execute(_MANY, [EstimatingPaginator.EXACT_UP_TO + 5])
    everybody = EstimatingPaginator(RefusedCount.objects.order_by("pk"), 50)
    nobody = EstimatingPaginator(RefusedCount.objects.filter(source="nowhere").order_by("pk"), 50)
    with CaptureQueriesContext(connection) as asked:
        assert everybody.count > EstimatingPaginator.EXACT_UP_TO
    looked, planned = (query["sql"] for query in asked)
    assert f"LIMIT {EstimatingPaginator.EXACT_UP_TO + 1}" in looked
    assert planned.startswith("EXPLAIN")
    assert nobody.count == 0


_MANY = """
INSERT INTO webhook_refused_counts (day, source, reason, number)
SELECT '2026-01-01', 'test', number, 1 FROM generate_series(1, %s) AS number
"""
