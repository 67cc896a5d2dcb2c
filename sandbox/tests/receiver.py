"""A receiver of webhooks: keeps all that comes, and answers as it is told to."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sandbox.client import Sandbox

Json = Any


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Json:
        return json.loads(self.body)


class Receiver:
    """Answers 200, or the next of `answers` as long as there are any. With `gate` closed, answers wait."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/webhooks/whatsapp/main"
        self.received: list[Received] = []
        self.answers: deque[int] = deque()
        self.gate = threading.Event()
        self.gate.set()

    @property
    def contents(self) -> list[Json]:
        """The bodies, as JSON."""
        return [one.content for one in self.received]

    @property
    def people(self) -> list[str]:
        """Whom the events are about, in the order in which they came."""
        return [content["participant"]["id"] for content in self.contents]

    def wait_for(self, count: int) -> None:
        """Until so many requests have come."""
        deadline = time.monotonic() + 10
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} requests of {count}"
            time.sleep(0.01)

    def answer(self) -> int:
        """The status for the next request."""
        self.gate.wait(10)
        return self.answers.popleft() if self.answers else 200


def forget(sandbox: Sandbox, receiver: Receiver) -> None:
    """As if nothing was sent so far."""
    sandbox.webhooks.flush()
    sandbox.webhooks.clear()
    receiver.received.clear()


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A receiver on a free port, for the length of a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(Received(self.path, dict(self.headers), body))
            self.send_response(receiver.answer())
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            receiver.gate.set()
            server.shutdown()
            thread.join()
