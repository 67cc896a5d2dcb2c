"""The reconcile: whatever was lost, our rows become those of Clerk, and nothing is removed in doubt."""

import io
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from accounts.models import AppUser, AuthUser
from accounts.services import sync_person
from common import tenancy
from common.tests.processes import manage, wait_until
from common.tests.servers import says, server
from organizations import outbound, services
from organizations.models import Membership, Organization, ReconcileRun, ReconcileSeen
from organizations.models.locks import only_reconcile
from organizations.tests.factories import MembershipFactory
from organizations.tests.hooks import live, names
from sandbox.client import Sandbox

pytestmark = pytest.mark.django_db
Status, Difference = ReconcileRun.Status, ReconcileRun.Difference


@pytest.fixture
def guild(sandbox: Sandbox) -> str:
    """At Clerk: an organization of three, and another of one."""
    for name in ("ada", "bob", "eve", "kim"):
        sandbox.clerk.add_user(f"user_{name}", email=f"{name}@example.com", first_name=name.title(), last_name="")
    guild = sandbox.clerk.add_organization("Guild", "org_guild", created_by="user_ada", slug="guild")
    sandbox.clerk.add_member(guild, "user_bob")
    sandbox.clerk.add_member(guild, "user_eve", "org:viewer")
    sandbox.clerk.add_organization("Mill", "org_mill", created_by="user_kim")
    return guild


def reconcile(
    *, scope: str = "", is_dry_run: bool = False, is_confirmed: bool = False, seconds: float = 60
) -> ReconcileRun:
    """One, here and now."""
    with tenancy.system():
        run = services.request_reconcile(
            requested_by="test", scope=scope, is_dry_run=is_dry_run, is_confirmed=is_confirmed, starts=False
        )
    return go_on(run, seconds=seconds)


def go_on(run: ReconcileRun, *, seconds: float = 60) -> ReconcileRun:
    outbound.reconcile(run_id=run.pk, attempt=run.attempt, seconds=seconds)
    return ReconcileRun.objects.get(pk=run.pk)


def age() -> None:
    """All that is here has been here for long."""
    with tenancy.system():
        long_ago = timezone.now() - timedelta(days=1)
        Organization.objects.update(mirrored_at=long_ago)
        Membership.objects.update(mirrored_at=long_ago)
        AuthUser.objects.update(created_at=long_ago)


@pytest.fixture
def mirrored(guild: str) -> str:
    """Both, known here since long ago."""
    assert reconcile().status == Status.DONE
    age()
    return guild


def calls(sandbox: Sandbox, operation: str) -> int:
    return len(sandbox.journal(service="clerk", operation=operation))


def test_an_empty_database_becomes_clerks(sandbox: Sandbox, guild: str) -> None:
    run = reconcile()
    assert (run.status, run.doubts, run.fetched) == (Status.DONE, [], 10)
    assert run.found == {
        Difference.PERSON_MISSING: 4, Difference.ORGANIZATION_MISSING: 2, Difference.MEMBERSHIP_MISSING: 4
    }  # fmt: skip
    assert names() == {"org_guild": "Guild", "org_mill": "Mill"}
    assert live() == {
        ("org_guild", "user_ada"): "owner", ("org_guild", "user_bob"): "member", ("org_guild", "user_eve"): "viewer",
        ("org_mill", "user_kim"): "owner",
    }  # fmt: skip
    assert AppUser.objects.get(pk="user_bob").email == "bob@example.com"
    assert ReconcileSeen.objects.count() == 0


def test_the_second_one_finds_nothing_and_writes_nothing(mirrored: str) -> None:
    with tenancy.system():
        before = list(Membership.objects.order_by("pk").values()) + list(Organization.objects.order_by("pk").values())
    run = reconcile()
    assert (run.status, run.found) == (Status.DONE, {})
    with tenancy.system():
        assert before == [*Membership.objects.order_by("pk").values(), *Organization.objects.order_by("pk").values()]


