"""`manage.py install_auth_trigger`: mirror a real `auth.users` of this database."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from accounts.services import auth_trigger
from accounts.services.auth_trigger import CannotInstall, Source


class Command(BaseCommand):
    """Exit codes: 0 all is well, 1 `check` found something, or it could not be done."""

    help = "Put the trigger on a real auth.users beside live sign-ups, take it off, or check it."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and where."""
        parser.add_argument("action", nargs="?", default="install", choices=["install", "uninstall", "check"])
        parser.add_argument("--schema", default="auth", help="the schema of the table users (default: auth)")

    def handle(self, *args: Any, **options: Any) -> None:
        """One of the three."""
        source = Source(options["schema"])
        try:
            getattr(self, f"_{options['action']}")(source)
        except CannotInstall as error:
            raise CommandError(error.message) from error

    def _install(self, source: Source) -> None:
        auth_trigger.install(source)
        self.stdout.write(f"The trigger is on {source}: from now on nobody is missed. Mirroring who was there before.")
        looked_at = news = 0
        with tqdm(total=auth_trigger.count(source), unit="user", disable=not sys.stderr.isatty()) as progress:
            for size, new in auth_trigger.backfill(source):
                looked_at, news = looked_at + size, news + new
                progress.update(size)
        self.stdout.write(f"{looked_at} looked at, {news} mirrored. See `sync_user_ids status` for who is out of step.")

    def _uninstall(self, source: Source) -> None:
        auth_trigger.uninstall(source)
        self.stdout.write(f"The trigger is off {source}. Mirror and app users stay as they are.")

    def _check(self, source: Source) -> None:
        health = auth_trigger.check(source)
        if health.is_good:
            self.stdout.write(f"The trigger is on {source} and fires; everybody is mirrored.")
            return
        if not health.is_there:
            self.stdout.write(f"There is no trigger on {source}: run install_auth_trigger.")
        elif not health.is_enabled:
            self.stdout.write(f"The trigger on {source} is disabled: run install_auth_trigger.")
        if health.missing:
            self.stdout.write(f"{health.missing} users are not mirrored: run install_auth_trigger again.")
        raise SystemExit(1)
