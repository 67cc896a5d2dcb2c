#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> None:
    """Run a command. What only the settings can cure is said in words; `--traceback` shows where it happened."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, OperationalError) as error:
        is_answer = getattr(error.__cause__, "sqlstate", None) is not None
        if is_answer or "--traceback" in sys.argv:
            raise
        is_away = isinstance(error, OperationalError)
        sys.exit(f"Is the database's server running, and DATABASE_URL right?\n{error}" if is_away else str(error))


if __name__ == "__main__":
    main()
