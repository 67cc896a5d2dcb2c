"""`manage.py prune_deliveries`: delete old deliveries now, rather than at night."""

import sys
from argparse import BooleanOptionalAction
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from webhooks import services

#: Exit codes: 0 done, 2 not asked right.
WRONG = 2
_MOST_DAYS = 100_000


class Command(BaseCommand):
    """The nightly task does the same with the setting's days."""

    help = "Delete deliveries that have ended (done, ignored, dead) and are older than so many days."

    def add_arguments(self, parser: CommandParser) -> None:
        """How old."""
        parser.add_argument("--older-than", type=int, metavar="DAYS", default=settings.WEBHOOK_RETENTION_DAYS)
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")
        parser.add_argument("--progress", action=BooleanOptionalAction, default=sys.stderr.isatty())

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, then do it."""
        if not 1 <= options["older_than"] <= _MOST_DAYS:
            raise CommandError(f"--older-than is a number of days, from 1 to {_MOST_DAYS}.", returncode=WRONG)
        age = timedelta(days=options["older_than"])
        total = services.prunable(older_than=age).count()
        if options["dry_run"]:
            self.stdout.write(f"{total} would be deleted.")
            return
        with tqdm(total=total, unit="delivery", disable=not options["progress"]) as bar:
            number = services.prune(older_than=age, progress=bar.update)
        self.stdout.write(f"{number} deleted.")
