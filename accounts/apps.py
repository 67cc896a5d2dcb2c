"""Who a person is: the admin's staff, and the users of the product."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Logins, tokens, and the ids of people. `migrate` tells the database which columns hold such an id."""

    name = "accounts"

    def ready(self) -> None:
        from accounts.services import references  # noqa: PLC0415  (models are ready only now)

        post_migrate.connect(references.store_declared_columns, sender=self)
