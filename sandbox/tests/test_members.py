import pytest

from sandbox.client import Sandbox, SandboxError
from sandbox.tests.calls import Gateway
from sandbox.told import Community, Person


@pytest.fixture
def community(sandbox: Sandbox) -> Community:
    sandbox.add_session("wa_1")
    return sandbox.add_community("wa_1", "Pottery")


def _lids(people: list[Person]) -> list[str]:
    return [person.lid for person in people]


def test_people_join_and_leave_and_the_list_follows(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    joined = sandbox.join(community.parent_jid, 284)
    own = sandbox.sessions()[0].lid
    assert gateway.lids("wa_1", community.announcement_jid) == {*_lids(joined), own}
    left = sandbox.leave(community.parent_jid, 12)
    assert left == joined[:12]
    body = gateway.participants("wa_1", community.announcement_jid)
    assert body["totalParticipants"] == len(body["participants"]) == 273
    assert body["groupName"] == "Pottery"
    assert body["groupJid"] == community.announcement_jid


def test_the_truth_is_the_members_and_their_whole_history(sandbox: Sandbox, community: Community) -> None:
    one, two = sandbox.join(community.announcement_jid, 2)
    sandbox.promote(community.announcement_jid, [one.lid])
    sandbox.demote(community.announcement_jid, [one.lid])
    sandbox.leave_people(community.announcement_jid, [two.lid])
    sandbox.join_people(community.announcement_jid, [{"lid": two.lid}])
    truth = sandbox.truth(community.parent_jid)
    own = sandbox.sessions()[0].lid
    assert truth.lids == {own, one.lid, two.lid}
    told = [(change.action, change.person.lid) for change in truth.history if change.person.lid != own]
    assert told == [
        ("join", one.lid), ("join", two.lid), ("promote", one.lid), ("demote", one.lid), ("leave", two.lid),
        ("join", two.lid),
    ]  # fmt: skip
    times = [change.at for change in truth.history]
    assert times == sorted(times)
    assert truth.members[-1].joined_at == times[-1]


def test_hidden_phones_are_in_the_truth_and_not_in_the_list(
    sandbox: Sandbox, gateway: Gateway, community: Community
) -> None:
    joined = sandbox.join(community.parent_jid, 10, hidden=4)
    assert sum(person.is_hidden for person in joined) == 4
    rows = {row["id"]: row for row in gateway.participants("wa_1", community.announcement_jid)["participants"]}
    for person in joined:
        assert rows[person.lid].get("phone") == (None if person.is_hidden else person.phone)
    sandbox.reveal(community.parent_jid, [person.lid for person in joined])
    rows = {row["id"]: row for row in gateway.participants("wa_1", community.announcement_jid)["participants"]}
    assert all(rows[person.lid]["phone"] == person.phone for person in joined)


def test_about_a_fifth_hides_by_itself(sandbox: Sandbox, community: Community) -> None:
    joined = sandbox.join(community.parent_jid, 500)
    assert 70 <= sum(person.is_hidden for person in joined) <= 130


def test_a_session_may_be_shown_no_phones_at_all(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.join(community.parent_jid, 5, hidden=0)
    sandbox.change_session("wa_1", sees_phones=False)
    rows = gateway.participants("wa_1", community.announcement_jid)["participants"]
    assert [row["phone"] for row in rows if "phone" in row] == [sandbox.sessions()[0].phone_number]


def test_named_people_join_with_the_lid_and_phone_given(sandbox: Sandbox, community: Community) -> None:
    wishes: list[dict[str, object]] = [
        {"lid": "173000000000001@lid", "phone": "+919812345678"},
        {"phone": "14155552671", "hidden": True},
        {},
    ]
    first, second, third = sandbox.join_people(community.parent_jid, wishes)
    assert (first.lid, first.phone) == ("173000000000001@lid", "919812345678")
    assert (second.phone, second.is_hidden) == ("14155552671", True)
    assert third.lid.endswith("@lid")


@pytest.mark.parametrize(
    "person",
    [
        {"lid": "abc@lid"},
        {"phone": "12"},
        {"phone": "98x"},
        {"name": "Asha"},
        {"hidden": "yes"},
        {"lid": "173000000000001@lid", "phone": "919812345679"},
    ],
)
def test_people_who_cannot_be_are_refused_and_nobody_joins(
    sandbox: Sandbox, community: Community, person: dict[str, object]
) -> None:
    sandbox.add_session("wa_2", lid="173000000000001@lid", phone_number="919812345678")
    with pytest.raises(SandboxError):
        sandbox.join_people(community.parent_jid, [{}, person])
    assert len(sandbox.truth(community.parent_jid).members) == 1


def test_a_member_cannot_join_again_nor_a_stranger_leave(sandbox: Sandbox, community: Community) -> None:
    (person,) = sandbox.join(community.parent_jid, 1)
    with pytest.raises(SandboxError, match="already_member"):
        sandbox.join_people(community.parent_jid, [{"lid": person.lid}])
    for change in (sandbox.leave_people, sandbox.promote, sandbox.demote, sandbox.reveal):
        with pytest.raises(SandboxError, match="unknown_member"):
            change(community.parent_jid, [person.lid, "173000000000009@lid"])
    with pytest.raises(SandboxError, match="too_few_people"):
        sandbox.leave(community.parent_jid, 2)


def test_sessions_and_admins_are_not_among_those_who_leave_by_number(sandbox: Sandbox, community: Community) -> None:
    one, two, three = sandbox.join(community.parent_jid, 3)
    sandbox.promote(community.parent_jid, [one.lid])
    assert sandbox.leave(community.parent_jid, 2) == [two, three]


def test_promoting_an_admin_is_no_change(sandbox: Sandbox, community: Community) -> None:
    (person,) = sandbox.join(community.parent_jid, 1)
    assert sandbox.promote(community.parent_jid, [person.lid]) == [person]
    assert sandbox.promote(community.parent_jid, [person.lid]) == []


def test_the_creator_is_super_admin_and_promoted_people_are_admins(
    sandbox: Sandbox, gateway: Gateway, community: Community
) -> None:
    one, two = sandbox.join(community.parent_jid, 2)
    sandbox.promote(community.parent_jid, [one.lid])
    rows = {row["id"]: row for row in gateway.participants("wa_1", community.announcement_jid)["participants"]}
    own = sandbox.sessions()[0].lid
    marks = {lid: (row["isAdmin"], row["isSuperAdmin"]) for lid, row in rows.items()}
    assert marks == {own: (True, True), one.lid: (True, False), two.lid: (False, False)}


def test_two_sessions_in_one_group_see_the_same_people(
    sandbox: Sandbox, gateway: Gateway, community: Community
) -> None:
    second = sandbox.add_session("wa_2")
    sandbox.join(community.parent_jid, 5)
    sandbox.put_session_in(community.parent_jid, "wa_2", is_admin=True)
    seen = gateway.lids("wa_1", community.announcement_jid)
    assert seen == gateway.lids("wa_2", community.announcement_jid)
    assert second.lid in seen
    assert len(seen) == 7


def test_a_session_that_is_no_admin_sees_only_the_admins_and_itself(
    sandbox: Sandbox, gateway: Gateway, community: Community
) -> None:
    second = sandbox.add_session("wa_2")
    sandbox.join(community.parent_jid, 50)
    sandbox.put_session_in(community.parent_jid, "wa_2", is_admin=False)
    body = gateway.participants("wa_2", community.announcement_jid)
    assert {row["id"] for row in body["participants"]} == {sandbox.sessions()[0].lid, second.lid}
    assert body["totalParticipants"] == 2
    row = next(row for row in gateway.groups("wa_2")["groups"] if row["id"] == community.announcement_jid)
    assert (row["participants"], row["isAdmin"]) == (2, False)
    sandbox.put_session_in(community.parent_jid, "wa_2", is_admin=True)
    assert gateway.participants("wa_2", community.announcement_jid)["totalParticipants"] == 52


def test_anybody_sees_everybody_in_a_single_group(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    jid = sandbox.add_group("wa_1", "Old friends")
    sandbox.add_session("wa_2")
    sandbox.join(jid, 20)
    sandbox.put_session_in(jid, "wa_2", is_admin=False)
    assert gateway.participants("wa_2", jid)["totalParticipants"] == 22


def test_the_same_seed_gives_the_same_people(sandbox: Sandbox) -> None:
    drawn = []
    for seed in (7, 7, 8):
        sandbox.reset(seed=seed)
        sandbox.add_session("wa_1")
        drawn.append(sandbox.join(sandbox.add_group("wa_1", "A"), 30))
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_most_people_have_indian_numbers_and_some_have_not(sandbox: Sandbox, community: Community) -> None:
    phones = [person.phone for person in sandbox.join(community.parent_jid, 500)]
    assert 350 <= sum(phone.startswith("91") for phone in phones) < 500
    assert len(set(phones)) == 500


def test_five_thousand_people_join_and_are_listed(sandbox: Sandbox, gateway: Gateway, community: Community) -> None:
    sandbox.join(community.parent_jid, 5_000)
    assert len(gateway.lids("wa_1", community.announcement_jid)) == 5_001
