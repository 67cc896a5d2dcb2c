"""`manage.py replay_deliveries`: process again what the inbox holds."""

import sys
from argparse import ArgumentTypeError, BooleanOptionalAction
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from tqdm import tqdm

from webhooks import services
from webhooks.models import Delivery

#: Exit codes: 0 done, 1 nothing to do, 2 not asked right.
NOTHING, WRONG = 1, 2
_LOOKUPS = {
    "source": "source",
    "type": "type__in",
    "status": "status__in",
    "since": "received_at__gte",
    "until": "received_at__lt",
    "id": "pk__in",
}


class Command(BaseCommand):
    """Handlers do nothing twice, so a replay is safe; of what is done already it must be asked for by name."""

    help = "Process deliveries again. Exit codes: 0 done, 1 no delivery matches, 2 the question is not complete."

    def add_arguments(self, parser: CommandParser) -> None:
        """Filters, of which one at least is needed."""
        statuses = [status for status in Delivery.Status.values if status != Delivery.Status.RECEIVED]
        parser.add_argument("--source", choices=sorted(settings.WEBHOOK_SOURCES))
        parser.add_argument("--type", action="append", help="may be given several times")
        parser.add_argument("--status", action="append", choices=statuses, help="may be given several times")
        parser.add_argument("--since", type=_moment, help="received at or after, like 2026-11-21 or 2026-11-21T09:30Z")
        parser.add_argument("--until", type=_moment, help="received before")
        parser.add_argument("--id", action="append", type=int, help="may be given several times")
        parser.add_argument("--all-done", action="store_true", help="those that are done or ignored too")
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")
        parser.add_argument("--progress", action=BooleanOptionalAction, default=sys.stderr.isatty())

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, then do it."""
        deliveries = _chosen(options)
        left_out = 0
        if not options["all_done"]:
            ended = [Delivery.Status.DONE, Delivery.Status.IGNORED]
            left_out = deliveries.filter(status__in=ended).count()
            deliveries = deliveries.exclude(status__in=ended)
        total = deliveries.count()
        if left_out:
            self.stdout.write(f"{left_out} done or ignored are left out: add --all-done to process them again.")
        if not total:
            raise CommandError("No delivery matches.", returncode=NOTHING)
        if options["dry_run"]:
            self.stdout.write(f"{total} would be processed again.")
            return
        with tqdm(total=total, unit="delivery", disable=not options["progress"]) as bar:
            number = services.process_again(deliveries=deliveries, progress=bar.update)
        self.stdout.write(f"{number} of {total} will be processed again.")


def _chosen(options: dict[str, Any]) -> QuerySet[Delivery]:
    wanted = {lookup: options[name] for name, lookup in _LOOKUPS.items() if options[name] is not None}
    if not wanted:
        names = ", ".join(f"--{name}" for name in _LOOKUPS)
        raise CommandError(f"Say which deliveries: at least one of {names}.", returncode=WRONG)
    return Delivery.objects.filter(**wanted).exclude(status=Delivery.Status.RECEIVED)


def _moment(text: str) -> datetime:
    """A date is its beginning; a time without a zone is UTC."""
    try:
        moment = parse_datetime(text) or parse_date(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ArgumentTypeError(f"{text} is no date or time: write 2026-11-21, or 2026-11-21T09:30Z")
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
