import re
from itertools import pairwise

import pytest

from sandbox.client import Sandbox, SandboxError
from sandbox.tests.calls import Gateway, group_path


@pytest.fixture(autouse=True)
def session(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_1")


def test_a_community_is_a_parent_and_an_announcement_group_of_one_name(sandbox: Sandbox, gateway: Gateway) -> None:
    answer = gateway.create("wa_1", "Pottery", description="Clay", settings={"announcement": True, "restrict": True})
    body = answer.json()
    assert body["success"] is True
    assert body["groupId"] == body["communityId"]
    assert body["inviteLink"].startswith("https://chat.whatsapp.com/")
    parent, announcement = sandbox.groups()
    assert (parent.jid, parent.kind, parent.name) == (body["groupId"], "parent", "Pottery")
    assert (announcement.jid, announcement.kind) == (body["announcementGroupId"], "announcement")
    assert (announcement.name, announcement.parent_jid) == ("Pottery", parent.jid)
    assert announcement.settings == {"announcement": True, "restrict": True}
    assert announcement.description == "Clay"
    assert announcement.member_count == 1


def test_jids_and_lids_look_like_real_ones(sandbox: Sandbox, gateway: Gateway) -> None:
    body = gateway.create("wa_1", "Pottery").json()
    assert re.fullmatch(r"1203634\d{11}@g\.us", body["groupId"])
    assert re.fullmatch(r"173\d{12}@lid", sandbox.sessions()[0].lid or "")


def test_creating_twice_makes_two_communities(sandbox: Sandbox, gateway: Gateway) -> None:
    first = gateway.create("wa_1", "Pottery", key="k1").json()
    second = gateway.create("wa_1", "Pottery", key="k1").json()
    assert first["groupId"] != second["groupId"]
    assert len(sandbox.groups()) == 4
    assert [entry.idempotency_key for entry in sandbox.journal(operation="create_community")] == ["k1", "k1"]


def test_a_gateway_that_honours_the_idempotency_key_makes_one(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.set_style(idempotency="honoured")
    first = gateway.create("wa_1", "Pottery", key="k1").json()
    assert gateway.create("wa_1", "Pottery", key="k1").json() == first
    assert gateway.create("wa_1", "Pottery", key="k2").json()["groupId"] != first["groupId"]
    assert gateway.create("wa_1", "Pottery").json()["groupId"] != first["groupId"]


def test_admins_are_invited_and_not_added(sandbox: Sandbox, gateway: Gateway) -> None:
    body = gateway.create("wa_1", "Pottery", adminNumbers=["+919812345678"]).json()
    assert body["adminInvitesSent"] is True
    assert body["adminNumbersInvited"] == ["+919812345678"]
    assert "adminInvitesSent" not in gateway.create("wa_1", "Wood").json()
    assert sandbox.truth(body["groupId"]).lids == {sandbox.sessions()[0].lid}
    added = gateway.post(group_path("wa_1", body["groupId"], "participants"), {"participants": ["919812345678"]})
    assert added.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"sessionId": 5, "name": "A"},
        {"sessionId": "wa_1"},
        {"sessionId": "wa_1", "name": " "},
        {"sessionId": "wa_1", "name": "A", "settings": "x"},
        {"sessionId": "wa_1", "name": "A", "adminNumbers": "1"},
    ],
)
def test_a_creation_that_lacks_something_is_400(sandbox: Sandbox, gateway: Gateway, body: object) -> None:
    assert gateway.post("/create-community", body).status_code == 400
    assert sandbox.groups() == []


def test_the_group_list_ties_announcement_groups_to_their_parents(sandbox: Sandbox, gateway: Gateway) -> None:
    community = sandbox.add_community("wa_1", "Pottery", general=True)
    single = sandbox.add_group("wa_1", "Old friends")
    rows = {row["id"]: row for row in gateway.groups("wa_1")["groups"]}
    assert rows[community.parent_jid]["isCommunity"] is True
    assert rows[community.announcement_jid]["isCommunityAnnounce"] is True
    assert rows[community.announcement_jid]["linkedParent"] == community.parent_jid
    assert rows[community.general_jid]["name"] == "General"
    assert rows[community.general_jid]["linkedParent"] == community.parent_jid
    assert rows[single]["isCommunity"] is rows[single]["isCommunityAnnounce"] is False
    assert "linkedParent" not in rows[single]


