"""The gateway's client: every answer ends as a result or as one of its errors."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from common.tests.servers import says, server
from common.vendors import Forbidden, Invalid, RetryLater, RetrySoon, UnknownOutcome, VendorError
from sandbox.client import Sandbox
from whatsapp.client import GatewayClient, NeedsReconnect, WrongJid

LINK = "https://chat.whatsapp.com/KsudjQrfCxi12345"
Answering = Callable[[int, str | bytes], Any]


@pytest.fixture
def answering(settings: Any) -> Answering:
    """`with answering(status, body) as client:` is a client whose gateway says that, once."""

    @contextmanager
    def client(status: int, body: str | bytes) -> Iterator[GatewayClient]:
        with server(says(status, body)) as url:
            settings.WHATSAPP_GATEWAYS = {"main": {"url": url, "api_key": "key"}}
            yield GatewayClient("main")

    return client


def _create(client: GatewayClient) -> Any:
    return client.create_community("wa_1", name="A", description="", admin_numbers=[], idempotency_key="1")


def _no(error: Any) -> str:
    return json.dumps({"success": False, "error": error})


REFUSED = [
    (200, _no("name is not allowed"), Invalid),
    (200, _no("Failed to create community"), Invalid),
    (200, _no({"message": "bad subject"}), Invalid),
    (200, _no("rate-overlimit"), RetryLater),
    (200, _no("Session wa_1 is not connected"), NeedsReconnect),
    (200, _no("not-authorized"), Forbidden),
    (400, _no("name is required"), Invalid),
    (400, _no(None), Invalid),
    (400, "", Invalid),
    (401, _no("Invalid API key"), Forbidden),
    (403, "<html>Forbidden</html>", Forbidden),
    (404, _no("Session not found"), NeedsReconnect),
    (404, '{"error": "session_not_found"}', NeedsReconnect),
    (404, '{"error": "Session wa_1 does not exist"}', NeedsReconnect),
    (422, '{"message": "invalid participants"}', Invalid),
    (429, "", RetryLater),
    (500, _no("rate-overlimit"), RetryLater),
    (500, "Too many requests", RetryLater),
    (500, _no("not connected"), NeedsReconnect),
    (500, _no("logged out"), NeedsReconnect),
    (500, _no("item-not-found"), WrongJid),
    (500, _no("You are not an admin"), Forbidden),
]
UNKNOWN = [
    (200, ""),
    (200, "null"),
    (200, "OK"),
    (200, "{"),
    (200, "[]"),
    (200, "<html></html>"),
    (200, '{"success": true}'),
    (200, '{"success": true, "groupId": "x"}'),
    (204, ""),
    (200, _no("")),
    (200, _no(None)),
    (200, _no("  ")),
    (200, _no("undefined")),
    (200, '{"success": false}'),
    (200, _no("timeout")),
    (200, _no("Timed Out")),
    (200, _no("Request Time-out")),
    (200, _no("query timed-out")),
    (200, _no("connect ETIMEDOUT 10.0.0.1:443")),
    (200, _no({"message": "time out"})),
    (400, _no("Timed Out")),
    (408, "<html>Request Time-out</html>"),
    (408, ""),
    (500, ""),
    (500, "Internal Server Error"),
    (500, _no("Internal Server Error")),
    (500, _no("socket hang up")),
    (500, _no("Connection Closed")),
    (500, _no("Failed to create community")),
    (500, _no("Timed Out: not connected")),
    (500, '{"success": false}'),
    (502, _no("Bad Gateway")),
    (502, "<html>Bad Gateway</html>"),
    (503, "Service Unavailable"),
    (504, _no("Gateway Time-out")),
    (504, '{"success": true, "groupId": "1@g.us"}'),
]


@pytest.mark.parametrize(("status", "body", "error"), REFUSED)
def test_a_create_that_is_clearly_refused_created_nothing(
    answering: Answering, status: int, body: str, error: type[VendorError]
) -> None:
    with answering(status, body) as client, pytest.raises(VendorError) as caught:
        _create(client)
    assert type(caught.value) is error


@pytest.mark.parametrize(("status", "body"), UNKNOWN)
def test_whatever_else_a_create_is_told_leaves_its_outcome_unknown(
    answering: Answering, status: int, body: str
) -> None:
    with answering(status, body) as client, pytest.raises(UnknownOutcome):
        _create(client)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_create_that_names_its_group_succeeded(answering: Answering, status: int) -> None:
    with answering(status, json.dumps({"success": True, "groupId": "1@g.us", "inviteLink": LINK})) as client:
        created = _create(client)
    assert (created.parent_jid, created.invite_link) == ("1@g.us", LINK)


@pytest.mark.parametrize(
    ("status", "body"), [(200, '{"success": true}'), (200, "OK"), (200, "null"), (201, "[]"), (202, ""), (204, "")]
)
def test_any_success_starts_a_session_and_ends_one(answering: Answering, status: int, body: str) -> None:
    with answering(status, body) as client:
        client.connect("wa_1")
    with answering(status, body) as client:
        client.disconnect("wa_1")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [(200, _no("logged out"), NeedsReconnect), (401, "", Forbidden), (500, "", RetrySoon), (302, "", Invalid)],
)
def test_a_refused_start_is_an_error(answering: Answering, status: int, body: str, error: type[VendorError]) -> None:
    with answering(status, body) as client, pytest.raises(error):
        client.connect("wa_1")


def test_a_session_that_the_gateway_has_forgotten_needs_a_reconnect(sandbox: Sandbox) -> None:
    with pytest.raises(NeedsReconnect):
        GatewayClient("main").status("wa_nobody")


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize("body", [DEEP, b'{"groups":' + DEEP + b"}", b'{"a":' * 100_000, b"\xff\xfe\x00", b"9" * 5000])
def test_json_beyond_reading_is_no_json(answering: Answering, body: bytes) -> None:
    with answering(200, body) as client, pytest.raises(RetrySoon):
        client.list_groups("wa_1")


def test_a_number_beyond_reading_is_absent_and_the_rest_is_read(answering: Answering) -> None:
    huge = "9" * 5000
    rows = f'[{{"id": "1@g.us", "name": "A", "size": {huge}}}, {{"id": "2@g.us", "participants": "{huge}"}}]'
    with answering(200, rows) as client:
        groups = client.list_groups("wa_1")
    assert [(group.jid, group.participant_count) for group in groups] == [("1@g.us", None), ("2@g.us", None)]


def _is_storable(text: str) -> bool:
    return "\x00" not in text and text.encode().decode() == text


def test_texts_lose_what_the_database_refuses(answering: Answering) -> None:
    bad = r"A\u0000B\ud800C"
    with answering(200, f'[{{"id": "1{bad}@g.us", "name": "{bad}"}}]') as client:
        (group,) = client.list_groups("wa_1")
    assert group.name == "A\ufffdB\ufffdC"
    assert _is_storable(group.jid)
    with answering(200, f'{{"status": "qr", "qr": "{bad}"}}') as client:
        assert _is_storable(client.status("wa_1").qr_code)


def test_a_participant_inside_a_text_is_as_clean(answering: Answering) -> None:
    inner = json.dumps(json.dumps({"id": "1@lid", "phone": "\x00919812345678"}))
    deep = json.dumps('{"id":' * 100_000)
    with answering(200, f'{{"participants": [{inner}, {deep}]}}') as client:
        found = client.list_participants("wa_1", "1@g.us")
    assert ([person.lid for person in found.participants], found.unreadable) == (["1@lid"], 1)


@pytest.mark.parametrize("body", [r'{"error": "A\u0000B\ud800"}', b"A\x00B\xed\xa0\x80"])
def test_a_refusals_text_loses_what_the_database_refuses(answering: Answering, body: str | bytes) -> None:
    with answering(400, body) as client, pytest.raises(Invalid) as caught:
        client.list_groups("wa_1")
    assert _is_storable(caught.value.detail)
    assert "A\ufffdB" in caught.value.detail


def test_texts_are_no_longer_than_a_row_holds(answering: Answering) -> None:
    rows = [{"id": "1@g.us", "name": "x" * 5000}, {"id": "1" * 3000 + "@g.us"}]
    with answering(200, json.dumps(rows)) as client:
        groups = client.list_groups("wa_1")
    assert [(group.jid, len(group.name)) for group in groups] == [("1@g.us", 1000)]
    for size, kept in ((20_000, 20_000), (20_001, 0)):
        with answering(200, json.dumps({"status": "qr", "qr": "x" * size})) as client:
            assert len(client.status("wa_1").qr_code) == kept


def test_a_status_is_not_waited_for_long(sandbox: Sandbox, settings: Any) -> None:
    """Fails without the timeout of its own, and without `except TimedOut` in `GatewayClient._read`."""
    settings.WHATSAPP_STATUS_TIMEOUT = 0.4
    sandbox.add_fault("status", "delay", times=None, seconds=5)
    began = time.monotonic()
    with pytest.raises(RetrySoon):
        GatewayClient("main").status("wa_1")
    assert time.monotonic() - began < 3
    assert len(sandbox.journal(operation="status")) == 1


def test_an_invite_link_is_asked_for_once_and_not_waited_for_long(sandbox: Sandbox, settings: Any) -> None:
    settings.WHATSAPP_INTERACTIVE_TIMEOUT = 0.4
    sandbox.add_fault("invite", "delay", seconds=5)
    began = time.monotonic()
    with pytest.raises(RetrySoon):
        GatewayClient("main").invite_link("wa_1", "1@g.us")
    assert time.monotonic() - began < 3
    sandbox.add_fault("invite", "reset", times=None)
    with pytest.raises(RetrySoon):
        GatewayClient("main").invite_link("wa_1", "1@g.us")
    assert len(sandbox.journal(operation="invite")) == 2
