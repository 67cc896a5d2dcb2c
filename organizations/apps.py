"""Organizations, who belongs to them, and what each role may do."""

from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    """The tenants."""

    name = "organizations"
