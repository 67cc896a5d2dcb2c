"""Whoever is erased here is deleted in Stream too, and nothing here says who they were there."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.services import erase_person
from chat import outbound, services, tasks
from chat.models import Erasure, StreamIdentity
from chat.tests.conftest import Scene
from chat.tests.factories import conversation, identity, sdk, stream_id
from common import tenancy
from webhooks.models import Alarm, Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def erased(scene: Scene) -> str:
    """The id in Stream of a person who has spoken and was erased here, and whom Stream has told of."""
    scene.sandbox.stream.limit(delete_user=6000)
    assert scene.open().status_code == 201
    was = stream_id(scene.person)
    sdk().channel("messaging", conversation().channel_id).send_message({"text": "I am Ada"}, was)
    payload = {"type": "message.new", "message": {"text": "I am Ada", "user": {"id": was}}}
    Delivery.objects.create(source="stream", type="message.new", dedupe_key="1", payload=payload)
    erase(scene)
    return was


def erase(scene: Scene, *, is_dry_run: bool = False) -> None:
    erase_person(id=scene.person.pk, actor="test", is_dry_run=is_dry_run)


def let_time_pass() -> None:
    """What waits is due, and whoever is at something is gone."""
    now = timezone.now()
    Erasure.objects.exclude(run_after=None).update(run_after=now - timedelta(seconds=1))
    Erasure.objects.exclude(lease_until=None).update(lease_until=now - timedelta(seconds=1))


def everything() -> str:
    """All rows in which they might be."""
    found: list[Any] = []
    tables = ["chat_erasures", "chat_stream_identities", "chat_conversations", "chat_participants"]
    with tenancy.system(), connection.cursor() as cursor:
        for table in [*tables, "webhook_deliveries", "alarms"]:
            cursor.execute(f"SELECT to_jsonb(t) FROM {table} t")
            found += cursor.fetchall()
    return json.dumps(found, default=str)


def test_they_are_deleted_with_their_messages_and_nothing_says_who_they_were(scene: Scene, erased: str) -> None:
    tasks.sweep()
    assert "deleted_at" not in scene.sandbox.stream.users()[erased], "somebody may still be pushing the profile"
    assert everything().count(erased) == 1, "what is left to do"
    let_time_pass()
    tasks.sweep()
    (channel,) = scene.sandbox.stream.channels().values()
    assert channel["messages"] == []
    assert {row["user_id"] for row in channel["members"]} == {stream_id(scene.company)}
    assert erased not in everything()
    assert "I am Ada" not in everything()
    tasks.sweep()
    assert len(scene.calls("delete_user")) == 1


def test_the_others_keep_the_conversation_and_a_repair_brings_nobody_back(scene: Scene, erased: str) -> None:
    (row,) = scene.get("/api/chat/conversations").data["results"]
    (left,) = [seat for seat in row["participants"] if seat["kind"] == "user"]
    assert left["has_left"]
    assert left["id"].startswith("erased-")
    let_time_pass()
    outbound.erase_people()
    scene.sandbox.clear_journal()
    assert scene.post(f"/api/chat/conversations/{row['id']}/repair", {}).status_code in (200, 202)
    assert outbound.push_profiles() == 0
    assert scene.channel_members() == {stream_id(scene.company)}
    assert left["stream_id"] not in scene.sandbox.stream.users()
    assert scene.open().data["code"] == "participants_not_found"


def test_what_was_said_of_them_as_missing_is_forgotten(scene: Scene) -> None:
    scene.fault("get_or_create_channel", "drop_member", user=stream_id(scene.person))
    scene.fault("update_channel", "drop_member", user=stream_id(scene.person))
    assert scene.open().status_code == 502
    assert stream_id(scene.person) in conversation().error
    erase(scene)
    assert conversation().missing == []
    assert stream_id(scene.person) not in conversation().error


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_fault_is_waited_out_and_staff_hear_of_one_that_lasts(scene: Scene, erased: str, is_lost: bool) -> None:
    """With a lost answer, Stream has them no more at the second time: that is as good."""
    scene.fault("delete_user", "drop_after_commit" if is_lost else "error", times=1)
    let_time_pass()
    outbound.erase_people()
    waiting = Erasure.objects.get()
    assert (waiting.failures, waiting.lease_until) == (1, None)
    assert waiting.run_after
    assert waiting.run_after > timezone.now()
    assert not Alarm.objects.open().exists()
    Erasure.objects.update(failures=Erasure.PATIENCE - 1)
    scene.fault("delete_user", "rate_limited_plain", times=1)
    let_time_pass()
    outbound.erase_people()
    assert Alarm.objects.open().get().kind == "chat_erasure"
    let_time_pass()
    outbound.erase_people()
    assert not Alarm.objects.open().exists()
    assert not Erasure.objects.exists()


def test_while_stream_is_away_one_is_asked_for_and_the_others_wait(scene: Scene, erased: str) -> None:
    """Fails without the `return` in `erase_people`: a sweep would wait for each in turn."""
    for number in range(3):
        Erasure.objects.create(stream_id=f"onecrew_user_nobody{number}", run_after=timezone.now())
    scene.fault("delete_user", "error", times=1)
    let_time_pass()
    outbound.erase_people()
    assert Erasure.objects.count() == 4
    let_time_pass()
    outbound.erase_people()
    assert not Erasure.objects.exists()


def test_a_refusal_is_told_at_once_without_a_name_and_keeps_nobody_else(scene: Scene, erased: str) -> None:
    Erasure.objects.create(stream_id="onecrew_user_nobody", run_after=timezone.now())
    scene.fault("delete_user", "error", code=17, message=f"{erased} may not be deleted", times=1)
    let_time_pass()
    outbound.erase_people()
    assert Erasure.objects.count() == 1, "of the two, the one whom Stream does not have is done"
    alarm = Alarm.objects.open().get()
    assert erased not in alarm.detail
    assert "may not be deleted" in alarm.detail


def test_f42_whoever_dies_in_the_middle_of_it_is_replaced(scene: Scene, erased: str) -> None:
    """Fails without `is_orphan` in `ErasureQuerySet.ripe` (chat/models/erasure.py)."""
    let_time_pass()
    assert services.claim_erasure()
    assert services.claim_erasure() is None
    let_time_pass()
    outbound.erase_people()
    assert not Erasure.objects.exists()


def test_a_push_under_way_does_not_keep_them(scene: Scene) -> None:
    scene.open()
    with tenancy.system():
        StreamIdentity.objects.update(pushed_hash="", push_after=timezone.now())
    people = services.lease_outdated(number=100) or []
    erase(scene)
    services.record_pushed(people=people)
    assert outbound.push_profiles() == 0
    let_time_pass()
    outbound.erase_people()
    assert "deleted_at" in scene.sandbox.stream.users()[stream_id(scene.person)]


def test_a_dry_run_and_people_without_chat_leave_stream_alone(scene: Scene) -> None:
    scene.open()
    erase(scene, is_dry_run=True)
    assert identity(scene.person).state == StreamIdentity.State.ACTIVE
    erase_person(id=scene.member.user_id, actor="test", is_dry_run=False)
    assert not Erasure.objects.exists()
