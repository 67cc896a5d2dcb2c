"""`manage.py sync_user_ids`: what it says, what it asks, what it does, and that it goes on where it was killed."""

import json
import re
import signal
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import services, signals
from accounts.models import AppUser, Repair, SyncStatus
from accounts.tests import places, planted
from accounts.tests.factories import AppUserFactory
from chat.models import Conversation, Participant, StreamIdentity
from common import tenancy
from common.tests.processes import manage
from organizations.models import Membership
from organizations.tests.factories import MembershipFactory, OrganizationFactory
from whatsapp.models import SyncRun
from whatsapp.tests.factories import SyncRunFactory
from workshops.models import Workshop
from workshops.tests.factories import WorkshopFactory

pytestmark = pytest.mark.django_db


def run(*arguments: str, exit_code: int = 0) -> str:
    """What the command says on both streams."""
    out = StringIO()
    try:
        call_command("sync_user_ids", *arguments, stdout=out, stderr=out)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == exit_code, out.getvalue()
    return out.getvalue()


def test_status_counts_every_state_and_exits_with_1_when_something_is_to_fix() -> None:
    assert run("status")
    planted.plant()
    said = run("status", exit_code=1)
    assert {state: int(number) for state, number in re.findall(r"^([A-Z_]+) +(\d+)$", said, re.M)} == planted.STATES


def test_status_of_those_who_signed_up_lately() -> None:
    planted.plant()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_users SET created_at = now() - interval '3 days' WHERE id <> 'missing'")
        cursor.execute("UPDATE app_users SET created_at = now() - interval '3 days'")
    said = [json.loads(line) for line in run("status", "--since", "24h", "--format", "json", exit_code=1).splitlines()]
    assert {row["state"]: row["people"] for row in said if row["people"]} == {"MISSING_APP_USER": 1}


@pytest.mark.parametrize("style", ["table", "csv", "json"])
def test_report_lists_everybody_out_of_step(style: str) -> None:
    planted.plant()
    said = run("report", "--format", style)
    assert "13 people" not in said
    assert "12 people." in said
    assert "old_moved" in said
    assert "synced@x.example" not in said
    assert "1 people." in run("report", "--state", "EMAIL_DRIFT", "--format", style)


def test_f45_a_name_that_is_a_formula_is_harmless_in_a_sheet() -> None:
    """Fails without `harmless` in accounts/tables.py."""
    AppUserFactory.create(id="=cmd()", email="+1@x.example")
    said = run("report", "--format", "csv")
    assert "'=cmd()" in said
    assert ",'+1@x.example" in said


def test_a_dry_run_prints_the_plan_and_writes_nothing() -> None:
    planted.plant()
    before = places_of_people()
    said = run("fix-all", "--dry-run")
    assert re.search(r"Plan refuse-[0-9a-f-]+", said)
    assert "2 SWAPPED (ids are swapped)" in said
    assert places_of_people() == before
    assert not Repair.objects.exists()


def places_of_people() -> set[tuple[str, str | None]]:
    return set(AppUser.objects.values_list("id", "email"))


def test_fix_all_repairs_what_is_safe_and_lists_the_rest() -> None:
    planted.plant()
    said = run("fix-all", "--yes", "--backup-taken")
    assert "Repaired: 2 SWAPPED" in said
    assert "nobody has any more: 0" in said
    assert "Left for a person: 3 AMBIGUOUS" in said
    assert not SyncStatus.objects.filter(state__in=SyncStatus.AUTOMATIC).exists()
    assert AppUser.objects.get(id="moved").full_name == "Moved"
    assert AppUser.objects.get(id="swap1").full_name == "Swap 1"
    assert set(Repair.objects.values_list("actor", flat=True)) == {"command:sync_user_ids"}
    assert "nothing that can be repaired" in run("fix-all", "--yes", "--backup-taken")


def test_a_plan_that_has_changed_is_not_applied() -> None:
    planted.plant()
    mark = re.findall(r"Plan (\S+)", run("fix-all", "--dry-run"))[0]
    AppUser.objects.filter(id="drift").update(email="drift@x.example")
    with pytest.raises(CommandError, match="is not"):
        run("fix-all", "--yes", "--backup-taken", "--plan", mark)
    assert not Repair.objects.exists()