def test_links_come_when_they_are_asked_for_and_only_to_admins(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_2")
    community = sandbox.add_community("wa_1", "Pottery")
    sandbox.put_session_in(community.parent_jid, "wa_2", is_admin=False)
    assert all("inviteLink" in row for row in gateway.groups("wa_1")["groups"])
    assert not any("inviteLink" in row for row in gateway.groups("wa_1", links=False)["groups"])
    assert not any("inviteLink" in row for row in gateway.groups("wa_2")["groups"])


def test_an_invite_code_is_for_admins(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_2")
    community = sandbox.add_community("wa_1", "Pottery")
    sandbox.put_session_in(community.parent_jid, "wa_2", is_admin=False)
    code = gateway.get(group_path("wa_1", community.announcement_jid, "invite")).json()["inviteCode"]
    assert re.fullmatch(r"[A-Za-z0-9]{22}", code)
    assert gateway.get(group_path("wa_1", community.parent_jid, "invite")).json()["inviteCode"] == code
    assert gateway.get(group_path("wa_2", community.announcement_jid, "invite")).status_code == 403


def test_a_parent_lists_two_or_three_admins_whoever_is_in_the_community(sandbox: Sandbox, gateway: Gateway) -> None:
    community = sandbox.add_community("wa_1", "Pottery")
    joined = sandbox.join(community.parent_jid, 40)
    assert gateway.participants("wa_1", community.parent_jid)["totalParticipants"] == 2
    sandbox.promote(community.announcement_jid, [person.lid for person in joined[:5]])
    body = gateway.participants("wa_1", community.parent_jid)
    assert body["totalParticipants"] == len(body["participants"]) == 3
    assert all(row["isAdmin"] for row in body["participants"])
    assert gateway.participants("wa_1", community.announcement_jid)["totalParticipants"] == 41


def test_a_parent_may_be_item_not_found(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.set_style(parent_list="item_not_found")
    community = sandbox.add_community("wa_1", "Pottery")
    answer = gateway.get(group_path("wa_1", community.parent_jid, "participants"))
    assert (answer.status_code, answer.json()["error"]) == (500, "item-not-found")


@pytest.mark.parametrize("what", ["participants", "invite"])
def test_a_group_that_the_session_is_not_in_is_item_not_found(sandbox: Sandbox, gateway: Gateway, what: str) -> None:
    sandbox.add_session("wa_2")
    community = sandbox.add_community("wa_2", "Pottery")
    for jid in (community.announcement_jid, community.parent_jid, "120363400000000000@g.us", "nonsense"):
        answer = gateway.get(group_path("wa_1", jid, what))
        assert (answer.status_code, answer.json()["error"]) == (500, "item-not-found")
    assert gateway.listed("wa_1") == []


def test_a_message_to_a_parent_is_taken_and_refused_later(sandbox: Sandbox, gateway: Gateway) -> None:
    community = sandbox.add_community("wa_1", "Pottery")
    for to in (community.parent_jid, community.announcement_jid, "919812345678"):
        body = gateway.post("/send", {"sessionId": "wa_1", "phone": to, "message": "Hello"}).json()
        assert body["success"] is True
    parent, announcement, person = sandbox.messages()
    assert (parent.error_code, parent.to) == (420, community.parent_jid)
    assert announcement.error_code is person.error_code is None


def test_a_message_to_a_parent_may_be_refused_at_once(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.set_style(send_to_parent="refused_at_once")
    community = sandbox.add_community("wa_1", "Pottery")
    answer = gateway.post("/send", {"sessionId": "wa_1", "phone": community.parent_jid, "message": "Hello"})
    assert answer.status_code == 420
    assert sandbox.messages() == []


def test_a_message_to_an_unknown_group_or_without_text_is_refused(sandbox: Sandbox, gateway: Gateway) -> None:
    unknown = gateway.post("/send", {"sessionId": "wa_1", "phone": "120363400000000000@g.us", "message": "Hello"})
    assert unknown.json()["error"] == "item-not-found"
    assert gateway.post("/send", {"sessionId": "wa_1", "phone": "919812345678"}).status_code == 400


def test_deleting_a_parent_deletes_its_community(sandbox: Sandbox, gateway: Gateway) -> None:
    community = sandbox.add_community("wa_1", "Pottery")
    with pytest.raises(SandboxError, match="part_of_community"):
        sandbox.delete_group(community.announcement_jid)
    assert sandbox.delete_group(community.parent_jid) == [community.parent_jid, community.announcement_jid]
    assert gateway.listed("wa_1") == []


def test_a_session_that_is_logged_out_creates_nothing(sandbox: Sandbox) -> None:
    sandbox.add_session("wa_2", status="logged_out")
    with pytest.raises(SandboxError, match="not_paired"):
        sandbox.add_community("wa_2", "Pottery")
    assert sandbox.groups() == []


def test_groups_are_listed_in_the_order_of_their_creation(sandbox: Sandbox) -> None:
    for name in "abc":
        sandbox.add_group("wa_1", name)
    assert all(one.created_at < other.created_at for one, other in pairwise(sandbox.groups()))
