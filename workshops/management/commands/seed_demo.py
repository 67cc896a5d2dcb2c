"""`manage.py seed_demo`: two organizations, three people and a staff login to play with."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import AppUser, StaffUser
from common import tenancy
from organizations.models import Membership, Organization
from organizations.roles import Role

_STAFF = "demo"
_ORGANIZATIONS = {"org_acme": "Acme Academy", "org_globex": "Globex Institute"}
#: id → (full name, organization, role)
_PEOPLE = {
    "user_ada": ("Ada Lovelace", "org_acme", Role.OWNER),
    "user_grace": ("Grace Hopper", "org_acme", Role.VIEWER),
    "user_linus": ("Linus Pauling", "org_globex", Role.OWNER),
}


class Command(BaseCommand):
    """Safe to run again: what is there stays as it is."""

    help = "Make the demo's staff login, organizations and people. On a laptop only."

    def add_arguments(self, parser: CommandParser) -> None:
        """One option."""
        parser.add_argument(
            "--reset", action="store_true", help="delete both organizations first, with everything they have"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing; print the logins and ids, one per line."""
        if not settings.LOCAL:
            raise CommandError("seed_demo makes a login with a known password: it runs with LOCAL=1 only.")
        with transaction.atomic(), tenancy.system():
            if options["reset"]:
                Organization.objects.filter(pk__in=_ORGANIZATIONS).delete()
            _make_staff()
            _make_organizations()
        for line in _lines():
            self.stdout.write(line)


def _make_staff() -> None:
    if not StaffUser.objects.filter(username=_STAFF).exists():
        StaffUser.objects.create_superuser(_STAFF, "demo@example.com", _STAFF)


def _make_organizations() -> None:
    for pk, name in _ORGANIZATIONS.items():
        Organization.objects.get_or_create(pk=pk, defaults={"name": name})
    for pk, (name, organization_id, role) in _PEOPLE.items():
        email = f"{pk.removeprefix('user_')}@example.com"
        AppUser.objects.get_or_create(pk=pk, defaults={"full_name": name, "email": email})
        Membership.objects.get_or_create(organization_id=organization_id, user_id=pk, defaults={"role": role})


def _lines() -> list[str]:
    token = '{"sub": "user_ada", "org_id": "org_acme"}'
    return [
        f"admin login: {_STAFF}, password {_STAFF}",
        *(f"organization: {pk} ({name})" for pk, name in _ORGANIZATIONS.items()),
        *(f"person: {pk}, {role} of {organization_id}" for pk, (_, organization_id, role) in _PEOPLE.items()),
        f"token: curl -X POST {settings.SANDBOX_URL or 'SANDBOX_URL'}/control/tokens"
        f" -H 'Content-Type: application/json' -d '{token}'",
    ]