def test_it_asks_for_a_backup_and_for_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    planted.plant()
    with pytest.raises(CommandError, match="--backup-taken"):
        run("fix-all", "--yes")
    monkeypatch.setattr("sys.stdin", StringIO("y\nn\n"))
    with pytest.raises(CommandError, match=r"Nothing was written\."):
        run("fix-all")
    monkeypatch.setattr("sys.stdin", StringIO(""))
    with pytest.raises(CommandError, match="Nobody is here to answer"):
        run("fix-all")
    assert not Repair.objects.exists()
    monkeypatch.setattr("sys.stdin", StringIO("y\nyes\n"))
    assert "Repaired" in run("fix-all")


@pytest.mark.django_db(transaction=True)
def test_a_backup_holds_every_table_that_points_at_people(tmp_path: Path) -> None:
    planted.plant()
    file = tmp_path / "before.zip"
    run("fix-all", "--yes", "--backup", str(file))
    with zipfile.ZipFile(file) as archive:
        assert {"app_users.csv", "auth_users.csv", "organization_members.csv", "workshops.csv"} <= set(
            archive.namelist()
        )
        assert b"old_moved" in archive.read("app_users.csv")
    with pytest.raises(CommandError, match="could not be written"):
        AppUser.objects.filter(id="drift").update(email="again@x.example")
        run("fix-all", "--yes", "--backup", str(file))


def test_fix_email_repairs_one_person_and_shows_what_moves() -> None:
    planted.plant()
    with tenancy.system():
        MembershipFactory.create(user=AppUser.objects.get(id="old_moved"))
    said = run("fix-email", " MOVED@x.example ", "--dry-run")
    assert "ID_MISMATCH: old_moved → moved" in said
    assert "1 in organization_members.user_id" in said
    run("fix-email", "moved@x.example", "--yes")
    with tenancy.system():
        assert Membership.objects.get().user_id == "moved"
    assert SyncStatus.objects.get(user_id="swap1").state == "SWAPPED"
    with pytest.raises(CommandError, match="Nobody has confirmed"):
        run("fix-email", "stranger@x.example")
    assert "nothing to repair by itself" in run("fix-email", "twin@x.example", "--yes")


def test_a_merge_needs_a_strategy_and_keeps_both_memberships() -> None:
    planted.plant()
    with tenancy.system():
        shared = OrganizationFactory.create()
        for id in ("old_occupied", "occupied"):
            MembershipFactory.create(organization=shared, user_id=id, role="viewer" if id == "occupied" else "owner")
        other = MembershipFactory.create(user_id="old_occupied")
    assert "nothing to repair by itself" in run("fix-email", "occupied@x.example", "--yes")
    run("fix-email", "occupied@x.example", "--yes", "--strategy", "keep-app")
    with tenancy.system():
        found = set(Membership.objects.values_list("user_id", "organization_id", "role"))
    assert found == {("occupied", shared.pk, "owner"), ("occupied", other.organization_id, other.role)}
    assert AppUser.objects.get(id="occupied").full_name == "Occupied, old"
    run("undo", str(Repair.objects.get(action="merge").pk), "--yes")
    with tenancy.system():
        assert Membership.objects.filter(user_id="old_occupied").count() == 2
    assert AppUser.objects.get(id="occupied").full_name == "Occupied, new"


@pytest.mark.parametrize(("theirs", "ours"), [(True, False), (False, True), (True, True)])
def test_a_membership_that_has_ended_meets_no_other_in_a_merge(theirs: bool, ours: bool) -> None:
    """`theirs` and `ours`: whether that side's membership is a tombstone. Nothing is lost, and it can be undone."""
    planted.plant()
    organization = OrganizationFactory.create()
    with tenancy.system():
        for id, has_ended in (("old_occupied", theirs), ("occupied", ours)):
            deleted_at = timezone.now() if has_ended else None
            MembershipFactory.create(organization=organization, user_id=id, clerk_id=f"m_{id}", deleted_at=deleted_at)
    run("fix-email", "occupied@x.example", "--yes", "--strategy", "newest")
    assert memberships() == {("m_old_occupied", "occupied", theirs), ("m_occupied", "occupied", ours)}
    merge = Repair.objects.get(action="merge")
    assert merge.facts["lost"] == []
    run("undo", str(merge.pk), "--yes")
    assert memberships() == {("m_old_occupied", "old_occupied", theirs), ("m_occupied", "occupied", ours)}


