"""The faults that any service can have, and the rules of all of them."""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from sandbox.client import Sandbox, SandboxError
from sandbox.tests.calls import Gateway, group_path


@pytest.fixture(autouse=True)
def session(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_1")


def test_drop_after_commit_creates_the_community_and_cuts_the_connection(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("create_community", "drop_after_commit")
    with pytest.raises(requests.ConnectionError):
        gateway.create("wa_1", "Pottery")
    assert [group.name for group in sandbox.groups()] == ["Pottery", "Pottery"]
    (entry,) = sandbox.journal(operation="create_community")
    assert (entry.status, entry.fault) == ("cut", "drop_after_commit")
    assert gateway.create("wa_1", "Wood").status_code == 200


def test_timeout_after_commit_creates_the_community_and_holds_the_answer(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("create_community", "timeout_after_commit", seconds=1.5)
    with pytest.raises(requests.ReadTimeout):
        gateway.create("wa_1", "Pottery", timeout=0.4)
    assert len(sandbox.groups()) == 2
    (entry,) = sandbox.journal(operation="create_community")
    assert entry.status is None
    assert entry.ended_at is None
    time.sleep(1.5)
    assert sandbox.journal()[0].status == 200


def test_nothing_else_waits_while_an_answer_is_held(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("create_community", "timeout_after_commit", seconds=10)
    with pytest.raises(requests.ReadTimeout):
        gateway.create("wa_1", "Pottery", timeout=0.2)
    began = time.monotonic()
    assert len(gateway.listed("wa_1")) == 2
    assert time.monotonic() - began < 8


def test_delay_waits_before_the_work(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("groups", "delay", seconds=0.5)
    began = time.monotonic()
    assert gateway.listed("wa_1") == []
    assert time.monotonic() - began >= 0.5


def test_reset_breaks_the_connection_before_any_work(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("create_community", "reset")
    with pytest.raises(requests.ConnectionError, match="reset"):
        gateway.create("wa_1", "Pottery")
    assert sandbox.groups() == []
    assert sandbox.journal()[0].status == "cut"


@pytest.mark.parametrize(
    ("code", "body", "content_type"),
    [(500, "Boom", "text/plain"), (503, '{"error":"later"}', "application/json"), (403, "", "text/plain")],
)
def test_status_answers_with_a_code_and_a_text(
    sandbox: Sandbox, gateway: Gateway, code: int, body: str, content_type: str
) -> None:
    sandbox.add_fault("create_community", "status", code=code, body=body)
    answer = gateway.create("wa_1", "Pottery")
    assert (answer.status_code, answer.text) == (code, body)
    assert answer.headers["Content-Type"].startswith(content_type)
    assert sandbox.groups() == []


def test_retry_after_answers_429_with_seconds_or_a_date(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("groups", "retry_after", seconds=17)
    sandbox.add_fault("groups", "retry_after", seconds=60, as_date=True)
    answer = gateway.get("/groups/wa_1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    until = parsedate_to_datetime(gateway.get("/groups/wa_1").headers["Retry-After"])
    assert 50 < (until - datetime.now(UTC)).total_seconds() <= 60


def test_html_null_and_garbage_come_with_200(sandbox: Sandbox, gateway: Gateway) -> None:
    for kind in ("html", "null", "garbage"):
        sandbox.add_fault("groups", kind)
    html, null, garbage = (gateway.get("/groups/wa_1") for _ in range(3))
    assert (html.status_code, html.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<html>" in html.text
    assert (null.status_code, null.json()) == (200, None)
    assert garbage.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        garbage.json()


@pytest.mark.parametrize(
    "kind", ["status", "retry_after", "html", "null", "garbage", "rate_overlimit", "success_false", "not_connected"]
)
def test_an_answer_may_be_replaced_before_or_after_the_work(sandbox: Sandbox, gateway: Gateway, kind: str) -> None:
    sandbox.add_fault("create_community", kind)
    sandbox.add_fault("create_community", kind, after_commit=True)
    before = gateway.create("wa_1", "Pottery")
    assert sandbox.groups() == []
    after = gateway.create("wa_1", "Pottery")
    assert (after.status_code, after.text) == (before.status_code, before.text)
    assert len(sandbox.groups()) == 2


def test_a_fault_counts_down_and_is_gone(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("groups", "null", times=2)
    gateway.get("/groups/wa_1")
    assert [fault.times for fault in sandbox.faults()] == [1]
    gateway.get("/groups/wa_1")
    assert sandbox.faults() == []
    assert gateway.listed("wa_1") == []


def test_a_fault_without_end_stays(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("*", "null", times=None)
    for path in ("/groups/wa_1", "/health", "/status/wa_1", "/groups/wa_1"):
        assert gateway.get(path).json() is None
    assert sandbox.faults()[0].times is None


def test_a_fault_may_let_requests_pass_first(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("health", "null", skip=2)
    assert [gateway.get("/health").json() is None for _ in range(4)] == [False, False, True, False]


def test_faults_come_in_the_order_in_which_they_were_set(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_fault("health", "status", code=500)
    sandbox.add_fault("health", "status", code=502)
    assert [gateway.get("/health").status_code for _ in range(3)] == [500, 502, 200]


def test_a_fault_may_be_limited_to_a_session_or_a_group(sandbox: Sandbox, gateway: Gateway) -> None:
    one, two = (sandbox.add_group("wa_1", name) for name in ("one", "two"))
    sandbox.add_session("wa_2")
    sandbox.add_fault("groups", "null", session="wa_2", times=None)
    sandbox.add_fault("participants", "null", group=two, times=None)
    assert gateway.get("/groups/wa_1").json() is not None
    assert gateway.get("/groups/wa_2").json() is None
    assert gateway.get(group_path("wa_1", one, "participants")).json() is not None
    assert gateway.get(group_path("wa_1", two, "participants")).json() is None


def test_a_fault_meets_a_session_that_is_named_in_the_body(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_2")
    sandbox.add_fault("create_community", "null", session="wa_2")
    assert gateway.create("wa_1", "Pottery").json() is not None
    assert gateway.create("wa_2", "Pottery").json() is None


def test_faults_are_cleared_one_by_one_or_all_at_once(sandbox: Sandbox) -> None:
    first, _, third = (sandbox.add_fault("health", "null") for _ in range(3))
    sandbox.clear_faults(first.id)
    assert sandbox.faults()[-1] == third
    with pytest.raises(SandboxError, match="unknown_fault"):
        sandbox.clear_faults(first.id)
    sandbox.clear_faults()
    assert sandbox.faults() == []


def test_a_request_with_a_wrong_key_meets_no_fault(sandbox: Sandbox) -> None:
    sandbox.add_fault("*", "null")
    assert Gateway(sandbox, "wrong").get("/health").status_code == 401
    assert len(sandbox.faults()) == 1


def test_the_key_set_has_faults_too(sandbox: Sandbox) -> None:
    sandbox.add_fault("jwks", "status", service="clerk", code=503)
    assert requests.get(sandbox.jwks_url, timeout=5).status_code == 503
    assert requests.get(sandbox.jwks_url, timeout=5).status_code == 200


@pytest.mark.parametrize(
    "wish",
    [
        {"operation": "groups", "kind": "nonsense"},
        {"operation": "nonsense", "kind": "null"},
        {"operation": "jwks", "kind": "null"},
        {"operation": "connect", "kind": "stale_list"},
        {"operation": "groups", "kind": "delay", "params": {"seconds": "2"}},
        {"operation": "groups", "kind": "delay", "params": {"seconds": -1}},
        {"operation": "groups", "kind": "delay", "params": {"secs": 1}},
        {"operation": "groups", "kind": "status", "params": {"code": 99}},
        {"operation": "groups", "kind": "null", "params": []},
        {"operation": "groups", "kind": "null", "times": 0},
        {"operation": "groups", "kind": "null", "times": "2"},
        {"operation": "groups", "kind": "null", "colour": "red"},
        {"service": "fax", "kind": "null"},
        {"service": "clerk", "operation": "jwks", "kind": "rate_overlimit"},
        {},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(sandbox: Sandbox, wish: dict[str, object]) -> None:
    answer = requests.post(f"{sandbox.base_url}/control/faults", json=wish, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_input"
    assert answer.json()["detail"]
    assert sandbox.faults() == []


def test_every_kind_is_described(sandbox: Sandbox) -> None:
    kinds = requests.get(f"{sandbox.base_url}/control/faults/kinds", timeout=5).json()
    assert set(kinds) == {"gateway", "clerk", "stream"}
    assert all(kind["summary"].endswith(".") for service in kinds.values() for kind in service["kinds"].values())
    assert kinds["gateway"]["kinds"]["html"]["params"]["after_commit"] == {"default": False, "type": "flag"}
