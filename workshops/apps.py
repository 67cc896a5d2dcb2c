"""Workshops and their communities."""

from django.apps import AppConfig


class WorkshopsConfig(AppConfig):
    """Connects the receiver that queues each new workshop's community."""

    name = "workshops"

    def ready(self) -> None:
        from workshops import receivers  # noqa: F401, PLC0415  (models are ready only now)
