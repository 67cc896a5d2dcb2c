"""The admin's tenancy."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from common import tenancy


class AdminTenancyMiddleware:
    """
    Staff see every organization: requests under /admin/ run as the system role, rendering included.

    A middleware and not a decorator, because a TemplateResponse renders after its view: menus of foreign keys
    would come out empty. An answer of 500 and above rolls everything back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        if not request.path.startswith("/admin/") or user is None or not (user.is_active and user.is_staff):
            return self.get_response(request)
        with tenancy.system():
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response
