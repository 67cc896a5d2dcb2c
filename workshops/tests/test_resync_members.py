"""`manage.py resync_members`, against the gateway that the sandbox plays."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from celery.signals import before_task_publish
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from common import tenancy
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory
from sandbox.client import Sandbox
from whatsapp import services
from whatsapp.models import Group, GroupMember, Session, SyncRun
from whatsapp.tests.factories import GroupFactory, SessionFactory
from workshops.management import resync as resync_module
from workshops.tests.factories import WorkshopFactory, WorkshopGroupFactory

pytestmark = pytest.mark.django_db


def resync(*arguments: str) -> tuple[int, list[str]]:
    """Exit code and lines of a run."""
    said = StringIO()
    try:
        call_command("resync_members", *arguments, stdout=said)
    except SystemExit as exit_:
        return int(exit_.code or 0), said.getvalue().splitlines()
    return 0, said.getvalue().splitlines()


def refusal(*arguments: str) -> tuple[int, str]:
    """Exit code and words of a refusal."""
    with pytest.raises(CommandError) as caught:
        call_command("resync_members", *arguments, stdout=StringIO())
    return caught.value.returncode, str(caught.value)


def connect(sandbox: Sandbox, organization: Organization | None = None) -> Session:
    """A session that the sandbox plays, too."""
    played = sandbox.add_session()
    assert played.phone_number
    return SessionFactory.create(
        organization=organization or OrganizationFactory.create(),
        gateway_session_id=played.session_id,
        full_phone=f"+{played.phone_number}",
    )


def community(sandbox: Sandbox, session: Session, name: str, people: int) -> Group:
    """A community's announcement group with so many people and our own number."""
    played = sandbox.add_community(session.gateway_session_id, name)
    sandbox.join(played.announcement_jid, people)
    parent = GroupFactory.create(session=session, group_jid=played.parent_jid, kind="community_parent", name=name)
    return GroupFactory.create(
        session=session, group_jid=played.announcement_jid, kind="announcement", parent=parent, name=name
    )


@pytest.fixture
def session(sandbox: Sandbox) -> Session:
    return connect(sandbox)


@pytest.fixture
def group(sandbox: Sandbox, session: Session) -> Group:
    return community(sandbox, session, "Crypto", 20)


def active(group: Group) -> int:
    with tenancy.system():
        return GroupMember.objects.filter(group=group, status="active").count()


def runs() -> list[SyncRun]:
    with tenancy.system():
        return list(SyncRun.objects.order_by("created_at"))


def test_a_second_run_changes_nothing(group: Group) -> None:
    code, said = resync("--all")
    assert code == 0
    assert said == [
        f"{group.organization_id} Crypto: done: 21 added, 0 returned, 0 left, 0 updated, 0 unchanged",
        "1 group: 1 done, 0 suspicious, 0 failed, 0 waiting; 21 added, 0 returned, 0 left, 0 updated, 0 unchanged",
    ]
    assert (active(group), runs()[0].requested_by) == (21, "command:resync_members")
    code, said = resync("--all")
    assert (code, said[-1].split("; ")[1]) == (0, "0 added, 0 returned, 0 left, 0 updated, 21 unchanged")


def test_who_came_and_who_went_is_added_up(sandbox: Sandbox, session: Session, group: Group) -> None:
    other = community(sandbox, session, "Pottery", 5)
    resync("--all")
    sandbox.leave(group.group_jid, 3)
    sandbox.join(other.group_jid, 2)
    code, said = resync("--all")
    assert (code, len(said)) == (0, 3)
    assert said[-1].split("; ") == [
        "2 groups: 2 done, 0 suspicious, 0 failed, 0 waiting",
        "2 added, 0 returned, 3 left, 0 updated, 24 unchanged",
    ]


