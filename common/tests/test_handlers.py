"""What a Content-Type may say of its charset: nothing that matters."""

import asyncio
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from asgiref.sync import async_to_sync
from django.core.handlers.wsgi import WSGIHandler

from config import asgi, wsgi

CHARSETS = [
    "application/json; charset=hex",
    "application/json;CHARSET = rot13",
    'application/json; charset="undefined"; x=y',
    "text/plain; charset*=hex''%41",
    "application/x-www-form-urlencoded; charset=latin-1",
    "application/json; charset=utf-8",
    "",
]
PATH, QUERY = "/admin/login/", "next=%FF&x=%C3%A9"

pytestmark = pytest.mark.django_db


def _wsgi_status(application: Any, content_type: str) -> int:
    environ: dict[str, Any] = {"PATH_INFO": PATH, "QUERY_STRING": QUERY, "CONTENT_TYPE": content_type}
    setup_testing_defaults(environ)
    said: list[str] = []
    application(environ, lambda status, headers: said.append(status))
    return int(said[0].split()[0])


@pytest.mark.parametrize("content_type", CHARSETS)
def test_no_charset_breaks_the_web_process(content_type: str) -> None:
    assert _wsgi_status(wsgi.application, content_type) in (200, 400)


def test_django_s_own_handler_breaks() -> None:
    """Otherwise `common.handlers` can go."""
    with pytest.raises(LookupError):
        _wsgi_status(WSGIHandler(), CHARSETS[0])


@pytest.mark.parametrize("content_type", CHARSETS)
def test_no_charset_breaks_the_live_process(content_type: str) -> None:
    scope = {
        "type": "http", "method": "GET", "path": "/nowhere", "query_string": QUERY.encode(),
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", content_type.encode())],
    }  # fmt: skip

    said: list[Any] = []

    async def ask() -> None:
        body = iter([{"type": "http.request"}])

        async def receive() -> Any:
            return next(body, None) or await asyncio.Event().wait()

        async def send(message: Any) -> None:
            said.append(message)

        await asgi.application(scope, receive, send)

    async_to_sync(ask)()
    assert said[0]["status"] == 404
