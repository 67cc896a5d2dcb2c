"""The web process."""

import os

import django

from common.handlers import WSGIHandler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)
application = WSGIHandler()