def test_each_selection_syncs_what_it_names(sandbox: Sandbox, session: Session, group: Group) -> None:
    mine = WorkshopGroupFactory.create(group=group).workshop
    other = community(sandbox, connect(sandbox), "Elsewhere", 1)
    for chosen in (
        ("--organization", session.organization_id),
        ("--workshop", str(mine.pk)),
        ("--group", str(group.pk)),
        ("--group", group.group_jid),
        ("--group", str(group.parent_id)),
    ):
        assert resync(*chosen, "--dry-run")[1][0] == f"would sync {session.organization_id} Crypto", chosen
        assert resync(*chosen, "--dry-run")[1][-1] == "Nothing was written. Groups to sync: 1", chosen
    assert {line.split()[-1] for line in resync("--all", "--dry-run")[1]} == {"Crypto", other.name, "2"}


def test_a_dry_run_writes_nothing_and_asks_nobody(sandbox: Sandbox, group: Group) -> None:
    sandbox.clear_journal()
    assert resync("--all", "--dry-run")[0] == 0
    assert (runs(), sandbox.journal(), active(group)) == ([], [], 0)


def test_stale_means_not_synced_for_so_long(sandbox: Sandbox, session: Session, group: Group) -> None:
    never = community(sandbox, session, "Never", 1)
    with tenancy.system():
        Group.objects.filter(pk=group.pk).update(last_snapshot_at=timezone.now() - timedelta(hours=5))
    assert [line.split()[-1] for line in resync("--stale", "4", "--dry-run")[1]] == ["Never", "Crypto", "2"]
    assert [line.split()[-1] for line in resync("--stale", "6", "--dry-run")[1]] == [never.name, "1"]
    assert resync("--group", group.group_jid, "--stale", "6")[1][0] == "There is no group to sync."


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "Choose what to sync"),
        (["--dry-run"], "Choose what to sync"),
        (["--organization", "org_nowhere"], "There is no organization org_nowhere."),
        (["--workshop", "nothing"], "There is no workshop nothing."),
        (["--workshop", str(uuid4())], "There is no workshop "),
        (["--group", "1@g.us"], "There is no group 1@g.us."),
        (["--group", str(uuid4())], "There is no group "),
        (["--all", "--organization", "x"], "not allowed with argument"),
        (["--stale", "soon"], "soon is no number of hours"),
        (["--stale", "-1"], "-1 is no number of hours"),
        (["--stale", "nan"], "nan is no number of hours"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], text: str) -> None:
    with pytest.raises(CommandError, match=text) as caught:
        call_command("resync_members", *arguments)
    if "--stale" not in arguments and "--all" not in arguments:  # the parser's own exit code is 2 as well
        assert caught.value.returncode == 2


def test_f02_a_community_without_a_known_announcement_group_is_refused_by_name() -> None:
    """F02: remove `_nobody` from `workshops.management.resync`, and nothing is synced without a word."""
    parent = GroupFactory.create(kind="community_parent", name="Crypto")
    code, said = refusal("--group", parent.group_jid)
    assert (code, said[:58]) == (1, "Crypto is a community's parent, which holds no people. Its")


def test_a_workshop_without_a_group_says_so() -> None:
    code, said = refusal("--workshop", str(WorkshopFactory.create().pk))
    assert (code, said) == (1, "This workshop has no WhatsApp group yet: see the state of its community.")


def test_nothing_to_sync_is_no_failure() -> None:
    code, said = resync("--all")
    assert (code, said[0]) == (0, "There is no group to sync.")


def test_f19_a_suspicious_list_changes_nothing_and_is_told(sandbox: Sandbox, group: Group) -> None:
    """F19: remove the doubt EMPTY from `whatsapp.services.members`, and everybody is marked left."""
    resync("--all")
    sandbox.add_fault("participants", "empty_list")
    code, said = resync("--all")
    assert (code, said[0].split(": ", 1)[1]) == (1, "suspicious: the list is empty")
    assert active(group) == 21


