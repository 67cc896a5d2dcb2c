"""
How we speak to outside services over HTTP, and the one family of errors that decides what happens next.

Each call has a connection of its own: gateways close idle ones after seconds, and a reset on a reused connection
would make the outcome of a POST unknown for nothing.
"""

import http.client
import io
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

_CONNECT_TIMEOUT = 3.05
_MAX_ANSWER_BYTES = 64 * 1024 * 1024
_CHUNK = 64 * 1024


class VendorError(Exception):
    """An outside service did not do what we asked. `code` names the class for rows, logs and people."""

    code = "vendor_error"

    def __init__(self, detail: str) -> None:
        self.detail = detail[:500]
        super().__init__(self.detail)


class RetrySoon(VendorError):
    """A passing fault (5xx, a broken connection, a timeout on a read): nothing was done, ask again shortly."""

    code = "retry_soon"


class RetryLater(VendorError):
    """Too many requests: ask again after `after`."""

    code = "retry_later"

    def __init__(self, detail: str, after: timedelta) -> None:
        super().__init__(detail)
        self.after = after


class Forbidden(VendorError):
    """We may not do that: a wrong key, or not an admin."""

    code = "forbidden"


class Invalid(VendorError):
    """The service refused what we sent, and will refuse it again."""

    code = "invalid"


class UnknownOutcome(VendorError):
    """The request went out and no usable answer came back: the effect may or may not have happened."""

    code = "unknown_outcome"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read whole: status, headers (case-insensitive), body."""

    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes


class NotSent(Exception):
    """The connection could not be made: the service surely saw nothing."""


class Broken(Exception):
    """The request went out, and its answer did not arrive whole or in time."""


class TimedOut(Broken):
    """The request went out, and the time for its answer has passed."""


class _Incoming(io.RawIOBase):
    """
    What arrives at a socket until its timeout, counted from now, has passed for the whole.

    A socket's own timeout begins anew with each byte, so that one byte now and then would hold us for ever.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket, self._raw = sock, sock.makefile("rb", buffering=0)
        self._deadline = time.monotonic() + (sock.gettimeout() or 0.0)

    def readable(self) -> bool:
        """Asked by BufferedReader."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """What is there, or the first of what comes. :raises TimeoutError: nothing came in time"""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """Headers and body within the timeout that the socket has when the answer is first waited for."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Incoming(sock))


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _TimedResponse


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _TimedResponse


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    """requests over connections whose answers end in time."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As it is, with our connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


def call(method: str, url: str, *, headers: dict[str, str], timeout: float, json: Any = None) -> Answer:
    """
    One HTTP call on a fresh connection. `timeout` is seconds for all of it, from the connection to the last byte.

    :raises NotSent: no connection
    :raises TimedOut: no whole answer within `timeout`
    :raises Broken: no whole answer, or one over 64 MiB
    """
    deadline = time.monotonic() + timeout
    sent = {"Connection": "close", **headers}
    limits: Any = urllib3.Timeout(connect=_CONNECT_TIMEOUT, total=timeout)  # which requests takes, and its stubs do not
    try:
        with timed_session() as session:
            response = session.request(
                method, url, headers=sent, json=json, timeout=limits, stream=True, allow_redirects=False
            )
            with response:
                return Answer(response.status_code, response.headers, _read(response))
    except requests.exceptions.RequestException as error:
        raise _failure(error, is_late=time.monotonic() >= deadline, timeout=timeout) from error


def timed_session() -> requests.Session:
    """A session whose `total` timeout (urllib3.Timeout) covers the whole answer, however slowly it drips."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter())
    return session


def _read(response: requests.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > _MAX_ANSWER_BYTES:
            raise Broken("the answer is over 64 MiB")
    return b"".join(parts)


def _failure(error: requests.exceptions.RequestException, *, is_late: bool, timeout: float) -> NotSent | Broken:
    """What a failure of requests means: a body that comes too late is a ConnectionError to it."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return NotSent(f"no connection within {min(_CONNECT_TIMEOUT, timeout):g} s")
    if _never_connected(error):
        return NotSent("the connection was refused")
    if is_late or isinstance(error, requests.exceptions.Timeout):
        return TimedOut(f"no whole answer within {timeout:g} s")
    if isinstance(error, requests.exceptions.ConnectionError):
        return Broken("the connection broke before the answer came")
    return Broken(f"the answer was not HTTP ({type(error).__name__})")


def _never_connected(error: requests.exceptions.RequestException) -> bool:
    """requests wraps urllib3's NewConnectionError (refused, no route, no name) in a MaxRetryError."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


def retry_after(answer: Answer, *, default: timedelta) -> timedelta:
    """The `Retry-After` header (seconds or a date, RFC 9110 10.2.3), between 1 second and 1 hour."""
    text = answer.headers.get("Retry-After", "")
    try:
        wait = timedelta(seconds=float(text)) if text.replace(".", "", 1).isdigit() else _until(text)
    except (ValueError, TypeError, OverflowError):
        wait = default
    return min(max(wait, timedelta(seconds=1)), timedelta(hours=1))


def clock_offset(answer: Answer) -> float | None:
    """
    By how many seconds the sender's clock is ahead of ours, from the `Date` header (RFC 9110 6.6.1).

    It counts whole seconds and was written a moment ago, so less than two seconds are none.
    """
    try:
        offset = _until(answer.headers["Date"]).total_seconds()
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return offset if abs(offset) >= 2 else 0.0


def _until(text: str) -> timedelta:
    moment = parsedate_to_datetime(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
