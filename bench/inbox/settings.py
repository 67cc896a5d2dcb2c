"""The product with the benchmarks' sender, a view that does nothing, and a task that does nothing."""

from config.settings import *  # noqa: F403  (all of them, with a few of our own)

ROOT_URLCONF = "bench.inbox.urls"
WEBHOOK_SOURCES = {"bench": "bench.inbox.sender.SOURCE"}
CELERY_IMPORTS = ["bench.inbox.tasks"]
