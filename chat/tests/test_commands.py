"""`sync_chat_users` and `repair_conversations`, as an operator runs them."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chat.models import StreamIdentity
from chat.tests.conftest import Scene
from chat.tests.factories import conversation, identity, new_member, new_person, sdk, stream_id
from common import tenancy
from organizations.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: str) -> tuple[int, str]:
    """The exit code, and what it printed."""
    printed = StringIO()
    try:
        call_command(command, *arguments, stdout=printed)
    except SystemExit as end:
        return int(str(end.code)), printed.getvalue()
    except CommandError as error:
        return error.returncode, f"{printed.getvalue()}{error}"
    return 0, printed.getvalue()


def test_everybody_is_brought_to_stream_and_the_second_run_finds_nothing(scene: Scene) -> None:
    code, said = run("sync_chat_users", "--all", "--dry-run")
    assert code == 1
    assert "0 same, 3 missing, 0 different, 0 deactivated" in said
    assert scene.calls("update_users") == []
    with tenancy.system():
        assert not StreamIdentity.objects.exists()
    assert run("sync_chat_users", "--all") == (0, said)
    assert len(scene.calls("update_users")) == 1
    assert run("sync_chat_users", "--all")[1].strip() == "3 same, 0 missing, 0 different, 0 deactivated"
    assert run("sync_chat_users", "--all", "--dry-run")[0] == 0
    assert scene.open().status_code == 201
    assert len(scene.calls("update_users")) == 1  # who was synced is known


def test_what_drifted_is_reported_and_put_right(scene: Scene) -> None:
    run("sync_chat_users", "--all")
    sdk().upsert_user({"id": stream_id(scene.person), "name": "Hacked", "role": "admin"})
    code, said = run("sync_chat_users", "--all", "--dry-run")
    assert (code, f"{stream_id(scene.person)}: different" in said) == (1, True)
    assert run("sync_chat_users", "--all")[0] == 0
    user = scene.sandbox.stream.users()[stream_id(scene.person)]
    assert (user["name"], user["role"]) == (scene.person.full_name, "user")


def test_one_organization_and_its_members(scene: Scene) -> None:
    MembershipFactory.create(organization=scene.company)
    assert "3 missing" in run("sync_chat_users", "--organization", scene.company.pk)[1]
    assert stream_id(scene.person) not in scene.sandbox.stream.users()


def test_who_is_gone_is_told_and_recorded_and_the_others_go_through(scene: Scene) -> None:
    run("sync_chat_users", "--all")
    sdk().deactivate_user(stream_id(scene.person))
    sdk().delete_user(stream_id(scene.member.user))
    other = new_person()
    code, said = run("sync_chat_users", "--all")
    assert code == 1
    assert f"{stream_id(scene.person)}: deactivated, refused" in said
    assert f"{stream_id(scene.member.user)}: missing, refused" in said
    assert identity(scene.person).state == "deactivated"
    assert identity(scene.member.user).state == "deleted"
    assert stream_id(other) in scene.sandbox.stream.users()


@pytest.mark.parametrize("arguments", [[], ["--all", "--organization", "org_1"]])
def test_wrong_arguments_are_2(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("sync_chat_users", *arguments)


def test_nobody_to_compare_and_a_stream_that_refuses_us_are_2(scene: Scene) -> None:
    assert run("sync_chat_users", "--organization", "org_none") == (2, "There is no organization org_none.")
    scene.fault("query_users", "error", code=5)
    code, said = run("sync_chat_users", "--all")
    assert (code, "Stopped: 401" in said) == (2, True)


def test_repair_brings_everybody_back(scene: Scene) -> None:
    scene.open()
    scene.open(new_member().organization, context="another")
    for channel in scene.sandbox.stream.channels().values():
        sdk().channel("messaging", channel["channel"]["id"]).remove_members([stream_id(scene.company)])
    code, said = run("repair_conversations", "--all", "--dry-run")
    assert (code, said.count("would repair")) == (0, 2)
    assert run("repair_conversations", "--organization", scene.company.pk)[1].endswith("Repaired: 2 ready\n")
    for cid in scene.sandbox.stream.channels():
        assert stream_id(scene.company) in scene.sandbox.stream.members(cid)


def test_repair_tells_what_it_could_not_do(scene: Scene) -> None:
    scene.open()
    sdk().deactivate_user(stream_id(scene.person))
    code, said = run("repair_conversations", "--conversation", str(conversation().pk))
    assert code == 1
    assert stream_id(scene.person) in said
    assert said.endswith("Repaired: 1 failed\n")
    assert run("repair_conversations", "--unready", "--dry-run")[1].startswith("would repair")


def test_a_repair_of_what_is_not_there_is_no_success(scene: Scene) -> None:
    scene.open()
    unknown = "00000000-0000-0000-0000-000000000000"
    said = f"There is no conversation {unknown}."
    assert run("repair_conversations", "--conversation", unknown, "--dry-run") == (2, said)
    assert run("repair_conversations", "--organization", "org_none") == (2, "There is no organization org_none.")
    other = MembershipFactory.create().organization
    assert run("repair_conversations", "--organization", other.pk) == (0, "Repaired: none\n")


def test_ids_that_are_none_are_refused(scene: Any) -> None:
    with pytest.raises(CommandError):
        call_command("repair_conversations", "--conversation", "7")
