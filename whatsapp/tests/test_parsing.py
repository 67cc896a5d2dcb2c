"""The gateway's spellings, read leniently."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.client import parsing
from whatsapp.client.results import Participant

LID = "173087265951971@lid"
NAMES = [
    "id", "jid", "lid", "phone", "phoneNumber", "isAdmin", "admin", "name", "subject", "participants", "size", "groups",
    "participantsCount", "totalParticipants", "status", "qr", "qrCode", "groupId", "communityId", "announcementGroupId",
    "inviteLink", "inviteCode", "linkedParent", "isCommunity",
]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "lid", "phone"),
    [
        ({"id": LID, "phone": "919812345678"}, LID, "+919812345678"),
        ({"id": LID, "phone": "+919812345678"}, LID, "+919812345678"),
        ({"id": LID, "phone": 919812345678}, LID, "+919812345678"),
        ({"id": LID, "phone": None}, LID, None),
        ({"id": LID}, LID, None),
        ({"id": "919812345678@s.whatsapp.net"}, None, "+919812345678"),
        ({"id": "919812345678@c.us"}, None, "+919812345678"),
        ({"id": "919812345678:12@s.whatsapp.net"}, None, "+919812345678"),
        ({"id": "173087265951971:3@lid", "phone": "919812345678"}, LID, "+919812345678"),
        ({"jid": "919812345678@s.whatsapp.net", "lid": LID}, LID, "+919812345678"),
        ("919812345678@s.whatsapp.net", None, "+919812345678"),
        (LID, LID, None),
        (json.dumps({"id": LID, "phone": "919812345678"}), LID, "+919812345678"),
        ({"id": LID, "phone": "5215512345678"}, LID, "+525512345678"),
    ],
)
def test_a_participant_is_read_in_every_spelling(entry: Any, lid: str | None, phone: str | None) -> None:
    found = parsing.participant(entry)
    assert found is not None
    assert (found.lid, found.full_phone) == (lid, phone)


def test_f18_the_digits_of_a_lid_are_no_phone() -> None:
    """Fails without the comparison with the LID's digits in `parsing._phone`."""
    found = parsing.participant({"id": LID, "phone": "173087265951971"})
    assert found == Participant(lid=LID, full_phone=None, phone_number=None, is_admin=None)


@pytest.mark.parametrize("entry", [None, 7, "", "{", {}, {"id": "x"}, {"id": "120363@g.us"}, {"phone": "12"}, [], True])
def test_what_names_nobody_is_nobody(entry: Any) -> None:
    assert parsing.participant(entry) is None


def test_entries_that_name_nobody_are_counted() -> None:
    found = parsing.snapshot({"participants": [{"id": LID}, {"id": "x"}], "totalParticipants": "2"})
    assert found is not None
    assert (len(found.participants), found.total, found.unreadable) == (1, 2, 1)


@pytest.mark.parametrize("flag", [{"isAdmin": True}, {"isSuperAdmin": True}, {"admin": "superadmin"}])
def test_an_admin_is_one_in_every_spelling(flag: dict[str, Any]) -> None:
    found = parsing.participant({"id": LID, **flag})
    assert found is not None
    assert found.is_admin


def test_f13_participants_as_a_number_are_a_count() -> None:
    """Fails without `count(people)` in `parsing._group`."""
    groups = parsing.groups({"groups": [{"id": "120363@g.us", "name": "A", "participants": 112}]})
    assert groups is not None
    assert groups[0].participant_count == 112


def test_f13_a_number_in_place_of_a_list_is_no_snapshot() -> None:
    """Fails without the check for a list in `parsing.snapshot`: nobody would be in the group."""
    assert parsing.snapshot({"success": True, "totalParticipants": 112, "participants": 112}) is None


@pytest.mark.parametrize(
    "row",
    [
        {"id": "120363@g.us", "name": " A ", "participants": [1, 2], "isAdmin": True, "inviteLink": "KsudjQrfCxi12345"},
        {"jid": "120363@g.us", "subject": "A", "participantsCount": 2, "iAmAdmin": True,
         "invite_link": "https://chat.whatsapp.com/KsudjQrfCxi12345"},
        {"groupId": "120363@g.us", "name": "A", "size": "2", "isAdmin": True, "inviteCode": "KsudjQrfCxi12345"},
    ],
)  # fmt: skip
def test_a_group_is_read_in_every_spelling(row: dict[str, Any]) -> None:
    for body in ([row], {"groups": [row]}):
        found = parsing.groups(body)
        assert found is not None
        assert (found[0].jid, found[0].name, found[0].participant_count, found[0].is_admin) == (
            "120363@g.us", "A", 2, True,
        )  # fmt: skip
        assert found[0].invite_link == "https://chat.whatsapp.com/KsudjQrfCxi12345"


