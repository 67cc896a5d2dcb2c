"""What Stream tells us, delivered by the sandbox and handled by the inbox."""

import gzip
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from stream_chat.webhook import verify_and_parse_webhook

from chat import outbound
from chat.tests.conftest import Scene
from chat.tests.factories import conversation, identity, new_person, participants, sdk, stream_id
from common import tenancy
from webhooks.dispatch import drain
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db

PATH = "/webhooks/stream"


def _signature(body: bytes, secret: str = "") -> str:
    return hmac.new((secret or settings.STREAM_API_SECRET).encode(), body, hashlib.sha256).hexdigest()


def post(body: bytes, *, signature: str | None = None, key: str = "1", sent: bytes | None = None) -> int:
    """Post a body as Stream does; `sent` is what goes over the wire."""
    headers = {"X-Signature": _signature(body) if signature is None else signature, "X-Webhook-Id": key}
    return Client().post(PATH, sent or body, content_type="application/json", headers=headers).status_code


def event(kind: str, at: datetime | None = None, **facts: Any) -> bytes:
    at = at or datetime.now(UTC) + timedelta(seconds=60)
    return json.dumps({"type": kind, "created_at": f"{at:%Y-%m-%dT%H:%M:%S}.123456789Z", **facts}).encode()


def handle() -> list[str]:
    """Let the inbox work; answers what became of all deliveries."""
    drain(source="stream", is_last_look=True)
    with tenancy.system():
        return list(Delivery.objects.order_by("pk").values_list("status", flat=True))


def tell(kind: str, at: datetime | None = None, **facts: Any) -> list[str]:
    """An event comes, and is handled."""
    body = event(kind, at, **facts)
    assert post(body, key=hashlib.sha256(body).hexdigest()) == 200
    return handle()


@pytest.fixture
def told(scene: Scene) -> Scene:
    """An open conversation, after which Stream's webhooks are kept until they are taken."""
    scene.open()
    scene.sandbox.stream.webhooks.configure(url="http://127.0.0.1:9/webhooks/stream", holds=True)
    return scene


def deliver(scene: Scene, order: str = "given") -> list[str]:
    """What the sandbox's Stream has told since, each delivered twice; answers what became of all deliveries."""
    for taken in scene.sandbox.stream.webhooks.take(order=order):
        for _ in range(2):
            assert (
                Client().post(PATH, taken.body, content_type="application/json", headers=taken.headers).status_code
                == 200
            )
    return handle()


def test_a_signature_over_the_plain_body_is_taken_compressed_or_not() -> None:
    body = event("user.updated", user={"id": "somebody"})
    assert post(body, key="1") == 200
    assert post(body, key="2", sent=gzip.compress(body)) == 200
    assert verify_and_parse_webhook(gzip.compress(body), _signature(body), settings.STREAM_API_SECRET)
    assert Delivery.objects.count() == 2


def test_while_the_secret_is_being_changed_webhooks_of_both_are_taken(settings: Any) -> None:
    """Fails without `STREAM_WEBHOOK_SECRETS` in `inbound.verify`."""
    body = event("user.updated", user={"id": "somebody"})
    assert post(body, key="1", signature=_signature(body, "the other one")) == 401
    settings.STREAM_WEBHOOK_SECRETS = ["", "the other one"]
    assert post(body, key="1", signature=_signature(body, "the other one")) == 200
    assert post(body, key="2") == 200
    assert post(body, key="3", signature=_signature(body, "a third")) == 401
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("signature", ["", "wrong", "ünïcode", "0" * 64, "\x00"])
def test_another_signature_is_refused(signature: str) -> None:
    assert post(event("user.updated"), signature=signature) in (400, 401)
    assert not Delivery.objects.exists()


def test_a_body_that_unpacks_without_end_is_refused() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert post(b"{}", sent=bomb) == 400
    assert post(b"{}", sent=gzip.compress(b"{}")[:-4]) == 400
    assert post(b"{}", sent=b"\x1f\x8bnonsense") == 400
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{}", b'{"type": 7}', b'{"type": ""}', b"\xff"])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    assert post(body) == 400
    assert not Delivery.objects.exists()


