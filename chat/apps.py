"""Conversations between companies and people, in Stream Chat."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Connects what chat hears of profiles, and its deploy checks."""

    name = "chat"

    def ready(self) -> None:
        from chat import checks, receivers  # noqa: F401, PLC0415  (models are ready only now)
