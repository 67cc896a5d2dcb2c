"""The base of every API view that works on one organization's rows."""

from contextlib import AbstractContextManager, ExitStack
from typing import Any, ClassVar, cast

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.principal import Principal
from common import tenancy
from common.errors import DomainError
from common.parsers import is_storable
from organizations.models import Membership
from organizations.roles import RIGHTS, Right


class OrganizationRequired(DomainError):
    """Neither the token nor the request names an organization."""

    code = "organization_required"
    message = "Choose an organization: use a token that carries one, or send its id in the X-Organization header."


class OrganizationConflict(DomainError):
    """The token and the header name two organizations."""

    code = "organization_conflict"
    message = "The token is for another organization than the X-Organization header: send one of them."


class OrganizationNotFound(DomainError):
    """There is no such organization, or the caller is not a member: they cannot tell which."""

    code = "organization_not_found"
    status = 404
    message = (
        "There is no such organization here, or you are not a member of it. Just joined? POST /api/organizations/sync."
    )


class RoleForbids(DomainError):
    """A member, whose role does not reach that far."""

    code = "role_forbids"
    status = 403


def claimed_organization(request: Request, principal: Principal) -> str:
    """
    The organization of the token, or else of the `X-Organization` header: not yet believed.

    :raises OrganizationRequired: none is named
    :raises OrganizationConflict: two are named
    """
    claimed, header = principal.organization_id, request.headers.get("X-Organization", "")
    if claimed and header and claimed != header:
        raise OrganizationConflict
    if not (claimed or header):
        raise OrganizationRequired
    return claimed or header


class TenantView(GenericViewSet[Any]):
    """
    Opens the tenancy context of the caller's organization around the whole request, rendering included.

    The organization is the token's, else the `X-Organization` header's, and counts only with a live membership, which
    is looked up inside that organization's context. `rights` says what each action needs; reading needs READ.
    An action in `vendor_actions` calls an outside service, and opens `self.tenancy()` itself around each piece of
    database work, so that no transaction is open during HTTP.
    """

    rights: ClassVar[dict[str, Right]] = {}
    vendor_actions: ClassVar[frozenset[str]] = frozenset()
    _is_scoped = False
    keyset = "-created_at"
    membership: Membership

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Handle and render inside the context; whatever answers an error leaves nothing behind."""
        with ExitStack() as self._scope:
            response = super().dispatch(request, *args, **kwargs)
            if isinstance(response, Response):
                response.render()
                if response.exception and self._is_scoped:
                    transaction.set_rollback(True)
            return response

    def check_permissions(self, request: Request) -> None:
        """Who is it, of which organization, and may they? In this order, each with its own error."""
        super().check_permissions(request)
        self.organization_id = self.claimed_organization_id(request)
        if not is_storable(self.organization_id):
            raise OrganizationNotFound
        if self.action in self.vendor_actions:
            with self.tenancy():
                self._check_membership()
            return
        self._scope.enter_context(self.tenancy())
        self._is_scoped = True
        self._check_membership()

    def claimed_organization_id(self, request: Request) -> str:
        """
        The organization that the request speaks for, not yet believed.

        :raises OrganizationRequired: none is named
        :raises OrganizationConflict: two are named
        """
        return claimed_organization(request, self.principal)

    def tenancy(self) -> AbstractContextManager[None]:
        """The context of the request's organization and person."""
        return tenancy.tenant(self.organization_id, user_id=self.user_id)

    @property
    def principal(self) -> Principal:
        """Who calls."""
        return cast(Principal, self.request.user)

    @property
    def user_id(self) -> str:
        """The caller's id in app_users."""
        return self.principal.sub

    @property
    def actor(self) -> str:
        """The caller as rows name them."""
        return str(self.principal)

    def _check_membership(self) -> None:
        memberships = Membership.objects.select_related("organization")
        mine = memberships.filter(organization_id=self.organization_id, user_id=self.user_id)
        found = mine.filter(organization__deleted_at=None).first()
        if found is None:
            raise OrganizationNotFound
        self.membership = found
        if self._needed_right() not in RIGHTS.get(found.role, frozenset()):
            raise RoleForbids(f"Your role ({found.role}) does not allow this. Ask an admin of {found.organization}.")

    def _needed_right(self) -> Right:
        if self.request.method in SAFE_METHODS or self.action is None:
            return Right.READ
        return self.rights[self.action]
