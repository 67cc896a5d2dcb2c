"""Whose URL was called."""

from typing import Any

from django.conf import settings

from common import tenancy
from organizations.models import Organization
from webhooks.sources import Event, Ignore, Refused, Request
from workshops import services
from workshops.models import Order
from workshops.services import Purchase

#: Written by a sender into its body, never stored.
SECRET_FIELDS = frozenset({"token", "secret", "password", "api_key", "apikey", "authorization"})


def verify_token(request: Request) -> str:
    """
    The organization whose URL this is; `read` finds it in `request.known`.

    :raises Refused: the token is nobody's, or over
    """
    with tenancy.system():
        found = services.organization_of_token(platform=request.source, token=request.route["token"])
    if found is None:
        raise Refused(401, "wrong_token")
    request.known["organization_id"] = found
    return found


def signing_secrets(request: Request, organization_id: str) -> list[str]:
    """
    What the organization's platform signs with, two while one is being changed.

    :raises Refused: none is set, so nothing can be believed
    """
    secrets = settings.ORDER_SIGNING_SECRETS.get(organization_id, {}).get(request.source, [])
    if not any(secrets):
        raise Refused(401, "no_secret_is_set")
    return secrets


def organization_of(event: Event) -> Organization:
    """:raises Ignore: it was deleted since"""
    organization = Organization.objects.filter(pk=event.organization_id).first()
    if organization is None:
        raise Ignore("its organization is gone")
    return organization


def take(event: Event, *, organization: Organization, **facts: Any) -> Order:
    """Hand an event to the one service that knows what becomes of it, as its organization."""
    with tenancy.tenant(organization.pk):
        purchase = Purchase(event=event.type, raw=event.payload["body"], **facts)
        return services.take_order(organization=organization, purchase=purchase)
