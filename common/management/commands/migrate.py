"""`manage.py migrate`, as the owner."""

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as Migrate


class Command(Migrate):
    """Django's own command, with the owner's connection by default: the login may not change tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add Django's arguments, with another default for `--database`."""
        super().add_arguments(parser)
        if "owner" in settings.DATABASES:
            parser.set_defaults(database="owner")