def test_every_lost_event_is_made_up_for(sandbox: Sandbox, mirrored: str) -> None:
    sandbox.clerk.change_organization(mirrored, name="Guild of Bergen")
    sandbox.clerk.change_member(mirrored, "user_bob", "org:admin")
    sandbox.clerk.remove_member(mirrored, "user_eve")
    sandbox.clerk.delete_organization("org_mill")
    sandbox.clerk.delete_user("user_kim")
    sandbox.clerk.change_user("user_ada", first_name="Augusta")
    run = reconcile()
    assert run.found == {
        Difference.PERSON_CHANGED: 1, Difference.PERSON_GONE: 1,
        Difference.ORGANIZATION_CHANGED: 1, Difference.ORGANIZATION_GONE: 1,
        Difference.MEMBERSHIP_CHANGED: 1, Difference.MEMBERSHIP_GONE: 1,
    }  # fmt: skip
    assert names() == {"org_guild": "Guild of Bergen"}
    assert live() == {("org_guild", "user_ada"): "owner", ("org_guild", "user_bob"): "admin"}
    assert AppUser.objects.get(pk="user_ada").full_name == "Augusta Body"
    assert run.examples[Difference.ORGANIZATION_GONE] == ["org_mill"]


def test_a_dry_run_says_the_same_and_writes_nothing(sandbox: Sandbox, mirrored: str) -> None:
    sandbox.clerk.remove_member(mirrored, "user_eve")
    sandbox.clerk.delete_organization("org_mill")
    sandbox.clerk.add_organization("New", "org_new", created_by="user_ada")
    before = live()
    run = reconcile(is_dry_run=True)
    assert (run.status, live(), "org_new" in names()) == (Status.DONE, before, False)
    assert run.found == {
        Difference.ORGANIZATION_MISSING: 1, Difference.MEMBERSHIP_MISSING: 1,
        Difference.ORGANIZATION_GONE: 1, Difference.MEMBERSHIP_GONE: 1,
    }  # fmt: skip
    assert reconcile().found == run.found


def test_one_organization_alone_is_reconciled_with_few_calls(sandbox: Sandbox, mirrored: str) -> None:
    sandbox.clerk.remove_member(mirrored, "user_eve")
    sandbox.clerk.delete_organization("org_mill")
    sandbox.clear_journal()
    run = reconcile(scope=mirrored)
    assert (run.status, run.found) == (Status.DONE, {Difference.MEMBERSHIP_GONE: 1})
    assert len(sandbox.journal(service="clerk")) == 3
    assert "org_mill" in names()
    assert reconcile(scope="org_mill").found == {Difference.ORGANIZATION_GONE: 1}
    assert names() == {"org_guild": "Guild"}


def test_f33_all_pages_are_read_whatever_their_length(sandbox: Sandbox, guild: str, settings: Any) -> None:
    """`scan.is_read`: with `return page.size < settings.CLERK_PAGE_SIZE` in place of the totals."""
    sandbox.add_fault("*", "capped_page", service="clerk", times=None, most=1)
    run = reconcile()
    assert (run.status, len(live()), run.fetched) == (Status.DONE, 4, 10)
    assert reconcile().found == {}


@pytest.mark.parametrize("operation", ["list_organizations", "list_all_memberships", "list_users"])
def test_f33_what_a_short_list_leaves_out_is_asked_for_and_stays(
    sandbox: Sandbox, mirrored: str, operation: str
) -> None:
    """`absences.settle_absence`: with `is_gone = True`."""
    before = live()
    sandbox.add_fault(operation, "cut_list", service="clerk", times=None, keep=1)
    run = reconcile()
    assert run.status == (Status.SUSPICIOUS if operation == "list_users" else Status.DONE)
    assert (live(), len(names())) == (before, 2)


def test_f33_a_list_shorter_than_its_total_removes_nothing(sandbox: Sandbox, mirrored: str) -> None:
    """`absences.judge_absences`: without `if set(run.doubts)`."""
    sandbox.clerk.remove_member(mirrored, "user_eve")
    sandbox.add_fault("list_all_memberships", "lying_total", service="clerk", times=None, offset=1)
    run = reconcile()
    assert (run.status, run.doubts) == (Status.SUSPICIOUS, ["total_moved"])
    assert ("org_guild", "user_eve") in live()
    assert run.found == {Difference.MEMBERSHIP_GONE: 1}
    sandbox.clear_faults()
    assert reconcile().status == Status.DONE
    assert ("org_guild", "user_eve") not in live()


