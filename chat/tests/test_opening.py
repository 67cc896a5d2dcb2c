"""Conversations are opened: the first call makes them, whatever Stream does."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from chat import outbound
from chat.models import StreamIdentity
from chat.tests.conftest import Scene
from chat.tests.factories import conversation, identity, known_to_stream, new_person, participants, sdk, stream_id
from webhooks.models import Alarm

pytestmark = pytest.mark.django_db

ROLES = ("user", "admin")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("is_person_known", [False, True])
@pytest.mark.parametrize("is_company_known", [False, True])
def test_f36_any_company_talks_to_any_user_on_the_first_call(
    scene: Scene, settings: Any, is_company_known: bool, is_person_known: bool, role: str
) -> None:
    """
    New and existing companies and users, with both roles of companies.

    Falls without `self._push(…)` at the head of `Recipe.bring_about`, with its loop on `UsersMissing` too.
    """
    settings.STREAM_COMPANY_ROLE = role
    known_to_stream(*[scene.company] * is_company_known, *[scene.person] * is_person_known)
    answer = scene.open()
    assert answer.status_code == 201, answer.data
    assert answer.data["status"] == "ready"
    assert scene.channel_members() == {stream_id(scene.company), stream_id(scene.person)}
    users = scene.sandbox.stream.users()
    assert users[stream_id(scene.company)]["role"] == role
    assert users[stream_id(scene.company)]["name"] == scene.company.name
    assert users[stream_id(scene.person)]["role"] == "user"
    assert users[stream_id(scene.person)]["name"] == scene.person.full_name
    assert set(participants().values()) == {True}


def test_f36_users_whom_stream_does_not_see_yet_cost_no_error(scene: Scene) -> None:
    """Falls without the branch `except UsersMissing` in `Recipe._settled`."""
    scene.sandbox.stream.hide_new_users(operations=2)
    answer = scene.open()
    assert answer.status_code == 201, answer.data
    assert [call.status for call in scene.calls("get_or_create_channel")] == [400, 400, 201]


@pytest.mark.parametrize("separator", ["space", "comma"])
def test_several_who_are_missing_are_all_pushed_again(scene: Scene, separator: str) -> None:
    scene.sandbox.stream.set_style(missing_separator=separator)
    people = [new_person() for _ in range(3)]
    assert scene.open(*people).status_code == 201
    with_hidden = [new_person() for _ in range(3)]
    scene.sandbox.stream.hide_new_users(operations=1)
    assert scene.open(*with_hidden).status_code == 201


def test_companies_lead_their_own_channels(scene: Scene) -> None:
    scene.open()
    members = scene.sandbox.stream.members(conversation().cid)
    assert members == {stream_id(scene.company): "channel_moderator", stream_id(scene.person): "channel_member"}


def test_somebody_who_was_in_with_another_role_gets_the_right_one(scene: Scene) -> None:
    scene.open()
    sdk().channel("messaging", conversation().channel_id).demote_moderators([stream_id(scene.company)])
    assert scene.open().status_code == 200
    assert scene.sandbox.stream.members(conversation().cid)[stream_id(scene.company)] == "channel_moderator"


def test_opening_it_again_gives_it_back(scene: Scene) -> None:
    first = scene.open(name="Pottery")
    second = scene.open(name="Another name")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.data == {**second.data, "active_at": first.data["active_at"]}
    assert len(scene.sandbox.stream.channels()) == 1


def test_the_order_of_participants_does_not_matter_and_the_context_does(scene: Scene) -> None:
    first = scene.open(scene.person, scene.person)
    other = scene.open(context="workshop:7")
    assert (first.status_code, other.status_code) == (201, 201)
    assert first.data["id"] != other.data["id"]
    assert len(first.data["participants"]) == 2


def test_the_log_says_who_was_synced_and_who_is_in(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        scene.open()
    told = {record.msg["event"]: record.msg for record in caplog.records if isinstance(record.msg, dict)}
    everybody = sorted([stream_id(scene.company), stream_id(scene.person)])
    assert (told["users upserted"]["count"], told["users upserted"]["ids"]) == (2, everybody)
    assert told["participants synced"]["ids"] == everybody
    assert told["channel created"]["members"] == everybody


def test_known_people_cost_one_call_and_nothing_is_written(scene: Scene, django_assert_max_num_queries: Any) -> None:
    scene.open()
    scene.sandbox.clear_journal()
    with django_assert_max_num_queries(20):
        assert scene.open().status_code == 200
    assert [call.operation for call in scene.calls()] == ["get_or_create_channel"]


def test_f38_unchanged_profiles_are_not_pushed(scene: Scene) -> None:
    """Falls without `if not person.is_known` in `Recipe.bring_about`."""
    for number in range(5):
        assert scene.open(context=str(number)).status_code == 201
    assert len(scene.calls("update_users")) == 1


def test_another_application_knows_nobody_yet(scene: Scene, settings: Any) -> None:
    scene.open()
    before = identity(scene.company).pushed_hash
    settings.STREAM_BASE_URL = f"{settings.STREAM_BASE_URL}/"
    scene.open()
    assert identity(scene.company).pushed_hash != before


def test_f39_a_removed_member_is_back(scene: Scene) -> None:
    """Falls without `self._add(absent)` in `Recipe.bring_about`."""
    scene.open()
    sdk().channel("messaging", conversation().channel_id).remove_members([stream_id(scene.person)])
    answer = scene.open()
    assert answer.status_code == 200
    assert scene.channel_members() == {stream_id(scene.company), stream_id(scene.person)}


def test_a_member_who_falls_out_silently_is_brought_in(scene: Scene) -> None:
    scene.fault("get_or_create_channel", "drop_member", user=stream_id(scene.person))
    assert scene.open().status_code == 201
    assert scene.channel_members() == {stream_id(scene.company), stream_id(scene.person)}


def test_a_member_who_falls_out_whatever_we_do_is_named(scene: Scene) -> None:
    scene.fault("get_or_create_channel", "drop_member", user=stream_id(scene.person))
    scene.fault("update_channel", "drop_member", user=stream_id(scene.person))
    answer = scene.open()
    assert (answer.status_code, answer.data["code"]) == (502, "participants_missing")
    assert stream_id(scene.person) in answer.data["detail"]
    assert scene.person.pk in answer.data["detail"]
    assert (conversation().status, conversation().missing) == ("failed", [stream_id(scene.person)])
    assert scene.open().status_code == 200  # the next attempt succeeds


@pytest.mark.parametrize("style", ["refused", "allowed"])
def test_a_deactivated_participant_is_named_and_recorded(scene: Scene, style: str) -> None:
    scene.sandbox.stream.set_style(deactivated_at_create=style)
    known_to_stream(scene.person)
    sdk().deactivate_user(stream_id(scene.person))
    answer = scene.open()
    assert (answer.status_code, answer.data["code"]) == (409, "participants_gone")
    assert stream_id(scene.person) in answer.data["detail"]
    assert identity(scene.person).state == StreamIdentity.State.DEACTIVATED
    assert conversation().status == "failed"
    scene.sandbox.clear_journal()
    assert scene.open().status_code == 409
    assert scene.calls() == []  # what is known is not asked again


def test_a_deleted_participant_is_named_even_when_the_profile_was_pushed(scene: Scene) -> None:
    scene.open()
    sdk().delete_user(stream_id(scene.person))
    answer = scene.open(context="another")
    assert (answer.status_code, answer.data["code"]) == (409, "participants_gone")
    assert identity(scene.person).state == StreamIdentity.State.DELETED


@pytest.mark.parametrize("operation", ["update_users", "get_or_create_channel"])
@pytest.mark.parametrize(
    "kind", ["drop_after_commit", "reset", "rate_limited", "rate_limited_plain", "html", "null", "garbage"]
)
def test_what_time_cures_is_tried_again(scene: Scene, operation: str, kind: str) -> None:
    scene.fault(operation, kind)
    answer = scene.open()
    assert answer.status_code == 201, answer.data
    assert scene.channel_members() == {stream_id(scene.company), stream_id(scene.person)}
    assert len(scene.sandbox.stream.channels()) == 1


@pytest.mark.parametrize(("code", "status"), [(-1, 500), (23, 408), (9, 429)])
def test_passing_errors_of_streams_are_tried_again(scene: Scene, code: int, status: int) -> None:
    scene.fault("get_or_create_channel", "error", code=code, status=status, times=2)
    assert scene.open().status_code == 201


@pytest.mark.parametrize(("code", "status"), [(17, 403), (4, 400)])
def test_what_stream_will_refuse_again_is_told_and_kept(scene: Scene, code: int, status: int) -> None:
    scene.fault("get_or_create_channel", "error", code=code, status=status, message="no such thing")
    answer = scene.open()
    assert (answer.status_code, answer.data["code"]) == (502, "conversation_refused")
    assert "no such thing" in answer.data["detail"]
    assert (conversation().status, conversation().error_code) == ("failed", "invalid")
    assert len(scene.calls("get_or_create_channel")) == 1


@pytest.mark.parametrize(("code", "status"), [(2, 401), (5, 401), (40, 401), (41, 401), (42, 401), (43, 401)])
def test_a_wrong_configuration_stops_and_raises_an_alarm_that_closes_itself(
    scene: Scene, code: int, status: int
) -> None:
    scene.fault("update_users", "error", code=code, status=status)
    answer = scene.open()
    assert (answer.status_code, answer.data["code"]) == (503, "chat_unavailable")
    assert len(scene.calls()) == 1
    (alarm,) = Alarm.objects.open()
    assert alarm.kind == "chat_misconfigured"
    assert "STREAM_API_SECRET" in alarm.detail
    outbound.look_again()
    assert not Alarm.objects.open().exists()


def test_a_slow_stream_is_202_and_a_task_goes_on(scene: Scene, settings: Any) -> None:
    settings.CHAT_DEADLINE_SECONDS = 0.5
    scene.fault("get_or_create_channel", "delay", seconds=2)
    answer = scene.open()
    assert (answer.status_code, answer.data["status"]) == (202, "creating")
    waiting = conversation()
    assert waiting.run_after is not None
    outbound.finish_conversation(conversation_id=waiting.pk, attempt=waiting.attempt)
    seen = scene.get(f"/api/chat/conversations/{waiting.pk}")
    assert seen.data["status"] == "ready"
    assert all(seat["is_member"] for seat in seen.data["participants"])


@pytest.mark.django_db(transaction=True)
def test_f40_sixty_at_once_make_one_channel(scene: Scene) -> None:
    """Falls without the unique key on `channel_id`, which is made of who takes part."""

    def open_it(_: int) -> Any:
        try:
            return scene.open()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(open_it, range(60)))
    assert {answer.status_code for answer in answers} <= {200, 201, 202}
    assert len({answer.data["id"] for answer in answers}) == 1
    assert len(scene.sandbox.stream.channels()) == 1
    assert conversation().status == "ready"


def test_f37_one_deactivated_user_does_not_keep_99_others_back(scene: Scene) -> None:
    """Falls without `_without` in `outbound.pushing`."""
    people = [new_person() for _ in range(99)]
    known_to_stream(people[42])
    sdk().deactivate_user(stream_id(people[42]))
    answer = scene.open(*people)
    assert (answer.status_code, answer.data["code"]) == (409, "participants_gone")
    assert stream_id(people[42]) in answer.data["detail"]
    users = scene.sandbox.stream.users()
    assert all(stream_id(person) in users for person in people)
    assert identity(people[41]).pushed_hash
    assert identity(people[42]).state == "deactivated"


def test_one_profile_that_stream_refuses_does_not_keep_the_others_back(scene: Scene, settings: Any) -> None:
    settings.STREAM_COMPANY_ROLE = "emperor"
    answer = scene.open()
    assert (answer.status_code, answer.data["code"]) == (502, "conversation_refused")
    assert stream_id(scene.company) in answer.data["detail"]
    assert identity(scene.person).pushed_hash
    assert "emperor" in identity(scene.company).error