def test_one_failure_stops_nobody_else(sandbox: Sandbox, session: Session, group: Group) -> None:
    community(sandbox, session, "Pottery", 5)
    sandbox.add_fault("participants", "item_not_found", group=group.group_jid)
    code, said = resync("--all")
    assert code == 1
    assert said[-1].startswith("2 groups: 1 done, 0 suspicious, 1 failed, 0 waiting; 6 added")
    assert any("Crypto: failed: " in line and "item-not-found" in line for line in said)


def test_what_cannot_be_done_now_waits_and_says_for_what(sandbox: Sandbox, group: Group) -> None:
    sandbox.add_fault("participants", "rate_overlimit")
    code, said = resync("--all")
    assert code == 1
    assert "Crypto: waiting: WhatsApp asks us to slow down" in said[0]
    code, said = resync("--all")
    assert (code, len(sandbox.journal(operation="participants"))) == (1, 1), "not even a person may hurry"
    with tenancy.system():
        SyncRun.objects.update(not_before=None)
    assert resync("--all")[0] == 0, "the same run goes on"
    assert [run.status for run in runs()] == ["done"]


def test_a_disconnected_session_makes_its_groups_wait(session: Session, group: Group) -> None:
    with tenancy.system():
        Session.objects.filter(pk=session.pk).update(status="disconnected")
    code, said = resync("--all")
    assert (code, said[0].split(": ", 1)[1]) == (1, "waiting: The session that sees this group is not connected.")


def test_a_run_that_a_worker_holds_is_left_to_it(group: Group) -> None:
    with tenancy.system():
        run = services.request_sync(group=group, requested_by="beat")
        services.claim_run(run_id=run.pk, attempt=run.attempt)
    code, said = resync("--all")
    assert (code, said[0].split(": ", 1)[1]) == (1, "waiting: a worker is at it.")
    assert [(found.requested_by, found.status) for found in runs()] == [("beat", "running")]


def test_no_task_is_started_beside_it(
    group: Group, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with _sent() as names, django_capture_on_commit_callbacks(execute=True):
        resync("--all")
    assert names == []
    with _sent() as names, django_capture_on_commit_callbacks(execute=True), tenancy.system():
        services.request_sync(group=group, requested_by="test")
    assert names == ["whatsapp.sync_members"], "which is what it would have been"


@contextmanager
def _sent() -> Iterator[list[str]]:
    """The tasks that Celery sends meanwhile."""
    names: list[str] = []

    def hear(sender: str, **_: Any) -> None:
        names.append(sender)

    before_task_publish.connect(hear)
    try:
        yield names
    finally:
        before_task_publish.disconnect(hear)


@contextmanager
def _interrupted(sandbox: Sandbox) -> Iterator[None]:
    """Ctrl-C as soon as the gateway has been asked."""

    def press() -> None:
        while not sandbox.journal(operation="participants"):
            time.sleep(0.05)
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    sandbox.clear_journal()
    sandbox.add_fault("participants", "delay", seconds=10)
    presser = threading.Thread(target=press)
    presser.start()
    yield
    presser.join()


def test_ctrl_c_leaves_nothing_half_written_and_says_what_was_done(
    sandbox: Sandbox, session: Session, group: Group
) -> None:
    later = community(sandbox, session, "Later", 3)
    with tenancy.system():
        Group.objects.filter(pk=later.pk).update(last_snapshot_at=timezone.now())
    with _interrupted(sandbox):
        code, said = resync("--all")
    assert (code, said[0][:22]) == (130, "Stopped after 0 groups")
    assert [(run.group_id, run.status, run.error) for run in runs()] == [
        (group.pk, "failed", "resync_members was stopped.")
    ]
    assert (active(group), active(later)) == (0, 0)
    assert resync("--all")[0] == 0, "and the next run does it all"


def test_a_group_that_is_deleted_meanwhile_is_passed_over() -> None:
    assert resync_module.sync(group_id=uuid4(), organization_id="org_gone") is None
