import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.client import Sandbox
from sandbox.tests.calls import Gateway


def _connection(sandbox: Sandbox) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(sandbox.base_url).netloc, timeout=10)


def test_the_health_of_the_sandbox(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.base_url}/health", timeout=5).json() == {"status": "ok"}


def test_a_connection_serves_many_requests(sandbox: Sandbox) -> None:
    connection = _connection(sandbox)
    connection.request("GET", "/health")
    connection.getresponse().read()
    used = connection.sock
    for path in ("/health", "/control/state", "/nowhere", "/gateway/health"):
        connection.request("GET", path)
        assert connection.getresponse().read()
    assert connection.sock is used
    connection.close()


def test_a_body_that_nobody_reads_does_not_spoil_the_connection(sandbox: Sandbox) -> None:
    connection = _connection(sandbox)
    connection.request("POST", "/nowhere", body=b"x" * 500_000)
    assert connection.getresponse().read()
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    connection.close()


def test_an_idle_connection_is_closed_after_five_seconds(sandbox: Sandbox) -> None:
    connection = _connection(sandbox)
    connection.request("GET", "/health")
    connection.getresponse().read()
    began = time.monotonic()
    assert connection.sock.recv(1) == b""
    assert 4.5 < time.monotonic() - began < 15
    connection.close()


def test_a_chunked_body_is_read(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_1")
    headers = {"X-API-Key": "sandbox-gateway-key", "Content-Type": "application/json"}
    parts = (part for part in (b'{"sessionId":"wa_1",', b'"name":"Pottery"}'))
    answer = requests.post(f"{sandbox.gateway_url}/create-community", data=parts, headers=headers, timeout=5)
    assert answer.json()["success"] is True


@pytest.mark.parametrize("length", ["20000000", "-1", "many"])
def test_a_body_that_is_too_large_or_of_no_length_is_413(sandbox: Sandbox, length: str) -> None:
    address = urlsplit(sandbox.base_url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=5) as connection:
        connection.sendall(f"POST /gateway/send HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_many_creations_at_once_make_as_many_communities(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: gateway.create("wa_1", f"Pottery {number}"), range(64)))
    assert all(answer.status_code == 200 for answer in answers)
    assert len({answer.json()["groupId"] for answer in answers}) == 64
    assert len(sandbox.groups()) == 128
    assert len({entry.id for entry in sandbox.journal(status=200)}) == 64


def test_the_gateways_clock_may_be_wrong(sandbox: Sandbox, gateway: Gateway) -> None:
    right = parsedate_to_datetime(gateway.get("/health").headers["Date"])
    sandbox.set_clock(-3600)
    wrong = parsedate_to_datetime(gateway.get("/health").headers["Date"])
    assert 3595 < (right - wrong).total_seconds() <= 3600
    other = parsedate_to_datetime(requests.get(f"{sandbox.base_url}/health", timeout=5).headers["Date"])
    assert (other - right).total_seconds() < 10


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/control/gateway/sessions", [], 400),
        ("POST", "/control/gateway/sessions", {"status": "asleep"}, 400),
        ("POST", "/control/gateway/sessions", {"phoneNumber": 9198}, 400),
        ("POST", "/control/gateway/groups", {"name": "A"}, 400),
        ("POST", "/control/gateway/groups", {"sessionId": "wa_0", "name": "A"}, 404),
        ("POST", "/control/gateway/groups/1@g.us/join", {"count": 1}, 404),
        ("POST", "/control/gateway/clock", {}, 400),
        ("PATCH", "/control/gateway/sessions/wa_0", {"status": "connected"}, 404),
        ("DELETE", "/control/gateway/groups/1@g.us", None, 404),
        ("POST", "/control/clerk/rotate-key", {"keep_old": "no"}, 400),
        ("POST", "/control/reset", {"seed": 1.5}, 400),
        ("GET", "/control/nowhere", None, 404),
        ("DELETE", "/control/state", None, 405),
    ],
)
def test_bad_input_gets_a_code_and_a_detail(
    sandbox: Sandbox, method: str, path: str, body: object, status: int
) -> None:
    answer = requests.request(method, f"{sandbox.base_url}{path}", json=body, timeout=5)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "detail"}
    assert answer.json()["detail"]


@pytest.mark.parametrize(("content", "content_type"), [(b"{", "application/json"), (b"{}", "text/plain")])
def test_a_control_request_must_be_json_and_say_so(sandbox: Sandbox, content: bytes, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = requests.post(f"{sandbox.base_url}/control/reset", data=content, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


def test_the_control_page_is_one_page_that_needs_nothing_else(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.base_url}/", timeout=5)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "://" not in answer.text.replace("http://www.w3.org", "")
    assert "innerHTML" not in answer.text
