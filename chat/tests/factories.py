"""Companies and people who chat, and Stream as they find it."""

from typing import Any

from django.conf import settings
from stream_chat import StreamChat

from accounts.models import AppUser
from accounts.tests.factories import AppUserFactory
from chat.models import Conversation, Participant, StreamIdentity
from common import tenancy
from organizations.models import Membership, Organization
from organizations.roles import Role
from organizations.tests.factories import MembershipFactory, OrganizationFactory


def stream_id(owner: Organization | AppUser) -> str:
    """The id in Stream of a company or person."""
    return f"onecrew_{'company' if isinstance(owner, Organization) else 'user'}_{owner.pk}"


def party(owner: Organization | AppUser) -> dict[str, str]:
    """As callers of the API name them."""
    return {"kind": "company" if isinstance(owner, Organization) else "user", "id": owner.pk}


def new_member(role: str = Role.OWNER, **facts: Any) -> Membership:
    """A new company with somebody who works there."""
    return MembershipFactory.create(role=role, organization=OrganizationFactory.create(**facts))


def new_person(**facts: Any) -> AppUser:
    """Somebody without an organization."""
    return AppUserFactory.create(**facts)


def sdk() -> StreamChat:
    """Stream's own SDK, for what somebody else does there."""
    return StreamChat(settings.STREAM_API_KEY, settings.STREAM_API_SECRET, base_url=settings.STREAM_BASE_URL)


def known_to_stream(*owners: Organization | AppUser) -> None:
    """Stream has these already, from before our time."""
    if owners:
        sdk().upsert_users([{"id": stream_id(owner), "name": "Old name", "role": "user"} for owner in owners])


def conversation() -> Conversation:
    """The only one there is."""
    with tenancy.system():
        return Conversation.objects.get()


def identity(owner: Organization | AppUser) -> StreamIdentity:
    """Who somebody is in Stream, as we have it."""
    with tenancy.system():
        return StreamIdentity.objects.get(stream_id=stream_id(owner))


def participants() -> dict[str, bool]:
    """Everybody who takes part in anything: id in Stream → whether Stream has them in the channel."""
    with tenancy.system():
        rows = Participant.objects.select_related("identity")
        return {row.identity.stream_id: row.is_member for row in rows}
