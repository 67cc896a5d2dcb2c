"""What Clerk tells us, through Svix: organizations, memberships, users."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone
from svix.webhooks import Webhook

from organizations import services
from organizations.client import parsing
from webhooks import services as webhooks
from webhooks.sources import Event, Ignore, Park, Refused, Request, Source, Unreadable, json_object

Found = TypeVar("Found")
_LATEST = timedelta(days=2)


def verify(request: Request) -> None:
    """
    The body as Svix signs it, under any of our secrets.

    :raises Refused: it is not; or we have no secret
    """
    if not settings.CLERK_WEBHOOK_SECRETS:
        raise Refused(401, "no_secret_configured")
    headers = dict(request.headers)
    # A list, so that every secret is tried however the first one ends.
    if not any([_is_signed(secret, request.body, headers) for secret in settings.CLERK_WEBHOOK_SECRETS]):  # noqa: C419
        raise Refused(401, "wrong_signature" if _message_id(headers) else "no_signature")


def _is_signed(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    """
    Whether Svix' library believes it.

    Beside its own error it lets out whatever a damaged header, body or secret makes Python raise (ValueError,
    binascii.Error, UnicodeDecodeError, its EmptyWebhookSecretError): all of that means no, and none of it is news.
    """
    try:
        Webhook(secret).verify(body, headers)
    except Exception:
        return False
    return True


def _message_id(headers: Mapping[str, str]) -> str:
    """Svix' id of the message, equal on its retries and replays. The standard's names are as good as Svix' own."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return lowered.get("svix-id") or lowered.get("webhook-id") or ""


def read(request: Request) -> list[Event]:
    """The one event of a body. :raises Refused: it is another instance's"""
    body = json_object(request.body)
    kind, data, instance = body.get("type"), body.get("data"), body.get("instance_id")
    if not isinstance(kind, str) or not kind or not isinstance(data, dict):
        raise Unreadable("no_event")
    if settings.CLERK_INSTANCE_ID and instance not in (None, settings.CLERK_INSTANCE_ID):
        raise Refused(403, "other_instance")
    return [
        Event(
            kind[:100], dedupe_key=_message_id(request.headers), payload=body,
            occurred_at=parsing.moment(body.get("timestamp")), organization_id=_organization_of(kind, data),
        )
    ]  # fmt: skip


def _organization_of(kind: str, data: dict[str, Any]) -> str:
    inner = data.get("organization")
    named = inner.get("id") if isinstance(inner, dict) else data.get("organization_id")
    return parsing.text(data.get("id") if kind.startswith("organization.") else named)


def organization_changed(event: Event) -> None:
    """An organization was created, or is described anew."""
    facts = _read(event, parsing.organization)
    if not services.record_organizations(organizations=[facts]):
        raise Ignore("what is stored is newer, or the organization was deleted")


def organization_deleted(event: Event) -> None:
    """An organization is gone: its memberships go with it, since nothing promises that Clerk tells of each."""
    pk = parsing.text(_data(event).get("id"))
    if not pk:
        raise Ignore("the event names no organization")
    if not services.delete_organization(organization_id=pk):
        raise Ignore("it was deleted before")


def membership_changed(event: Event) -> None:
    """Somebody entered an organization, or has another role in it."""
    listed = _read(event, parsing.membership)
    if services.record_memberships(memberships=[listed]):
        webhooks.unpark(waits_for=services.waits_for_membership(listed.id))
        return
    if listed.person is not None or services.is_known_membership(membership=listed):
        raise Ignore("what is stored is newer, or the membership has ended")
    # The event does not say whose membership it is: the list of its organization does.
    services.request_reconcile(requested_by="webhook", scope=listed.organization.id)


def membership_deleted(event: Event) -> None:
    """A membership has ended, whatever its times say: a delete carries those of the last change."""
    listed = _read(event, parsing.membership)
    if listed.person is not None:
        if not services.record_memberships(memberships=[listed], deleted=True):
            raise Ignore("it had ended before")
        return
    was_alive = services.delete_membership(organization_id=listed.organization.id, clerk_id=listed.id)
    if was_alive is None and not _is_old(event):
        raise Park(services.waits_for_membership(listed.id), "the event does not say whose membership has ended")
    if not was_alive:
        raise Ignore("it had ended before, or was never here")


def user_changed(event: Event) -> None:
    """A user was created, or is described anew."""
    if not services.record_users(users=[_read(event, parsing.user)]):
        raise Ignore("what is stored is newer, or the user was deleted")


def user_deleted(event: Event) -> None:
    """A user is gone: their memberships go with them."""
    pk = parsing.text(_data(event).get("id"))
    if not pk:
        raise Ignore("the event names no user")
    services.delete_user(user_id=pk, at=event.occurred_at)


def _is_old(event: Event) -> bool:
    """Whether what was told before would have come by now: Svix tries for 28 hours, and reconciles run daily."""
    return event.received_at is not None and timezone.now() - event.received_at > _LATEST


def _data(event: Event) -> dict[str, Any]:
    data = event.payload.get("data")
    return data if isinstance(data, dict) else {}


def _read(event: Event, parse: Callable[[Any], Found | None]) -> Found:
    """:raises Ignore: it has no id"""
    found = parse(_data(event))
    if found is None:
        raise Ignore("the event names nothing")
    return found


SOURCE = Source(
    verify=verify,
    read=read,
    handlers={
        "organization.created": organization_changed,
        "organization.updated": organization_changed,
        "organization.deleted": organization_deleted,
        "organizationMembership.created": membership_changed,
        "organizationMembership.updated": membership_changed,
        "organizationMembership.deleted": membership_deleted,
        "user.created": user_changed,
        "user.updated": user_changed,
        "user.deleted": user_deleted,
    },
    # An invitation's url lets whoever has it in; private metadata is nobody's business here.
    secret_fields=frozenset({"url", "private_metadata", "unsafe_metadata", "token", "secret", "password"}),
)
