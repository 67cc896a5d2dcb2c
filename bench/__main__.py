"""`python -m bench [name …]`: what `./dev bench` runs, in an environment with a PostgreSQL of its own."""

import os
import signal
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    from bench import cli

    sys.exit(cli.main(sys.argv[1:]))
