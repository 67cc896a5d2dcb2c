"""Replaying and pruning from the terminal."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from webhooks.models import Delivery, RefusedCount
from webhooks.tests.factories import DeliveryFactory, RefusedCountFactory

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def received() -> set[str]:
    """The keys of what is to be handled."""
    return set(Delivery.objects.filter(status="received").values_list("dedupe_key", flat=True))


def test_a_replay_without_any_filter_is_refused() -> None:
    DeliveryFactory.create()
    with pytest.raises(CommandError, match="at least one of --source") as refused:
        run("replay_deliveries")
    assert refused.value.returncode == 2
    assert received() == set()


def test_a_replay_that_matches_nothing_says_so_by_its_exit_code() -> None:
    with pytest.raises(CommandError, match="No delivery matches") as refused:
        run("replay_deliveries", "--source", "test")
    assert refused.value.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--source", "test"], {"a", "b"}),
        (["--type", "person.left", "--type", "person.gone"], {"b", "c"}),
        (["--status", "parked"], {"b"}),
        (["--since", "2026-02-01"], {"b", "c"}),
        (["--until", "2026-02-01T00:00:00"], {"a"}),
        (["--since", "2026-01-01T00:00:00+05:30", "--until", "2026-02-15", "--source", "test"], {"a", "b"}),
    ],
)
def test_a_replay_takes_what_the_filters_say(arguments: list[str], expected: set[str]) -> None:
    later = timezone.now() + timedelta(days=1)
    DeliveryFactory.create(dedupe_key="a", received_at="2026-01-15T00:00:00Z")
    DeliveryFactory.create(
        dedupe_key="b", received_at="2026-02-14T00:00:00Z", type="person.left", status="parked", run_after=later
    )
    DeliveryFactory.create(dedupe_key="c", received_at="2026-03-15T00:00:00Z", type="person.gone", source="other")
    assert f"{len(expected)} would be processed again." in run("replay_deliveries", *arguments, "--dry-run")
    assert received() == set()
    assert f"{len(expected)} of {len(expected)} will be" in run("replay_deliveries", *arguments)
    assert received() == expected


def test_what_is_done_is_replayed_only_when_asked_for_by_name() -> None:
    done = DeliveryFactory.create(dedupe_key="a", status="done")
    DeliveryFactory.create(dedupe_key="b")
    said = run("replay_deliveries", "--id", str(done.pk), "--id", str(done.pk + 1))
    assert "1 done or ignored are left out: add --all-done" in said
    assert received() == {"b"}
    run("replay_deliveries", "--status", "done", "--all-done")
    assert received() == {"a", "b"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--since", "yesterday"], ["--since", "2026-13-45T00:00"], ["--status", "received"], ["--id", "x"],
        ["--source", "nobody"],
    ],
)  # fmt: skip
def test_what_cannot_be_understood_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises((SystemExit, CommandError)) as refused:
        run("replay_deliveries", *arguments)
    assert getattr(refused.value, "code", 1) in (1, 2)


def test_pruning_deletes_what_has_ended_and_is_old(settings: Any) -> None:
    old = timezone.now() - timedelta(days=100)
    for status in ("done", "ignored", "dead"):
        DeliveryFactory.create(status=status, received_at=old)
    DeliveryFactory.create(status="parked", received_at=old, run_after=old)
    DeliveryFactory.create(status="done")
    RefusedCountFactory.create(day=old.date())
    assert run("prune_deliveries", "--dry-run") == "3 would be deleted.\n"
    assert run("prune_deliveries", "--older-than", "101") == "0 deleted.\n"
    assert run("prune_deliveries") == "3 deleted.\n"
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["done", "parked"]
    assert not RefusedCount.objects.exists()


@pytest.mark.parametrize("days", ["0", "-1", "99999999999"])
def test_pruning_everything_is_refused_and_so_is_what_no_calendar_has(days: str) -> None:
    with pytest.raises(CommandError) as refused:
        run("prune_deliveries", "--older-than", days)
    assert refused.value.returncode == 2
