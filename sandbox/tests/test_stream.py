"""Stream as its own Python SDK meets it, synchronously: what it is promised, and what goes wrong."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from stream_chat import StreamChat
from stream_chat.base.exceptions import StreamAPIException

from sandbox.client import Sandbox

KEY, SECRET = "sandbox-stream-key", "sandbox-stream-secret-of-32-bytes"


@pytest.fixture
def sdk(sandbox: Sandbox) -> StreamChat:
    return StreamChat(KEY, SECRET, base_url=sandbox.stream.url)


def _people(sdk: StreamChat, *names: str, **fields: Any) -> None:
    sdk.upsert_users([{"id": name, "name": name.title(), **fields} for name in names])


def _refusal(call: Callable[[], object]) -> StreamAPIException:
    with pytest.raises(StreamAPIException) as caught:
        call()
    return caught.value


def _ids(members: list[dict[str, Any]]) -> list[str]:
    return [member["user_id"] for member in members]


def test_a_channel_with_people_who_do_not_exist_is_refused_whole(sdk: StreamChat, sandbox: Sandbox) -> None:
    channel = sdk.channel("messaging", "one", {"members": ["ada", "bob"]})
    refusal = _refusal(lambda: channel.create("ada"))
    assert (refusal.status_code, refusal.error_code) == (400, 4)
    who = "The following users are involved in channel create operation, but don't exist: [bob]."
    what = "Please create the user objects before setting up the channel."
    assert refusal.error_message == f'GetOrCreateChannel failed with error: "{who} {what}"'
    assert not sandbox.stream.channels()


def test_the_creator_is_made_without_a_name_and_a_token_makes_nobody(sdk: StreamChat, sandbox: Sandbox) -> None:
    sdk.create_token("nobody")
    answer = sdk.channel("messaging", "one", {"members": ["ada"]}).create("ada")
    assert answer.status_code() == 201
    assert _ids(answer["members"]) == ["ada"]
    user = sandbox.stream.users()["ada"]
    assert (user["role"], "name" in user) == ("user", False)
    assert "nobody" not in sandbox.stream.users()


def test_an_existing_channel_ignores_the_members_it_is_asked_for(sdk: StreamChat) -> None:
    _people(sdk, "ada", "bob")
    channel = sdk.channel("messaging", "one", {"members": ["ada", "bob"]})
    channel.create("ada")
    channel.remove_members(["bob"])
    assert _ids(channel.create("ada")["members"]) == ["ada"]
    assert _ids(channel.add_members(["bob"])["members"]) == ["ada", "bob"]


def test_adding_people_who_do_not_exist_names_them(sdk: StreamChat) -> None:
    channel = sdk.channel("messaging", "one", {"members": ["ada"]})
    channel.create("ada")
    refusal = _refusal(lambda: channel.add_members(["carl", "dora"]))
    assert "channel update operation, but don't exist: [carl dora]" in refusal.error_message


def test_an_upsert_replaces_the_whole_user(sdk: StreamChat, sandbox: Sandbox) -> None:
    _people(sdk, "ada", role="admin", image="https://example.com/a.png")
    sdk.upsert_user({"id": "ada", "name": "Ada"})
    user = sandbox.stream.users()["ada"]
    assert (user["role"], "image" in user) == ("user", False)


def test_an_upsert_may_keep_the_role_where_that_is_set(sdk: StreamChat, sandbox: Sandbox) -> None:
    sandbox.stream.set_style(upsert_without_role="keeps")
    _people(sdk, "ada", role="admin")
    sdk.upsert_user({"id": "ada"})
    assert sandbox.stream.users()["ada"]["role"] == "admin"


def test_more_than_a_hundred_users_are_refused(sdk: StreamChat, sandbox: Sandbox) -> None:
    refusal = _refusal(lambda: _people(sdk, *[f"user{number}" for number in range(101)]))
    assert refusal.error_code == 4
    assert not sandbox.stream.users()


def test_one_deactivated_user_fails_its_whole_batch(sdk: StreamChat, sandbox: Sandbox) -> None:
    _people(sdk, "ada")
    sdk.deactivate_user("ada")
    refusal = _refusal(lambda: _people(sdk, "bob", "ada"))
    assert (refusal.status_code, refusal.error_code) == (404, 16)
    assert "the user ada was deactivated" in refusal.error_message
    assert "bob" not in sandbox.stream.users()
    sdk.reactivate_user("ada")
    _people(sdk, "bob", "ada")


def test_a_deleted_user_comes_back_without_memberships(sdk: StreamChat) -> None:
    _people(sdk, "ada", "bob")
    channel = sdk.channel("messaging", "one", {"members": ["ada", "bob"]})
    channel.create("ada")
    sdk.delete_users(["bob"], "soft")
    assert "the user bob was deleted" in _refusal(lambda: _people(sdk, "bob")).error_message
    sdk.restore_users(["bob"])
    _people(sdk, "bob")
    assert _ids(channel.query_members({})) == ["ada"]


def test_new_users_can_be_hidden_from_channels_for_some_operations(sdk: StreamChat, sandbox: Sandbox) -> None:
    sandbox.stream.hide_new_users(operations=2)
    _people(sdk, "ada", "bob")
    channel = sdk.channel("messaging", "one", {"members": ["ada", "bob"]})
    for _ in range(2):
        assert "[bob]" in _refusal(lambda: channel.create("ada")).error_message
    assert _ids(channel.create("ada")["members"]) == ["ada", "bob"]


def test_new_users_can_be_hidden_for_some_time(sdk: StreamChat, sandbox: Sandbox) -> None:
    sandbox.stream.hide_new_users(seconds=0.3)
    _people(sdk, "bob")
    channel = sdk.channel("messaging", "one", {"members": ["bob"]})
    _refusal(lambda: channel.create("ada"))
    time.sleep(0.31)
    channel.create("ada")


def test_members_are_queried_by_id_in_one_payload(sdk: StreamChat) -> None:
    _people(sdk, "ada", "bob", "carl")
    channel = sdk.channel("messaging", "one", {"members": ["ada", "bob", "carl"]})
    channel.create("ada")
    assert _ids(channel.query_members({"id": {"$in": ["bob", "carl"]}})) == ["bob", "carl"]
    assert _ids(channel.query_members({}, limit=2, offset=1)) == ["bob", "carl"]
    assert _refusal(lambda: channel.query_members({"shoe_size": 40})).error_code == 4


def test_users_and_channels_are_queried_by_filters(sdk: StreamChat) -> None:
    _people(sdk, "ada", "bob")
    sdk.channel("messaging", "one", {"members": ["ada"]}).create("ada")
    assert [user["id"] for user in sdk.query_users({"name": {"$autocomplete": "ad"}})["users"]] == ["ada"]
    found = sdk.query_channels({"members": {"$in": ["ada"]}})["channels"]
    assert [row["channel"]["cid"] for row in found] == ["messaging:one"]


def test_a_softly_deleted_channel_comes_back_empty(sdk: StreamChat, sandbox: Sandbox) -> None:
    _people(sdk, "ada")
    channel = sdk.channel("messaging", "one", {"members": ["ada"]})
    channel.create("ada")
    channel.send_message({"text": "hello"}, "ada")
    channel.delete()
    assert _refusal(lambda: channel.add_members(["ada"])).error_code == 16
    channel.create("ada")
    assert sandbox.stream.channels()["messaging:one"]["messages"] == []


def test_roles_in_a_channel(sdk: StreamChat, sandbox: Sandbox) -> None:
    _people(sdk, "ada", "bob")
    moderator = {"user_id": "ada", "channel_role": "channel_moderator"}
    channel = sdk.channel("messaging", "one", {"members": [moderator, "bob"]})
    channel.create("ada")
    channel.add_members([{"user_id": "bob", "channel_role": "channel_moderator"}])
    assert sandbox.stream.members("messaging:one") == {"ada": "channel_moderator", "bob": "channel_member"}
    channel.assign_roles([{"user_id": "bob", "channel_role": "channel_moderator"}])
    assert sandbox.stream.members("messaging:one")["bob"] == "channel_moderator"


def test_each_answer_tells_what_is_left_of_the_limit(sdk: StreamChat, sandbox: Sandbox) -> None:
    now = sandbox.stream.set_clock(step=0.0)
    answer = sdk.upsert_user({"id": "ada"})
    limit = answer.rate_limit()
    assert limit is not None
    assert (limit.limit, limit.remaining) == (300, 299)
    assert limit.reset == datetime.fromtimestamp(now // 60 * 60 + 60, UTC)
    assert "x-ratelimit-limit" in answer.headers()


def test_an_upsert_for_each_conversation_stops_at_300_a_minute(sdk: StreamChat, sandbox: Sandbox) -> None:
    now = sandbox.stream.set_clock(step=0.1)
    sandbox.stream.set_clock(offset=60 - now % 60, step=0.15)  # a minute begins
    for number in range(300):
        sdk.upsert_user({"id": f"user{number}"})
    refusal = _refusal(lambda: _people(sdk, "ada"))
    assert (refusal.status_code, refusal.error_code) == (429, 9)
    assert sandbox.stream.refused() == {"update_users": 1}


def test_a_second_has_a_thirtieth_of_the_minute(sdk: StreamChat, sandbox: Sandbox) -> None:
    sandbox.stream.set_clock(step=0.0)
    for number in range(10):
        sdk.upsert_user({"id": f"user{number}"})
    assert _refusal(lambda: _people(sdk, "ada")).error_code == 9


def test_the_edge_refuses_in_plain_text(sdk: StreamChat, sandbox: Sandbox) -> None:
    sandbox.add_fault("update_users", "rate_limited_plain", service="stream")
    refusal = _refusal(lambda: _people(sdk, "ada"))
    assert refusal.status_code == 429
    assert not hasattr(refusal, "error_code")


def test_a_response_can_be_lost_after_the_work_was_done(sandbox: Sandbox) -> None:
    sdk = StreamChat(KEY, SECRET, base_url=sandbox.stream.url)
    sandbox.add_fault("update_users", "drop_after_commit", service="stream", times=None)
    with pytest.raises(requests.ConnectionError):
        sdk.upsert_user({"id": "ada"})
    assert "ada" in sandbox.stream.users()


def test_a_member_can_fall_out_silently(sdk: StreamChat, sandbox: Sandbox) -> None:
    _people(sdk, "ada", "bob")
    sandbox.add_fault("get_or_create_channel", "drop_member", service="stream", user="bob")
    channel = sdk.channel("messaging", "one", {"members": ["ada", "bob"]})
    assert _ids(channel.create("ada")["members"]) == ["ada"]
    assert _ids(channel.add_members(["bob"])["members"]) == ["ada", "bob"]


@pytest.mark.parametrize(
    ("key", "secret", "code"), [("another", SECRET, 2), (KEY, "another-secret-of-at-least-32-bytes", 43)]
)
def test_another_key_or_secret_opens_nothing(sandbox: Sandbox, key: str, secret: str, code: int) -> None:
    sdk = StreamChat(key, secret, base_url=sandbox.stream.url)
    refusal = _refusal(lambda: sdk.upsert_user({"id": "ada"}))
    assert (refusal.status_code, refusal.error_code) == (401, code)


@pytest.mark.parametrize(
    ("claim", "seconds_from_now", "code"),
    [("exp", -5, 40), ("iat", 600, 42), ("nbf", 600, 41)],
)
def test_a_token_out_of_its_time_is_refused(sdk: StreamChat, claim: str, seconds_from_now: int, code: int) -> None:
    sdk.upsert_user({"id": "ada"})
    sdk.auth_token = sdk.create_token("ada", **{claim: int(time.time()) + seconds_from_now})
    assert _refusal(lambda: sdk.query_users({})).error_code == code


def test_a_user_reaches_their_own_channels_only_and_an_admin_all(sdk: StreamChat) -> None:
    _people(sdk, "ada", "bob")
    _people(sdk, "boss", role="admin")
    sdk.channel("messaging", "one", {"members": ["ada"]}).create("ada")
    sdk.auth_token = sdk.create_token("bob")
    channel = sdk.channel("messaging", "one")
    assert _refusal(lambda: channel.send_message({"text": "hello"}, "bob")).error_code == 17
    sdk.auth_token = sdk.create_token("boss")
    channel.send_message({"text": "hello"}, "boss")


def test_tokens_issued_before_a_moment_can_be_revoked(sdk: StreamChat) -> None:
    _people(sdk, "ada")
    old = sdk.create_token("ada", iat=int(time.time()) - 60)
    sdk.update_app_settings(revoke_tokens_issued_before=datetime.now(UTC).isoformat())
    sdk.auth_token = old
    assert _refusal(lambda: sdk.query_users({})).status_code == 401


def test_tokens_of_one_user_can_be_revoked_by_a_server_and_an_upsert_does_not_bring_them_back(sdk: StreamChat) -> None:
    _people(sdk, "ada", "bob")
    tokens = {who: sdk.create_token(who, iat=int(time.time()) - 60) for who in ("ada", "bob")}
    server, sdk.auth_token = sdk.auth_token, tokens["bob"]
    sdk.revoke_user_token("bob", datetime.now(UTC) - timedelta(hours=1))
    sdk.query_users({})
    sdk.auth_token = server
    sdk.revoke_user_token("ada", datetime.now(UTC))
    sdk.upsert_user({"id": "ada", "name": "Ada"})
    sdk.auth_token = tokens["ada"]
    assert _refusal(lambda: sdk.query_users({})).status_code == 401
    sdk.auth_token = tokens["bob"]
    sdk.query_users({})
    sdk.auth_token = server
    sdk.auth_token = sdk.create_token("ada", iat=int(time.time()) + 1)
    sdk.query_users({})


def test_what_happens_survives_a_restart_of_the_sandbox() -> None:
    from sandbox.stream.world import ChatWorld  # noqa: PLC0415  (the only test that looks inside)

    world = ChatWorld()
    world.new_user("ada").fields["name"] = "Ada"
    other = ChatWorld()
    other.load(world.to_json())
    assert other.to_json() == world.to_json()
