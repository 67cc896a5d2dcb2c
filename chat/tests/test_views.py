"""Chat in the API: who sees what, who may speak as whom, tokens, leaving, repairing."""

import time
from typing import Any

import jwt
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import outbound
from chat.models import Conversation
from chat.tests.conftest import Scene
from chat.tests.factories import (
    conversation,
    identity,
    known_to_stream,
    new_member,
    new_person,
    participants,
    party,
    sdk,
    stream_id,
)  # fmt: skip
from common import tenancy
from conftest import issue_token
from organizations.roles import Role
from organizations.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db

LIST = "/api/chat/conversations"
TOKEN = "/api/chat/token"


def _as_person(scene: Scene, user_id: str) -> Any:
    """Somebody whose token carries no organization."""
    return scene.api(token=issue_token(user_id))


def test_a_person_without_an_organization_opens_a_conversation_with_a_company(scene: Scene) -> None:
    client = _as_person(scene, scene.person.pk)
    wanted = [party(scene.person), party(scene.company)]
    answer = client.post(LIST, {"participants": wanted}, format="json")
    assert answer.status_code == 201, answer.data
    assert scene.open().data["id"] == answer.data["id"]  # the company gets the same one


def test_both_sides_see_it_and_nobody_else_does(scene: Scene) -> None:
    found = scene.open().data["id"]
    stranger, other = new_person(), new_member()
    for client in (scene.api(scene.member), _as_person(scene, scene.person.pk)):
        assert [row["id"] for row in client.get(LIST).data["results"]] == [found]
        assert client.get(f"{LIST}/{found}").status_code == 200
    for client in (scene.api(other), _as_person(scene, stranger.pk)):
        assert client.get(LIST).data["results"] == []
        assert client.get(f"{LIST}/{found}").status_code == 404
        assert client.post(f"{LIST}/{found}/repair").status_code == 404
        assert client.delete(f"{LIST}/{found}").status_code == 404


def test_a_person_sees_their_own_in_whatever_organization_they_are(scene: Scene) -> None:
    found = scene.open().data["id"]
    elsewhere = MembershipFactory.create(user=scene.person, role=Role.VIEWER)
    assert [row["id"] for row in scene.get(LIST, elsewhere).data["results"]] == [found]


def test_two_companies_talk(scene: Scene) -> None:
    other = new_member()
    answer = scene.open(other.organization)
    assert answer.status_code == 201
    seen = scene.get(f"{LIST}/{answer.data['id']}", other).data
    assert [seat["name"] for seat in seen["participants"]] == sorted([scene.company.name, other.organization.name])
    assert "members" not in str(seen)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN, Role.OWNER])
def test_members_and_above_speak_for_their_company(scene: Scene, role: str) -> None:
    member = new_member(role)
    assert scene.open(member=member).status_code == 201
    assert scene.post(TOKEN, {"as": "company"}, member).status_code == 201