def test_two_who_both_take_part_in_conversations_are_not_merged() -> None:
    """In Stream they are two, and stay so."""
    planted.plant()
    with tenancy.system():
        for id in ("old_occupied", "occupied"):
            identity = StreamIdentity.objects.create(kind="user", person_id=id, stream_id=f"onecrew_user_{id}")
            conversation = Conversation.objects.create(channel_id=id, speaker=identity, requested_by="test")
            Participant.objects.create(conversation=conversation, identity=identity, person_id=id)
    (line,) = services.repair(ids=["occupied"], strategy="keep-auth", actor="test")
    assert line.outcome == "refused"
    assert re.search(r"rows of chat_\w+ hang on both: merge by hand", line.message), line.message
    assert AppUser.objects.filter(id__in=["old_occupied", "occupied"]).count() == 2


def memberships() -> set[tuple[str | None, str, bool]]:
    """Clerk's id of each, whose it is, and whether it has ended."""
    with tenancy.system():
        return {(row.clerk_id, row.user_id, row.deleted_at is not None) for row in Membership.with_deleted.all()}


def test_undoing_a_merge_tells_of_both_profiles(django_capture_on_commit_callbacks: Any) -> None:
    """Their names are those of before again, which others were told of."""
    planted.plant()
    run("fix-email", "occupied@x.example", "--yes", "--strategy", "keep-app")
    told: list[str] = []

    def hear(user_ids: list[str], **_: Any) -> None:
        told.extend(user_ids)

    signals.profiles_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            run("undo", str(Repair.objects.get(action="merge").pk), "--yes")
    finally:
        signals.profiles_changed.disconnect(hear)
    assert told == ["occupied", "old_occupied"]


def test_undo_undoes_both_sides_of_a_swap_and_only_once() -> None:
    planted.plant()
    before = places_of_people()
    run("fix-email", "swap1@x.example", "--yes")
    first = Repair.objects.order_by("id")[0]
    assert "Undone: " in run("undo", str(first.pk), "--yes")
    assert places_of_people() == before
    with pytest.raises(CommandError, match="was undone already"):
        run("undo", str(first.pk), "--yes")
    with pytest.raises(CommandError, match="There is no repair 999999"):
        run("undo", "999999", "--yes")


def test_what_was_repaired_again_later_is_undone_in_order() -> None:
    planted.plant()
    run("fix-email", "moved@x.example", "--yes")
    first = Repair.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_users SET email = 'free@x.example' WHERE id = 'moved'")
        cursor.execute("UPDATE app_users SET email = 'moved@x.example' WHERE id = 'moved'")
        cursor.execute(
            "INSERT INTO auth_users (id, email, email_confirmed_at) VALUES ('new', 'moved@x.example', now())"
        )
        cursor.execute("DELETE FROM app_users WHERE id = 'new'")
    run("fix-email", "moved@x.example", "--yes")
    with pytest.raises(CommandError, match="repaired again later"):
        run("undo", str(first.pk), "--yes")


def test_f25_every_place_that_knows_a_person_follows_and_nothing_is_left() -> None:
    """Fails without the declared columns in `user_sync_references` (accounts/sql/references.sql)."""
    planted.plant()
    with tenancy.system():
        MembershipFactory.create(user_id="old_moved")
        WorkshopFactory.create(created_by="user:old_moved")
        SyncRunFactory.create(requested_by="user:old_moved")
    assert "nobody has any more: 0" in run("fix-all", "--yes", "--backup-taken")
    with tenancy.system():
        assert Membership.objects.get().user_id == "moved"
        assert Workshop.objects.get().created_by == "user:moved"
        assert SyncRun.objects.get().requested_by == "user:moved"
    assert Repair.objects.get(auth_id="moved").counts == {
        "organization_members.user_id": 1, "workshops.created_by": 1, "whatsapp_sync_runs.requested_by": 1,
    }  # fmt: skip


def test_f26_swapped_people_of_one_organization_change_places_once() -> None:
    """Fails without the parking in `user_sync_rekey` (accounts/sql/references.sql)."""
    planted.plant()
    with tenancy.system():
        organization = OrganizationFactory.create()
        MembershipFactory.create(organization=organization, user_id="swap1", role="owner")
        MembershipFactory.create(organization=organization, user_id="swap2", role="viewer")
    run("fix-all", "--yes", "--backup-taken")
    with tenancy.system():
        assert dict(Membership.objects.values_list("user_id", "role")) == {"swap2": "owner", "swap1": "viewer"}


