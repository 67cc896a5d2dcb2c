"""A group's invite link, asked for by a person: each refusal says what happened and what to do."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from common import tenancy
from conftest import Api
from organizations.tests.factories import MembershipFactory
from sandbox.client import Sandbox
from sandbox.told import Community as PlayedCommunity
from whatsapp.models import Group, Session
from whatsapp.tests.factories import GroupFactory, GroupSessionFactory, SessionFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(sandbox: Sandbox) -> Session:
    played = sandbox.add_session(phone_number="919800000001")
    return SessionFactory.create(gateway_session_id=played.session_id)


@pytest.fixture
def played(sandbox: Sandbox, session: Session) -> PlayedCommunity:
    return sandbox.add_community(session.gateway_session_id, "Crypto")


@pytest.fixture
def group(session: Session, played: PlayedCommunity) -> Group:
    return GroupFactory.create(
        organization=session.organization, session=session, group_jid=played.announcement_jid, kind="announcement"
    )


@pytest.fixture
def member(api: Api, group: Group) -> APIClient:
    return api(MembershipFactory.create(organization=group.organization, role="member"))


def path_of(group: Group) -> str:
    return f"/api/groups/{group.pk}/invite-link"


def test_a_link_is_fetched_and_kept(member: APIClient, group: Group, sandbox: Sandbox, played: PlayedCommunity) -> None:
    assert member.get(path_of(group)).json() == {"invite_link": ""}
    link = member.post(path_of(group)).json()["invite_link"]
    assert link == sandbox.truth(played.announcement_jid).group.invite_link
    assert member.get(path_of(group)).json() == {"invite_link": link}


@pytest.mark.parametrize(
    ("fault", "params", "status", "code", "says"),
    [
        ("rate_overlimit", {}, 429, "rate_limited", "Try again in 120 seconds"),
        ("retry_after", {"seconds": 7}, 429, "rate_limited", "Try again in 7 seconds"),
        ("not_connected", {}, 409, "session_disconnected", "Connect it again"),
        ("item_not_found", {}, 409, "group_gone", "Sync the groups"),
        ("success_false", {"error": "not-an admin"}, 409, "not_allowed_by_whatsapp", "Make the number an admin"),
        ("success_false", {"error": "no"}, 502, "gateway_refused", "no"),
        ("garbage", {}, 502, "gateway_unavailable", "Try again in a minute"),
        ("status", {"code": 503}, 502, "gateway_unavailable", "Try again in a minute"),
    ],
)
def test_each_refusal_has_its_own_answer(
    member: APIClient, group: Group, sandbox: Sandbox, fault: str, params: dict[str, object], status: int, code: str,
    says: str,
) -> None:  # fmt: skip
    sandbox.add_fault("invite", fault, **params)  # type: ignore[arg-type]  # each kind has its own
    answer = member.post(path_of(group))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert says in answer.json()["detail"]
    assert answer.headers.get("Retry-After") == {"rate_overlimit": "120", "retry_after": "7"}.get(fault)


def test_a_gateway_that_is_down_is_said_to_be(member: APIClient, group: Group, settings: Any) -> None:
    gateways = settings.WHATSAPP_GATEWAYS
    settings.WHATSAPP_GATEWAYS = {"main": {**gateways["main"], "url": "http://127.0.0.1:9"}}
    answer = member.post(path_of(group))
    assert (answer.status_code, answer.json()["code"]) == (502, "gateway_unavailable")


def test_what_the_gateway_says_of_the_session_is_remembered(member: APIClient, group: Group, sandbox: Sandbox) -> None:
    sandbox.add_fault("invite", "not_connected")
    member.post(path_of(group))
    asked = len(sandbox.journal(operation="invite"))
    answer = member.post(path_of(group))
    assert (answer.status_code, answer.json()["code"]) == (409, "session_disconnected")
    assert len(sandbox.journal(operation="invite")) == asked, "it is not asked again"


def test_without_a_number_in_the_group_nobody_is_asked(member: APIClient, group: Group, sandbox: Sandbox) -> None:
    with tenancy.system():
        Group.objects.update(session=None)
    answer = member.post(path_of(group))
    assert (answer.status_code, answer.json()["code"]) == (409, "no_session")
    assert "Add one to it in WhatsApp" in answer.json()["detail"]
    assert sandbox.journal(operation="invite") == []


def test_another_number_that_is_in_the_group_is_asked(
    member: APIClient, group: Group, session: Session, sandbox: Sandbox, played: PlayedCommunity
) -> None:
    away = SessionFactory.create(organization=session.organization, status="disconnected", label="Old phone")
    with tenancy.system():
        Group.objects.update(session=away)
    assert "Old phone" in member.post(path_of(group)).json()["detail"]
    GroupSessionFactory.create(group=group, session=session)
    assert member.post(path_of(group)).status_code == 200


def test_a_code_that_is_none_is_not_kept(member: APIClient, group: Group, sandbox: Sandbox) -> None:
    sandbox.set_style(invite_code="undefined")
    assert member.post(path_of(group)).status_code == 502
    assert member.get(path_of(group)).json() == {"invite_link": ""}


def test_a_group_of_others_is_a_404(member: APIClient, sandbox: Sandbox) -> None:
    assert member.post(path_of(GroupFactory.create())).status_code == 404
    assert sandbox.journal(operation="invite") == []
