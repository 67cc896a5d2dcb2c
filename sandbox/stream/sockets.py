"""
The WebSocket of browsers: `connectUser` opens it, events of the user's channels come through it.

Frames as in RFC 6455: texts of servers are unmasked and whole; of what a browser sends only its goodbye matters here,
and its health checks, which are answered.
"""

import base64
import hashlib
import json
import socket
import struct
import threading
import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, request

from sandbox.lab import Lab
from sandbox.problems import Json
from sandbox.server import TALK_KEY
from sandbox.stage import Event, Refused
from sandbox.stream import auth, errors
from sandbox.stream.model import User

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class Connections:
    """The open ones, by user. `tell` is called while the lab's lock is held, and never waits for a reader."""

    def __init__(self) -> None:
        self._open: dict[str, set[socket.socket]] = {}
        self._lock = threading.Lock()

    def tell(self, event: Event, user_ids: set[str]) -> None:
        """Send an event to those of the users who are connected; one whose connection is broken is let go."""
        frame = _frame(_TEXT, json.dumps(event.body).encode())
        with self._lock:
            for connection in [one for user_id in user_ids for one in self._open.get(user_id, ())]:
                try:
                    connection.sendall(frame)
                except OSError:
                    connection.close()

    def serve(self, user_id: str, hello: Json, connection: socket.socket, incoming: Any) -> None:
        """Speak until the browser leaves."""
        with self._lock:
            connection.sendall(_frame(_TEXT, json.dumps(hello).encode()))
            self._open.setdefault(user_id, set()).add(connection)
        try:
            while (message := _read(incoming)) is not None:
                self._answer(connection, *message, hello)
        except (OSError, struct.error):
            pass
        finally:
            with self._lock:
                self._open[user_id].discard(connection)

    def _answer(self, connection: socket.socket, opcode: int, content: bytes, hello: Json) -> None:
        """Pings and health checks are answered with their like, a goodbye with a goodbye."""
        reply = {_PING: _frame(_PONG, content), _CLOSE: _frame(_CLOSE, content)}.get(opcode)
        if opcode == _TEXT:
            reply = _frame(_TEXT, json.dumps(hello).encode())
        if reply:
            with self._lock:
                connection.sendall(reply)
        if opcode == _CLOSE:
            raise OSError("the browser said goodbye")


def connect(lab: Lab, connections: Connections) -> Response:
    """GET /connect: switch protocols, or say in HTTP why not."""
    key = request.headers.get("Sec-WebSocket-Key", "").encode()
    try:
        with lab.lock:
            user, hello = _greet(lab)
    except Refused as refused:
        body = refused.answer.body
        return _open(key, lambda connection, incoming: _refuse(connection, body))
    return _open(key, lambda connection, incoming: connections.serve(user.id, hello, connection, incoming))


def _greet(lab: Lab) -> tuple[User, Json]:
    """Who connects, and the first event, which names them and the connection. A new user is made of what they send."""
    world, settings = lab.stream, lab.settings
    auth.check_key(request.args.get("api_key", ""), settings.stream_api_key)
    claims = auth.claims_of(request.args.get("authorization", ""), settings.stream_api_secret, world.clock.now())
    user_id = str(claims.get("user_id", ""))
    told = json.loads(request.args.get("json", "{}"))
    if not user_id or told.get("user_id", user_id) != user_id:
        raise Refused(errors.answer(errors.AUTHENTICATION, "the token is not of this user"))
    if user_id not in world.users:
        world.new_user(user_id, is_visible=True)
    user = auth.caller(world, claims)
    assert user is not None
    user.fields |= {
        name: value for name, value in (told.get("user_details") or {}).items() if name in ("name", "image")
    }
    me = {**user.described(), "total_unread_count": 0, "channel_mutes": [], "mutes": [], "devices": []}
    hello = {"type": "health.check", "connection_id": str(uuid.uuid4()), "cid": "*", "created_at": world.clock.text()}
    return user, {**hello, "me": me}


def _open(key: bytes, talk: Callable[[socket.socket, Any], None]) -> Response:
    request.environ[TALK_KEY] = talk
    accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest()).decode()
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}
    return Response(status=101, headers=headers)


def _refuse(connection: socket.socket, body: bytes) -> None:
    """Stream tells the error through the socket, then closes it."""
    connection.sendall(_frame(_TEXT, json.dumps({"error": json.loads(body)}).encode()))
    connection.sendall(_frame(_CLOSE, struct.pack("!H", 1000)))


def _frame(opcode: int, content: bytes) -> bytes:
    """One whole frame."""
    size = len(content)
    if size < 126:
        return struct.pack("!BB", 0x80 | opcode, size) + content
    if size < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + content
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + content


def _read(incoming: Any) -> tuple[int, bytes] | None:
    """The next frame; None when the browser is gone."""
    head = incoming.read(2)
    if len(head) < 2:
        return None
    size = head[1] & 0x7F
    if size >= 126:
        size = int.from_bytes(incoming.read(2 if size == 126 else 8), "big")
    mask = incoming.read(4) if head[1] & 0x80 else bytes(4)
    content = incoming.read(size)
    return head[0] & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(content))
