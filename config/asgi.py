"""The live process: pages that stay open. Run it with PROCESS_KIND=live, which gives it a connection pool."""

import os

import django

from common.handlers import ASGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)
application = ASGIHandler()
