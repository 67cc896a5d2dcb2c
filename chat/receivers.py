"""What chat hears: names and pictures that are others now, and people who were erased."""

from typing import Any

from django.dispatch import receiver

from accounts.signals import person_erased
from accounts.signals import profiles_changed as people_changed
from chat import services
from organizations.signals import profiles_changed as companies_changed


@receiver(people_changed, dispatch_uid="people in Stream follow their profiles")
def people_were_changed(user_ids: list[str], **_: Any) -> None:
    """Push their profiles soon."""
    services.profiles_changed(person_ids=user_ids)


@receiver(person_erased, dispatch_uid="people who are erased are deleted in Stream")
def person_was_erased(user_id: str, **_: Any) -> None:
    """Forget them, and see that Stream does."""
    services.person_erased(person_id=user_id)


@receiver(companies_changed, dispatch_uid="companies in Stream follow their profiles")
def companies_were_changed(organization_ids: list[str], **_: Any) -> None:
    """Push their profiles soon."""
    services.profiles_changed(company_ids=organization_ids)
