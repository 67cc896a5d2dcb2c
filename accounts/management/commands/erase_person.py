"""`manage.py erase_person`: remove one person everywhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import services
from accounts.services import Erasure, PersonUnknown


class Command(BaseCommand):
    """Exit codes: 0 done or only looked, 1 nobody has the id or the answer was no."""

    help = "Remove what is personal of one person everywhere, stored webhooks included. It cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whom."""
        parser.add_argument("id", help="the id of the app user")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and write nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show, ask, erase."""
        id = options["id"]
        try:
            self._show(services.erase_person(id=id, actor="", is_dry_run=True))
            if options["dry_run"]:
                self.stdout.write("Nothing was written.")
                return
            if not options["yes"] and not _agrees():
                raise CommandError("Nothing was written.")
            done = services.erase_person(id=id, actor="command:erase_person", is_dry_run=False)
        except PersonUnknown as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Erased. What has to stay is under {done.nobody}.")

    def _show(self, erasure: Erasure) -> None:
        for place, number in erasure.counts.items():
            self.stdout.write(f"  {number} in {place}")
        for other in erasure.others:
            self.stdout.write(f"  {other} has the same e-mail and stays. If this is the same person, erase it, too.")


def _agrees() -> bool:
    try:
        return input("Erase this person for ever? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        raise CommandError("Nobody is here to answer: use --yes. Nothing was written.") from None
