"""The key by which another server of ours speaks for people."""

import hmac
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from common.errors import DomainError

HEADER = "X-Service-Key"


class ServiceKeyWrong(DomainError):
    """The key is not ours, or none is set."""

    code = "service_key_wrong"
    status = 401
    message = f"The {HEADER} is not the one of this service."


@dataclass(frozen=True, slots=True)
class Service:
    """`request.user` of a request that has the service key."""

    is_authenticated = True
    is_active = True

    def __str__(self) -> str:
        """How rows name who did a thing."""
        return "service"


class ServiceKeyAuthentication(BaseAuthentication):
    """`X-Service-Key: <ACCOUNTS_SERVICE_KEY>` → `request.user` is a Service."""

    def authenticate(self, request: Request) -> tuple[Service, str] | None:
        """None without the header. :raises ServiceKeyWrong:"""
        given = request.headers.get(HEADER)
        if given is None:
            return None
        key = settings.ACCOUNTS_SERVICE_KEY
        if not key or not hmac.compare_digest(given.encode(), key.encode()):
            raise ServiceKeyWrong
        return Service(), ""

    def authenticate_header(self, request: HttpRequest | Request) -> str:
        """What a 401 asks for: usual callers are people with a token."""
        return "Bearer"


class ServiceKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # drf-spectacular is untyped
    """The OpenAPI name of the above."""

    target_class = "accounts.service_key.ServiceKeyAuthentication"
    name = "serviceKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A header."""
        return {"type": "apiKey", "in": "header", "name": HEADER}
