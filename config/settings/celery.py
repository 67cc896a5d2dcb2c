"""Background work: the broker, queues, and what beat starts when."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

from config import env

REDIS_URL = env.REDIS_URL
CELERY_BROKER_URL = env.REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than the longest call (create: 75 s). A task delivered twice finds its row claimed and does nothing.
    "visibility_timeout": 180,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    # A publisher never waits for a broker that is away: the row it speaks of is found by a sweep.
    "socket_connect_timeout": 0.5,
    "socket_timeout": 2,
    "max_retries": 0,
}
#: Celery closes the database's connection after so many tasks: never. A new one costs as much as ten short tasks.
CELERY_DB_REUSE_MAX = 10**9
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {
    # Not among those whose silence they would report.
    "webhooks.watch": {"queue": "celery"},
    "webhooks.send_notice": {"queue": "celery"},
    "webhooks.sweep_notices": {"queue": "celery"},
    "webhooks.*": {"queue": "webhooks"},
    "organizations.reconcile": {"queue": "sync"},
    "whatsapp.sync_members": {"queue": "sync"},
    "whatsapp.sync_groups": {"queue": "sync"},
    "workshops.create_community": {"queue": "outbound"},
    "workshops.import_registrations": {"queue": "sync"},
    "whatsapp.connect_session": {"queue": "outbound"},
    "whatsapp.disconnect_session": {"queue": "outbound"},
    "whatsapp.poll_session": {"queue": "outbound"},
    "chat.finish_conversation": {"queue": "outbound"},
    "chat.push_profiles": {"queue": "outbound"},
}
SWEEP_SECONDS = env.SWEEP_SECONDS
CELERY_BEAT_MAX_LOOP_INTERVAL = min(5.0, SWEEP_SECONDS)


def _sweep(task: str) -> dict[str, Any]:
    """Every SWEEP_SECONDS; one that is taken too late expires, since another one follows anyway."""
    expires = max(10.0, SWEEP_SECONDS)
    return {"task": task, "schedule": timedelta(seconds=SWEEP_SECONDS), "options": {"expires": expires}}


def _watch(task: str) -> dict[str, Any]:
    """Every minute."""
    return {"task": task, "schedule": timedelta(seconds=60), "options": {"expires": 60}}


CELERY_BEAT_SCHEDULE = {
    "sweep reconciles": _sweep("organizations.sweep_reconciles"),
    "reconcile organizations": {"task": "organizations.reconcile_nightly", "schedule": crontab(hour=3, minute=10)},
    "sweep communities": _sweep("workshops.sweep_communities"),
    "sweep imports": _sweep("workshops.sweep_imports"),
    "sweep member syncs": _sweep("whatsapp.sweep_sync_runs"),
    "sweep group lists": _sweep("whatsapp.sweep_group_lists"),
    "poll sessions": _sweep("whatsapp.poll_sessions"),
    "sweep webhooks": _sweep("webhooks.sweep"),
    "sweep alarm notices": _sweep("webhooks.sweep_notices"),
    "watch webhooks": _watch("webhooks.watch"),
    "watch organizations": _watch("organizations.watch"),
    "watch sessions": _watch("whatsapp.watch"),
    "watch what waits": _watch("workshops.watch"),
    "reconcile members": _watch("whatsapp.sweep_stale_groups"),
    "sweep chat": _sweep("chat.sweep"),
    "sweep sign-up failures": _sweep("accounts.sweep_failures"),
    "report user ids": {"task": "accounts.weekly_report", "schedule": crontab(day_of_week=1, hour=3, minute=20)},
    "prune syncs": {"task": "whatsapp.prune_sync_runs", "schedule": crontab(hour=2, minute=20)},
    "prune webhooks": {"task": "webhooks.prune_deliveries", "schedule": crontab(hour=2, minute=40)},
}
