"""The faults that only the gateway has."""

import time

import pytest
import requests

from sandbox.client import Sandbox
from sandbox.tests.calls import Gateway, group_path
from sandbox.told import Community


@pytest.fixture
def community(sandbox: Sandbox) -> Community:
    sandbox.add_session("wa_1")
    community = sandbox.add_community("wa_1", "Pottery")
    sandbox.join(community.parent_jid, 20)
    return community


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        ("rate_overlimit", 500, "rate-overlimit"),
        ("item_not_found", 500, "item-not-found"),
        ("not_connected", 500, "not connected"),
        ("success_false", 200, "Failed to create community"),
    ],
)
def test_the_error_texts(sandbox: Sandbox, gateway: Gateway, kind: str, status: int, text: str) -> None:
    sandbox.add_session("wa_1")
    sandbox.add_fault("create_community", kind)
    answer = gateway.create("wa_1", "Pottery")
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert text in answer.json()["error"]
    assert sandbox.groups() == []


def test_empty_list_has_nobody_in_it(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.add_fault("participants", "empty_list")
    sandbox.add_fault("participants", "empty_list", total=952)
    sandbox.add_fault("groups", "empty_list")
    first, second = (gateway.participants("wa_1", community.announcement_jid) for _ in range(2))
    assert (first["totalParticipants"], first["participants"], first["success"]) == (0, [], True)
    assert (second["totalParticipants"], second["participants"]) == (952, [])
    assert gateway.listed("wa_1") == []
    assert gateway.participants("wa_1", community.announcement_jid)["totalParticipants"] == 21


def test_wrong_total_is_unlike_the_list(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.add_fault("participants", "wrong_total")
    sandbox.add_fault("participants", "wrong_total", offset=-3)
    sandbox.add_fault("participants", "wrong_total", total=500)
    bodies = [gateway.participants("wa_1", community.announcement_jid) for _ in range(3)]
    assert [body["totalParticipants"] for body in bodies] == [28, 18, 500]
    assert all(len(body["participants"]) == 21 for body in bodies)


def test_stale_list_is_the_list_as_it_was(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    before = gateway.lids("wa_1", community.announcement_jid)
    sandbox.add_fault("participants", "stale_list", times=2)
    sandbox.leave(community.parent_jid, 5)
    sandbox.join(community.parent_jid, 3)
    now = sandbox.truth(community.parent_jid).lids
    stale = gateway.participants("wa_1", community.announcement_jid)
    assert {row["id"] for row in stale["participants"]} == before != now
    assert stale["totalParticipants"] == 21
    gateway.participants("wa_1", community.announcement_jid)
    assert gateway.lids("wa_1", community.announcement_jid) == now


def test_stale_list_may_be_of_a_given_age(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    before = sandbox.truth(community.parent_jid).lids
    time.sleep(0.6)
    sandbox.join(community.parent_jid, 3)
    sandbox.add_fault("participants", "stale_list", seconds=0.4)
    assert gateway.lids("wa_1", community.announcement_jid) == before


def test_a_stale_group_list_lacks_what_is_new(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.add_fault("groups", "stale_list")
    new = sandbox.add_group("wa_1", "New")
    assert gateway.listed("wa_1") == [community.parent_jid, community.announcement_jid]
    assert new in gateway.listed("wa_1")


def test_truncated_list_has_only_the_first_and_a_matching_total(
    sandbox: Sandbox, gateway: Gateway, community: Community
) -> None:
    sandbox.add_fault("participants", "truncated_list", keep=4)
    sandbox.add_fault("groups", "truncated_list", keep=1)
    body = gateway.participants("wa_1", community.announcement_jid)
    assert body["totalParticipants"] == len(body["participants"]) == 4
    assert gateway.listed("wa_1") == [community.parent_jid]


def test_own_missing_lacks_the_sessions_own_number(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.add_fault("participants", "own_missing")
    body = gateway.participants("wa_1", community.announcement_jid)
    assert body["totalParticipants"] == len(body["participants"]) == 20
    assert sandbox.sessions()[0].lid not in {row["id"] for row in body["participants"]}


def test_missing_announcement_is_in_neither_answer_nor_list_until_it_is_shown(
    sandbox: Sandbox, gateway: Gateway
) -> None:
    sandbox.add_session("wa_1")
    sandbox.add_fault("create_community", "missing_announcement")
    body = gateway.create("wa_1", "Pottery").json()
    assert body["success"] is True
    assert "announcementGroupId" not in body
    assert all(gateway.listed("wa_1") == [body["groupId"]] for _ in range(3))
    assert [group.is_listed for group in sandbox.groups()] == [True, False]
    sandbox.show_group(body["groupId"])
    assert len(gateway.listed("wa_1")) == 2


def test_missing_announcement_may_last_for_some_lists(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    sandbox.add_fault("create_community", "missing_announcement", lists=2)
    gateway.create("wa_1", "Pottery")
    assert [len(gateway.listed("wa_1")) for _ in range(4)] == [1, 1, 2, 2]


def test_missing_announcement_may_be_of_one_list_only(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.add_fault("groups", "missing_announcement")
    assert gateway.listed("wa_1") == [community.parent_jid]
    assert gateway.listed("wa_1") == [community.parent_jid, community.announcement_jid]


def test_late_effect_cuts_first_and_creates_later(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    sandbox.add_fault("create_community", "late_effect", seconds=1)
    with pytest.raises(requests.ConnectionError):
        gateway.create("wa_1", "Pottery")
    assert gateway.listed("wa_1") == []
    assert sandbox.state()["pending"] == 1
    time.sleep(1.1)
    assert len(gateway.listed("wa_1")) == 2
    assert sandbox.journal()[0].status == "cut"


def test_a_late_effect_is_lost_with_its_session(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    sandbox.add_fault("create_community", "late_effect", seconds=0.3)
    with pytest.raises(requests.ConnectionError):
        gateway.create("wa_1", "Pottery")
    sandbox.change_session("wa_1", status="logged_out")
    time.sleep(0.4)
    assert sandbox.groups() == []


def test_settings_lost_creates_without_the_settings(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    sandbox.add_fault("create_community", "settings_lost")
    assert gateway.create("wa_1", "Pottery", settings={"announcement": True}).json()["success"] is True
    assert all(group.settings == {} for group in sandbox.groups())


def test_a_list_fault_spares_other_operations(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.add_fault("*", "empty_list")
    assert gateway.get("/health").json()["status"] == "ok"
    assert gateway.get(group_path("wa_1", community.parent_jid, "invite")).status_code == 200
    assert gateway.listed("wa_1") == []
