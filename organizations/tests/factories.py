"""Organizations and memberships for tests, and the base of every factory of tenant rows."""

# factory_boy's declarations are untyped:
# mypy: disable-error-code="no-untyped-call"

from typing import Any, TypeVar

from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from accounts.tests.factories import AppUserFactory
from common import tenancy
from organizations.models import Membership, Organization
from organizations.roles import Role

_Row = TypeVar("_Row")


class TenantFactory(DjangoModelFactory[_Row]):
    """
    Rows of one organization, written as the system role whatever context a test is in.

    Without `organization=`, the row belongs where the first given row of `_follows` does.
    """

    class Meta:
        abstract = True

    #: Keys to other tenant rows, the deciding one first.
    _follows: tuple[str, ...] = ()

    @classmethod
    def _generate(cls, strategy: str, params: dict[str, Any]) -> Any:
        with tenancy.system():
            given = [params[name] for name in cls._follows if params.get(name) is not None]
            if given and "organization" not in params:
                params = {"organization": given[0].organization, **params}
            return super()._generate(strategy, params)


class OrganizationFactory(TenantFactory[Organization]):
    """An organization in India, without a community session."""

    class Meta:
        model = Organization

    id = Sequence(lambda number: f"org_test_{number}")
    name = Sequence(lambda number: f"Organization {number}")


class MembershipFactory(TenantFactory[Membership]):
    """An owner of a new organization; `role=` and `organization=` say otherwise."""

    class Meta:
        model = Membership

    organization = SubFactory(OrganizationFactory)
    user = SubFactory(AppUserFactory)
    role = Role.OWNER