@pytest.fixture
def crowd(sandbox: Sandbox) -> Sandbox:
    """Sixty members, here since long ago, of whom Clerk has lost most."""
    sandbox.clerk.fill(users=60, organizations=1, members=60)
    assert reconcile().status == Status.DONE
    age()
    for number in range(30, 60):
        sandbox.clerk.remove_member("org_000000", f"user_{number:06}")
    return sandbox


def test_when_implausibly_many_are_gone_a_person_is_asked(crowd: Sandbox) -> None:
    run = reconcile()
    assert (run.status, run.doubts, len(live())) == (Status.SUSPICIOUS, ["implausible"], 60)
    assert run.found == {Difference.MEMBERSHIP_GONE: 30}
    confirmed = go_on(services.confirm_reconcile(run=run, requested_by="staff:1"))
    assert (confirmed.status, len(live())) == (Status.DONE, 30)
    with pytest.raises(services.NothingToConfirm):
        services.confirm_reconcile(run=run, requested_by="staff:1")


def test_a_confirmation_reaches_the_run_that_is_under_way(crowd: Sandbox) -> None:
    """As at night: it was queued before anybody confirmed, and has read a part."""
    run = reconcile()
    under_way = reconcile(seconds=0)
    assert under_way.status == Status.QUEUED
    confirmed = services.confirm_reconcile(run=run, requested_by="staff:1")
    assert confirmed == under_way
    assert (go_on(confirmed).status, len(live())) == (Status.DONE, 30)


def test_confirming_overrules_no_other_doubt(crowd: Sandbox) -> None:
    run = reconcile()
    crowd.add_fault("list_all_memberships", "lying_total", service="clerk", times=None)
    again = go_on(services.confirm_reconcile(run=run, requested_by="staff:1"))
    assert (again.status, len(live())) == (Status.SUSPICIOUS, 60)
    with pytest.raises(services.NothingToConfirm):
        services.confirm_reconcile(run=again, requested_by="staff:1")


def test_whoever_came_back_by_a_new_membership_is_in(sandbox: Sandbox, mirrored: str) -> None:
    sandbox.clerk.remove_member(mirrored, "user_bob")
    sandbox.clerk.add_member(mirrored, "user_bob", "org:viewer")
    reconcile()
    assert live()["org_guild", "user_bob"] == "viewer"


def test_what_was_made_by_hand_is_nobodys_to_remove(sandbox: Sandbox, guild: str) -> None:
    made = MembershipFactory.create()
    reconcile()
    assert live()[made.organization_id, made.user_id] == "owner"


def test_what_a_webhook_wrote_while_the_scan_ran_is_left_alone(sandbox: Sandbox, guild: str) -> None:
    assert reconcile().status == Status.DONE
    with tenancy.system():
        Membership.objects.update(mirrored_at=timezone.now() + timedelta(hours=1))
    sandbox.clerk.remove_member(guild, "user_eve")
    assert reconcile().found == {}


def test_whoever_another_server_told_of_first_is_clerks_all_the_same(sandbox: Sandbox, guild: str) -> None:
    """Else they would stay for ever when the webhook of their deletion is lost."""
    for id in ("user_ada", "user_never_at_clerk"):
        sync_person(id=id, email=f"{id}@example.com", is_trusted=True)
    assert reconcile(is_dry_run=True).status == Status.DONE
    assert AuthUser.objects.get(pk="user_ada").provider == "api"
    reconcile()
    age()
    sandbox.clerk.delete_user("user_ada")
    assert reconcile().found[Difference.PERSON_GONE] == 1
    gone = dict(AuthUser.objects.values_list("pk", "deleted_at"))
    assert gone["user_ada"] is not None
    assert gone["user_never_at_clerk"] is None


def test_a_changed_table_of_roles_is_drift(mirrored: str, settings: Any) -> None:
    settings.CLERK_ROLES = {"org:admin": "admin", "org:member": "viewer"}
    assert reconcile().found == {Difference.MEMBERSHIP_CHANGED: 2}
    assert (live()["org_guild", "user_bob"], live()["org_guild", "user_eve"]) == ("viewer", "org:viewer")


