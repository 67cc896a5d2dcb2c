"""Tenants never meet: proven model by model, both ways, by the database itself."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Model

from accounts.models import AppUser
from accounts.tests.factories import AppUserFactory
from common import tenancy
from common.tenancy.checks import check_tenancy, is_tenant, tenant_tables
from organizations.models import Membership, Organization
from organizations.tests.factories import MembershipFactory, OrganizationFactory
from whatsapp.models import Group, Session
from whatsapp.tests.factories import (
    GroupFactory,
    GroupMemberFactory,
    GroupSessionFactory,
    MembershipEventFactory,
    SessionFactory,
    SyncRunFactory,
)
from workshops.models import Community, Workshop, WorkshopGroup
from workshops.tests.factories import (
    ImportRowFactory,
    OrderFactory,
    ProductCodeFactory,
    SourceTokenFactory,
    TagFactory,
    WorkshopFactory,
)

pytestmark = pytest.mark.django_db

TENANT_MODELS = [model for model in apps.get_models() if is_tenant(model)]


def _setting(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return str(cursor.fetchone()[0] or "")


def _role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.fixture
def two_organizations() -> tuple[str, str]:
    """Ids of two organizations, each with one row in every tenant table."""
    with tenancy.system():
        for organization_id in ("org_a", "org_b"):
            organization = OrganizationFactory.create(id=organization_id)
            MembershipFactory.create(organization=organization)
            session = SessionFactory.create(organization=organization)
            group = GroupFactory.create(organization=organization, session=session)
            GroupSessionFactory.create(organization=organization, group=group, session=session)
            member = GroupMemberFactory.create(organization=organization, group=group)
            MembershipEventFactory.create(organization=organization, group=group, member=member)
            SyncRunFactory.create(organization=organization, group=group)
            tag = TagFactory.create(organization=organization)
            workshop = WorkshopFactory.create(organization=organization, tag=tag)
            WorkshopGroup.objects.create(organization=organization, workshop=workshop, group=group)
            ProductCodeFactory.create(organization=organization)
            OrderFactory.create(organization=organization)
            ImportRowFactory.create(organization=organization)
            SourceTokenFactory.create(organization=organization)
    return "org_a", "org_b"


def test_tests_run_as_the_login_of_production() -> None:
    assert _role() == "rollcall_app"


def test_the_walk_covers_every_tenant_table() -> None:
    assert {model._meta.db_table for model in TENANT_MODELS} == tenant_tables()
    assert len(TENANT_MODELS) >= 10


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_a_tenant_table_is_closed_outside_of_contexts(model: type[Model], two_organizations: tuple[str, str]) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        model._default_manager.count()


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_an_organization_reads_its_own_rows_and_no_others(
    model: type[Model], two_organizations: tuple[str, str]
) -> None:
    column = "pk" if model is Organization else "organization_id"
    for mine, theirs in (two_organizations, reversed(two_organizations)):
        with tenancy.tenant(mine):
            assert set(model._default_manager.values_list(column, flat=True)) == {mine}
            assert not model._default_manager.filter(**{column: theirs}).exists()


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_an_organization_cannot_change_or_delete_the_rows_of_another(
    model: type[Model], two_organizations: tuple[str, str]
) -> None:
    mine, theirs = two_organizations
    column = "pk" if model is Organization else "organization_id"
    with tenancy.tenant(mine):
        assert model._default_manager.filter(**{column: theirs})._raw_delete("default") == 0
    with tenancy.system():
        assert model._default_manager.filter(**{column: theirs}).exists()


@pytest.mark.parametrize(
    "model", [model for model in TENANT_MODELS if model is not Organization], ids=lambda model: model.__name__
)
def test_an_organization_cannot_give_its_rows_to_another(
    model: type[Model], two_organizations: tuple[str, str]
) -> None:
    mine, theirs = two_organizations
    with pytest.raises(DatabaseError, match="row-level security"), tenancy.tenant(mine):
        model._default_manager.update(organization_id=theirs)


def test_a_row_without_the_organization_is_refused_and_not_lost_silently(two_organizations: tuple[str, str]) -> None:
    with pytest.raises(DatabaseError, match="row-level security"), tenancy.tenant("org_a"):
        Session.objects.create(organization_id="org_b", gateway_session_id="wa_foreign")


def _point_group_at_foreign_session() -> None:
    Group.objects.filter(organization_id="org_a").update(session=Session.objects.get(organization_id="org_b"))


def _point_organization_at_foreign_session() -> None:
    Organization.objects.filter(pk="org_a").update(community_session=Session.objects.get(organization_id="org_b"))


def _point_workshop_at_foreign_group() -> None:
    Workshop.objects.filter(organization_id="org_a").update(community_group=Group.objects.get(organization_id="org_b"))


def _point_community_at_foreign_workshop() -> None:
    Community.objects.filter(organization_id="org_a").delete()
    Community.objects.filter(organization_id="org_b").update(organization_id="org_a")


@pytest.mark.parametrize(
    "misdeed",
    [
        _point_group_at_foreign_session,
        _point_organization_at_foreign_session,
        _point_workshop_at_foreign_group,
        _point_community_at_foreign_workshop,
    ],
)
def test_a_key_cannot_leave_its_organization_even_for_the_system_role(
    misdeed: Callable[[], None], two_organizations: tuple[str, str]
) -> None:
    with pytest.raises(IntegrityError, match="same_organization"), tenancy.system():
        misdeed()
        connection.check_constraints()


def test_every_key_between_tenant_tables_is_composite_and_deferred() -> None:
    """Django's own keys are switched off there (`db_constraint=False`), and the migrations add composite ones."""
    for model in TENANT_MODELS:
        for field in model._meta.concrete_fields:
            target = field.related_model
            if target is None or not isinstance(target, type) or not is_tenant(target) or target is Organization:
                continue
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT condeferrable AND condeferred AND array_length(conkey, 1) = 2 FROM pg_constraint"
                    " WHERE contype = 'f' AND conrelid = %s::regclass AND confrelid = %s::regclass"
                    " AND (SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = %s) = ANY (conkey)",
                    [model._meta.db_table, target._meta.db_table, field.column],
                )
                assert cursor.fetchall() == [(True,)], f"{model.__name__}.{field.name}"


