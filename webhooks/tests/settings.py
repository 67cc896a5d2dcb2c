"""For real processes: the product with the tests' sender, and short pauses."""

from config.settings import *  # noqa: F403  (all of them, with a few of our own)

WEBHOOK_SOURCES = {"test": "webhooks.tests.source.SOURCE"}
WEBHOOK_MAX_ATTEMPTS = 3
WEBHOOK_RETRY_SECONDS = 0.2
