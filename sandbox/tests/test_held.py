"""Webhooks that wait to be released, taken or dropped, and those that are sent by hand."""

import hashlib
import hmac
import json

import pytest

from sandbox.client import Sandbox, SandboxError
from sandbox.tests.receiver import Receiver

SECRET = "sandbox-webhook-secret"


def test_what_is_held_goes_when_it_is_released(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(holds=True)
    joined = [person.lid for person in sandbox.join(group, 3)]
    sandbox.webhooks.flush()
    assert receiver.received == []
    assert sandbox.webhooks.pending().held == 3
    released = sandbox.webhooks.release()
    sandbox.webhooks.flush()
    assert [delivery.content["participant"]["id"] for delivery in released] == joined
    assert receiver.people == joined


def test_what_is_held_goes_in_any_order_doubled_or_not_at_all(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(holds=True)
    joined = [person.lid for person in sandbox.join(group, 4)]
    first, second, third, fourth = [delivery.id for delivery in sandbox.webhooks.held()]
    sandbox.webhooks.drop([second])
    sandbox.webhooks.release([fourth, first, fourth])
    sandbox.webhooks.flush()
    assert receiver.people == [joined[3], joined[0], joined[3]]
    assert [delivery.id for delivery in sandbox.webhooks.held()] == [third]
    assert [delivery.id for delivery in sandbox.webhooks.deliveries(state="lost")] == [second]
    assert [delivery.event for delivery in sandbox.webhooks.deliveries(copy_of=fourth)] == ["join"]


def test_a_release_is_reversed_or_shuffled_the_same_way_at_each_run(
    sandbox: Sandbox, receiver: Receiver, group: str
) -> None:
    sandbox.webhooks.configure(holds=True)
    orders = []
    for order, seed in (("reversed", 0), ("shuffled", 7), ("shuffled", 7), ("shuffled", 8)):
        sandbox.join(group, 20)
        first = sandbox.webhooks.held()[0].id
        orders.append([delivery.id - first for delivery in sandbox.webhooks.release(order=order, seed=seed)])
    assert orders[0] == list(reversed(range(20)))
    assert orders[1] == orders[2] != orders[3]
    assert sorted(orders[1]) == list(range(20))


def test_what_is_not_held_cannot_be_released(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(holds=True)
    sandbox.join(group, 1)
    (held,) = sandbox.webhooks.held()
    with pytest.raises(SandboxError, match="not_held"):
        sandbox.webhooks.release([held.id, 99_999])
    assert sandbox.webhooks.pending().held == 1


def test_what_is_held_may_be_delivered_by_hand(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.webhooks.configure(holds=True, signature="hub")
    joined = [person.lid for person in sandbox.join(group, 2)]
    posts = sandbox.webhooks.take(order="reversed")
    assert [json.loads(post.body)["participant"]["id"] for post in posts] == joined[::-1]
    digest = hmac.new(SECRET.encode(), posts[0].body, hashlib.sha256).hexdigest()
    assert posts[0].headers == {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
    assert (posts[0].url, receiver.received) == (receiver.url, [])
    assert [delivery.state for delivery in sandbox.webhooks.deliveries()] == ["taken", "taken"]


def test_an_earlier_delivery_is_sent_again_as_it_was(sandbox: Sandbox, receiver: Receiver, group: str) -> None:
    sandbox.join(group, 2)
    sandbox.webhooks.flush()
    first, second = [delivery.id for delivery in sandbox.webhooks.deliveries()]
    assert [copy.copy_of for copy in sandbox.webhooks.replay([second, first])] == [second, first]
    sandbox.webhooks.flush()
    bodies = [received.body for received in receiver.received]
    assert bodies[2:] == [bodies[1], bodies[0]]
    with pytest.raises(SandboxError, match="unknown_delivery"):
        sandbox.webhooks.replay([99_999])


def test_anything_can_be_posted_as_it_is(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.webhooks.post_raw(b"\xff\x00{", {"X-Hub-Signature-256": "sha256=zz", "Content-Type": "text/plain"})
    sandbox.webhooks.post_raw("")
    sandbox.webhooks.post_raw('{"event": "dance"}', sign=True)
    sandbox.webhooks.flush()
    first, second, third = receiver.received
    assert (first.body, first.headers["X-Hub-Signature-256"]) == (b"\xff\x00{", "sha256=zz")
    assert (first.headers["Content-Type"], "X-API-Key" in first.headers) == ("text/plain", False)
    assert (second.body, second.headers["Content-Type"]) == (b"", "application/json")
    assert (third.content, third.headers["X-API-Key"]) == ({"event": "dance"}, SECRET)


def test_what_http_cannot_carry_is_noted_as_such(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.webhooks.post_raw("{}", {"X-Note": "a\r\nb"})
    sandbox.webhooks.post_raw("{}", {"X-Note": "ключ"})
    sandbox.webhooks.post_raw("{}")
    sandbox.webhooks.flush()
    found = [(delivery.state, delivery.statuses) for delivery in sandbox.webhooks.deliveries()]
    assert found == [("refused", ["invalid"]), ("refused", ["invalid"]), ("delivered", [200])]
