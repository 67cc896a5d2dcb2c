"""Bearer tokens for DRF."""

from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import tokens
from accounts.models import AppUser
from accounts.principal import Principal


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <session token>` → `request.user` is a Principal."""

    def authenticate(self, request: Request) -> tuple[Principal, str] | None:
        """
        None without the header, so that DRF answers 401.

        :raises TokenRefused: the token is no good, or `account_deleted`: it has outlived its person's account
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        claims = tokens.verify(token.strip())
        sub = claims["sub"]
        app_user = AppUser.objects.filter(pk=sub).first()
        if app_user and app_user.deleted_in_auth_at:
            raise tokens.TokenRefused("account_deleted", "This account was deleted.")
        return Principal(sub=sub, claims=claims, app_user=app_user), token

    def authenticate_header(self, request: HttpRequest | Request) -> str:
        """Makes a missing token a 401 and not a 403 (RFC 6750)."""
        return "Bearer"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular is untyped
    """The OpenAPI name of the above."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = "sessionToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A bearer JWT."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
