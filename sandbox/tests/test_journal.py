import pytest
import requests

from sandbox.client import Sandbox
from sandbox.journal import Journal
from sandbox.stage import Call
from sandbox.tests.calls import API_KEY, Gateway, group_path


def test_a_request_is_noted_with_all_that_matters(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    gateway.create("wa_1", "Pottery", key="k1")
    (entry,) = sandbox.journal()
    assert (entry.service, entry.operation, entry.method) == ("gateway", "create_community", "POST")
    assert (entry.path, entry.session, entry.group) == ("/gateway/create-community", "wa_1", None)
    assert (entry.status, entry.fault, entry.idempotency_key) == (200, None, "k1")
    assert entry.body == {"sessionId": "wa_1", "name": "Pottery"}
    assert entry.ended_at is not None
    assert entry.at < entry.ended_at


def test_the_path_is_noted_as_it_was_sent(sandbox: Sandbox, gateway: Gateway) -> None:
    gateway.get("/groups/wa_1?includeInviteLinks=true")
    gateway.get(group_path("wa_1", "1@g.us", "invite"))
    first, second = sandbox.journal()
    assert first.path == "/gateway/groups/wa_1?includeInviteLinks=true"
    assert second.path == "/gateway/groups/wa_1/1%40g.us/invite"
    assert second.group == "1@g.us"


def test_the_journal_is_read_with_filters(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    sandbox.add_fault("groups", "null")
    for path in ("/groups/wa_1", "/groups/wa_2", "/health", "/status/wa_1"):
        gateway.get(path)
    requests.get(sandbox.jwks_url, timeout=5)
    assert len(sandbox.journal(service="gateway")) == 4
    assert len(sandbox.journal(service="clerk")) == 1
    assert [entry.session for entry in sandbox.journal(operation="groups")] == ["wa_1", "wa_2"]
    assert [entry.operation for entry in sandbox.journal(session="wa_1")] == ["groups", "status"]
    assert [entry.session for entry in sandbox.journal(status=404)] == ["wa_2"]
    assert [entry.status for entry in sandbox.journal(fault="null")] == [200]
    third = sandbox.journal()[2]
    assert [entry.operation for entry in sandbox.journal(after=third.id)] == ["status", "jwks"]
    assert [entry.operation for entry in sandbox.journal(last=2)] == ["status", "jwks"]
    assert sandbox.journal(last=0) == []


@pytest.mark.parametrize("query", ["colour=red", "last=x", "last=-1", "after=1.5"])
def test_a_filter_that_makes_no_sense_is_refused(sandbox: Sandbox, query: str) -> None:
    answer = requests.get(f"{sandbox.base_url}/control/journal?{query}", timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


def test_secrets_in_bodies_are_masked(sandbox: Sandbox, gateway: Gateway) -> None:
    body = {"sessionId": "wa_1", "webhook": {"secret": "s3", "api_key": "k"}, "list": [{"authToken": "t"}]}
    gateway.post("/connect", {**body, "note": f"the key is {API_KEY}"})
    assert sandbox.journal()[0].body == {
        "sessionId": "wa_1",
        "webhook": {"secret": "***", "api_key": "***"},
        "list": [{"authToken": "***"}],
        "note": "the key is ***",
    }


def test_the_journal_is_cleared_and_its_numbers_go_on(sandbox: Sandbox, gateway: Gateway) -> None:
    gateway.get("/health")
    before = sandbox.journal()[0].id
    sandbox.clear_journal()
    assert sandbox.journal() == []
    gateway.get("/health")
    assert sandbox.journal()[0].id > before


def test_control_requests_are_not_noted(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_1")
    assert sandbox.journal() == []


def test_the_journal_keeps_only_the_newest() -> None:
    journal = Journal(size=3)
    call = Call("gateway", "health", "GET", "/health", None, None, {}, None, None)
    for number in range(5):
        journal.open(call, None, str(number))
    assert [entry.at for entry in journal.find()] == ["2", "3", "4"]


def test_a_body_that_is_very_long_is_cut() -> None:
    journal = Journal()
    call = Call("gateway", "send", "POST", "/send", None, None, {}, {"message": "x" * 100_000}, None)
    assert len(journal.open(call, None, "now").body) < 25_000
