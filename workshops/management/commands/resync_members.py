"""`manage.py resync_members`: compare groups with WhatsApp and repair our side, one after the other."""

import argparse
import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from tqdm import tqdm

from common import tenancy
from whatsapp.models import Group
from workshops.management import resync

_NOT_ALL_DONE = 1
_STOPPED = 130


class Command(BaseCommand):
    """Needs no worker. Exit codes: 0 all done, 1 something is suspicious, failed or waiting, 2 wrong arguments."""

    help = "Bring the members of groups in step with WhatsApp. Exits with 1 unless every group is done."

    def add_arguments(self, parser: CommandParser) -> None:
        """One selection, or --stale alone."""
        selection = parser.add_mutually_exclusive_group()
        selection.add_argument("--organization", metavar="ID", help="all groups of an organization")
        selection.add_argument("--workshop", metavar="ID", help="the groups of a workshop")
        selection.add_argument("--group", metavar="ID|JID", help="one group; a community stands for its people")
        selection.add_argument("--all", action="store_true", dest="is_all", help="every group there is")
        parser.add_argument(
            "--stale", type=_hours, metavar="HOURS", dest="stale_hours",
            help="only groups not synced within so many hours; alone: of all",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="say what would be synced, and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Choose, sync, add up."""
        selection = _selection(options)
        with tenancy.system():
            groups = selection.groups()
            if options["dry_run"]:
                self._list(groups)
                return
            ids = list(groups.values_list("pk", "organization_id"))
        if not ids:
            self.stdout.write("There is no group to sync.")
        totals = resync.Totals()
        try:
            self._sync_all(ids, totals)
        except KeyboardInterrupt:
            self.stdout.write(f"Stopped after {totals}")
            raise SystemExit(_STOPPED) from None
        self.stdout.write(str(totals))
        if not totals.is_clean:
            raise SystemExit(_NOT_ALL_DONE)

    def _list(self, groups: QuerySet[Group]) -> None:
        for group in groups.iterator():
            self.stdout.write(f"would sync {_name(group)}")
        self.stdout.write(f"Nothing was written. Groups to sync: {groups.count()}")

    def _sync_all(self, ids: list[tuple[UUID, str]], totals: resync.Totals) -> None:
        with tqdm(ids, unit="group", file=sys.stderr, disable=not sys.stderr.isatty()) as progress:
            for group_id, organization_id in progress:
                run = resync.sync(group_id=group_id, organization_id=organization_id)
                line = f"{_name(run.group)}: {totals.add(run)}" if run else f"{group_id}: deleted meanwhile"
                with tqdm.external_write_mode(file=sys.stderr):
                    self.stdout.write(line)
                    self.stdout.flush()


def _selection(options: dict[str, Any]) -> resync.Selection:
    names = ("organization", "workshop", "group", "is_all", "stale_hours")
    chosen = {name: options[name] for name in names}
    if not any(value not in (None, False) for value in chosen.values()):
        text = "Choose what to sync: --organization, --workshop, --group, --all, or --stale alone."
        raise CommandError(text, returncode=resync.WRONG_ARGUMENTS)
    return resync.Selection(**chosen)


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours < 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is no number of hours")
    return hours


def _name(group: Group) -> str:
    return f"{group.organization_id} {group}"