@pytest.mark.parametrize(
    "value", ["undefined", "null", "", None, 7, "https://chat.whatsapp.com/undefined", "a b", "x" * 99]
)
def test_a_bad_invite_code_is_no_link(value: Any) -> None:
    assert parsing.invite_link(value) == ""


@pytest.mark.parametrize(
    ("body", "parent", "announcement"),
    [
        ({"success": True, "groupId": "1@g.us"}, "1@g.us", None),
        ({"groupId": "1@g.us", "communityId": "1@g.us"}, "1@g.us", None),
        ({"groupId": "2@g.us", "communityId": "1@g.us", "announcementGroupId": "2@g.us"}, "1@g.us", "2@g.us"),
        ({"groupId": "1@g.us", "announcementGroupId": "2@g.us"}, "1@g.us", "2@g.us"),
        ({"groupId": "1@g.us", "announcementGroupId": "1@g.us"}, "1@g.us", None),
    ],
)
def test_the_group_id_of_a_created_community_is_its_parent(
    body: dict[str, Any], parent: str, announcement: str | None
) -> None:
    found = parsing.created_community(body, admins=[])
    assert found is not None
    assert (found.parent_jid, found.announcement_jid) == (parent, announcement)


@pytest.mark.parametrize("body", [{}, {"success": True}, {"groupId": None}, {"groupId": 7}, {"groupId": "x"}])
def test_an_answer_without_a_jid_says_nothing_of_what_was_created(body: dict[str, Any]) -> None:
    assert parsing.created_community(body, admins=[]) is None


JUNK: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None))
    | st.sampled_from(["9" * 5000, "²", "٣", "1@lid", "1@g.us", "+91", LID, 10**4000, -(10**4000), "{" * 100_000]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
)


@given(JUNK)
def test_nothing_raises_whatever_it_is_given(value: Any) -> None:
    for read in (parsing.invite_link, parsing.jid, parsing.count, parsing.groups, parsing.participant):
        read(value)
    body = value if isinstance(value, dict) else {"participants": value, "status": value, "groupId": value}
    parsing.snapshot(body)
    parsing.session_status(body)
    parsing.created_community(body, admins=[])


@pytest.mark.parametrize(
    "value", ["9" * 5000, pytest.param(10**5000, id="huge"), "9999999999", "²", -1, True, "-1", 1.5, None]
)
def test_what_counts_nobody_is_no_number(value: Any) -> None:
    assert parsing.count(value) is None


@pytest.mark.parametrize(
    ("said", "uninvited"),
    [
        ({}, ()),
        ({"adminInvitesSent": True}, ()),
        ({"adminInvitesSent": False}, ("+919811111111", "+919822222222")),
        ({"adminInvitesSent": True, "adminNumbersInvited": ["919811111111"]}, ("+919822222222",)),
        ({"adminNumbersInvited": ["+919822222222", "+919811111111", None, 7, {}]}, ()),
        ({"adminInvitesSent": True, "adminNumbersInvited": "all"}, ()),
    ],
)
def test_f11_who_was_not_invited_is_read_from_what_the_gateway_says(
    said: dict[str, Any], uninvited: tuple[str, ...]
) -> None:
    """Fails without `_uninvited`."""
    admins = ["+919811111111", "+919822222222"]
    created = parsing.created_community({"groupId": "1203630@g.us", **said}, admins=admins)
    assert created is not None
    assert created.uninvited == uninvited


@pytest.mark.parametrize(
    "parent",
    ["2@g.us", "2:7@g.us", "", "undefined", "0", 0, True, {}, ["1@g.us"], {"id": "1@g.us"}, "1@newsletter", "@g.us"],
)
def test_a_parent_that_is_no_other_group_is_none(parent: object) -> None:
    """A group that names itself would be taken for a community's parent, which holds no people."""
    found = parsing.groups([{"id": "2@g.us", "linkedParent": parent}])
    assert found is not None
    assert [group.linked_parent for group in found] == [None]
