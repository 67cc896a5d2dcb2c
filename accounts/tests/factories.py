"""People for tests."""

# factory_boy's declarations are untyped:
# mypy: disable-error-code="no-untyped-call"

from django.contrib.auth.hashers import make_password
from factory.declarations import LazyFunction, Sequence
from factory.django import DjangoModelFactory

from accounts.models import AppUser, StaffUser


class AppUserFactory(DjangoModelFactory[AppUser]):
    """A person of the product."""

    class Meta:
        model = AppUser

    id = Sequence(lambda number: f"user_test_{number}")
    email = Sequence(lambda number: f"person{number}@example.com")
    full_name = Sequence(lambda number: f"Person {number}")


class StaffUserFactory(DjangoModelFactory[StaffUser]):
    """Staff without any permission and without a password; `is_superuser=True` may do everything."""

    class Meta:
        model = StaffUser

    username = Sequence(lambda number: f"staff{number}")
    password = LazyFunction(lambda: make_password(None))
    is_staff = True
