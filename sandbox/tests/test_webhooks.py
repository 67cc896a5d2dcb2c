"""How webhooks are sent: in order, again after failures, and noted."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest
import requests

from sandbox.client import Sandbox, SandboxError
from sandbox.testing import SandboxProcess
from sandbox.tests.receiver import Receiver
from sandbox.webhooks.deliveries import Log

SECRET = "sandbox-webhook-secret"


def test_events_come_in_their_order_though_one_fails(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    receiver.answers.extend([200, 503, 500])
    joined = [person.lid for person in sandbox.join(group, 4)]
    sandbox.webhooks.flush()
    assert receiver.people == [joined[0], *[joined[1]] * 3, *joined[2:]]


def test_events_may_overtake_one_that_fails(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(keeps_order=False, retry_seconds=[600])
    receiver.answers.extend([503])
    joined = [person.lid for person in sandbox.join(group, 3)]
    receiver.wait_for(3)
    sandbox.webhooks.flush(hurry=True)
    assert receiver.people == [*joined, joined[0]]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_final(sandbox: Sandbox, receiver: Receiver, group: str, status: int) -> None:
    receiver.answers.extend([status])
    sandbox.join(group, 2)
    sandbox.webhooks.flush()
    first, second = sandbox.webhooks.deliveries()
    assert (first.state, first.statuses) == ("refused", [status])
    assert (second.state, second.statuses) == ("delivered", [200])


@pytest.mark.parametrize("status", [302, 429, 500, 502, 503])
def test_anything_else_is_tried_again(sandbox: Sandbox, receiver: Receiver, group: str, status: int) -> None:
    receiver.answers.extend([status, status])
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    (delivery,) = sandbox.webhooks.deliveries()
    assert (delivery.state, delivery.statuses) == ("delivered", [status, status, 200])


def test_it_gives_up_after_the_last_pause(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(retry_seconds=[0.01, 0.01])
    receiver.answers.extend([500] * 3)
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    (delivery,) = sandbox.webhooks.deliveries()
    assert (delivery.state, delivery.statuses) == ("given_up", [500] * 3)


def test_some_gateways_never_try_again(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(retry_seconds=[])
    receiver.answers.extend([500])
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    assert [delivery.state for delivery in sandbox.webhooks.deliveries()] == ["given_up"]


def test_a_receiver_that_is_away_gets_its_events_when_it_is_back(sandbox: Sandbox, group: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sandbox.webhooks.configure(url=f"http://127.0.0.1:{port}/", retry_seconds=[0.05] * 100)
    sandbox.join(group, 2)
    with pytest.raises(SandboxError, match="not_flushed"):
        sandbox.webhooks.flush(0.2)
    with socket.create_server(("127.0.0.1", port)) as back:
        threading.Thread(target=_answer_all, args=(back, 2)).start()
        sandbox.webhooks.flush()
    first, second = sandbox.webhooks.deliveries()
    assert set(first.statuses[:-1]) == {"connection"}
    assert (first.statuses[-1], second.statuses) == (200, [200])


def _answer_all(server: socket.socket, count: int) -> None:
    for _ in range(count):
        connection, _address = server.accept()
        with connection:
            connection.recv(100_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def test_an_answer_that_takes_too_long_is_a_failure(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(timeout_seconds=0.1, retry_seconds=[])
    receiver.gate.clear()
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    assert sandbox.webhooks.deliveries()[0].statuses == ["timeout"]


def test_the_world_moves_on_while_a_receiver_is_slow(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(timeout_seconds=60)
    receiver.gate.clear()
    began = time.monotonic()
    sandbox.join(group, 50)
    assert len(sandbox.truth(group).members) == 51
    assert sandbox.webhooks.pending().waiting == 50
    assert time.monotonic() - began < 30
    receiver.gate.set()
    assert sandbox.webhooks.flush().waiting == 0


def test_a_thousand_events_go_out_in_order(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    joined = [person.lid for person in sandbox.join(group, 1_000)]
    sandbox.webhooks.flush(120)
    assert receiver.people == joined


def test_every_attempt_is_noted(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    receiver.answers.extend([503])
    (person,) = sandbox.join(group, 1)
    sandbox.webhooks.flush()
    (delivery,) = sandbox.webhooks.deliveries()
    assert (delivery.event, delivery.session, delivery.group) == ("join", "wa_1", group)
    assert (delivery.state, delivery.copy_of, delivery.is_forged) == ("delivered", None, False)
    assert delivery.body.encode() == receiver.received[0].body
    assert delivery.content["participant"]["id"] == person.lid
    first, second = delivery.attempts
    assert (first.url, first.signature, first.status) == (receiver.url, "api_key", 503)
    assert delivery.at <= first.at <= str(first.ended_at) < second.at <= str(second.ended_at)


def test_deliveries_are_read_with_filters(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    (person, _) = sandbox.join(group, 2)
    sandbox.promote(group, [person.lid])
    sandbox.change_session("wa_1", status="disconnected")
    sandbox.webhooks.flush()
    webhooks = sandbox.webhooks
    assert len(webhooks.deliveries(event="join")) == 2
    assert [delivery.event for delivery in webhooks.deliveries(last=2)] == ["promote", "status"]
    first = webhooks.deliveries()[0].id
    assert [delivery.event for delivery in webhooks.deliveries(group=group, after=first)] == ["join", "promote"]
    assert len(webhooks.deliveries(session="wa_1", state="delivered")) == 4
    with pytest.raises(SandboxError, match="no filter colour"):
        webhooks.deliveries(colour="red")


def test_clearing_forgets_only_what_is_done(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    sandbox.webhooks.configure(holds=True)
    sandbox.join(group, 1)
    sandbox.webhooks.clear()
    assert [delivery.state for delivery in sandbox.webhooks.deliveries()] == ["held"]


def test_the_list_keeps_the_newest_and_what_is_pending() -> None:
    log = Log(size=3)
    for _ in range(5):
        log.add("join", "http://x", b"{}", {}).state = "delivered"
    assert [delivery.id for delivery in log] == [3, 4, 5]
    log.get(3).state = "held"
    log.add("join", "http://x", b"{}", {})
    assert [delivery.id for delivery in log] == [3, 4, 5, 6]


def test_a_reset_begins_anew(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("lose", times=None)
    sandbox.webhooks.configure(holds=True, signature="hub")
    sandbox.join(group, 1)
    sandbox.reset()
    told = sandbox.webhooks.switches()
    assert (told.url, told.signature, told.holds, told.pending.held) == ("", "api_key", False, 0)
    assert (sandbox.webhooks.deliveries(), sandbox.webhooks.rules()) == ([], [])


def test_secrets_are_masked_in_the_list(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.webhooks.configure(secret="another-secret")
    sandbox.webhooks.post_raw(json.dumps({"secrets": [SECRET, "another-secret", "sandbox-gateway-key"]}))
    assert sandbox.webhooks.deliveries()[0].content == {"secrets": ["***"] * 3}
    answer = requests.get(f"{sandbox.base_url}/control/webhooks", timeout=5)
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"url": "nowhere"}),
        ("", {"url": "ftp://x/"}),
        ("", {"signature": "wax"}),
        ("", {"retry_seconds": [1, "two"]}),
        ("", {"retry_seconds": [-1]}),
        ("", {"timeout_seconds": 0}),
        ("", {"secret": ""}),
        ("", {"colour": "red"}),
        ("/flush", {"seconds": -1}),
        ("/release", {"ids": ["1"]}),
        ("/release", {"order": "alphabetical"}),
        ("/replay", {}),
        ("/raw", {}),
        ("/raw", {"body": "a", "body_base64": "YQ=="}),
        ("/raw", {"body_base64": "no base64"}),
        ("/raw", {"body": "a", "headers": {"X": 1}}),
        ("/raw", {"body": "a"}),
        ("/mischief", {"kind": "sing"}),
        ("/mischief", {"kind": "lose", "share": 2}),
        ("/mischief", {"kind": "lose", "params": {"copies": 2}}),
    ],
)
def test_what_makes_no_sense_is_refused(sandbox: Sandbox, path: str, body: object) -> None:
    answer = requests.post(f"{sandbox.base_url}/control/webhooks{path}", json=body, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


def test_it_stops_at_once_though_a_receiver_is_slow(receiver: Receiver, tmp_path: Path) -> None:
    process = SandboxProcess(state=tmp_path / "state.json")
    process.sandbox.webhooks.configure(url=receiver.url, timeout_seconds=60)
    receiver.gate.clear()
    process.sandbox.add_session("wa_1")
    began = time.monotonic()
    process.stop()
    assert time.monotonic() - began < 15