def test_what_was_deleted_here_stays_deleted_and_is_told(mirrored: str) -> None:
    with tenancy.system():
        services.delete_organization(organization_id="org_mill")
        Organization.with_deleted.filter(pk="org_mill").update(deleted_at=timezone.now() - timedelta(hours=1))
        Membership.with_deleted.filter(organization="org_mill").update(deleted_at=timezone.now() - timedelta(hours=1))
    assert reconcile().found == {Difference.DELETED_HERE: 2}
    assert "org_mill" not in names()


@pytest.mark.parametrize(
    ("kind", "params"), [("status", {"code": 503}), ("html", {}), ("null", {}), ("garbage", {}), ("reset", {})]
)
def test_a_page_that_does_not_come_is_asked_for_again_from_the_checkpoint(
    sandbox: Sandbox, guild: str, kind: str, params: Any
) -> None:
    sandbox.add_fault("list_all_memberships", kind, service="clerk", **params)
    run = reconcile()
    assert (run.status, run.phase, run.failures) == (Status.QUEUED, "memberships", 1)
    assert "Clerk did not answer as it should" in run.wait_reason
    assert go_on(run).status == Status.DONE
    assert (calls(sandbox, "list_users"), len(live())) == (1, 4)


def test_after_five_failures_in_a_row_it_has_failed_and_removed_nothing(sandbox: Sandbox, mirrored: str) -> None:
    sandbox.clerk.remove_member(mirrored, "user_eve")
    sandbox.add_fault("list_all_memberships", "status", service="clerk", times=None, code=502)
    run = reconcile()
    for _ in range(4):
        run = go_on(run)
    assert (run.status, run.error_code, len(live())) == (Status.FAILED, "retry_soon", 4)


def test_a_wrong_key_fails_at_once_and_says_so(guild: str, settings: Any) -> None:
    settings.CLERK_SECRET_KEY = "wrong"
    run = reconcile()
    assert (run.status, run.error_code) == (Status.FAILED, "forbidden")
    assert "CLERK_SECRET_KEY" in run.error


def test_a_limit_is_obeyed_for_as_long_as_clerk_says(sandbox: Sandbox, guild: str) -> None:
    sandbox.clerk.limit(requests=2, seconds=600)
    run = reconcile()
    assert (run.status, run.failures) == (Status.QUEUED, 0)
    assert run.not_before is not None
    assert timezone.now() < run.not_before <= timezone.now() + timedelta(seconds=600)
    assert go_on(run).attempt == run.attempt  # nobody may begin before


def test_a_task_hands_over_to_the_next_and_a_killed_one_is_taken_over(sandbox: Sandbox, guild: str) -> None:
    with tenancy.system():
        run = services.request_reconcile(requested_by="test", starts=False)
    slices = 0
    while (run := go_on(run, seconds=-1)).status == Status.QUEUED and slices < 3:
        slices += 1
        with tenancy.system():
            claimed = services.claim_reconcile(run_id=run.pk, attempt=run.attempt)  # and its worker dies
            assert claimed
            assert go_on(run).status == Status.RUNNING
            ReconcileRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1), run_after=None)
        assert [one.pk for one in services.sweep_reconciles()] == [run.pk]
        run = ReconcileRun.objects.get()
        outbound.reconcile(run_id=run.pk, attempt=run.attempt, seconds=0.02)
        run = ReconcileRun.objects.get()
    assert go_on(run).status == Status.DONE
    assert len(live()) == 4


def test_of_two_at_once_one_waits(sandbox: Sandbox, guild: str) -> None:
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [0x636C65726B])
        run = reconcile()
        assert (run.status, run.wait_reason) == (Status.QUEUED, "Another reconcile is under way.")
    finally:
        other.close()
    assert go_on(run).status == Status.DONE
    with only_reconcile() as is_alone:
        assert is_alone


