"""The Celery application: `celery -A config worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_postrun, task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("rollcall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
@task_postrun.connect
def close_broken_connections(**_: Any) -> None:
    """
    As Django does around a request: only what broke is closed, and what is left is checked before it is used.

    Celery's own way, which `CELERY_DB_REUSE_MAX` turns off, is a new connection for each task.
    """
    close_old_connections()
