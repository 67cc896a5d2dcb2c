"""Limits that hold for every request."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.responses import json_error

_CHUNK = 64 * 1024
#: Python refuses to read numbers of thousands of digits; so many are too large already.
_MAX_DIGITS = 18
#: A sender is listened to for this long before the connection is closed on it, so that it can read the answer.
_DRAIN_BYTES = 32 * 1024 * 1024


class BodyLimitMiddleware:
    """Answer 413 to a body over `MAX_BODY_BYTES`, before any view reads it; files of imports may be larger."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.headers.get("Content-Length") or "0"
        if not length.isascii() or not length.isdigit():
            return json_error(400, "bad_request", "The Content-Length header is not a number.")
        size = int(length[:_MAX_DIGITS])
        most = settings.MAX_BODY_BYTES
        if request.path_info == settings.UPLOAD_PATH:
            most += settings.IMPORT_MAX_BYTES
        if size <= most:
            return self.get_response(request)
        if size <= _DRAIN_BYTES:
            while request.read(_CHUNK):
                pass
        limit = most // 1024
        return json_error(413, "body_too_large", f"The request body is too large: at most {limit} KiB are read.")
