"""An open page: it reads a stream of server-sent events over HTTP."""

import json
import queue
import threading
from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True)
class Heard:
    """One event as a page hears it."""

    name: str = ""
    id: str = ""
    text: str = ""

    @property
    def data(self) -> Any:
        """What the event tells."""
        return json.loads(self.text)


class Page:
    """A page with an EventSource at `url`. Use it as a context manager, which closes it."""

    def __init__(self, url: str, **headers: str) -> None:
        self.answer = requests.get(url, headers=headers, stream=True, timeout=60)
        self.is_ended = threading.Event()
        self._heard: queue.Queue[Heard] = queue.Queue()
        self._comments: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def next(self, seconds: float = 30.0) -> Heard:
        """The next event that is no heartbeat."""
        return self._heard.get(timeout=seconds)

    def heartbeat(self, seconds: float = 30.0) -> str:
        """The next comment."""
        return self._comments.get(timeout=seconds)

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing but heartbeats comes for so long."""
        try:
            self.next(seconds)
        except queue.Empty:
            return True
        return False

    def close(self) -> None:
        """The page is closed."""
        connection = getattr(self.answer.raw, "_connection", None)
        sock = getattr(connection, "sock", None)
        if sock is not None:
            sock.shutdown(2)
        self._thread.join(10)
        self.answer.close()

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        try:
            lines: list[str] = []
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line.startswith(":"):
                    self._comments.put(line)
                elif line:
                    lines.append(line)
                elif lines:
                    self._heard.put(_heard(lines))
                    lines = []
        except (requests.RequestException, OSError, ValueError, AttributeError):
            pass
        finally:
            self.is_ended.set()


def _heard(lines: list[str]) -> Heard:
    fields = dict(line.split(": ", 1) for line in lines)
    return Heard(fields.get("event", "message"), fields.get("id", ""), fields["data"])