@pytest.mark.parametrize("role", [Role.VIEWER, "unheard_of"])
def test_others_do_not(scene: Scene, role: str) -> None:
    member = new_member(role)
    answers = [scene.open(member=member), scene.post(TOKEN, {"as": "company"}, member)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert {answer.data["code"] for answer in answers} == {"role_forbids"}
    assert scene.calls() == []


def test_nobody_speaks_for_a_company_that_is_not_theirs(scene: Scene) -> None:
    other = new_member()
    wanted = [party(other.organization), party(scene.person)]
    answer = scene.post(LIST, {"participants": wanted})
    assert (answer.status_code, answer.data["code"]) == (403, "not_a_participant")
    headers = {"HTTP_X_ORGANIZATION": other.organization_id}
    client = _as_person(scene, scene.member.user_id)
    assert client.post(LIST, {"participants": wanted}, format="json", **headers).status_code == 404
    assert client.post(TOKEN, {"as": "company"}, format="json", **headers).status_code == 404
    assert scene.calls() == []


def test_a_former_member_speaks_for_it_no_more(scene: Scene) -> None:
    with tenancy.system():
        scene.member.delete()
    assert scene.open().status_code == 404


def test_a_person_speaks_as_nobody_else(scene: Scene) -> None:
    client = _as_person(scene, new_person().pk)
    wanted = [party(scene.person), party(scene.company)]
    answer = client.post(LIST, {"participants": wanted}, format="json")
    assert (answer.status_code, answer.data["code"]) == (403, "not_a_participant")
    assert client.post(TOKEN, {"as": "company"}, format="json").data["code"] == "organization_required"


def test_a_viewer_still_speaks_as_themselves(scene: Scene) -> None:
    viewer = MembershipFactory.create(role=Role.VIEWER)
    other = new_member()
    wanted = [party(viewer.user), party(other.organization)]
    assert scene.post(LIST, {"participants": wanted}, viewer).status_code == 201


@pytest.mark.parametrize(
    "people",
    [
        [],
        [{"kind": "user", "id": "user_1"}],
        [{"kind": "robot", "id": "user_1"}],
        [{"kind": "user"}],
        [{"kind": "user", "id": ""}],
        [{"kind": "user", "id": "x" * 300}],
        "everybody",
        [7],
        [{"kind": "user", "id": f"user_{number}"} for number in range(101)],
    ],
)
def test_what_makes_no_sense_is_refused(scene: Scene, people: Any) -> None:
    mine = [party(scene.company)] if isinstance(people, list) and len(people) != 1 else []
    wanted = [*people, *mine] if isinstance(people, list) else people
    answer = scene.post(LIST, {"participants": wanted})
    assert answer.status_code in (400, 403)
    assert scene.calls() == []


def test_two_people_alone_need_a_company(scene: Scene) -> None:
    wanted = [party(scene.member.user), party(scene.person)]
    answer = scene.post(LIST, {"participants": wanted})
    assert (answer.status_code, answer.data["code"]) == (400, "wrong_participants")


def test_somebody_who_is_not_in_our_database_is_named_and_not_invented(scene: Scene) -> None:
    wanted = [party(scene.company), {"kind": "user", "id": "user_nobody"}, {"kind": "company", "id": "org_none"}]
    answer = scene.post(LIST, {"participants": wanted})
    assert (answer.status_code, answer.data["code"]) == (400, "participants_not_found")
    assert "user user_nobody" in answer.data["detail"]
    assert "company org_none" in answer.data["detail"]
    assert scene.calls() == []


@pytest.mark.parametrize("who", ["person", "company"])
def test_somebody_who_was_deleted_is_not_found(scene: Scene, who: str) -> None:
    other = new_member().organization
    scene.open(other, scene.person)
    with tenancy.system():
        if who == "person":
            type(scene.person).objects.filter(pk=scene.person.pk).update(deleted_in_auth_at="2026-01-01T00:00Z")
        else:
            type(other).objects.filter(pk=other.pk).update(deleted_at="2026-01-01T00:00Z")
    assert scene.open(other, scene.person).data["code"] == "participants_not_found"


def test_lists_cost_the_same_however_long_they_are(scene: Scene) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert scene.get(LIST).status_code == 200
        return len(captured)

    scene.open()
    few = queries()
    for number in range(5):
        scene.open(context=str(number))
    assert queries() == few
    assert len(scene.get(LIST).data["results"]) == 6


def test_lists_go_by_the_last_word_in_pages(scene: Scene) -> None:
    first, second, third = (scene.open(context=str(number)).data for number in range(3))
    sdk().channel("messaging", first["channel_id"]).send_message({"text": "hello"}, stream_id(scene.person))
    with tenancy.system():
        Conversation.objects.filter(pk=first["id"]).update(active_at="2099-01-01T00:00Z")
    page = scene.get(f"{LIST}?page_size=2").data
    rest = scene.get(page["next"]).data
    assert [row["id"] for row in [*page["results"], *rest["results"]]] == [first["id"], third["id"], second["id"]]
    assert [row["id"] for row in scene.get(f"{LIST}?context=1").data["results"]] == [second["id"]]


def test_leaving_takes_the_company_out_and_opening_brings_it_back(scene: Scene) -> None:
    path = f"{LIST}/{scene.open().data['id']}"
    assert scene.api(scene.member).delete(path).status_code == 204
    assert scene.channel_members() == {stream_id(scene.person)}
    assert scene.get(LIST).data["results"] == []
    assert scene.api(scene.member).delete(path).status_code == 404
    left = _as_person(scene, scene.person.pk).get(path).data
    assert {seat["kind"]: seat["has_left"] for seat in left["participants"]} == {"company": True, "user": False}
    assert scene.open().status_code == 200
    assert scene.channel_members() == {stream_id(scene.company), stream_id(scene.person)}
    assert len(scene.get(LIST).data["results"]) == 1


def test_leaving_is_repeated_until_stream_heard_it(scene: Scene) -> None:
    path = f"{LIST}/{scene.open().data['id']}"
    scene.fault("update_channel", "drop_after_commit")
    assert _as_person(scene, scene.person.pk).delete(path).status_code == 204
    assert scene.channel_members() == {stream_id(scene.company)}


def test_leaving_changes_nothing_while_stream_is_away(scene: Scene, settings: Any) -> None:
    path = f"{LIST}/{scene.open().data['id']}"
    settings.CHAT_DEADLINE_SECONDS = 0.3
    scene.fault("update_channel", "error", times=None)
    answer = scene.api(scene.member).delete(path)
    assert (answer.status_code, answer.data["code"]) == (503, "chat_unavailable")
    assert all(participants().values())


def test_repairing_pushes_everybody_and_brings_the_missing_back(scene: Scene) -> None:
    found = scene.open().data["id"]
    sdk().upsert_user({"id": stream_id(scene.person), "name": "Somebody else", "role": "user"})
    sdk().channel("messaging", conversation().channel_id).remove_members([stream_id(scene.person)])
    answer = scene.post(f"{LIST}/{found}/repair")
    assert (answer.status_code, answer.data["status"]) == (200, "ready")
    assert scene.channel_members() == {stream_id(scene.company), stream_id(scene.person)}
    assert scene.sandbox.stream.users()[stream_id(scene.person)]["name"] == scene.person.full_name


def test_repairing_believes_that_somebody_is_back(scene: Scene) -> None:
    known_to_stream(scene.person)
    sdk().deactivate_user(stream_id(scene.person))
    assert scene.open().status_code == 409
    sdk().reactivate_user(stream_id(scene.person))
    answer = scene.post(f"{LIST}/{conversation().pk}/repair")
    assert (answer.status_code, answer.data["status"]) == (200, "ready")
    assert identity(scene.person).state == "active"


def test_a_channel_deleted_in_stream_is_made_again(scene: Scene) -> None:
    scene.open()
    sdk().channel("messaging", conversation().channel_id).delete(hard=True)
    assert scene.open().status_code == 200
    assert scene.channel_members() == {stream_id(scene.company), stream_id(scene.person)}


@pytest.mark.parametrize("who", ["user", "company"])
def test_a_token_lives_shortly_and_says_when_it_was_issued(scene: Scene, settings: Any, who: str) -> None:
    before = int(time.time())
    answer = scene.post(TOKEN, {"as": who})
    assert answer.status_code == 201
    owner = scene.company if who == "company" else scene.member.user
    claims = jwt.decode(
        answer.data["token"], settings.STREAM_API_SECRET, algorithms=["HS256"], options={"verify_iat": False}
    )
    assert claims["user_id"] == answer.data["user_id"] == stream_id(owner)
    assert type(claims["iat"]) is type(claims["exp"]) is int
    assert before - 10 <= claims["iat"] <= time.time()
    assert abs(claims["exp"] - before - settings.CHAT_TOKEN_SECONDS) <= 5
    assert answer.data["api_key"] == settings.STREAM_API_KEY
    assert stream_id(owner) in scene.sandbox.stream.users()  # a token creates nobody, so we do
    scene.sandbox.clear_journal()
    assert scene.post(TOKEN, {"as": who}).status_code == 201
    assert scene.calls() == []


def test_a_token_is_given_while_stream_is_away(scene: Scene) -> None:
    scene.fault("update_users", "error", times=None)
    assert scene.post(TOKEN, {"as": "user"}).status_code == 201
    assert identity(scene.member.user).push_after is not None


def test_no_token_for_somebody_whom_stream_has_deactivated(scene: Scene) -> None:
    known_to_stream(scene.member.user)
    sdk().deactivate_user(stream_id(scene.member.user))
    assert [scene.post(TOKEN, {"as": "user"}).status_code for _ in range(2)] == [409, 409]


def test_an_old_or_forged_session_token_opens_nothing(scene: Scene) -> None:
    for token in (
        "",
        "forged",
        issue_token(scene.person.pk, expires_in=-60),
        issue_token(scene.person.pk, key="unknown"),
    ):
        client = scene.api(token=token)
        for method, path in (("get", LIST), ("post", LIST), ("post", TOKEN)):
            assert getattr(client, method)(path).status_code == 401


def test_ids_that_stream_would_not_take_are_hashed(scene: Scene) -> None:
    odd = new_person(id="auth0|ünïcode person")
    answer = scene.open(odd)
    assert answer.status_code == 201
    (seat,) = [seat for seat in answer.data["participants"] if seat["kind"] == "user"]
    assert seat["id"] == odd.pk
    assert seat["stream_id"].startswith("onecrew_user_x")


def test_an_id_that_is_taken_in_stream_gets_an_ending(scene: Scene) -> None:
    scene.open()
    old_id = scene.person.pk
    moved = new_person(id="user_moved")
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute("UPDATE chat_stream_identities SET person_id = %s WHERE person_id = %s", [moved.pk, old_id])
    answer = scene.open(context="another")
    assert answer.status_code == 201
    (seat,) = [seat for seat in answer.data["participants"] if seat["kind"] == "user"]
    assert seat["id"] == old_id
    assert seat["stream_id"].startswith(f"{stream_id(scene.person)}_")


def test_a_repair_that_takes_long_goes_on_by_itself(scene: Scene, settings: Any) -> None:
    found = scene.open().data["id"]
    settings.CHAT_DEADLINE_SECONDS = 0.3
    scene.fault("update_users", "error", times=None)
    answer = scene.post(f"{LIST}/{found}/repair")
    assert (answer.status_code, answer.data["status"]) == (202, "creating")
    assert conversation().lease_until is None
    assert conversation().run_after is not None


def test_what_the_opener_has_left_can_be_repaired(scene: Scene) -> None:
    path = f"{LIST}/{scene.open().data['id']}"
    scene.api(scene.member).delete(path)
    client = _as_person(scene, scene.person.pk)
    assert client.post(f"{path}/repair").data["status"] == "ready"
    assert scene.channel_members() == {stream_id(scene.person)}
    assert client.delete(path).status_code == 204
    assert outbound.repair_conversation(conversation_id=conversation().pk).status == "ready"


def test_an_identity_stays_when_the_id_behind_it_moves(scene: Scene) -> None:
    found = scene.open().data["id"]
    moved = new_person(id="user_moved")
    with tenancy.system():
        for table in ("chat_stream_identities", "chat_participants"):
            with connection.cursor() as cursor:
                cursor.execute(f"UPDATE {table} SET person_id = %s WHERE person_id = %s", [moved.pk, scene.person.pk])
    assert scene.open(moved).data["id"] == found
    answer = _as_person(scene, moved.pk).post(TOKEN, {"as": "user"}, format="json")
    assert answer.data["user_id"] == stream_id(scene.person)