def test_whoever_asks_twice_gets_the_same_run(guild: str) -> None:
    with tenancy.system():
        first = services.request_reconcile(requested_by="staff:1")
        assert services.request_reconcile(requested_by="staff:2") == first
        assert services.request_reconcile(requested_by="staff:2", scope="org_guild") != first
        assert services.request_reconcile(requested_by="staff:2", is_dry_run=True) != first


@pytest.mark.django_db(transaction=True)
def test_what_a_person_stopped_goes_on_only_when_asked_for(sandbox: Sandbox, guild: str) -> None:
    sandbox.add_fault("list_organizations", "delay", service="clerk", seconds=60)
    command = manage("sync_organizations", "--yes")
    wait_until(lambda: calls(sandbox, "list_organizations") == 1, "the list of organizations", seconds=60)
    command.send_signal(signal.SIGINT)
    told, _ = command.communicate(timeout=60)
    assert (command.returncode, told) == (130, "Stopped. The next sync_organizations goes on from here.\n")
    sandbox.clear_faults()
    stopped = ReconcileRun.objects.get()
    assert (stopped.status, stopped.run_after, services.sweep_reconciles()) == (Status.QUEUED, None, [])
    assert (services.reconcile_nightly(), services.sweep_reconciles()) == (stopped, [])
    ReconcileRun.objects.update(run_after=timezone.now() - timedelta(seconds=1))
    assert services.sweep_reconciles() == [stopped]
    assert say("--yes")[1] == 0
    assert (len(live()), calls(sandbox, "list_users")) == (4, 1)


def test_at_night_it_is_queued_and_old_ones_are_forgotten(guild: str) -> None:
    old = reconcile()
    ReconcileRun.objects.update(created_at=timezone.now() - timedelta(days=100))
    run = services.reconcile_nightly()
    assert (run.requested_by, run.scope) == ("beat", "")
    assert list(ReconcileRun.objects.all()) == [run]
    assert old.pk != run.pk


def say(*arguments: str) -> tuple[str, int]:
    """What the command prints, and its exit code."""
    out = io.StringIO()
    try:
        call_command("sync_organizations", *arguments, stdout=out, stderr=io.StringIO())
    except SystemExit as ending:
        return out.getvalue(), int(ending.code or 0)
    return out.getvalue(), 0


def test_the_command_looks_then_writes_then_finds_nothing(guild: str) -> None:
    told, code = say("--dry-run")
    assert (code, live()) == (1, {})
    assert "2  organization missing here" in told
    assert "Nothing was written." in told
    told, code = say("--yes")
    assert (code, len(live())) == (0, 4)
    told, code = say("--dry-run")
    assert (code, told.splitlines()[0]) == (0, "Nothing differs.")


def test_the_command_says_that_nobody_knows_an_organization(guild: str) -> None:
    with pytest.raises(CommandError, match="Clerk does not know org_mistyped either") as caught:
        say("--yes", "--organization", "org_mistyped")
    assert caught.value.returncode == 2


def test_the_command_writes_nothing_unasked(guild: str) -> None:
    with pytest.raises(CommandError, match="Say --yes"):
        call_command("sync_organizations")
    assert ReconcileRun.objects.count() == 0


def test_the_command_waits_out_a_limit(sandbox: Sandbox, guild: str) -> None:
    sandbox.clerk.limit(requests=4, seconds=5)
    assert say("--yes")[1] == 0
    assert sandbox.clerk.refused() > 0


def test_the_command_tells_of_failure_by_its_exit_code(guild: str, settings: Any) -> None:
    settings.CLERK_SECRET_KEY = "wrong"
    told, code = say("--yes", "--organization", "org_guild")
    assert code == 1
    assert "It failed: 401" in told


@pytest.mark.parametrize("body", ["[1, 2]", '{"data": "x"}', '{"data": [{}]}', '"text"', "[" * 100_000, "9" * 5000])
def test_nonsense_with_200_is_a_passing_fault(settings: Any, body: str) -> None:
    with server(says(200, body)) as url:
        settings.CLERK_API_URL = url.rstrip("/")
        run = reconcile(scope="org_x")
    assert (run.status, run.failures) == (Status.QUEUED, 1)


@pytest.fixture(autouse=True)
def _usual_limits(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()
