"""Clerk as the sandbox plays it: lists, limits, webhooks by Svix."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from svix.webhooks import Webhook, WebhookVerificationError

from sandbox.client import Sandbox, SandboxError
from sandbox.tests.receiver import Receiver, running_receiver

KEY = "sandbox-clerk-key"
SECRET = "whsec_c2FuZGJveC1jbGVyay13ZWJob29rLXNlY3JldA=="


def ask(sandbox: Sandbox, path: str, key: str = KEY) -> requests.Response:
    return requests.get(f"{sandbox.clerk.url}{path}", headers={"Authorization": f"Bearer {key}"}, timeout=5)


@pytest.fixture
def heard(sandbox: Sandbox) -> Iterator[Receiver]:
    with running_receiver() as receiver:
        sandbox.clerk.webhooks.configure(url=receiver.url)
        yield receiver
        sandbox.reset()


@pytest.fixture
def guild(sandbox: Sandbox) -> str:
    """An organization of two."""
    for user_id in ("user_ada", "user_bob"):
        sandbox.clerk.add_user(user_id, email=f"{user_id}@example.com")
    guild = sandbox.clerk.add_organization("Guild", created_by="user_ada", slug="guild")
    sandbox.clerk.add_member(guild, "user_bob")
    return guild


def test_an_organization_and_its_members_are_shown(sandbox: Sandbox, guild: str) -> None:
    found = ask(sandbox, f"/organizations/{guild}").json()
    assert (found["name"], found["created_by"], found["members_count"]) == ("Guild", "user_ada", 2)
    rows = ask(sandbox, f"/organizations/{guild}/memberships?order_by=%2Bcreated_at").json()
    assert [(row["public_user_data"]["user_id"], row["role"]) for row in rows["data"]] == [
        ("user_ada", "org:admin"),
        ("user_bob", "org:member"),
    ]
    (only,) = ask(sandbox, f"/organizations/{guild}/memberships?user_id=user_bob").json()["data"]
    assert only["organization"]["id"] == guild


def test_lists_have_pages_and_the_newest_first(sandbox: Sandbox) -> None:
    ids = [sandbox.clerk.add_organization(f"Organization {number}") for number in range(5)]
    newest = ask(sandbox, "/organizations?limit=2").json()
    assert ([row["id"] for row in newest["data"]], newest["total_count"]) == ([ids[4], ids[3]], 5)
    oldest = ask(sandbox, "/organizations?limit=2&offset=4&order_by=%2Bcreated_at").json()
    assert [row["id"] for row in oldest["data"]] == [ids[4]]
    assert ask(sandbox, "/organizations?limit=501").status_code == 422


def test_users_are_a_bare_list_that_goes_on_after_one_of_them(sandbox: Sandbox, guild: str) -> None:
    assert [row["id"] for row in ask(sandbox, "/users?limit=1").json()] == ["user_ada"]
    assert [row["id"] for row in ask(sandbox, "/users?starting_after=user_ada").json()] == ["user_bob"]
    assert ask(sandbox, "/users/count").json()["total_count"] == 2
    user = ask(sandbox, "/users/user_ada").json()
    primary = [row for row in user["email_addresses"] if row["id"] == user["primary_email_address_id"]]
    assert [row["email_address"] for row in primary] == ["user_ada@example.com"]


@pytest.mark.parametrize(("path", "status"), [("/organizations/org_x", 404), ("/users/user_x", 404), ("/roles", 404)])
def test_what_is_not_there_is_a_404(sandbox: Sandbox, path: str, status: int) -> None:
    assert ask(sandbox, path).json()["errors"][0]["code"] == "resource_not_found"
    assert ask(sandbox, path).status_code == status


def test_a_wrong_key_is_a_401(sandbox: Sandbox) -> None:
    assert ask(sandbox, "/organizations", key="wrong").status_code == 401


def test_too_many_requests_are_told_when_to_come_back(sandbox: Sandbox) -> None:
    sandbox.clerk.limit(requests=2, seconds=600)
    assert [ask(sandbox, "/users/count").status_code for _ in range(3)] == [200, 200, 429]
    assert 500 < int(ask(sandbox, "/users/count").headers["Retry-After"]) <= 600
    sandbox.clerk.limit(requests=2, seconds=1)
    time.sleep(1)
    assert ask(sandbox, "/users/count").status_code == 200
    assert sandbox.clerk.refused() == 2
    sandbox.reset()


def test_webhooks_are_signed_as_svix_does(sandbox: Sandbox, heard: Receiver, guild: str) -> None:
    sandbox.clerk.webhooks.flush()
    kinds = [content["type"] for content in heard.contents]
    assert kinds == ["user.created"] * 2 + ["organization.created"] + ["organizationMembership.created"] * 2
    for received in heard.received:
        Webhook(SECRET).verify(received.body, dict(received.headers))


def test_while_a_secret_is_changed_there_are_two_signatures(sandbox: Sandbox, heard: Receiver) -> None:
    other = "whsec_b3RoZXItc2VjcmV0LW9mLXRoZS1zYW5kYm94"
    sandbox.clerk.webhooks.configure(secret=f"{other} {SECRET}")
    sandbox.clerk.add_user()
    sandbox.clerk.webhooks.flush()
    for secret in (SECRET, other):
        Webhook(secret).verify(heard.received[0].body, dict(heard.received[0].headers))


def test_a_forged_one_does_not_verify(sandbox: Sandbox, heard: Receiver) -> None:
    sandbox.clerk.webhooks.misbehave("forge")
    sandbox.clerk.add_user()
    sandbox.clerk.webhooks.flush()
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(heard.received[0].body, dict(heard.received[0].headers))


def test_a_message_has_one_id_however_often_it_comes(sandbox: Sandbox, heard: Receiver) -> None:
    heard.answers.extend([400, 503])
    sandbox.clerk.webhooks.misbehave("duplicate")
    sandbox.clerk.add_user()
    sandbox.clerk.webhooks.flush(hurry=True)
    sandbox.clerk.webhooks.replay([1])
    sandbox.clerk.webhooks.flush(hurry=True)
    assert len(heard.received) == 5
    assert len({received.headers["svix-id"] for received in heard.received}) == 1


def test_the_pauses_are_svixs_a_thousand_times_as_fast(sandbox: Sandbox) -> None:
    seconds = sandbox.clerk.webhooks.switches().retry_seconds
    assert [pause * 1000 for pause in seconds] == [5, 300, 1800, 7200, 18000, 36000, 36000]


def test_a_delete_takes_memberships_along_silently_or_not(sandbox: Sandbox, heard: Receiver, guild: str) -> None:
    sandbox.clerk.delete_user("user_bob")
    sandbox.clerk.set_style(cascade="told")
    sandbox.clerk.delete_organization(guild)
    sandbox.clerk.webhooks.flush()
    kinds = [content["type"] for content in heard.contents[5:]]
    assert kinds == ["user.deleted", "organizationMembership.deleted", "organization.deleted"]
    assert sandbox.clerk.everything().memberships == {}


def test_whoever_comes_back_has_another_membership(sandbox: Sandbox, guild: str) -> None:
    before = sandbox.clerk.everything().memberships[guild, "user_bob"]
    sandbox.clerk.remove_member(guild, "user_bob")
    assert sandbox.clerk.add_member(guild, "user_bob", "org:admin") != before["id"]


@pytest.mark.parametrize(
    ("style", "seen"),
    [
        ({"timestamp": "milliseconds"}, lambda body: body["timestamp"] > 1e12),
        ({"timestamp": "seconds"}, lambda body: body["timestamp"] < 1e11),
        ({"instance_id": "absent"}, lambda body: "instance_id" not in body),
        ({"slug": "absent"}, lambda body: "slug" not in body["data"]["organization"]),
        ({"created_by": "absent"}, lambda body: "created_by" not in body["data"]["organization"]),
        ({"roles": "legacy"}, lambda body: body["data"]["role"] == "admin"),
        ({"public_user_data": "absent"}, lambda body: "public_user_data" not in body["data"]),
    ],
)
def test_it_writes_in_every_spelling(sandbox: Sandbox, heard: Receiver, guild: str, style: Any, seen: Any) -> None:
    sandbox.clerk.set_style(**style)
    sandbox.clerk.change_member(guild, "user_bob", "org:admin")
    sandbox.clerk.webhooks.flush()
    assert seen(heard.contents[-1])


@pytest.mark.parametrize(
    ("kind", "params", "rows", "total"),
    [("capped_page", {"most": 1}, 1, 2), ("cut_list", {"keep": 1}, 1, 1), ("lying_total", {"offset": 3}, 2, 5)],
)
def test_lists_go_wrong_on_demand(sandbox: Sandbox, guild: str, kind: str, params: Any, rows: int, total: int) -> None:
    sandbox.add_fault("list_all_memberships", kind, service="clerk", **params)
    found = ask(sandbox, "/organization_memberships").json()
    assert (len(found["data"]), found["total_count"]) == (rows, total)


def test_what_cannot_be_is_refused(sandbox: Sandbox, guild: str) -> None:
    for wrong in (
        lambda: sandbox.clerk.add_member(guild, "user_bob"),
        lambda: sandbox.clerk.add_member(guild, "user_nobody"),
        lambda: sandbox.clerk.add_organization("Twice", guild),
        lambda: sandbox.clerk.remove_member("org_nowhere", "user_bob"),
    ):
        with pytest.raises(SandboxError):
            wrong()


def test_many_are_made_at_once(sandbox: Sandbox) -> None:
    sandbox.clerk.fill(users=10, organizations=4, members=3)
    found = sandbox.clerk.everything()
    assert (len(found.users), len(found.organizations), len(found.memberships)) == (10, 4, 12)
