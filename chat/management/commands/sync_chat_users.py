"""`manage.py sync_chat_users`: everybody's profile in Stream compared with ours, and put right."""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from chat import outbound, services
from chat.services import Drift, Party, Person
from common.errors import DomainError
from common.vendors import VendorError

_NOT_IN_STEP = 1
_STOPPED = 130


class Command(BaseCommand):
    """Needs no worker. Exit codes: 0 all in step, 1 some are not, 2 wrong arguments or Stream cannot be asked."""

    help = "Compare companies and people with their users in Stream, and put right what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """One selection."""
        selection = parser.add_mutually_exclusive_group(required=True)
        selection.add_argument("--organization", metavar="ID", help="an organization and its members")
        selection.add_argument("--all", action="store_true", dest="is_all", help="every organization and person")
        parser.add_argument("--dry-run", action="store_true", help="say what differs, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, put right, add up."""
        counts: Counter[str] = Counter()
        is_dry_run = bool(options["dry_run"])
        parties = services.everybody() if options["is_all"] else services.organization_parties(options["organization"])
        try:
            self._sync(parties, is_dry_run=is_dry_run, counts=counts)
        except (VendorError, DomainError) as error:
            self._sum_up(counts)
            raise CommandError(f"Stopped: {error}", returncode=2) from error
        except KeyboardInterrupt:
            self._sum_up(counts)
            raise SystemExit(_STOPPED) from None
        if not sum(counts.values()):
            wrong = f"There is no organization {options['organization']}." if options["organization"] else ""
            raise CommandError(wrong or "There is nobody to compare.", returncode=2)
        self._sum_up(counts)
        differing = sum(number for drift, number in counts.items() if drift != Drift.SAME)
        if (is_dry_run and differing) or counts["refused"]:
            raise SystemExit(_NOT_IN_STEP)

    def _sync(self, parties: Iterator[Party], *, is_dry_run: bool, counts: Counter[str]) -> None:
        with tqdm(unit="user", file=sys.stderr, disable=not sys.stderr.isatty()) as progress:

            def report(compared: list[tuple[Person, Drift]], refused: set[str]) -> None:
                for person, drift in compared:
                    counts[drift] += 1
                    if drift is not Drift.SAME:
                        self._tell(f"{person.stream_id}: {drift}{', refused' if person.stream_id in refused else ''}")
                counts["refused"] += len(refused)
                progress.update(len(compared))

            outbound.sync_users(parties=parties, is_dry_run=is_dry_run, report=report)

    def _tell(self, line: str) -> None:
        with tqdm.external_write_mode(file=sys.stderr):
            self.stdout.write(line)

    def _sum_up(self, counts: Counter[str]) -> None:
        words = [f"{counts[drift]} {drift}" for drift in Drift]
        refused = f"; {counts['refused']} that Stream would not have" if counts["refused"] else ""
        self.stdout.write(", ".join(words) + refused)
