"""The HTTP server: threads, connections that stay open for 5 idle seconds, and cut ones where a fault asks for it."""

import contextlib
import os
import socket
import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

#: An application sets this in its environ, to "quiet" or "reset", to have the connection cut without an answer.
CUT_KEY = "sandbox.cut"
#: An application that switched protocols sets this to what speaks on the connection: (socket, what it reads).
TALK_KEY = "sandbox.talk"
IDLE_SECONDS = 5
LARGEST_BODY = 16 * 1024 * 1024

_LINGER_NOT = struct.pack("ii", 1, 0)


class Handler(WSGIRequestHandler):
    """Werkzeug's handler closes after each answer; this one keeps the connection, as real gateways do."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Serve a connection until it ends, in whatever way: an OSError here is a client that left or spoke no HTTP."""
        with contextlib.suppress(OSError):
            super().handle()

    def run_wsgi(self) -> None:
        """Answer one request."""
        self.environ = environ = self.make_environ()
        try:
            environ["wsgi.input"] = BytesIO(self._body(environ))
        except ValueError:
            self.close_connection = True
            self._write("413 Content Too Large", [("Content-Type", "text/plain")], b"Too large\n")
            return
        status, headers, body = _run(self.server.app, environ)
        if talk := environ.get(TALK_KEY):
            self._talk(status, headers, talk)
        elif cut := environ.get(CUT_KEY):
            self._cut(is_reset=cut == "reset")
        else:
            self._write(status, headers, body)

    def log(self, type: str, message: str, *args: Any) -> None:
        """The journal tells what happened; the terminal stays quiet."""

    def _body(self, environ: dict[str, Any]) -> bytes:
        """All of the request's body. :raises ValueError: it is too large, or its length is no number"""
        if environ.pop("wsgi.input_terminated", False):
            environ.pop("HTTP_TRANSFER_ENCODING")
            content = environ["wsgi.input"].read(LARGEST_BODY + 1)
        else:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            content = self.rfile.read(length) if 0 <= length <= LARGEST_BODY else None
        if content is None or len(content) > LARGEST_BODY:
            raise ValueError
        environ["CONTENT_LENGTH"] = str(len(content))
        return bytes(content)

    def _write(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response_only(int(code), reason)
        names = {name.lower() for name, _ in headers}
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in names:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _talk(self, status: str, headers: list[tuple[str, str]], talk: Callable[[socket.socket, Any], None]) -> None:
        """Answer 101 and leave the connection to the application, which closes it."""
        self.close_connection = True
        self.send_response_only(int(status.partition(" ")[0]), "Switching Protocols")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.connection.settimeout(None)
        talk(self.connection, self.rfile)

    def _cut(self, *, is_reset: bool) -> None:
        """End the connection without a byte: by FIN, or by RST as a crashed process does."""
        self.close_connection = True
        if is_reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            os.close(self.connection.detach())
        else:
            self.connection.shutdown(socket.SHUT_RDWR)


def _run(app: WSGIApplication, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call an application that writes nothing by itself (PEP 3333 calls that optional)."""
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        """What the application calls first."""
        told.append((status, headers))
        return lambda data: None

    chunks = app(environ, start_response)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return (*told[-1], body)


def make(host: str, port: int, app: WSGIApplication) -> BaseWSGIServer:
    """
    A server that listens already. Port 0 means a free one.

    :raises OSError: the port is taken, or the host is not ours
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=128) as listening:
        return make_server(host, port, app, threaded=True, request_handler=Handler, fd=listening.fileno())
