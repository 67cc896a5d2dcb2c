"""
Requests whose Content-Type lies about its charset.

Django believes any codec that Python has, `hex` and `undefined` among them, and reads the query string with it: an
exception where no middleware can answer. All that we read is UTF-8, so what is said of charsets is not heeded.
"""

import re
from typing import Any

from django.core.handlers import asgi, wsgi

_CHARSET = re.compile(r";\s*charset\*?\s*=[^;]*", re.IGNORECASE)


class _UTF8Request:
    """A request in UTF-8, whatever it says."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        if "CONTENT_TYPE" in meta:
            meta["CONTENT_TYPE"] = _CHARSET.sub("", meta["CONTENT_TYPE"])
        super()._set_content_type_params(meta)  # type: ignore[misc]  # of both classes below


class _WSGIRequest(_UTF8Request, wsgi.WSGIRequest):
    pass


class _ASGIRequest(_UTF8Request, asgi.ASGIRequest):
    pass


class WSGIHandler(wsgi.WSGIHandler):
    """Django's, with requests of ours."""

    request_class = _WSGIRequest


class ASGIHandler(asgi.ASGIHandler):
    """Django's, with requests of ours."""

    request_class = _ASGIRequest
