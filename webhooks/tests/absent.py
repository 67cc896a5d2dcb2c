"""PostgreSQL and Redis that are not there: their addresses lead to where nobody is, or to somebody who hangs up."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection

from webhooks import waking


@dataclass
class Phone:
    """Hangs up on whoever calls `port`, and counts."""

    port: int
    calls: int = 0


@contextmanager
def hanging_up() -> Iterator[Phone]:
    """A server that is on its way down: it takes connections and closes them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        phone = Phone(listener.getsockname()[1])
        thread = threading.Thread(target=_hang_up, args=(listener, phone), daemon=True)
        thread.start()
        yield phone
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _hang_up(listener: socket.socket, phone: Phone) -> None:
    while True:
        try:
            call, _ = listener.accept()
        except OSError:
            return
        phone.calls += 1
        call.close()


@contextmanager
def no_redis(settings: Any) -> Iterator[Phone]:
    """For what wakes drains. Afterwards it is asked again at once."""
    address = settings.REDIS_URL
    with hanging_up() as phone:
        settings.REDIS_URL = f"redis://127.0.0.1:{phone.port}/0"
        waking.forget()
        yield phone
    settings.REDIS_URL = address
    waking.forget()


@contextmanager
def no_database() -> Iterator[Phone]:
    """For tests without a transaction around them."""
    port = connection.settings_dict["PORT"]
    with hanging_up() as phone:
        connection.close()
        connection.settings_dict["PORT"] = phone.port
        try:
            yield phone
        finally:
            connection.close()
            connection.settings_dict["PORT"] = port
