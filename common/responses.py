"""Every error that a caller sees, in one shape: `{"code", "detail", "fields"?}`."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import DisallowedHost, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import csrf, defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from common.errors import DomainError

_FOR_PROGRAMS = ("/api/", "/webhooks/")
_FOR_STAFF = "/admin/"
#: Where DRF says what is wrong, and not what to do.
_ADVICE: dict[type[exceptions.APIException], str] = {
    exceptions.NotAuthenticated: "Send a session token in a header: Authorization: Bearer TOKEN.",
    exceptions.UnsupportedMediaType: "Send JSON, with the header Content-Type: application/json.",
}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Render any error of an API view. `None` lets Django answer 500, which `server_error` renders."""
    if isinstance(error, DomainError):
        headers = {**({"WWW-Authenticate": "Bearer"} if error.status == 401 else {}), **error.headers}
        return Response({"code": error.code, "detail": error.message}, status=error.status, headers=headers)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    response = drf_exception_handler(error, context)
    if response is not None and isinstance(error, exceptions.APIException):
        response.data = _body(error)
    return response


def _body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        fields = _fields(error.detail)
        return {"code": "invalid", "detail": "Some values are not right: see fields.", "fields": fields}
    code = error.get_codes()
    return {
        "code": code if isinstance(code, str) else error.default_code,
        "detail": _ADVICE.get(type(error), str(error.detail)),
    }


def _fields(detail: Any, name: str = "") -> dict[str, list[str]]:
    """Flatten DRF's nested details: `{"name": [text]}`, nested names joined by dots."""
    if isinstance(detail, dict):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            found |= _fields(value, f"{name}.{key}" if name else str(key))
        return found
    texts = detail if isinstance(detail, list) else [detail]
    if any(isinstance(text, dict | list) for text in texts):
        return _fields({str(index): text for index, text in enumerate(texts) if text}, name)
    return {name or "non_field_errors": [str(text) for text in texts]}


def json_error(
    status: int, code: str, detail: str, *, fields: Mapping[str, Sequence[str]] | None = None
) -> JsonResponse:
    """An error outside of DRF's views, in the same shape."""
    named = {"fields": dict(fields)} if fields else {}
    return JsonResponse({"code": code, "detail": detail, **named}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler400`: what Django refuses before a view sees it. People in the admin get its page."""
    if not _is_for_programs(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, DisallowedHost):
        return json_error(400, "host_not_allowed", "This server does not answer for the host that was asked for.")
    return json_error(400, "bad_request", "The request is not one that is served here.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`: a form without its token. People in the admin get Django's page."""
    if not _is_for_programs(request):
        return csrf.csrf_failure(request, reason)
    return json_error(403, "csrf_failed", "The request lacks its CSRF token.")


def _is_for_programs(request: HttpRequest) -> bool:
    return request.path_info.startswith(_FOR_PROGRAMS)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """`handler404`: no such path."""
    if _is_for_staff(request):
        return _page(404, "This page does not exist", "It may have been moved or deleted, or its address is not whole.")
    return json_error(404, "not_found", f"There is nothing at {request.path[:200]}.")


def server_error(request: HttpRequest) -> HttpResponse:
    """`handler500`: a fault of ours, of which the caller learns nothing but that."""
    text = "Something went wrong on our side. Nothing was changed."
    if _is_for_staff(request):
        return _page(500, "This did not work", f"{text} Try again; if it happens again, tell whoever runs Rollcall.")
    return json_error(500, "server_error", text)


def _is_for_staff(request: HttpRequest) -> bool:
    return request.path_info.startswith(_FOR_STAFF)


def _page(status: int, title: str, text: str) -> HttpResponse:
    """A page for people that asks nothing of the database, which may be what is broken."""
    return HttpResponse(render_to_string("common/error.html", {"title": title, "text": text}), status=status)
