"""The mirror over the API: "sync my organization", and how the mirror is."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AppUser
from common import tenancy
from common.live.events import client as redis
from conftest import Api, issue_token
from organizations import services
from organizations.models import Membership, ReconcileRun
from organizations.tests import hooks
from organizations.tests.factories import MembershipFactory
from organizations.tests.hooks import live, membership, organization, tell
from organizations.tests.test_reconcile import reconcile
from sandbox.client import Sandbox
from webhooks.models import Alarm, Delivery

pytestmark = pytest.mark.django_db
SYNC, STATUS = "/api/organizations/sync", "/api/organizations/sync-status"


@pytest.fixture(autouse=True)
def _nobody_has_asked_before() -> None:
    for key in redis().keys("organizations:syncs:*"):
        redis().delete(key)


@pytest.fixture
def guild(sandbox: Sandbox) -> str:
    """At Clerk: an organization of two, of which we have heard nothing."""
    for name in ("ada", "bob"):
        sandbox.clerk.add_user(f"user_{name}", email=f"{name}@example.com")
    guild = sandbox.clerk.add_organization("Guild", "org_guild", created_by="user_ada")
    sandbox.clerk.add_member(guild, "user_bob")
    return guild


def signed_in(api: Api, user_id: str, organization_id: str = "org_guild") -> APIClient:
    return api(token=issue_token(user_id, org_id=organization_id))


def test_somebody_who_just_signed_up_is_let_in_before_the_first_webhook(api: Api, guild: str) -> None:
    client = signed_in(api, "user_bob")
    assert client.get("/api/workshops").json()["code"] == "app_user_missing"
    answer = client.post(SYNC)
    assert answer.status_code == 200, answer.json()
    assert (answer.json()["id"], answer.json()["name"], answer.json()["role"]) == ("org_guild", "Guild", "member")
    assert client.get("/api/workshops").status_code == 200
    assert AppUser.objects.get(pk="user_bob").email == "bob@example.com"


def test_the_others_of_an_organization_that_was_unknown_come_in_the_background(api: Api, guild: str) -> None:
    signed_in(api, "user_bob").post(SYNC)
    run = ReconcileRun.objects.get()
    assert (run.scope, live()) == ("org_guild", {("org_guild", "user_bob"): "member"})
    reconcile(scope="org_guild")
    assert live()["org_guild", "user_ada"] == "owner"
    assert signed_in(api, "user_ada").post(SYNC).json()["role"] == "owner"
    assert ReconcileRun.objects.count() == 1


def test_it_is_the_same_when_asked_again(api: Api, guild: str) -> None:
    client = signed_in(api, "user_ada")
    assert client.post(SYNC).json() == client.post(SYNC).json()
    assert live() == {("org_guild", "user_ada"): "owner"}


def test_the_role_is_clerks_and_never_the_tokens(api: Api, guild: str) -> None:
    token = issue_token("user_bob", org_id=guild, org_role="org:admin")
    assert api(token=token).post(SYNC).json()["role"] == "member"


def test_a_header_names_the_organization_where_the_token_does_not(api: Api, guild: str) -> None:
    client = api(token=issue_token("user_bob"))
    assert client.post(SYNC).json()["code"] == "organization_required"
    assert client.post(SYNC, HTTP_X_ORGANIZATION=guild).status_code == 200


@pytest.mark.parametrize("organization_id", ["org_none", "..", "a/b", "%2e%2e", "org_\u00e9", "x" * 300])
def test_an_organization_that_is_not_the_callers_is_a_404(api: Api, guild: str, organization_id: str) -> None:
    answer = signed_in(api, "user_bob", organization_id).post(SYNC)
    assert (answer.status_code, answer.json()["code"]) == (404, "organization_not_found")
    assert live() == {}


def test_whoever_is_not_a_member_at_clerk_is_told_nothing(api: Api, sandbox: Sandbox, guild: str) -> None:
    sandbox.clerk.add_user("user_eve")
    answer = signed_in(api, "user_eve", guild).post(SYNC)
    assert (answer.status_code, answer.json()["code"]) == (404, "organization_not_found")
    assert not AppUser.objects.filter(pk="user_eve").exists()


def test_nothing_is_removed_by_it(api: Api, sandbox: Sandbox, guild: str) -> None:
    signed_in(api, "user_bob").post(SYNC)
    sandbox.add_fault("*", "gone", service="clerk", times=None)
    assert signed_in(api, "user_bob").post(SYNC).status_code == 404
    assert live() == {("org_guild", "user_bob"): "member"}


def test_an_ended_membership_stays_ended(api: Api, guild: str) -> None:
    signed_in(api, "user_bob").post(SYNC)
    with tenancy.system():
        Membership.objects.all().entomb()
    assert signed_in(api, "user_bob").post(SYNC).status_code == 404


@pytest.mark.parametrize(
    ("kind", "params"), [("status", {"code": 500}), ("html", {}), ("retry_after", {}), ("reset", {}), ("null", {})]
)
def test_when_clerk_does_not_answer_it_is_a_503(api: Api, sandbox: Sandbox, guild: str, kind: str, params: Any) -> None:
    sandbox.add_fault("list_memberships", kind, service="clerk", **params)
    answer = signed_in(api, "user_bob").post(SYNC)
    assert (answer.status_code, answer.json()["code"]) == (503, "clerk_unavailable")


def test_a_token_that_is_no_good_syncs_nothing(api: Api, sandbox: Sandbox, guild: str) -> None:
    assert api().post(SYNC).status_code == 401
    assert api(token=issue_token("user_bob", org_id=guild, expires_in=-60)).post(SYNC).status_code == 401
    assert sandbox.journal(service="clerk", operation="list_memberships") == []


def test_one_person_may_ask_so_often_a_minute(api: Api, guild: str, settings: Any) -> None:
    settings.CLERK_SYNCS_PER_MINUTE = 2
    client = signed_in(api, "user_bob")
    answers = [client.post(SYNC) for _ in range(3)]
    if [answer.status_code for answer in answers] != [200, 200, 429]:  # the minute ended in between
        answers = [client.post(SYNC) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[2].json()["code"], 1 <= int(answers[2].headers["Retry-After"]) <= 60) == ("throttled", True)
    assert signed_in(api, "user_ada").post(SYNC).status_code == 200


def test_the_status_of_a_mirror_that_nobody_set_up(api: Api, settings: Any) -> None:
    settings.CLERK_SECRET_KEY = ""
    told = api(MembershipFactory.create()).get(STATUS).json()
    assert (told["is_configured"], told["last_webhook_at"], told["last_reconcile_at"]) == (False, None, None)
    assert told["troubles"] == [
        "CLERK_SECRET_KEY or CLERK_WEBHOOK_SECRETS is not set", "there was no whole reconcile for over a day"
    ]  # fmt: skip


def test_a_mirror_in_order_has_no_troubles(api: Api, guild: str) -> None:
    tell("organization.created", organization("org_guild"))
    assert reconcile().status == "done"
    client = signed_in(api, "user_ada")
    told = client.get(STATUS).json()
    assert (told["troubles"], told["last_reconcile_status"], told["waiting"]) == ([], "done", 0)
    assert told["drift"] == {"person_missing": 2, "membership_missing": 2, "organization_changed": 1}
    assert told["last_webhook_at"]


def test_the_status_tells_what_waits_failed_and_was_refused(api: Api, settings: Any) -> None:
    member = MembershipFactory.create(role="org:billing", organization__id="org_9")
    reader = MembershipFactory.create(role="viewer", organization=member.organization)
    tell("organizationMembership.deleted", membership(public_user_data=None))
    hooks.send("user.created", hooks.user("user_late"))
    hooks.post(b"{}", {"svix-id": "x"})
    Delivery.objects.filter(type="user.created").update(run_after=timezone.now() - timedelta(hours=1))
    told = api(reader).get(STATUS).json()
    assert (told["parked"], told["waiting"], told["refused"], told["failed"]) == (1, 1, 1, 0)
    assert 3500 < told["lag_seconds"] < 3700
    assert told["unknown_roles"] == {"org:billing": 1}
    assert len(told["troubles"]) == 4


def alarms() -> list[tuple[str, str]]:
    """Which are open after a look."""
    services.watch()
    return sorted(Alarm.objects.open().values_list("kind", "key"))


def test_an_alarm_opens_for_what_is_wrong_with_the_mirror_and_closes_when_it_is_over() -> None:
    assert alarms() == []
    run = ReconcileRun.objects.create(requested_by="beat", status="suspicious", finished_at=timezone.now())
    member = MembershipFactory.create(role="org:billing")
    assert alarms() == [("reconcile_unwell", "clerk"), ("role_unknown", "org:billing")]
    ReconcileRun.objects.filter(pk=run.pk).update(status="done", finished_at=timezone.now() - timedelta(hours=30))
    with tenancy.system():
        Membership.objects.filter(pk=member.pk).entomb()
    assert alarms() == [("reconcile_missing", "clerk")]
    ReconcileRun.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    assert alarms() == []


def test_the_status_is_for_people_of_the_product(api: Api) -> None:
    assert api().get(STATUS).status_code == 401
    assert api(token=issue_token("user_nobody")).get(STATUS).status_code == 403
