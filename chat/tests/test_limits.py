"""Stream's real limits: 10,000 GetOrCreateChannel a minute, 300 UpdateUsers."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chat import outbound, services
from chat.client import limits
from chat.client.results import Pace
from chat.models import Conversation, StreamIdentity
from chat.tests.conftest import Scene
from chat.tests.factories import conversation, new_person, party
from common import tenancy
from conftest import issue_token

pytestmark = pytest.mark.django_db

#: Requests in a minute of Stream's clock, and how many of that minute are made.
A_MINUTE = 5_000
MADE = A_MINUTE if os.environ.get("ROLLCALL_TEST_FULL") else 60


def _pushed_together(scene: Scene) -> list[Any]:
    """A hundred people whom Stream knows, by one call."""
    people = [new_person() for _ in range(99)]
    parties = [services.Party("user", person.pk) for person in people]
    parties.append(services.Party("company", scene.company.pk))
    outbound.sync_users(parties=parties, is_dry_run=False, report=lambda compared, refused: None)
    return people


def test_f38_a_minute_of_conversations_meets_no_limit(scene: Scene) -> None:
    """
    5,000 conversations between known people in a minute of Stream's clock (all with ROLLCALL_TEST_FULL=1).

    Falls without `if not person.is_known` in `Recipe.bring_about`: an upsert for each stops at ten a second.
    """
    people = _pushed_together(scene)
    scene.sandbox.clear_journal()
    scene.sandbox.stream.set_clock(step=60 / A_MINUTE)
    client = scene.api(token=issue_token(scene.member.user_id, org_id=scene.company.pk, expires_in=3600))
    for number in range(MADE):
        wanted = [party(scene.company), party(people[number % len(people)])]
        body = {"participants": wanted, "context": str(number // len(people))}
        answer = client.post("/api/chat/conversations", body, format="json")
        assert answer.status_code == 201, (number, answer.data)
    assert scene.sandbox.stream.refused() == {}
    assert {call.operation for call in scene.calls()} == {"get_or_create_channel"}


def test_the_same_with_an_upsert_for_each_is_refused(scene: Scene, settings: Any) -> None:
    people = _pushed_together(scene)
    scene.sandbox.stream.set_clock(step=60 / A_MINUTE)
    settings.CHAT_DEADLINE_SECONDS = 0.4
    for number, person in enumerate(people[:20]):
        with tenancy.system():
            services.push_again(identity=StreamIdentity.objects.get(person=person.pk))
        scene.open(person, context=str(number))
    assert scene.sandbox.stream.refused()["update_users"] > 0


def test_the_headers_tell_the_pace() -> None:
    headers = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "12", "x-ratelimit-reset": "1000"}
    told = {**headers, "Date": "Thu, 01 Jan 1970 00:16:30 GMT"}
    assert limits.pace(told) == Pace(300, 12, 10.0)
    assert Pace(300, 12, 10.0).pause == pytest.approx(0.1)
    assert Pace(300, 0, 10.0).pause == 10.0
    assert limits.wait(told) == timedelta(seconds=1)
    assert limits.wait({**told, "x-ratelimit-remaining": "0"}) == timedelta(seconds=10)
    assert limits.pace({}) is None
    assert limits.pace({**told, "x-ratelimit-limit": "many"}) is None
    assert limits.pace({**told, "x-ratelimit-remaining": "12, 4"}) == Pace(300, 12, 10.0)


def test_f41_f42_what_a_dead_worker_left_is_swept_up_and_ends_once(scene: Scene) -> None:
    """Falls without `sweep_conversations`, or without the number of the attempt in `claim`."""
    scene.fault("update_users", "error", times=None)
    with tenancy.system():
        services.open_conversation(
            parties=[services.Party("company", scene.company.pk), services.Party("user", scene.person.pk)],
            speaker=services.Party("company", scene.company.pk), name="", context="", requested_by="test",
        )  # fmt: skip
    assert services.sweep_conversations() == 0  # its worker is believed to be alive
    with tenancy.system():
        Conversation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert services.sweep_conversations() == 1
    scene.sandbox.clear_faults()
    left = conversation()
    outbound.finish_conversation(conversation_id=left.pk, attempt=left.attempt)
    outbound.finish_conversation(conversation_id=left.pk, attempt=left.attempt)  # the task, delivered twice
    assert conversation().status == "ready"
    assert len(scene.calls("get_or_create_channel")) == 1
    assert services.sweep_conversations() == 0


def test_after_so_many_failures_a_person_must_look(scene: Scene, settings: Any) -> None:
    settings.CHAT_DEADLINE_SECONDS = 0.05
    scene.fault("update_users", "error", times=None)
    assert scene.open().status_code == 202
    with tenancy.system():
        Conversation.objects.update(failures=Conversation.MAX_FAILURES - 1)
    assert (scene.open().status_code, scene.open().status_code) == (503, 202)
    with tenancy.system():
        Conversation.objects.update(failures=Conversation.MAX_FAILURES - 1)
    assert scene.open().data["code"] == "chat_unavailable"
    assert (conversation().status, conversation().error_code) == ("failed", "retry_soon")
    assert conversation().run_after is None
    scene.sandbox.clear_faults()
    settings.CHAT_DEADLINE_SECONDS = 5
    assert scene.open().status_code in (200, 201)
