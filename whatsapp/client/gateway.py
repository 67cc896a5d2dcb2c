"""The calls. Contract: docs/whatsapp-gateway.md."""

import json
import re
from typing import Any
from urllib.parse import quote

from django.conf import settings

from common import vendors, wire
from common.vendors import Answer, Invalid, RetrySoon, UnknownOutcome
from whatsapp.client import errors, parsing
from whatsapp.client.results import CreatedCommunity, ListedGroup, SessionStatus, Snapshot

_TIMEOUT = re.compile(r"timed?[ _-]?out", re.I)
#: What a refusal says that knows no reason.
_NO_TEXT = {"", "null", "undefined", "[object object]"}


class GatewayClient:
    """
    One gateway of `settings.WHATSAPP_GATEWAYS`. `session_id` is always the gateway's own (`wa_<uuid>`).

    Every answer, HTML with status 200 included, ends as a result or as one error of the family in `common.vendors`
    and `whatsapp.client.errors`. Retrying is the caller's business, but for one repeat of a read whose connection
    broke; one that took all of its time is not repeated.
    """

    def __init__(self, name: str) -> None:
        gateway = settings.WHATSAPP_GATEWAYS.get(name)
        if gateway is None:
            raise Invalid(f"There is no gateway called {name} in WHATSAPP_GATEWAYS.")
        self._url = str(gateway["url"]).rstrip("/")
        self._headers = {"X-API-Key": str(gateway["api_key"]), "Accept": "application/json"}

    def connect(self, session_id: str) -> None:
        """Start a session; its QR code then comes with `status`. Repeating it is harmless."""
        _check(self._send("POST", "/connect", {"sessionId": session_id}))

    def disconnect(self, session_id: str) -> None:
        """Log a session out: its next connect needs a QR code."""
        _check(self._send("POST", f"/disconnect/{quote(session_id, safe='')}", {}))

    def status(self, session_id: str) -> SessionStatus:
        """The state of a session, asked for with little patience: it is asked for often."""
        answer = self._read(f"/status/{quote(session_id, safe='')}", timeout=settings.WHATSAPP_STATUS_TIMEOUT)
        found = parsing.session_status(_object(answer), clock_offset=vendors.clock_offset(answer))
        if found is None:
            raise RetrySoon("the gateway gave a status that means nothing")
        return found

    def list_groups(self, session_id: str) -> list[ListedGroup]:
        """All groups that the session is in, with invite links where it may have them."""
        found = parsing.groups(_json(self._read(f"/groups/{quote(session_id, safe='')}?includeInviteLinks=true")))
        if found is None:
            raise RetrySoon("the gateway gave something that is no list of groups")
        return found

    def list_participants(self, session_id: str, jid: str) -> Snapshot:
        """Everybody in a group, in one answer."""
        path = f"/groups/{quote(session_id, safe='')}/{quote(jid, safe='')}/participants"
        found = parsing.snapshot(_object(self._read(path)))
        if found is None:
            raise RetrySoon("the gateway gave an answer without a list of participants")
        return found

    def invite_link(self, session_id: str, jid: str) -> str:
        """The group's link, for a person who waits for it. :raises Invalid: the gateway gave no usable code"""
        path = f"/groups/{quote(session_id, safe='')}/{quote(jid, safe='')}/invite"
        body = _object(self._send("GET", path, timeout=settings.WHATSAPP_INTERACTIVE_TIMEOUT))
        link = parsing.invite_link(body.get("inviteLink") or body.get("inviteCode"))
        if not link:
            raise Invalid("the gateway gave an invite code that is none")
        return link

    def create_community(
        self, session_id: str, *, name: str, description: str, admin_numbers: list[str], idempotency_key: str,
        picture_url: str = "", is_announcement: bool = True, is_restricted: bool = True,
    ) -> CreatedCommunity:  # fmt: skip
        """
        Create a community. Not idempotent: a gateway may ignore the Idempotency-Key.

        `is_announcement`: only admins send. `is_restricted`: only admins change the group's name and picture.

        :raises UnknownOutcome: the request went out, and it cannot be told whether a community now exists
        :raises RetrySoon: surely nothing was created
        """
        request: dict[str, Any] = {
            "sessionId": session_id,
            "name": name,
            "description": description,
            "settings": {"announcement": is_announcement, "restrict": is_restricted},
            **({"profilePictureUrl": picture_url} if picture_url else {}),
            **({"adminNumbers": admin_numbers} if admin_numbers else {}),
        }
        headers = {**self._headers, "Idempotency-Key": idempotency_key}
        url = f"{self._url}/create-community"
        try:
            answer = vendors.call("POST", url, headers=headers, timeout=settings.WHATSAPP_CREATE_TIMEOUT, json=request)
        except vendors.NotSent as error:
            raise RetrySoon(str(error)) from error
        except vendors.Broken as error:
            raise UnknownOutcome(str(error)) from error
        return _created(answer, admin_numbers)

    def _read(self, path: str, *, timeout: float | None = None) -> Answer:
        """A GET, repeated once when its connection broke."""
        try:
            return self._call("GET", path, timeout=timeout)
        except vendors.TimedOut as error:
            raise RetrySoon(str(error)) from error
        except (vendors.NotSent, vendors.Broken):
            return self._send("GET", path, timeout=timeout)

    def _send(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Answer:
        try:
            return self._call(method, path, body, timeout=timeout)
        except (vendors.NotSent, vendors.Broken) as error:
            raise RetrySoon(str(error)) from error

    def _call(self, method: str, path: str, body: Any = None, *, timeout: float | None = None) -> Answer:
        patience = timeout or settings.WHATSAPP_READ_TIMEOUT
        return vendors.call(method, self._url + path, headers=self._headers, timeout=patience, json=body)


def _object(answer: Answer) -> dict[str, Any]:
    body = _json(answer)
    if not isinstance(body, dict):
        raise RetrySoon("the gateway answered with something that is no object")
    return body


def _json(answer: Answer) -> Any:
    """The body of a success. :raises VendorError: it is a refusal, by status or by `success: false`, or no JSON"""
    body = _check(answer)
    if body is None:
        raise RetrySoon("the gateway answered with something that is no JSON")
    return body


def _check(answer: Answer) -> Any:
    """The body of a success, None when that is no JSON. :raises VendorError: it is a refusal"""
    body = wire.read(answer.body)
    if answer.status >= 300 or _says_no(body):
        raise errors.from_answer(answer, _error_text(answer, body))
    return body


def _says_no(body: Any) -> bool:
    return isinstance(body, dict) and body.get("success") is False


def _created(answer: Answer, admins: list[str]) -> CreatedCommunity:
    """As `_json`, but whatever is no clear refusal leaves the outcome unknown."""
    body = wire.read(answer.body)
    if answer.status >= 300 or _says_no(body):
        if _is_clear(answer.status, text := _error_text(answer, body)):
            raise errors.from_answer(answer, text)
    elif isinstance(body, dict) and (created := parsing.created_community(body, admins=admins)):
        return created
    raise UnknownOutcome(f"{answer.status}: the answer does not say what was created")


def _is_clear(status: int, text: str) -> bool:
    """
    Whether a refused create surely created nothing.

    A timeout is the gateway's own: its query may still succeed. So may whatever a proxy or a crash cut short, which
    is all that a 5xx says unless its text names a reason.
    """
    if status == 408 or _TIMEOUT.search(text):
        return False
    if status >= 500:
        return bool(errors.refusal(text))
    return status >= 300 or text.strip().lower() not in _NO_TEXT


def _error_text(answer: Answer, body: Any) -> str:
    """The error text of an answer: of its object, or else its body unless that is a page."""
    if isinstance(body, dict):
        error = body.get("error") or body.get("message") or ""
        return error if isinstance(error, str) else json.dumps(error)
    text = wire.clean(answer.body[:2000].decode(errors="replace"))
    return "" if "<html" in text.lower() else text
