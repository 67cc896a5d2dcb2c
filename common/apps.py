"""The ground that every app stands on. It has no tables of its own."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CommonConfig(AppConfig):
    """Grants the rights of the database roles once all apps have been migrated."""

    name = "common"

    def ready(self) -> None:
        from common.tenancy import checks, grants  # noqa: F401, PLC0415  (the app registry is ready only now)

        post_migrate.connect(grants.apply_after_migrate, sender=self)
