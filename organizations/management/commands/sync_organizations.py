"""`manage.py sync_organizations`: compare organizations, members and users with Clerk, and repair our side."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from common import tenancy
from organizations import outbound, services
from organizations.models import Organization, ReconcileRun

REQUESTED_BY = "command:sync_organizations"
_NOT_DONE, _WRONG, _STOPPED = 1, 2, 130
_LONGEST_WAIT = 5.0


class Command(BaseCommand):
    """
    Needs no worker. A run that was stopped is gone on with from its checkpoint.

    Exit codes: 0 done; 1 suspicious, failed or waiting for another reconcile; for a dry run: 1 when something differs;
    2 wrong arguments; 130 stopped.
    """

    help = "Bring organizations, memberships and users in step with Clerk. Asks before it writes."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, and how."""
        parser.add_argument("--organization", metavar="ID", default="", help="one organization; otherwise everything")
        parser.add_argument("--dry-run", action="store_true", help="say what differs, and write nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, scan, report."""
        self._check(options)
        run = _request(options["organization"], is_dry_run=options["dry_run"])
        try:
            run = self._work(run)
        except KeyboardInterrupt:
            _let_go(run)
            self.stdout.write("Stopped. The next sync_organizations goes on from here.")
            raise SystemExit(_STOPPED) from None
        if run.status == ReconcileRun.Status.DONE and not run.fetched and not _is_here(run.scope):
            raise CommandError(f"Clerk does not know {run.scope} either. Nothing was written.", returncode=_WRONG)
        self._report(run)
        if run.status != ReconcileRun.Status.DONE or (run.is_dry_run and run.found):
            raise SystemExit(_NOT_DONE)

    def _check(self, options: dict[str, Any]) -> None:
        if not _is_here(options["organization"]):
            self.stderr.write(f"{options['organization']} is not known here yet: Clerk is asked for it.")
        if options["dry_run"] or options["yes"]:
            return
        if not sys.stdin.isatty():
            raise CommandError("Say --yes to write, or --dry-run to look.", returncode=_WRONG)
        question = "Rows that differ from Clerk are added, changed and removed. Go on? [y/N] "
        if input(question).strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was done.", returncode=_WRONG)

    def _work(self, run: ReconcileRun) -> ReconcileRun:
        """Step by step until it has ended; what Clerk asks us to wait is waited."""
        with tqdm(unit="row", file=sys.stderr, disable=not sys.stderr.isatty()) as bar:
            while run.status in ReconcileRun.UNDER_WAY:
                attempt = run.attempt
                outbound.reconcile(run_id=run.pk, attempt=attempt, seconds=float("inf"), progress=_shown_on(bar))
                run = _fresh(run)
                if run.status in ReconcileRun.UNDER_WAY:
                    self._wait(run, bar)
        return run

    def _wait(self, run: ReconcileRun, bar: "tqdm[Any]") -> None:
        until = run.lease_until or run.not_before or run.run_after
        left = (until - timezone.now()).total_seconds() if until else 1.0
        reason = run.wait_reason or "another worker is at it"
        bar.set_postfix_str(f"waiting: {reason}"[:80])
        if not sys.stderr.isatty():
            self.stderr.write(f"Waiting: {reason}")
        time.sleep(min(max(left, 0.2), _LONGEST_WAIT))

    def _report(self, run: ReconcileRun) -> None:
        for difference, number in sorted(run.found.items()):
            self.stdout.write(f"{number:>8,}  {ReconcileRun.Difference(difference).label}")
            for example in run.examples.get(difference, []):
                self.stdout.write(f"          {example}")
        if not run.found:
            self.stdout.write("Nothing differs.")
        if run.doubts:
            doubts = "; ".join(run.doubt_texts)
            self.stdout.write(f"Nothing was removed: {doubts}. See Reconciles with Clerk in the admin.")
        if run.error:
            self.stdout.write(f"It failed: {run.error}")
        written = "Nothing was written. " if run.is_dry_run else ""
        self.stdout.write(f"{written}{run.get_status_display()}: {run.fetched:,} rows in {run.calls:,} calls.")


def _is_here(scope: str) -> bool:
    with tenancy.system():
        return not scope or Organization.with_deleted.filter(pk=scope).exists()


def _request(scope: str, *, is_dry_run: bool) -> ReconcileRun:
    with tenancy.system():
        return services.request_reconcile(
            requested_by=REQUESTED_BY, scope=scope, is_dry_run=is_dry_run, starts=False
        )  # fmt: skip


def _fresh(run: ReconcileRun) -> ReconcileRun:
    with tenancy.system():
        return ReconcileRun.objects.get(pk=run.pk)


def _let_go(run: ReconcileRun) -> None:
    """It keeps its checkpoint; no worker goes on with what a person has stopped."""
    run = _fresh(run)
    if run.status == ReconcileRun.Status.RUNNING:
        with tenancy.system():
            services.stop_reconcile(run=run)


def _shown_on(bar: "tqdm[Any]") -> outbound.Progress:
    def show(run: ReconcileRun) -> None:
        bar.total = sum(totals[-1] for totals in run.totals.values()) or None
        bar.n = run.fetched
        bar.set_description(run.get_phase_display())
        bar.refresh()

    return show
