"""Stream's webhooks: signed over the body before compression, with an id that copies share."""

import json
from collections.abc import Iterator

import pytest
from stream_chat import StreamChat

from sandbox.client import Sandbox
from sandbox.tests.receiver import Receiver, running_receiver
from sandbox.tests.test_stream import KEY, SECRET


@pytest.fixture
def sdk(sandbox: Sandbox) -> StreamChat:
    return StreamChat(KEY, SECRET, base_url=sandbox.stream.url)


@pytest.fixture
def heard(sandbox: Sandbox) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        sandbox.stream.webhooks.configure(url=receiver.url)
        yield receiver
        sandbox.reset()


def _conversation(sdk: StreamChat) -> None:
    sdk.upsert_users([{"id": "ada"}, {"id": "bob"}])
    channel = sdk.channel("messaging", "one", {"members": ["ada", "bob"]})
    channel.create("ada")
    channel.send_message({"text": "hello"}, "bob")
    channel.remove_members(["bob"])
    sdk.deactivate_user("bob")
    sdk.reactivate_user("bob")
    sdk.delete_user("bob")
    channel.delete()


def test_everything_is_told_in_order(sandbox: Sandbox, sdk: StreamChat, heard: Receiver) -> None:
    _conversation(sdk)
    sandbox.stream.webhooks.flush()
    told = [json.loads(post.body)["type"] for post in heard.received]
    assert told == [
        "user.updated", "user.updated", "channel.created", "member.added", "member.added", "message.new",
        "member.removed", "user.deactivated", "user.reactivated", "user.deleted", "channel.deleted",
    ]  # fmt: skip


@pytest.mark.parametrize("compresses", [False, True])
def test_the_sdk_takes_the_signature(sandbox: Sandbox, sdk: StreamChat, heard: Receiver, compresses: bool) -> None:
    sandbox.stream.webhooks.configure(compresses=compresses)
    sdk.upsert_user({"id": "ada"})
    sandbox.stream.webhooks.flush()
    (post,) = heard.received
    assert sdk.verify_and_parse_webhook(post.body, post.headers["X-Signature"])["user"]["id"] == "ada"
    assert post.headers.get("Content-Encoding") == ("gzip" if compresses else None)


def test_copies_share_their_id(sandbox: Sandbox, sdk: StreamChat, heard: Receiver) -> None:
    sandbox.stream.webhooks.misbehave("duplicate", times=1)
    sdk.upsert_user({"id": "ada"})
    sdk.upsert_user({"id": "bob"})
    sandbox.stream.webhooks.flush()
    first, second, third = [post.headers["X-Webhook-Id"] for post in heard.received]
    assert first == second != third


def test_the_gateways_webhooks_are_not_streams(sandbox: Sandbox, sdk: StreamChat, heard: Receiver) -> None:
    sandbox.add_session("wa_1")
    assert sandbox.stream.webhooks.deliveries() == []
