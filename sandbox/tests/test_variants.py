"""The spellings and habits in which gateways differ."""

import json

import pytest

from sandbox.client import Sandbox, SandboxError
from sandbox.gateway.variants import VARIANTS
from sandbox.tests.calls import Gateway, group_path
from sandbox.told import Community


@pytest.fixture
def community(sandbox: Sandbox) -> Community:
    sandbox.add_session("wa_1", phone_number="919812345678", lid="173000000000001@lid")
    community = sandbox.add_community("wa_1", "Pottery")
    sandbox.join_people(
        community.parent_jid,
        [
            {"lid": "173000000000002@lid", "phone": "919812345679", "hidden": False},
            {"lid": "173000000000003@lid", "phone": "919812345680", "hidden": True},
        ],
    )
    return community


def test_the_group_list_may_be_bare(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.set_style(group_list="list")
    assert [row["id"] for row in gateway.groups("wa_1")] == [community.parent_jid, community.announcement_jid]


@pytest.mark.parametrize("key", VARIANTS["group_id"])
def test_the_jid_has_three_names(sandbox: Sandbox, gateway: Gateway, community: Community, key: str) -> None:
    sandbox.set_style(group_id=key)
    rows = gateway.groups("wa_1")["groups"]
    assert rows[1][key] == community.announcement_jid
    assert len({"id", "jid", "groupId"} & set(rows[1])) == 1


@pytest.mark.parametrize("key", VARIANTS["group_name"])
def test_the_name_has_two_names(sandbox: Sandbox, gateway: Gateway, community: Community, key: str) -> None:
    sandbox.set_style(group_name=key)
    assert gateway.groups("wa_1")["groups"][0][key] == "Pottery"


@pytest.mark.parametrize(
    ("word", "value"), [("number", 3), ("text", "3"), ("empty", []), ("absent", None), ("list", ...)]
)
def test_participants_of_a_group_may_be_anything(
    sandbox: Sandbox, gateway: Gateway, community: Community, word: str, value: object
) -> None:
    sandbox.set_style(group_participants=word, group_size="size")
    row = gateway.groups("wa_1")["groups"][1]
    assert row["size"] == 3
    if value is ...:
        assert row["participants"][0]["id"] == "173000000000001@lid"
        assert len(row["participants"]) == 3
    else:
        assert row.get("participants") == value


def test_the_size_may_be_called_participants_count(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.set_style(group_size="participantsCount")
    assert gateway.groups("wa_1")["groups"][1]["participantsCount"] == 3


@pytest.mark.parametrize("key", ["isAdmin", "iAmAdmin"])
def test_the_admin_mark_has_two_names(sandbox: Sandbox, gateway: Gateway, community: Community, key: str) -> None:
    sandbox.set_style(group_admin=key)
    assert gateway.groups("wa_1")["groups"][0][key] is True


def test_marks_may_be_absent(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.set_style(group_admin="absent", group_marks="absent")
    for row in gateway.groups("wa_1")["groups"]:
        assert set(row) == {"id", "name", "participants", "inviteLink"}


@pytest.mark.parametrize("key", VARIANTS["group_invite"])
def test_the_link_in_the_list_has_three_names(
    sandbox: Sandbox, gateway: Gateway, community: Community, key: str
) -> None:
    sandbox.set_style(group_invite=key)
    link = gateway.groups("wa_1")["groups"][1][key]
    assert link.startswith("https://chat.whatsapp.com/") is (key != "inviteCode")


def test_the_invite_may_be_a_link(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.set_style(invite="inviteLink")
    body = gateway.get(group_path("wa_1", community.parent_jid, "invite")).json()
    assert body["inviteLink"].startswith("https://chat.whatsapp.com/")


def test_the_code_may_be_undefined(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.set_style(invite_code="undefined")
    assert gateway.get(group_path("wa_1", community.parent_jid, "invite")).json()["inviteCode"] == "undefined"
    assert gateway.groups("wa_1")["groups"][0]["inviteLink"] == "https://chat.whatsapp.com/undefined"


def test_participants_may_be_texts(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.set_style(participant="text")
    assert "173000000000003@lid" in gateway.participants("wa_1", community.announcement_jid)["participants"]


def test_participants_may_be_json_in_texts(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.set_style(participant="json")
    rows = gateway.participants("wa_1", community.announcement_jid)["participants"]
    assert json.loads(rows[1]) == {
        "id": "173000000000002@lid", "phone": "919812345679", "isAdmin": False, "isSuperAdmin": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("word", "shown", "hidden"),
    [
        ("lid_device", "173000000000002:12@lid", "173000000000003:12@lid"),
        ("c.us", "919812345679@c.us", "173000000000003@lid"),
        ("s.whatsapp.net", "919812345679@s.whatsapp.net", "173000000000003@lid"),
    ],
)
def test_ids_may_carry_devices_or_phones(
    sandbox: Sandbox, gateway: Gateway, community: Community, word: str, shown: str, hidden: str
) -> None:
    sandbox.set_style(participant_id=word)
    assert {shown, hidden} < gateway.lids("wa_1", community.announcement_jid)


@pytest.mark.parametrize(("word", "phone"), [("plus", "+919812345679"), ("jid", "919812345679@s.whatsapp.net")])
def test_phones_may_be_written_otherwise(
    sandbox: Sandbox, gateway: Gateway, community: Community, word: str, phone: str
) -> None:
    sandbox.set_style(participant_phone=word)
    assert gateway.participants("wa_1", community.announcement_jid)["participants"][1]["phone"] == phone


@pytest.mark.parametrize(
    ("word", "row"),
    [("absent", {}), ("null", {"phone": None}), ("empty", {"phone": ""}), ("lid_digits", {"phone": "173000000000003"})],
)
def test_a_hidden_phone_may_be_many_things(
    sandbox: Sandbox, gateway: Gateway, community: Community, word: str, row: dict[str, object]
) -> None:
    sandbox.set_style(hidden_phone=word)
    told = gateway.participants("wa_1", community.announcement_jid)["participants"][2]
    assert {name: value for name, value in told.items() if name == "phone"} == row


@pytest.mark.parametrize(("word", "total"), [("text", "3"), ("absent", None)])
def test_the_total_may_be_a_text_or_absent(
    sandbox: Sandbox, gateway: Gateway, community: Community, word: str, total: str | None
) -> None:
    sandbox.set_style(total=word)
    assert gateway.participants("wa_1", community.announcement_jid).get("totalParticipants") == total


def test_the_qr_code_may_be_called_qr_code(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.set_style(qr="qrCode")
    gateway.post("/connect", {"sessionId": "wa_1"})
    assert gateway.status("wa_1")["qrCode"].startswith("2@")


def test_the_answer_to_a_creation_may_be_bare(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    sandbox.set_style(created_community_id="absent", created_announcement_id="absent", created_invite="absent")
    assert set(gateway.create("wa_1", "Pottery").json()) == {"success", "groupId"}


def test_the_group_id_may_be_the_announcement_group(sandbox: Sandbox, gateway: Gateway) -> None:
    sandbox.add_session("wa_1")
    sandbox.set_style(created_group_id="announcement")
    body = gateway.create("wa_1", "Pottery").json()
    assert body["groupId"] == body["announcementGroupId"] != body["communityId"]


@pytest.mark.parametrize(("word", "name"), [("named_general", "General"), ("same_name", "Pottery")])
def test_there_may_be_a_general_group(sandbox: Sandbox, gateway: Gateway, word: str, name: str) -> None:
    sandbox.add_session("wa_1")
    sandbox.set_style(general_group=word)
    gateway.create("wa_1", "Pottery")
    assert [(group.kind, group.name) for group in sandbox.groups()][2] == ("general", name)


def test_the_usual_spellings_come_back(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.set_style(group_list="list", group_id="jid")
    sandbox.reset_style()
    assert gateway.groups("wa_1")["groups"][0]["id"] == community.parent_jid


@pytest.mark.parametrize("wish", [{"group_id": "identifier"}, {"colour": "red"}, {"qr": 5}])
def test_a_spelling_that_is_unknown_is_refused(sandbox: Sandbox, wish: dict[str, str]) -> None:
    with pytest.raises(SandboxError, match="bad_input"):
        sandbox.set_style(**wish)
