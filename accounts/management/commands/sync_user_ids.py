"""`manage.py sync_user_ids`: who is out of step between the identity provider and app_users, and repairs."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from tqdm import tqdm

from accounts import services, tables
from accounts.models import SyncFailure, SyncStatus
from accounts.services import Line, Plan, RepairRefused, Strategy

ACTOR = "command:sync_user_ids"
_REPORT = ("state", "user_id", "auth_id", "app_id", "occupant_id", "auth_email", "app_email")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    """Exit codes: 0 well, 1 something is left to fix or was refused, 2 wrong arguments, 130 stopped."""

    help = "Compare user IDs with the identity provider's, and repair them. Every repair can be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        """One sub-command for each task."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        status = actions.add_parser("status", help="how many people are in each state")
        status.add_argument("--since", type=_age, metavar="24h", help="only who signed up since then (m, h, d)")
        report = actions.add_parser("report", help="everybody who is out of step")
        report.add_argument("--state", action="append", choices=SyncStatus.State.values, help="only these states")
        for listing in (status, report):
            listing.add_argument("--format", choices=tables.FORMATS, default="table")
        one = actions.add_parser("fix-email", help="repair one person")
        one.add_argument("email")
        everybody = actions.add_parser("fix-all", help="repair everybody who can be")
        everybody.add_argument("--plan", metavar="MARK", help="only if the plan is still the one with this mark")
        everybody.add_argument("--batch-size", type=_size, default=services.BATCH_SIZE, metavar="N")
        backup = everybody.add_mutually_exclusive_group()
        backup.add_argument("--backup-taken", action="store_true", help="yes, there is a backup")
        backup.add_argument("--backup", type=Path, metavar="FILE", help="write one first: a zip of CSV files")
        undo = actions.add_parser("undo", help="undo one repair")
        undo.add_argument("audit_id", type=int)
        for repair in (one, everybody, undo):
            repair.add_argument("--yes", action="store_true", help="do not ask")
            repair.add_argument("--reason", default="", help="for the audit trail")
        for repair in (one, everybody):
            repair.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
            repair.add_argument("--strategy", choices=Strategy.values, default=Strategy.REFUSE, help="for merges")

    def handle(self, *args: Any, **options: Any) -> None:
        """One of the actions."""
        try:
            getattr(self, f"_{options['action'].replace('-', '_')}")(options)
        except RepairRefused as error:
            raise CommandError(error.message) from error
        except DatabaseError as error:
            raise CommandError(f"The database refused: {str(error).splitlines()[0]}. Nothing was written.") from error
        except KeyboardInterrupt:
            self.stderr.write("Stopped. Each batch is whole or not there; run it again to go on.")
            raise SystemExit(130) from None

    def _status(self, options: dict[str, Any]) -> None:
        since = timezone.now() - options["since"] if options["since"] else None
        counts = services.count_states(since=since)
        tables.write(self._out, ("state", "people"), counts.items(), options["format"])
        if failures := SyncFailure.objects.filter(resolved_at=None).values("auth_id").distinct().count():
            self.stderr.write(f"{failures} sign-ups were let through without an app user and are tried again.")
        if any(counts[state] for state in SyncStatus.TO_FIX):
            raise SystemExit(1)

    def _report(self, options: dict[str, Any]) -> None:
        rows = services.people_out_of_step(states=options["state"])
        number = tables.write(self._out, _REPORT, rows, options["format"])
        self.stderr.write(f"{number} people." if number else "Everybody is in step.")

    def _fix_email(self, options: dict[str, Any]) -> None:
        people = services.look_at(email=options["email"])
        if not people:
            raise CommandError(f"Nobody has confirmed {options['email']}, and no app user has it.")
        for person in people:
            ids = f"{person.app_id or 'nobody'} → {person.auth_id or 'nobody'}"
            self.stdout.write(f"{person.state}: {ids}. {person.why}")
            for place, number in person.places.items():
                self.stdout.write(f"  {number} in {place}")
        wanted = services.repairable(options["strategy"])
        chosen = [person.auth_id for person in people if person.auth_id and person.state in wanted]
        if options["dry_run"] or not chosen:
            self.stdout.write("Nothing was written." if options["dry_run"] else "There is nothing to repair by itself.")
            return
        self._ask("Repair this?", options)
        lines = services.repair(
            ids=chosen, strategy=options["strategy"], actor=ACTOR, reason=options["reason"] or "fix-email"
        )
        self._conclude(lines)

    def _fix_all(self, options: dict[str, Any]) -> None:
        plan = services.make_plan(strategy=options["strategy"])
        self._show(plan)
        if options["dry_run"]:
            self.stdout.write("Nothing was written.")
            return
        if not plan.total:
            return
        if options["plan"] and options["plan"] != plan.mark:
            raise CommandError(f"The plan is not {options['plan']} any more: look at it again. Nothing was written.")
        self._back_up(options)
        self._ask(f"Repair {plan.total} people?", options)
        if services.make_plan(strategy=options["strategy"]).mark != plan.mark:
            raise CommandError("Something changed meanwhile: look at the plan again. Nothing was written.")
        self._repair_all(plan, options)

    def _repair_all(self, plan: Plan, options: dict[str, Any]) -> None:
        lines: list[Line] = []
        batches = services.repair_all(
            strategy=options["strategy"], actor=ACTOR, reason=options["reason"] or f"fix-all {plan.mark}",
            batch_size=options["batch_size"],
        )  # fmt: skip
        with tqdm(total=plan.total, unit="person", disable=not sys.stderr.isatty()) as progress:
            for batch in batches:
                lines += batch
                progress.update(len(batch))
        self._conclude(lines)
        left = services.count_left_behind(lines=lines)
        self.stdout.write(f"Rows that still point at an id which nobody has any more: {left}")
        counts = services.count_states()
        for state in SyncStatus.FOR_A_PERSON:
            if counts[state]:
                self.stdout.write(f"Left for a person: {counts[state]} {state} ({SyncStatus.State(state).label})")
        if left:
            raise SystemExit(1)

    def _undo(self, options: dict[str, Any]) -> None:
        self._ask(f"Undo repair {options['audit_id']}?", options)
        undone = services.undo(repair_id=options["audit_id"], actor=ACTOR, reason=options["reason"])
        self.stdout.write(f"Undone: {', '.join(map(str, undone))}")

    def _show(self, plan: Plan) -> None:
        if not plan.total:
            self.stdout.write("There is nothing that can be repaired by itself.")
            return
        self.stdout.write(f"Plan {plan.mark} (strategy: {plan.strategy})")
        for state, number in plan.states.items():
            self.stdout.write(f"  {number} {state} ({SyncStatus.State(state).label})")
        for place, number in plan.places.items():
            self.stdout.write(f"  {number} rows of {place} would move")

    def _back_up(self, options: dict[str, Any]) -> None:
        if path := options["backup"]:
            try:
                written = services.write_backup(path)
            except OSError as error:
                raise CommandError(f"The backup could not be written, so nothing was repaired: {error}") from error
            self.stdout.write(f"Backup of {len(written)} tables: {path}")
        elif not options["backup_taken"]:
            if options["yes"]:
                raise CommandError("Say --backup-taken, or let one be written with --backup FILE.")
            self._ask("Was a backup of the database taken?", options)

    def _ask(self, question: str, options: dict[str, Any]) -> None:
        if options["yes"]:
            return
        try:
            answer = input(f"{question} [y/N] ")
        except EOFError:
            raise CommandError("Nobody is here to answer: use --yes. Nothing was written.") from None
        if answer.strip().lower() not in ("y", "yes"):
            raise CommandError("Nothing was written.")

    def _conclude(self, lines: Iterable[Line]) -> None:
        lines = list(lines)
        for state, number in sorted(Counter(line.state for line in lines if line.is_repaired).items()):
            self.stdout.write(f"Repaired: {number} {state}")
        refused = [line for line in lines if not line.is_repaired]
        for line in refused:
            self.stderr.write(f"Refused: {line.user_id}: {line.message}")
        if refused:
            raise SystemExit(1)

    @property
    def _out(self) -> Any:
        """Where lists go, without the newline that Django adds."""
        return self.stdout._out


def _age(text: str) -> timedelta:
    unit = _UNITS.get(text[-1:])
    if unit is None or not text[:-1].isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text} is no age: write 24h, 90m or 7d")
    return timedelta(**{unit: int(text[:-1])})


def _size(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError("a batch has 1 to 10000 people")
    return int(text)
