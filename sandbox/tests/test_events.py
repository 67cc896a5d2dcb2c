"""What the gateway tells by itself."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from sandbox.client import Sandbox, SandboxError
from sandbox.testing import running_sandbox
from sandbox.tests.calls import Gateway
from sandbox.tests.receiver import Receiver, forget


def test_a_join_is_told_as_the_contract_has_it(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    (person,) = sandbox.join(group, 1, hidden=0)
    sandbox.webhooks.flush()
    assert receiver.contents == [
        {
            "event": "join",
            "sessionId": "wa_1",
            "groupJid": group,
            "participant": {"id": person.lid, "phone": person.phone},
            "timestamp": f"{sandbox.truth(group).history[-1].at[:23]}Z",
        }
    ]
    assert receiver.received[0].headers["Content-Type"] == "application/json"


def test_every_change_of_a_member_is_told_in_its_order(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    (person,) = sandbox.join(group, 1)
    sandbox.promote(group, [person.lid])
    sandbox.demote(group, [person.lid])
    sandbox.leave_people(group, [person.lid])
    sandbox.webhooks.flush()
    assert [content["event"] for content in receiver.contents] == ["join", "promote", "demote", "leave"]
    assert receiver.people == [person.lid] * 4
    stamps = [content["timestamp"] for content in receiver.contents]
    assert stamps == sorted(set(stamps))


def test_what_changes_nothing_is_not_told(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    (person,) = sandbox.join(group, 1)
    forget(sandbox, receiver)
    sandbox.demote(group, [person.lid])
    sandbox.reveal(group, [person.lid])
    with pytest.raises(SandboxError, match="already_member"):
        sandbox.join_people(group, [{"lid": person.lid}])
    sandbox.change_session("wa_1", status="connected")
    sandbox.webhooks.flush()
    assert receiver.received == []


def test_each_session_in_the_group_tells_its_copy_at_the_same_time(
    sandbox: Sandbox, receiver: Receiver, group: str
) -> None:
    for name in ("wa_2", "wa_3"):
        sandbox.add_session(name)
    sandbox.put_session_in(group, "wa_2", is_admin=False)
    sandbox.change_session("wa_2", sees_phones=False)
    forget(sandbox, receiver)
    (person,) = sandbox.join(group, 1, hidden=0)
    sandbox.webhooks.flush()
    first, second = receiver.contents
    assert (first["sessionId"], second["sessionId"]) == ("wa_1", "wa_2")
    assert first["participant"] == {"id": person.lid, "phone": person.phone}
    assert second["participant"] == {"id": person.lid}
    assert first["timestamp"] == second["timestamp"]


def test_one_session_of_two_may_be_the_only_one_to_tell(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.add_session("wa_2")
    sandbox.put_session_in(group, "wa_2", is_admin=True)
    forget(sandbox, receiver)
    sandbox.set_style(event_copies="first_session")
    sandbox.join(group, 3)
    sandbox.webhooks.flush()
    assert [content["sessionId"] for content in receiver.contents] == ["wa_1"] * 3


def test_a_session_that_is_not_connected_tells_nothing_of_its_groups(
    sandbox: Sandbox, receiver: Receiver, group: str
) -> None:
    sandbox.change_session("wa_1", status="disconnected")
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    assert [content.get("event", content["status"]) for content in receiver.contents] == ["disconnected"]


def test_a_session_tells_of_its_own_leaving(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    own = str(sandbox.sessions()[0].lid)
    sandbox.leave_people(group, [own])
    sandbox.webhooks.flush()
    assert [(content["event"], content["participant"]["id"]) for content in receiver.contents] == [("leave", own)]


def test_parents_tell_nothing(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.add_session("wa_1")
    community = sandbox.add_community("wa_1", "Pottery")
    sandbox.join(community.parent_jid, 3)
    sandbox.webhooks.flush()
    assert {content["groupJid"] for content in receiver.contents if "event" in content} == {community.announcement_jid}


@pytest.mark.parametrize(
    ("spelling", "phone"), [("absent", {}), ("null", {"phone": None}), ("empty", {"phone": ""})]
)  # fmt: skip
def test_a_hidden_phone_is_spelled_as_in_lists(
    sandbox: Sandbox, receiver: Receiver, group: str, spelling: str, phone: dict[str, str | None]
) -> None:
    sandbox.set_style(hidden_phone=spelling)
    (person,) = sandbox.join(group, 1, hidden=1)
    sandbox.webhooks.flush()
    assert receiver.contents[0]["participant"] == {"id": person.lid, **phone}


def test_a_person_may_be_a_text_or_json_in_a_text(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.set_style(participant="text")
    (first,) = sandbox.join(group, 1)
    sandbox.set_style(participant="json", hidden_phone="lid_digits")
    (second,) = sandbox.join(group, 1, hidden=1)
    sandbox.webhooks.flush()
    told = [content["participant"] for content in receiver.contents]
    assert told[0] == first.lid
    assert json.loads(told[1]) == {"id": second.lid, "phone": second.lid.removesuffix("@lid")}


def test_times_come_as_text_seconds_or_milliseconds(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.join(group, 1)
    for spelling in ("seconds", "milliseconds"):
        sandbox.set_style(event_time=spelling)
        sandbox.join(group, 1)
    sandbox.webhooks.flush()
    text, seconds, milliseconds = [content["timestamp"] for content in receiver.contents]
    exact = [_milliseconds(change.at) for change in sandbox.truth(group).history[-3:]]
    assert _milliseconds(text) == exact[0]
    assert round(seconds * 1000) == exact[1]
    assert milliseconds == exact[2]


def test_times_may_be_whole_seconds(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    for spelling in ("iso", "seconds", "milliseconds"):
        sandbox.set_style(event_time=spelling, event_precision="whole_seconds")
        sandbox.join(group, 1)
    sandbox.webhooks.flush()
    text, seconds, milliseconds = [content["timestamp"] for content in receiver.contents]
    exact = [change.at for change in sandbox.truth(group).history[-3:]]
    assert text == f"{exact[0][:19]}Z"
    assert isinstance(seconds, int)
    assert seconds == _milliseconds(exact[1]) // 1000
    assert milliseconds == _milliseconds(exact[2]) // 1000 * 1000


@pytest.mark.parametrize(("style", "most"), [("emitted", 40), ("emitted_late", 1500)])
def test_copies_may_be_stamped_when_they_are_made(
    sandbox: Sandbox, receiver: Receiver, group: str, style: str, most: int
) -> None:
    sandbox.add_session("wa_2")
    sandbox.put_session_in(group, "wa_2", is_admin=True)
    forget(sandbox, receiver)
    sandbox.set_style(event_stamp=style, event_time="milliseconds")
    sandbox.join(group, 2)
    sandbox.webhooks.flush()
    happened = _milliseconds(sandbox.truth(group).history[-1].at)
    lags = [content["timestamp"] - happened for content in receiver.contents]
    assert lags[:2] == lags[2:]
    assert lags[0] != lags[1]
    assert all(0 < lag <= most + 1 for lag in lags)


def test_times_are_those_of_the_gateways_own_clock(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.set_clock(-3600)
    sandbox.set_style(event_time="milliseconds")
    sandbox.join(group, 1)
    sandbox.webhooks.flush()
    truth = _milliseconds(sandbox.truth(group).history[-1].at)
    assert receiver.contents[0]["timestamp"] == truth - 3_600_000


def test_the_life_of_a_session_is_told(sandbox: Sandbox, receiver: Receiver, gateway: Gateway) -> None:
    gateway.post("/connect", {"sessionId": "wa_1"})
    sandbox.change_session("wa_1", status="connected", phone_number="919812345678")
    sandbox.change_session("wa_1", status="disconnected")
    gateway.post("/connect", {"sessionId": "wa_1"})
    gateway.post("/disconnect/wa_1")
    sandbox.webhooks.flush()
    assert [(content["status"], content.get("phoneNumber")) for content in receiver.contents] == [
        ("qr", None),
        ("connected", "919812345678"),
        ("disconnected", "919812345678"),
        ("connected", "919812345678"),
        ("disconnected", None),
    ]
    assert {frozenset(content) - {"phoneNumber"} for content in receiver.contents} == {
        frozenset({"sessionId", "status", "timestamp"})
    }


def test_a_flapping_session_tells_of_every_change(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.add_session("wa_1")
    forget(sandbox, receiver)
    assert sandbox.flap("wa_1", 40).status == "connected"
    sandbox.webhooks.flush()
    assert [content["status"] for content in receiver.contents] == ["disconnected", "connected"] * 20
    assert len({content["timestamp"] for content in receiver.contents}) == 40


def test_a_session_without_a_connection_cannot_flap(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_1", status="qr")
    with pytest.raises(SandboxError, match="not_paired"):
        sandbox.flap("wa_1", 2)


def test_a_refused_message_is_told_later(sandbox: Sandbox, receiver: Receiver, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    parent = sandbox.add_community("wa_1", "Pottery").parent_jid
    forget(sandbox, receiver)
    sent = gateway.post("/send", {"sessionId": "wa_1", "phone": parent, "message": "Hello"}).json()
    gateway.post("/send", {"sessionId": "wa_1", "phone": "919812345678", "message": "Hello"})
    sandbox.webhooks.flush()
    assert receiver.contents == [
        {
            "event": "message_error",
            "sessionId": "wa_1",
            "messageId": sent["messageId"],
            "errorCode": 420,
            "errorMessage": "Community parents take no messages",
            "groupJid": parent,
        }
    ]


def test_a_creation_tells_of_its_maker(sandbox: Sandbox, receiver: Receiver, gateway: Gateway) -> None:
    own = sandbox.add_session("wa_1").lid
    forget(sandbox, receiver)
    gateway.create("wa_1", "Pottery")
    sandbox.webhooks.flush()
    told = [(content["event"], content["participant"]["id"]) for content in receiver.contents]
    assert told == [("join", own), ("promote", own)]


def test_a_creation_that_comes_late_is_told_when_it_comes(
    sandbox: Sandbox, receiver: Receiver, gateway: Gateway
) -> None:
    sandbox.add_session("wa_1")
    forget(sandbox, receiver)
    sandbox.add_fault("create_community", "late_effect", seconds=0)
    with pytest.raises(requests.ConnectionError):
        gateway.create("wa_1", "Pottery")
    gateway.groups("wa_1")
    sandbox.webhooks.flush()
    assert [content["event"] for content in receiver.contents] == ["join", "promote"]


def test_without_a_url_nothing_is_sent_nor_noted(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_1")
    sandbox.join(sandbox.add_group("wa_1", "A"), 3)
    assert sandbox.webhooks.deliveries() == []


def test_the_url_may_come_from_the_environment(receiver: Receiver, tmp_path: Path) -> None:
    with running_sandbox(environment={"ROLLCALL_WEBHOOK_URL": receiver.url, "SANDBOX_WEBHOOK_SECRET": "s3"}) as other:
        other.reset()
        other.add_session("wa_1")
        other.webhooks.flush()
    assert receiver.received[0].path == "/webhooks/whatsapp/main"
    assert receiver.received[0].headers["X-API-Key"] == "s3"


def _milliseconds(instant: str) -> int:
    moment = datetime.fromisoformat(instant).astimezone(UTC)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
