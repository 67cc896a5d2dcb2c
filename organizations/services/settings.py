"""Rules and rows of organizations."""

from typing import Any

from django.db import transaction

from organizations.models import Organization

SETTINGS = frozenset(
    {
        "community_admin_numbers",
        "community_name_template",
        "community_description_template",
        "unknown_workshops",
        "timezone",
        "default_country",
        "default_workshop_time",
    }
)


@transaction.atomic
def update_settings(*, organization: Organization, **changes: Any) -> Organization:
    """
    Change some of `SETTINGS`, whose values the caller has validated.

    :raises ValueError: a name that is not a setting, which is a mistake of ours
    """
    if unknown := changes.keys() - SETTINGS:
        raise ValueError(f"not settings: {', '.join(sorted(unknown))}")
    for name, value in changes.items():
        setattr(organization, name, value)
    organization.save(update_fields=[*changes, "updated_at"])
    return organization
