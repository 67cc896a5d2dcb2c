"""Deliveries from outside: received, stored, dispatched, replayed."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """Knows no other app: a source of deliveries is a dotted path in the settings."""

    name = "webhooks"

    def ready(self) -> None:
        from webhooks import checks  # noqa: F401, PLC0415  (checks register by being imported once apps are ready)
