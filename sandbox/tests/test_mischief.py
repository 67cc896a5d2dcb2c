"""Webhooks that go wrong on demand."""

import time

import pytest

from sandbox.client import Sandbox, SandboxError
from sandbox.tests.receiver import Receiver


def _join(sandbox: Sandbox, group: str, count: int) -> list[str]:
    joined = [person.lid for person in sandbox.join(group, count)]
    sandbox.webhooks.flush()
    return joined


def test_the_next_two_are_lost(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("lose", times=2)
    joined = _join(sandbox, group, 4)
    assert receiver.people == joined[2:]
    assert len(sandbox.webhooks.deliveries(state="lost")) == 2
    assert sandbox.webhooks.rules() == []


def test_a_share_is_lost_by_chance_and_the_same_share_at_each_run(sandbox: Sandbox, receiver: Receiver) -> None:
    arrived = []
    for seed in (3, 3, 4):
        sandbox.reset()
        sandbox.webhooks.configure(url=receiver.url)
        receiver.received.clear()
        sandbox.add_session("wa_1")
        jid = sandbox.add_group("wa_1", "Pottery")
        sandbox.webhooks.misbehave("lose", times=None, share=0.5, seed=seed, event="join")
        joined = _join(sandbox, jid, 40)
        arrived.append([joined.index(one["participant"]["id"]) for one in receiver.contents[3:]])
    assert arrived[0] == arrived[1] != arrived[2]
    assert 8 < len(arrived[0]) < 32


def test_one_comes_three_times(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("duplicate", copies=3)
    joined = _join(sandbox, group, 2)
    assert receiver.people == [*[joined[0]] * 3, joined[1]]
    original = sandbox.webhooks.deliveries()[0].id
    assert len(sandbox.webhooks.deliveries(copy_of=original)) == 2


def test_one_comes_late_and_others_overtake_it(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("delay", seconds=86_400)
    joined = [person.lid for person in sandbox.join(group, 3)]
    receiver.wait_for(2)
    with pytest.raises(SandboxError, match="not_flushed"):
        sandbox.webhooks.flush(0.1)
    sandbox.webhooks.flush(hurry=True)
    assert receiver.people == [*joined[1:], joined[0]]


def test_a_delay_ends_by_itself(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("delay", seconds=0.2)
    began = time.monotonic()
    _join(sandbox, group, 1)
    assert time.monotonic() - began > 0.2
    assert len(receiver.received) == 1


def test_a_window_of_four_is_shuffled(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("reorder", window=4, times=8, seed=5)
    joined = _join(sandbox, group, 10)
    assert receiver.people != joined
    assert [set(receiver.people[start : start + 4]) for start in (0, 4)] == [set(joined[:4]), set(joined[4:8])]
    assert receiver.people[8:] == joined[8:]


def test_a_window_that_never_fills_goes_with_the_flush(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("reorder", window=100, times=None)
    sandbox.join(group, 3)
    assert sandbox.webhooks.pending().waiting == 3
    sandbox.webhooks.flush()
    assert len(receiver.received) == 3


def test_a_window_goes_when_its_rule_is_taken_back(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    rule = sandbox.webhooks.misbehave("reorder", window=100, times=None)
    sandbox.join(group, 3)
    sandbox.webhooks.behave(rule.id)
    sandbox.webhooks.flush()
    assert len(receiver.received) == 3
    with pytest.raises(SandboxError, match="unknown_rule"):
        sandbox.webhooks.behave(rule.id)


@pytest.mark.parametrize(
    ("signature", "header"),
    [("api_key", "X-API-Key"), ("hub", "X-Hub-Signature-256"), ("hmac512", "X-Webhook-Hmac")],
)
def test_a_forged_signature_looks_right_and_is_wrong(
    sandbox: Sandbox, receiver: Receiver, group: str, signature: str, header: str
) -> None:
    sandbox.webhooks.configure(signature=signature)
    _join(sandbox, group, 1)
    sandbox.webhooks.misbehave("forge")
    sandbox.webhooks.replay([sandbox.webhooks.deliveries()[0].id])
    sandbox.leave(group, 1)
    sandbox.webhooks.flush()
    right, again, forged = [received.headers[header] for received in receiver.received]
    assert right == again != forged
    if signature != "api_key":
        assert len(forged) == len(right)
    assert [delivery.is_forged for delivery in sandbox.webhooks.deliveries()] == [False, False, True]


def test_a_body_may_tell_the_gateways_secrets(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("leak")
    (joined,) = _join(sandbox, group, 1)
    (content,) = receiver.contents
    assert content["participant"]["id"] == joined
    assert (content["apiKey"], content["webhook"]) == ("sandbox-gateway-key", {"secret": "sandbox-webhook-secret"})
    assert content["note"] == "authorized with sandbox-webhook-secret"
    assert "sandbox-gateway-key" not in sandbox.webhooks.deliveries()[0].body


def test_rules_are_limited_to_an_event_a_session_or_a_group(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.add_session("wa_2")
    sandbox.put_session_in(group, "wa_2", is_admin=True)
    other = sandbox.add_group("wa_2", "Wood")
    sandbox.webhooks.flush()
    receiver.received.clear()
    sandbox.webhooks.misbehave("lose", times=None, event="join", session="wa_2", group=group)
    _join(sandbox, group, 1)
    _join(sandbox, other, 1)
    sandbox.leave(group, 1)
    sandbox.webhooks.flush()
    told = [(one["event"], one["sessionId"], one["groupJid"]) for one in receiver.contents]
    assert told == [
        ("join", "wa_1", group),
        ("join", "wa_2", other),
        ("leave", "wa_1", group),
        ("leave", "wa_2", group),
    ]


def test_each_rule_works_on_what_the_one_before_leaves(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("lose")
    sandbox.webhooks.misbehave("duplicate", copies=2)
    sandbox.webhooks.misbehave("reorder", window=3, times=3)
    joined = _join(sandbox, group, 3)
    assert sorted(receiver.people) == sorted([joined[1], joined[1], joined[2]])


def test_held_deliveries_have_met_the_rules_already(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(holds=True)
    sandbox.webhooks.misbehave("duplicate", copies=3)
    sandbox.join(group, 1)
    assert sandbox.webhooks.pending().held == 3


def test_rules_are_told_with_the_times_that_are_left(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.misbehave("duplicate", times=5, seed=9, share=1, copies=4)
    sandbox.webhooks.misbehave("lose", times=None, group="1@g.us")
    _join(sandbox, group, 2)
    first, second = sandbox.webhooks.rules()
    assert (first.kind, first.times, first.seed, first.params) == ("duplicate", 3, 9, {"copies": 4})
    assert (second.kind, second.times, second.group) == ("lose", None, "1@g.us")
    sandbox.webhooks.behave()
    assert sandbox.webhooks.rules() == []
