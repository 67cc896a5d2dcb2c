"""
How we speak to outside services over HTTP, and the one family of errors that decides what happens next.

Each call has a connection of its own: gateways close idle ones after seconds, and a reset on a reused connection
would make the outcome of a POST unknown for nothing.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

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


def call(method: str, url: str, *, headers: dict[str, str], timeout: float, json: Any = None) -> Answer:
    """
    One HTTP call on a fresh connection. `timeout` is seconds for the whole answer.

    :raises NotSent: no connection
    :raises Broken: no whole answer within `timeout`, or one over 64 MiB
    """
    deadline = time.monotonic() + timeout
    try:
        with requests.Session() as session:
            response = session.request(
                method,
                url,
                headers={"Connection": "close", **headers},
                json=json,
                timeout=(min(_CONNECT_TIMEOUT, timeout), timeout),
                stream=True,
                allow_redirects=False,
            )
            return Answer(response.status_code, response.headers, _read(response, deadline))
    except requests.exceptions.ConnectTimeout as error:
        raise NotSent(f"no connection within {_CONNECT_TIMEOUT:.0f} s") from error
    except requests.exceptions.ConnectionError as error:
        if _never_connected(error):
            raise NotSent("the connection was refused") from error
        raise Broken("the connection broke before the answer came") from error
    except requests.exceptions.Timeout as error:
        raise Broken(f"no answer within {timeout:.0f} s") from error
    except requests.exceptions.RequestException as error:
        raise Broken(f"the answer was not HTTP ({type(error).__name__})") from error


def _read(response: requests.Response, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > _MAX_ANSWER_BYTES:
            raise Broken("the answer is over 64 MiB")
        if time.monotonic() > deadline:
            raise Broken("the answer dripped past its deadline")
    return b"".join(parts)


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
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
    except (KeyError, ValueError, TypeError):
        return None
    return offset if abs(offset) >= 2 else 0.0


def _until(text: str) -> timedelta:
    moment = parsedate_to_datetime(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
