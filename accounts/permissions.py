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
    message = "Your sign-in is good, but your account is not set up here yet. Ask the people who run this service."


class HasAppUser(BasePermission):
    """A verified token of a person who is in app_users."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """:raises AppUserMissing: the person is unknown here"""
        if not isinstance(request.user, Principal):
            raise NotAuthenticated
        if request.user.app_user is None:
            raise AppUserMissing
        return True
