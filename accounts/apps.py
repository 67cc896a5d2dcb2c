"""Who a person is: the admin's staff, and the users of the product."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Logins and tokens."""

    name = "accounts"