@contextmanager
def strict_table() -> Iterator[None]:
    """A table of somebody else's, whose key to app_users cannot wait."""
    with places.owner_connection() as owner:
        owner.execute("CREATE TABLE strict_notes (id serial, user_id text CONSTRAINT strict_key REFERENCES app_users)")
        owner.execute("GRANT ALL ON strict_notes TO rollcall_app, rollcall_system")
        try:
            yield
        finally:
            owner.execute("DROP TABLE strict_notes")


@pytest.mark.django_db(transaction=True)
def test_a_key_that_cannot_wait_is_refused_by_name() -> None:
    planted.plant()
    with strict_table(), pytest.raises(CommandError, match=r"strict_key of strict_notes.*DEFERRABLE"):
        run("fix-email", "moved@x.example", "--yes")
    assert not Repair.objects.exists()


def test_every_key_of_ours_to_people_can_wait() -> None:
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute("SELECT relation::text, col, is_movable FROM user_sync_keys()")
        found = cursor.fetchall()
    assert ("organization_members", "user_id", True) in found
    assert all(is_movable for _, _, is_movable in found), found


def test_the_sql_function_shows_and_repairs_one_person_and_is_nobodys() -> None:
    planted.plant()
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute("SELECT state, app_id, outcome FROM fix_user_id_mismatch('MOVED@x.example')")
        assert cursor.fetchall() == [("ID_MISMATCH", "old_moved", "would be repaired")]
        cursor.execute("SELECT state, outcome FROM fix_user_id_mismatch('moved@x.example', true)")
        assert cursor.fetchall() == [("ID_MISMATCH", "repaired")]
    assert AppUser.objects.filter(id="moved").exists()
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT fix_user_id_mismatch('moved@x.example')")


def test_one_person_is_looked_at_and_repaired_in_no_time_among_thousands() -> None:
    """Fails when `user_sync_states` is given the call of `user_sync_closure` in place of its answer: 20 s and more."""
    planted.plant()
    with tenancy.system(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_users (id, email, email_confirmed_at)"
            " SELECT 'one' || n, n || '@x.example', now() FROM generate_series(1, 5000) n"
        )
        cursor.execute("SET LOCAL statement_timeout = '15s'")
        assert [person.state for person in services.look_at(ids=["moved"])] == ["ID_MISMATCH"]
        found = SyncStatus.objects.look_up("moved")
        assert found
        assert (found.state, found.app_id) == ("ID_MISMATCH", "old_moved")
        cursor.execute("SELECT outcome FROM fix_user_id_mismatch('moved@x.example', true)")
        assert cursor.fetchall() == [("repaired",)]


@pytest.mark.django_db(transaction=True)
def test_f42_killed_in_the_middle_a_second_run_comes_to_the_same_end(tmp_path: Path) -> None:
    """Fails without the transaction (`tenancy.system()`) in `_patiently` of accounts/services/repairs.py."""
    number = 400
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth_users (id, email, email_confirmed_at)"
            " SELECT 'new' || n, n || '@x.example', now() FROM generate_series(1, %s) n", [number],
        )  # fmt: skip
        cursor.execute("DELETE FROM app_users")
        cursor.execute(
            "INSERT INTO app_users (id, email) SELECT 'old' || n, n || '@x.example' FROM generate_series(1, %s) n",
            [number],
        )
    with tenancy.system():
        organization = OrganizationFactory.create()
        for person in AppUser.objects.all():
            MembershipFactory.create(organization=organization, user=person, role=f"role of {person.id[3:]}")
    killed = manage("sync_user_ids", "fix-all", "--yes", "--backup-taken", "--batch-size", "5")
    while Repair.objects.count() < 20 and killed.poll() is None:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert 20 <= Repair.objects.count() < number
    assert Repair.objects.count() % 5 == 0
    again = manage("sync_user_ids", "fix-all", "--yes", "--backup-taken")
    said, _ = again.communicate()
    assert again.returncode == 0, said
    assert set(SyncStatus.objects.values_list("state", flat=True)) == {"SYNCED"}
    assert Repair.objects.count() == number
    with tenancy.system():
        assert all(f"role of {row.user_id[3:]}" == row.role for row in Membership.objects.all())