def test_a_person_reads_their_own_memberships_and_those_organizations(two_organizations: tuple[str, str]) -> None:
    with tenancy.system():
        membership = Membership.objects.get(organization_id="org_a")
        MembershipFactory.create(organization_id="org_a")
    with tenancy.person(membership.user_id):
        assert [row.pk for row in Membership.objects.all()] == [membership.pk]
        assert [row.pk for row in Organization.objects.all()] == ["org_a"]
        assert not Workshop.objects.exists()
        assert Membership.objects.update(role="owner") == 0


def test_a_person_inside_an_organization_does_not_see_their_other_organizations(
    two_organizations: tuple[str, str],
) -> None:
    with tenancy.system():
        membership = Membership.objects.get(organization_id="org_a")
    with tenancy.tenant("org_b", user_id=membership.user_id):
        assert [row.pk for row in Organization.objects.all()] == ["org_b"]


def test_the_tenant_role_reads_only_the_public_columns_of_people() -> None:
    user = AppUserFactory.create(full_name="Ada")
    with tenancy.tenant("org_a"):
        assert AppUser.objects.only("full_name").get(pk=user.pk).full_name == "Ada"
    with pytest.raises(DatabaseError, match="permission denied"), tenancy.tenant("org_a"):
        AppUser.objects.values_list("email").first()
    with pytest.raises(DatabaseError, match="permission denied"), tenancy.tenant("org_a"):
        AppUser.objects.update(full_name="Eve")


def test_contexts_nest_and_put_back_what_was_there() -> None:
    with tenancy.tenant("org_a", user_id="user_1"):
        with tenancy.system():
            assert (_role(), _setting("rollcall.organization_id")) == ("rollcall_system", "")
            with tenancy.tenant("org_b"):
                assert (_role(), _setting("rollcall.organization_id")) == ("rollcall_tenant", "org_b")
            assert _role() == "rollcall_system"
        assert (_role(), _setting("rollcall.organization_id")) == ("rollcall_tenant", "org_a")
        assert _setting("rollcall.user_id") == "user_1"
    assert (_role(), _setting("rollcall.organization_id")) == ("rollcall_app", "")


def test_an_error_inside_a_nested_context_puts_back_what_was_there() -> None:
    with tenancy.tenant("org_a"):
        with pytest.raises(ValueError, match="inside"), tenancy.system():
            raise ValueError("inside")
        assert (_role(), _setting("rollcall.organization_id")) == ("rollcall_tenant", "org_a")
    assert _role() == "rollcall_app"


def test_a_context_is_one_transaction() -> None:
    with tenancy.system():
        OrganizationFactory.create(id="org_kept")
    with pytest.raises(ValueError, match="late"), tenancy.system():
        OrganizationFactory.create(id="org_lost")
        raise ValueError("late")
    with tenancy.system():
        assert set(Organization.objects.values_list("pk", flat=True)) == {"org_kept"}


@pytest.mark.django_db(transaction=True)
def test_a_connection_carries_nothing_to_its_next_user() -> None:
    with tenancy.tenant("org_a", user_id="user_1"):
        pass
    assert (_role(), _setting("rollcall.organization_id"), _setting("rollcall.user_id")) == ("rollcall_app", "", "")


@pytest.mark.parametrize("context", [lambda: tenancy.tenant(""), lambda: tenancy.person("")])
def test_a_context_without_anybody_is_a_mistake(context: Callable[[], AbstractContextManager[None]]) -> None:
    with pytest.raises(ValueError, match="needs"), context():
        pass


def test_the_deploy_check_is_content_with_the_product_as_it_is() -> None:
    assert check_tenancy(databases=["default"]) == []


def test_the_policy_uses_the_index_of_the_organization(two_organizations: tuple[str, str]) -> None:
    """One OR in a policy would cost every index: 1.1 ms became 468 ms on a million rows."""
    with tenancy.tenant("org_a"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM workshop_group_members WHERE whatsapp_group_id = gen_random_uuid()")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Cond" in plan
    assert "organization_id =" in plan
