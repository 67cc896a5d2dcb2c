"""The project as an app, for its system checks."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Registers the checks of the environment."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401, PLC0415  (checks register by being imported once apps are ready)
