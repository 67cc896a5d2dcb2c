"""Who may use the API at all."""

from typing import TYPE_CHECKING

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.principal import Principal
from common.errors import DomainError

if TYPE_CHECKING:  # DRF's views import this module by its setting while they are being imported
    from rest_framework.views import APIView


class AppUserMissing(DomainError):
    """The token is good, and our mirror does not know the person yet."""

    code = "app_user_missing"
    status = 403
    message = (
        "Your sign-in is good, but your account is not set up here yet: POST /api/organizations/sync, which asks your "
        "sign-in service about you."
    )


class IsSignedIn(BasePermission):
    """A verified token, whoever it is of: for what makes the person known here."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """:raises NotAuthenticated: there is no token"""
        if not isinstance(request.user, Principal):
            raise NotAuthenticated
        return True


class HasAppUser(IsSignedIn):
    """A verified token of a person who is in app_users."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """:raises AppUserMissing: the person is unknown here"""
        super().has_permission(request, view)
        if isinstance(request.user, Principal) and request.user.app_user is None:
            raise AppUserMissing
        return True
