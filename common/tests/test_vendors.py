"""Calls to outside services end in time, however the other side behaves. The other side is a socket of our own."""

import socket
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from common import vendors
from common.tests.servers import server

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _drip(head: bytes, drops: bytes) -> Callable[[socket.socket], None]:
    """`head` at once, then one byte of `drops` every 0.2 s."""

    def play(connection: socket.socket) -> None:
        connection.sendall(head)
        for drop in drops:
            time.sleep(0.2)
            connection.sendall(bytes([drop]))

    return play


def _get(url: str, timeout: float) -> vendors.Answer:
    return vendors.call("GET", url, headers={}, timeout=timeout)


@pytest.mark.parametrize(
    "play",
    [
        _drip(OK + b"Content-Length: 60\r\n\r\n", b"x" * 60),
        _drip(OK + b"\r\n", b"x" * 60),
        _drip(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10),
        _drip(OK + b"X-Slow: ", b"x" * 60),
        _drip(b"", OK),
        _drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3),
    ],
    ids=["body", "body to the end", "chunks", "header", "status line", "interim answers"],
)
def test_an_answer_that_drips_ends_at_the_deadline(play: Callable[[socket.socket], None]) -> None:
    """Fails without `_Incoming`: each byte starts the socket's timeout anew."""
    with server(play) as url:
        began = time.monotonic()
        with pytest.raises(vendors.TimedOut, match=r"within 1\.1 s"):
            _get(url, 1.1)
        assert 1.0 <= time.monotonic() - began < 5, "to the end of it would be ten seconds"


def test_an_answer_that_drips_and_ends_in_time_is_whole() -> None:
    with server(_drip(OK + b"Content-Length: 3\r\n\r\n", b"abc")) as url:
        assert _get(url, 5).body == b"abc"


def test_silence_ends_at_the_deadline() -> None:
    with server(lambda _: time.sleep(1)) as url, pytest.raises(vendors.TimedOut):
        _get(url, 0.3)


def test_a_large_answer_is_read_whole() -> None:
    body = b"x" * 3_000_000
    with server(lambda connection: connection.sendall(OK + b"Content-Length: 3000000\r\n\r\n" + body)) as url:
        assert _get(url, 10).body == body


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 2", b"nonsense\r\n\r\n", OK + b"Content-Length: 9\r\n\r\nabc", OK + b"X: y\r\n" * 200]
)
def test_what_is_no_whole_answer_is_broken_and_not_late(sent: bytes) -> None:
    with server(lambda connection: connection.sendall(sent)) as url, pytest.raises(vendors.Broken) as caught:
        _get(url, 5)
    assert not isinstance(caught.value, vendors.TimedOut)


def test_without_a_connection_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(vendors.NotSent):
        _get(f"http://127.0.0.1:{port}/", 1)


@pytest.mark.parametrize("text", ["9" * 400, "-1", "", "soon", "²", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_a_retry_after_is_always_between_a_second_and_an_hour(text: str) -> None:
    head = OK + f"Retry-After: {text}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
    with server(lambda connection: connection.sendall(head)) as url:
        wait = vendors.retry_after(_get(url, 5), default=timedelta(minutes=2))
    assert timedelta(seconds=1) <= wait <= timedelta(hours=1)