def test_a_repeated_event_is_kept_once() -> None:
    for _ in range(3):
        assert post(event("user.updated", user={"id": "somebody"}), key="the same") == 200
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    "kind", ["user.deleted", "user.updated", "member.added", "member.removed", "message.new", "channel.deleted"]
)
@pytest.mark.parametrize(
    "facts", [{}, {"user": 7}, {"user": {"id": 7}}, {"cid": "messaging:other", "user": {"id": "x"}}]
)
def test_what_is_none_of_ours_is_ignored(kind: str, facts: dict[str, Any]) -> None:
    assert tell(kind, **facts) == ["ignored"]


@pytest.mark.parametrize("order", ["given", "reversed"])
def test_users_who_end_and_come_back(told: Scene, order: str) -> None:
    who = stream_id(told.person)
    sdk().deactivate_user(who)
    assert deliver(told) == ["done"]
    assert (identity(told.person).state, identity(told.person).pushed_hash) == ("deactivated", "")
    assert told.open(context="another").status_code == 409
    sdk().reactivate_user(who)
    sdk().deactivate_user(who)
    sdk().reactivate_user(who)
    deliver(told, order)
    assert identity(told.person).state == "active"
    assert identity(told.person).push_after is not None
    assert told.open(context="another").status_code == 201


def test_a_deleted_user_is_in_nothing(told: Scene) -> None:
    sdk().delete_user(stream_id(told.person))
    deliver(told)
    assert identity(told.person).state == "deleted"


def test_a_member_who_was_taken_out_is_shown_missing_until_the_next_opening(told: Scene) -> None:
    sdk().channel("messaging", conversation().channel_id).remove_members([stream_id(told.person)])
    deliver(told)
    assert participants() == {stream_id(told.company): True, stream_id(told.person): False}
    assert told.open().status_code == 200
    assert set(participants().values()) == {True}


@pytest.mark.parametrize("order", ["given", "reversed"])
def test_the_newest_news_of_a_member_stands(told: Scene, order: str) -> None:
    channel = sdk().channel("messaging", conversation().channel_id)
    channel.remove_members([stream_id(told.person)])
    channel.add_members([stream_id(told.person)])
    deliver(told, order)
    assert set(participants().values()) == {True}


def test_the_last_message_is_known_in_whatever_order_they_come(told: Scene) -> None:
    channel = sdk().channel("messaging", conversation().channel_id)
    for text in ("first", "second"):
        channel.send_message({"text": text}, stream_id(told.person))
    last = told.sandbox.stream.channels()[conversation().cid]["channel"]["last_message_at"]
    assert deliver(told, "reversed") == ["done", "done"]
    assert conversation().last_message_at == datetime.fromisoformat(last)
    assert conversation().active_at == conversation().last_message_at


def test_a_deleted_channel_is_shown_deleted_and_made_again_when_it_is_opened(told: Scene) -> None:
    sdk().channel("messaging", conversation().channel_id).delete()
    deliver(told)
    assert (conversation().status, conversation().error_code) == ("deleted", "channel_deleted")
    told.sandbox.stream.webhooks.drop()
    assert told.open().status_code == 200
    assert (conversation().status, conversation().error) == ("ready", "")


def test_news_of_a_deletion_that_was_overtaken_changes_nothing(told: Scene) -> None:
    tell("channel.deleted", datetime(2020, 1, 1, tzinfo=UTC), cid=conversation().cid)
    assert conversation().status == "ready"


def test_our_own_push_comes_back_and_starts_nothing(told: Scene) -> None:
    told.open(new_person(), context="another")
    assert set(deliver(told)) <= {"done", "ignored"}
    told.sandbox.clear_journal()
    assert outbound.push_profiles() == 0
    assert told.calls() == []


def test_a_profile_that_a_browser_wrote_over_is_put_right_without_end(told: Scene) -> None:
    who = stream_id(told.person)
    browser = sdk()
    browser.auth_token = browser.create_token(who)
    browser.upsert_user({"id": who, "name": "Hacked", "image": "https://example.com/x.png"})
    assert deliver(told) == ["done"]
    assert outbound.push_profiles() == 1
    assert told.sandbox.stream.users()[who]["name"] == told.person.full_name
    assert deliver(told)[-1] == "ignored"  # our own repair, told by Stream
    assert outbound.push_profiles() == 0
    browser.upsert_user({"id": who, "name": "Hacked"})
    deliver(told)
    assert outbound.push_profiles() == 0  # again within ten minutes: later
    later = identity(told.person).push_after
    assert later is not None
    assert later > datetime.now(UTC) + timedelta(minutes=5)
